"""Where a member stands: levels with the way to the next one, and referrals."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from loyalty.admin.explaining import TierStep, tier_steps
from loyalty.admin.ladders import unit_of
from loyalty.models import Member, TierChange
from loyalty.queries.families import answers_for
from loyalty.queries.referrals import referrals_of
from loyalty.queries.tiers import TierStatus, tiers_of
from programs.models import Environment, TierLadder

_CHANGES = 10


@dataclass(frozen=True, slots=True)
class TierCard:
    """A member on one ladder; `done` of `needed` is what counts from the present level to the next, and
    `unit` what is counted. `changes`: the newest of the member's levels there."""

    program: str
    ladder: UUID
    status: TierStatus
    unit: str
    done: Decimal
    needed: Decimal
    changes: list[TierStep]


def standing_of_tiers(environment: Environment, member: Member, now: datetime) -> list[TierCard]:
    """One card for each active ladder."""
    found = tiers_of(environment=environment, member_id=member.pk, now=now)
    if not found:
        return []
    ladders = TierLadder.objects.select_related("program", "metric").in_bulk([one.ladder.id for one in found])
    changes = list(TierChange.objects.filter(member=member)[:_CHANGES])
    steps = dict(zip((change.pk for change in changes), tier_steps(changes), strict=True))
    return [
        _card(ladders[one.ladder.id], one, [steps[c.pk] for c in changes if c.ladder_id == one.ladder.id])
        for one in found
    ]


def _card(ladder: TierLadder, status: TierStatus, changes: list[TierStep]) -> TierCard:
    start = status.level.threshold if status.level else Decimal(0)
    end = status.next_level.threshold if status.next_level else start
    done = min(max(status.progress - start, Decimal(0)), end - start)
    return TierCard(
        program=ladder.program.name,
        ladder=ladder.pk,
        status=status,
        unit=_unit(ladder),
        done=done,
        needed=end - start,
        changes=changes,
    )


def _unit(ladder: TierLadder) -> str:
    if ladder.basis == TierLadder.Basis.POINTS:
        return unit_of(ladder)
    if ladder.basis == TierLadder.Basis.SPEND:
        return f"{ladder.currency} spent".strip()
    return f"{ladder.event_type} events"


def referrals_shown(member: Member) -> dict[str, Any]:
    """The member's code, who referred them (with the key of the page to open), and whom they referred."""
    found = referrals_of(member_id=member.pk)
    by = answers_for(found.referral.referrer_id) if found.referral else None
    return {"found": found, "by": by}
