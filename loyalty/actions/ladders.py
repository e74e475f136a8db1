"""A ladder is configured while members stand on it (domain.md 6)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from procrastinate.contrib.django import app

from audit.record import Actor
from loyalty.models import Member, MemberTier, Redemption
from programs.actions.tiers import configure_ladder
from programs.models import Environment, Tier, TierLadder


@transaction.atomic
def save_ladder(
    *,
    environment: Environment,
    ladder: TierLadder,
    actor: Actor,
    changes: Mapping[str, Any],
    levels: Sequence[Mapping[str, Any]] | None,
) -> TierLadder:
    """Save a new or stored ladder with `changes` and its whole list of levels (None: as they are), as
    `programs.actions.tiers.configure_ladder` does. Where another thing counts from now on, a job that is
    deferred with it counts the members' progress anew.

    Raises InvalidRequest naming every fault, also where members hold a level that would go; NotFound.
    Locks: the environment, the levels that would go, then the ladder.
    """
    saved, counts_anew = configure_ladder(
        environment=environment,
        ladder=ladder,
        actor=actor,
        changes=changes,
        levels=levels,
        is_held=_is_held,
    )
    if counts_anew and Member.objects.filter(environment=environment).exists():
        # Later than whoever still counts by the old configuration.
        job = app.configure_task("recount", lock=f"recount {environment.pk}", schedule_in={"seconds": 5})
        job.defer(environment=str(environment.pk))
    return saved


def _is_held(tier: Tier) -> bool:
    """Whether a member has the level, or bought it and waits for it. Asked under its lock: whoever gets it now
    has written that, or waits and finds it gone."""
    Tier.objects.select_for_update().get(pk=tier.pk)
    waiting = Redemption.objects.filter(
        environment_id=tier.environment_id, status=Redemption.Status.PENDING, gives__tier=str(tier.pk)
    )
    return MemberTier.objects.filter(tier=tier).exists() or waiting.exists()
