"""Limits of a plan on what is made rarely: counted under a lock of the organization (domain.md 10)."""

from collections.abc import Callable

from programs.errors import PlanLimitExceeded
from programs.models import Organization


def hold_limit(*, organization: Organization, limit: str, used: Callable[[], int], adding: int = 1) -> None:
    """Let the caller's transaction make `adding` more of what `used` counts, and nobody else meanwhile.

    Must be called inside the transaction that makes it, before it locks an environment. No statement beside
    the lock, which also reads the plan as it stands now, where the plan has no such limit. Raises
    PlanLimitExceeded. Locks: the organization, FOR NO KEY UPDATE.
    """
    stored = Organization.objects.select_for_update(no_key=True, of=("self",)).select_related("plan")
    allowed = stored.get(pk=organization.pk).plan.limits.get(limit)
    if allowed is None:
        return
    already = used()
    if already + adding > allowed:
        raise PlanLimitExceeded(limit, used=already, allowed=allowed)
