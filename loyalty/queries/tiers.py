"""Where members stand on the ladders of their programs (domain.md 6)."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Count, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from audit.record import Actor
from loyalty.ledger.standings import Standing, ladders_of, read_standings
from loyalty.models import Member, MemberTier
from loyalty.rules.tiers import Ladder, Level
from programs.models import Environment
from programs.queries.snapshots import snapshot

# Progress at an instant of every living member that has any, by the level that it would reach.
_QUALIFIED = """
SELECT width_bucket(progress.figure, %(thresholds)s::numeric[]), count(*)
FROM (
    SELECT member_id, sum(figure) AS figure FROM loyalty_tierprogress
    WHERE ladder_id = %(ladder)s AND day >= %(first)s::date
    GROUP BY member_id
) AS progress
JOIN loyalty_member AS member ON member.id = progress.member_id
WHERE member.redirect_to_id IS NULL AND member.status <> 'erased'
GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class TierStatus:
    """A member on one ladder: the level, since when, until when it is theirs (None: not decided by time),
    and how far the next one is. Figures: points, money or events, as the ladder counts."""

    ladder: Ladder
    level: Level | None
    since: datetime | None
    valid_until: datetime | None
    in_grace: bool
    progress: Decimal
    next_level: Level | None
    missing: Decimal | None


def tiers_of(*, environment: Environment, member_id: UUID, now: datetime) -> list[TierStatus]:
    """One status for each active ladder; what has come due by `now` is counted, though it is not written
    yet. One statement, none where there is no ladder."""
    return tiers_of_many(environment=environment, member_ids=[member_id], now=now)[member_id]


def tiers_of_many(
    *, environment: Environment, member_ids: Collection[UUID], now: datetime
) -> dict[UUID, list[TierStatus]]:
    """`tiers_of` for a page of members, in the same number of statements."""
    ladders = ladders_of(snapshot(environment))
    actor = Actor.system("tiers", "")
    found = read_standings(environment, ladders, member_ids, now=now, actor=actor)
    return {
        member_id: [_status(found[member_id, ladder.id]) for ladder in ladders] for member_id in member_ids
    }


def members_per_level(
    environment: Environment, only: Collection[UUID] | None = None, *, living: int | None = None
) -> dict[UUID, dict[UUID | None, int]]:
    """How many living members hold each level of each active ladder, or of `only` these, as last decided; by
    ladder, then by tier, None for none. `living`: all of them, where that is known.

    Two statements, one where `living` is given, none without a ladder. They read the levels of these ladders
    and count all members: seconds where there are millions.
    """
    ladders = _active(environment, only)
    if not ladders:
        return {}
    everybody = living_members(environment) if living is None else living
    held: defaultdict[UUID, dict[UUID, int]] = defaultdict(dict)
    rows = MemberTier.objects.filter(
        ladder__in=[ladder.id for ladder in ladders],
        tier__isnull=False,
        member__status__in=Member.LIVING,
        member__redirect_to__isnull=True,
    )
    counts = rows.order_by().values_list("ladder_id", "tier_id").annotate(members=Count("id"))
    for ladder_id, tier_id, members in counts:
        held[ladder_id][tier_id] = members
    return {ladder.id: _with_the_others(ladder, held[ladder.id], everybody) for ladder in ladders}


def qualified_per_level(
    environment: Environment,
    only: Collection[UUID] | None = None,
    *,
    now: datetime,
    living: int | None = None,
) -> dict[UUID, dict[UUID | None, int]]:
    """How many living members would fall in each level by their progress at `now` alone; as
    `members_per_level`. One statement a ladder, that reads each day of its period from an index, and one."""
    ladders = _active(environment, only)
    if not ladders:
        return {}
    everybody = living_members(environment) if living is None else living
    return {ladder.id: _with_the_others(ladder, _qualified(ladder, now), everybody) for ladder in ladders}


def living_members(environment: Environment) -> int:
    """How many there are, frozen ones too; one statement that counts them."""
    living = Member.objects.filter(status__in=Member.LIVING, redirect_to__isnull=True)
    return living.filter(environment=environment).count()


def environments_with_levels_due(*, now: datetime) -> list[Environment]:
    """Environments in which a level is to be decided, by their own now; one statement.

    A sandbox's own now is its test clock where one is set; `now` is real time. Archived ones are left out.
    """
    # The first of each, by index: "is there any" would be answered by a scan of all members.
    of_its_own = MemberTier.objects.filter(environment_id=OuterRef("pk"), next_evaluation_at__isnull=False)
    first = Subquery(of_its_own.order_by("next_evaluation_at").values("next_evaluation_at")[:1])
    return list(
        Environment.objects.filter(archived_at__isnull=True)
        .alias(first_due_at=first)
        .filter(first_due_at__lte=Coalesce("clock", Value(now)))
        .select_related("project")
        .order_by("pk")
    )


def _active(environment: Environment, only: Collection[UUID] | None) -> list[Ladder]:
    ladders = ladders_of(snapshot(environment))
    return [ladder for ladder in ladders if only is None or ladder.id in only]


def _qualified(ladder: Ladder, now: datetime) -> dict[UUID, int]:
    first = ladder.window_at(now).first
    arguments: dict[str, Any] = {
        "ladder": ladder.id,
        "first": first.isoformat() if first else "-infinity",
        "thresholds": [level.threshold for level in ladder.levels],
    }
    with connection.cursor() as cursor:
        cursor.execute(_QUALIFIED, arguments)
        return {ladder.levels[place - 1].tier_id: members for place, members in cursor.fetchall() if place}


def _with_the_others(ladder: Ladder, held: dict[UUID, int], everybody: int) -> dict[UUID | None, int]:
    """Everybody else has the level that asks for nothing, or none."""
    counts: dict[UUID | None, int] = {level.tier_id: held.get(level.tier_id, 0) for level in ladder.levels}
    others = ladder.base.tier_id if ladder.base else None
    counts[others] = counts.get(others, 0) + max(0, everybody - sum(held.values()))
    return counts


def _status(standing: Standing) -> TierStatus:
    ladder, level = standing.ladder, standing.level
    following = ladder.above(level)
    return TierStatus(
        ladder=ladder,
        level=level,
        since=standing.state.since if level else None,
        valid_until=standing.state.next_at,
        in_grace=standing.state.in_grace,
        progress=standing.progress,
        next_level=following,
        missing=max(Decimal(0), following.threshold - standing.progress) if following else None,
    )
