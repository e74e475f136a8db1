"""Stamp cards end with their member (domain.md 1)."""

from collections.abc import Sequence
from uuid import UUID

from loyalty.ledger.card_trail import audit_reward
from loyalty.ledger.cards import Card
from loyalty.ledger.posting import Journal
from loyalty.models import StampReward


def revoke_unpaid(journal: Journal, members: Sequence[UUID]) -> None:
    """Nothing is to be paid to these members any more. The stamps stay in the rewards: nobody collects others. One
    statement; the journal writes the rest. The members must be locked."""
    rows = StampReward.objects.filter(member__in=members, status=StampReward.Status.ISSUED)
    for row in rows.select_related("collection", "stamp_program").order_by("pk"):
        row.status, row.revoked_at = StampReward.Status.REVOKED, journal.now
        journal.cards.changed_rewards[row.id] = row
        card = Card(row.collection, row.stamp_program)
        audit_reward(journal, card, row, verb="stamp_reward.revoked", member_id=row.member_id)
