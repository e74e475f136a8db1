"""How /v1 shows stamp programs, members' cards and what full ones gave."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from audit.ids import public
from loyalty.api.common.rendering import instant
from loyalty.api.v1.reward_rendering import Address
from loyalty.models import Stamp, StampCollection, StampReward
from loyalty.queries.stamps import Funnel, running_threshold, shown_counter
from programs.conditions.values import plain
from programs.models import StampProgram


def stamp_program(found: StampProgram, *, address: Address, to_member: bool) -> dict[str, Any]:
    """As it is set up; to a member without which purchases count."""
    return {
        "id": found.public_id,
        "program": found.program.code,
        "name": found.name,
        "status": found.status,
        "starts_at": instant(found.starts_at),
        "ends_at": instant(found.ends_at),
        "threshold": found.threshold,
        "condition": None if to_member else found.condition,
        "items": None if to_member else found.item_where,
        "stamps_per": found.stamps_per,
        "currency": found.currency,
        "reward": _reward_rules(found),
        "display": {
            "title": found.title,
            "image": address(found.picture_id) if found.picture_id else found.image_url or None,
            "logo": address(found.logo_id) if found.logo_id else found.logo_url or None,
            "summary": found.summary,
            "description": found.description,
            "terms": found.terms,
            "reward": found.reward_text,
        },
        "created_at": instant(found.created_at),
        "updated_at": instant(found.updated_at),
    }


def _reward_rules(found: StampProgram) -> dict[str, Any]:
    if found.reward_kind == StampProgram.RewardKind.REFUND:
        return {"type": found.reward_kind}
    return {"type": found.reward_kind, "amount": found.reward_amount}


def stamp_collection(
    found: StampCollection, *, member: str | None, rewards: Mapping[str, int]
) -> dict[str, Any]:
    """`member`: the external id; `rewards`: how many are in each status."""
    return {
        "id": public("sc", found.id),
        "stamp_program": found.stamp_program.public_id,
        "name": found.stamp_program.name,
        "customer_id": member,
        "member_id": member,
        "stamps": shown_counter(found),
        "threshold": running_threshold(found),
        "owed": max(0, -found.counter),
        "rewards": {status: rewards.get(status, 0) for status in ("issued", "paid", "revoked")},
        "created_at": instant(found.created_at),
    }


def stamp_reward(found: StampReward, events: Mapping[UUID, str]) -> dict[str, Any]:
    """`events`: the tenant's own ids."""
    member = found.member.external_id
    return {
        "id": public("sr", found.id),
        "stamp_collection": public("sc", found.collection_id),
        "stamp_program": found.stamp_program.public_id,
        "customer_id": member,
        "member_id": member,
        "type": found.kind,
        "amount": found.amount,
        "currency": found.currency,
        "status": found.status,
        "event_id": events.get(found.event_id) if found.event_id else None,
        "reference": found.reference,
        "created_at": instant(found.issued_at),
        "paid_at": instant(found.paid_at),
        "revoked_at": instant(found.revoked_at),
    }


def stamp(found: Stamp, events: Mapping[UUID, str]) -> dict[str, Any]:
    return {
        "event_id": events.get(found.event_id),
        "line": found.line,
        "unit_price": None if found.unit_price is None else plain(found.unit_price),
        "collected_at": instant(found.collected_at),
    }


def figures(program: StampProgram, found: Funnel) -> dict[str, Any]:
    return {
        "stamp_program": program.public_id,
        "name": program.name,
        "status": program.status,
        "threshold": program.threshold,
        "currency": program.currency,
        "enrolled": found.enrolled,
        "steps": [{"stamps": step.stamps, "members": step.members} for step in found.steps],
        "issued": found.issued,
        "paid": found.paid,
        "revoked": found.revoked,
        "to_pay": found.to_pay,
        "paid_amount": found.paid_amount,
    }


# -- of an event; name by name, since the database keeps names in an order of its own


def changes(kept: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """What became of cards by an event, from its figures."""
    return [
        {
            name: one[name]
            for name in (
                "stamp_collection",
                "stamp_program",
                "collected",
                "replaced",
                "returned",
                "counter",
                "owed",
            )
        }
        | {what: [_reward(each) for each in one[what]] for what in ("issued", "revoked", "standing")}
        for one in (kept or {}).get("stamps", ())
    ]


def _reward(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: told[name] for name in ("id", "type", "amount", "currency")}


_VERDICT = ("stamp_collection", "stamp_program", "name", "outcome", "reason", "failed", "stamps")


def verdicts(kept: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """What each card made of a purchase, from its explanation; of a refund there is nothing to judge."""
    told: Iterable[Mapping[str, Any]] = (kept or {}).get("stamps", ())
    return [{name: one[name] for name in _VERDICT} for one in told if "outcome" in one]


def reasons(kept: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """A sentence for each card that judged a purchase, or that a refund changed."""
    return [
        {
            "rule": None,
            "outcome": one.get("outcome", "refunded"),
            "reason": one["reason"] if "outcome" in one else _refund_in_words(one),
            "stamp_program": one["stamp_program"],
        }
        for one in (kept or {}).get("stamps", ())
    ]


def _refund_in_words(change: Mapping[str, Any]) -> str:
    parts = [
        _count(change["returned"], "stamp", "taken back"),
        _count(change["collected"], "stamp", "given again"),
        _count(len(change["revoked"]), "reward", "revoked"),
        _count(len(change["issued"]), "reward", "issued"),
    ]
    told = "; ".join(part for part in parts if part)
    if change["standing"]:
        paid = len(change["standing"])
        stands = (
            "1 paid reward that lost a stamp stands"
            if paid == 1
            else f"{paid} paid rewards that lost stamps stand"
        )
        told = f"{told}; {stands}"
    if change["owed"]:
        told = f"{told}; the card owes {change['owed']} {'stamp' if change['owed'] == 1 else 'stamps'}"
    return f"{told[:1].upper()}{told[1:]}."


def _count(number: int, what: str, done: str) -> str:
    if number == 0:
        return ""
    return f"1 {what} is {done}" if number == 1 else f"{number} {what}s are {done}"
