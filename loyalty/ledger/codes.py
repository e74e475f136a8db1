"""Codes are claimed from a pool, once each under any interleaving (domain.md 5.1)."""

from uuid import UUID

from django.db.models import QuerySet

from loyalty.models import RewardCode


def claim_code(reward_id: UUID) -> RewardCode | None:
    """An available code of the reward's pool, locked; None where all are issued. Those that somebody else is
    claiming are passed by; where there are no others, this waits for them: they may be given up.

    One statement while there are plenty. Locks: the code.
    """
    while True:
        found = _available(reward_id).select_for_update(skip_locked=True).first()
        if found is not None or not _available(reward_id).exists():
            return found
        waited = _available(reward_id).select_for_update().first()
        if waited is not None:
            return waited


def _available(reward_id: UUID) -> QuerySet[RewardCode]:
    return RewardCode.objects.filter(reward=reward_id, status=RewardCode.Status.AVAILABLE).order_by("id")
