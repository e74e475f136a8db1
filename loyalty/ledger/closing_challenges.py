"""Challenges end with their member (domain.md 1, 8)."""

from collections.abc import Sequence
from uuid import UUID

from loyalty.models import Achievement, ItemChange, MissionProgress


def forget_challenges(members: Sequence[UUID]) -> None:
    """Delete how far these members are; blank what they were told, and the codes of their coupons. That they
    achieved something stays, for the ledger's entries: it names keys. Three statements. The members must be locked."""
    MissionProgress.objects.filter(member__in=members).delete()
    Achievement.objects.filter(member__in=members).update(title=None, message=None)
    ItemChange.objects.filter(member__in=members, code__isnull=False).update(code=None)
