"""What became of a card, told in an event's figures and in the audit trail (domain.md 7, 9)."""

from typing import Any

from audit.ids import public
from loyalty.ledger.cards import Card, Moves
from loyalty.ledger.posting import Journal
from loyalty.models import Event, StampReward


def names(card: Card) -> dict[str, str]:
    """The card and its stamp program, as they are named outside."""
    return {
        "stamp_collection": public("sc", card.collection.id),
        "stamp_program": card.program.public_id,
    }


def told(card: Card, moves: Moves) -> dict[str, Any]:
    """As an event's figures keep it, for its answer and for repetitions of it: `collected`, `replaced`, `returned`,
    `counter` and `owed` in stamps, the last two as they are after it; `issued`, `revoked` and `standing` rewards."""
    return {
        **names(card),
        "collected": moves.collected,
        "replaced": moves.replaced,
        "returned": moves.returned,
        "counter": card.shown,
        "owed": card.owed,
        "issued": [reward_told(reward) for reward in moves.issued],
        "revoked": [reward_told(reward) for reward in moves.revoked],
        "standing": [reward_told(reward) for reward in moves.standing],
    }


def reward_told(reward: StampReward) -> dict[str, Any]:
    """`amount` in minor units."""
    return {
        "id": public("sr", reward.id),
        "type": reward.kind,
        "amount": reward.amount,
        "currency": reward.currency,
    }


def audit_moves(journal: Journal, card: Card, moves: Moves, event: Event | None) -> None:
    """Plan the audit events of what became of a card: one for stamps collected, one for stamps returned, one for
    each reward."""
    common: dict[str, Any] = {
        "member_id": card.collection.member_id,
        "event_id": event.event_id if event else None,
    }
    for verb, stamps in (("stamp.collected", moves.collected), ("stamp.returned", moves.returned)):
        if stamps:
            journal.audit(
                verb=verb,
                object_type="stamp_collection",
                object_id=public("sc", card.collection.id),
                after={**names(card), "stamps": stamps, "counter": card.shown, "owed": card.owed},
                **common,
            )
    for verb, rewards in (("stamp_reward.issued", moves.issued), ("stamp_reward.revoked", moves.revoked)):
        for reward in rewards:
            audit_reward(journal, card, reward, verb=verb, **common)


def issue_due(journal: Journal, card: Card) -> bool:
    """Plan the rewards of what a lower threshold has filled, and their audit events; whether there are any."""
    moves = Moves()
    journal.cards.settle_due(card, moves)
    audit_moves(journal, card, moves, None)
    return moves.is_any


def audit_reward(journal: Journal, card: Card, reward: StampReward, *, verb: str, **common: Any) -> None:
    """Plan the audit event of one reward."""
    journal.audit(
        verb=verb,
        object_type="stamp_reward",
        object_id=public("sr", reward.id),
        after={
            **names(card),
            **reward_told(reward),
            "status": str(reward.status),
            "stamps": [public("st", key) for key in reward.stamp_ids],
        },
        **common,
    )
