"""Limits of a plan on what is made rarely, and the warning that one is near (domain.md 10)."""

from collections.abc import Callable

from django.utils import timezone

from audit.record import Actor, Place, record
from programs.actions.configure import place_of
from programs.errors import PlanLimitExceeded
from programs.models import Environment, Organization, PlanWarning

NEAR = 80  # per cent


def hold_limit(
    *,
    organization: Organization,
    limit: str,
    used: Callable[[], int],
    adding: int = 1,
    environment: Environment | None = None,
) -> None:
    """Let the caller's transaction make `adding` more of what `used` counts, and nobody else meanwhile.

    Must be called inside the transaction that makes it, before that locks an environment. Where the plan has no
    such limit nothing is counted. `environment`: where the warning at 80 % belongs. Raises PlanLimitExceeded.
    Locks: the organization, FOR NO KEY UPDATE.
    """
    stored = Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
    allowed = stored.plan.limits.get(limit)  # read after the lock: what it has become
    if allowed is None:
        return
    before = used()
    if before + adding > allowed:
        raise PlanLimitExceeded(limit, used=before, allowed=allowed)
    _warn_if_near(
        place=place_of(environment) if environment else Place(organization.pk),
        kind=environment.kind if environment else "",
        limit=limit,
        before=before,
        used=before + adding,
        allowed=allowed,
        period="",
        actor=Actor.system("plan"),
    )


def warn_if_near(
    *,
    environment: Environment,
    limit: str,
    before: int,
    used: int,
    allowed: int,
    actor: Actor,
    period: str = "",
) -> None:
    """Audit `plan.limit_near` where `used` has just come to 80 % of what is allowed: once for each limit, figure
    allowed and period. No statement elsewhere, else two at most. Part of the caller's transaction."""
    _warn_if_near(
        place=place_of(environment),
        kind=environment.kind,
        limit=limit,
        before=before,
        used=used,
        allowed=allowed,
        period=period,
        actor=actor,
    )


def _warn_if_near(
    *, place: Place, kind: str, limit: str, before: int, used: int, allowed: int, period: str, actor: Actor
) -> None:
    near = -(-allowed * NEAR // 100)  # the first whole one that is not below
    if not before < near <= used:
        return
    told = {"organization_id": place.organization_id, "kind": kind, "limit": limit, "period": period}
    _, is_new = PlanWarning.objects.get_or_create(
        **told, allowed=allowed, defaults={"warned_at": timezone.now()}
    )
    if is_new:
        after = {"limit": limit, "used": used, "allowed": allowed}
        record(
            place=place,
            actor=actor,
            verb="plan.limit_near",
            object_type="organization",
            object_id=str(place.organization_id),
            after=after | ({"period": period} if period else {}),
        )
