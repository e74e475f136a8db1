"""Answers of the K42 document: its names, in its order, and no others."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from audit.ids import public
from audit.instants import to_the_second
from loyalty.models import StampCollection
from loyalty.queries.events import RecordedEvent
from loyalty.queries.stamps import shown_counter
from programs.models import StampProgram

Address = Callable[[UUID], str]  # where an uploaded picture is served


def loyalty_program(row: StampProgram, address: Address) -> dict[str, Any]:
    """A stamp program; no statement."""
    return {
        "id": row.public_id,
        "name": row.name,
        "qualifying_threshold": row.threshold,
        "reward_config": _reward_config(row),
        "display_content": _display_content(row, address),
        "created_at": to_the_second(row.created_at),
        "updated_at": to_the_second(row.updated_at),
    }


def _reward_config(row: StampProgram) -> dict[str, Any]:
    if row.reward_kind == StampProgram.RewardKind.REFUND:
        return {"type": "refund"}
    return {"type": "fixed-reward", "amount": row.reward_amount}


def _display_content(row: StampProgram, address: Address) -> dict[str, Any]:
    """`logo` and `reward` where there is one; `image` is empty where there is none."""
    logo = address(row.logo_id) if row.logo_id else row.logo_url
    return {
        "title": row.title,
        "image": address(row.picture_id) if row.picture_id else row.image_url,
        **({"logo": logo} if logo else {}),
        "summary": row.summary,
        "description": row.description,
        "terms": row.terms,
        **({"reward": {"formatted": row.reward_text}} if row.reward_text else {}),
    }


def stamp_collection(row: StampCollection) -> dict[str, Any]:
    """A member's card; it comes with its program."""
    return {
        "id": public("sc", row.id),
        "loyalty_program_id": row.stamp_program.public_id,
        "created_at": to_the_second(row.created_at),
        "unredeemed_purchases": shown_counter(row),
    }


def purchase(found: RecordedEvent) -> dict[str, Any]:
    """What a purchase did to cards; a repetition of it answers the same."""
    cards = _cards(found)
    return {
        "id": found.event.event_id,
        "member_id": found.member,
        "occurred_at": to_the_second(found.event.occurred_at),
        "stamps": [_stamps(card, "collected") for card in cards],
        "rewards": _rewards(cards, "issued"),
    }


def refund(found: RecordedEvent, transaction: str) -> dict[str, Any]:
    """What a refund took back of cards; a repetition of it answers the same."""
    cards = _cards(found)
    return {
        "id": found.event.event_id,
        "transaction_id": transaction,
        "member_id": found.member,
        "stamps": [_stamps(card, "returned") for card in cards],
        "rewards_revoked": _rewards(cards, "revoked"),
        "rewards_standing": _rewards(cards, "standing"),
        "rewards": _rewards(cards, "issued"),
    }


def _cards(found: RecordedEvent) -> list[Mapping[str, Any]]:
    return list((found.event.figures or {}).get("stamps", ()))


def _stamps(card: Mapping[str, Any], what: str) -> dict[str, Any]:
    return {
        "stamp_collection_id": card["stamp_collection"],
        "loyalty_program_id": card["stamp_program"],
        "stamps": card[what],
        "unredeemed_purchases": card["counter"],
    }


def _rewards(cards: Iterable[Mapping[str, Any]], what: str) -> list[dict[str, Any]]:
    """`amount` in minor units."""
    return [
        {
            "id": reward["id"],
            "loyalty_program_id": card["stamp_program"],
            "type": reward["type"],
            "amount": reward["amount"],
            "currency": reward["currency"],
        }
        for card in cards
        for reward in card[what]
    ]
