"""Tiers: who holds which level, now and at the end of a period, and who rose and fell on which day (domain.md 11)."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db import connection

from loyalty.ledger.consistent import one_state
from loyalty.ledger.standings import ladders_of
from loyalty.queries.analytics.periods import Period
from loyalty.queries.tiers import members_per_level
from loyalty.rules.tiers import Ladder, Level
from programs.models import Environment
from programs.queries.snapshots import snapshot


@dataclass(frozen=True, slots=True)
class LevelMembers:
    """How many members hold a level (None: none of them) now, and how many of those who had come by the period's end
    held it then."""

    level: Level | None
    members_now: int
    members_then: int


@dataclass(frozen=True, slots=True)
class TierDay:
    """How often members rose and fell on one local day."""

    day: date
    up: int
    down: int


@dataclass(frozen=True, slots=True)
class LadderFigures:
    """One active ladder. `levels`: none first where the ladder has no level that asks for nothing, then ascending.
    Counted are those who are members now; levels are as last decided."""

    ladder: Ladder
    levels: list[LevelMembers]
    days: list[TierDay]

    @property
    def up(self) -> int:
        return sum(day.up for day in self.days)

    @property
    def down(self) -> int:
        return sum(day.down for day in self.days)


# What each member had before the first change after the period, and has now: by the index on (ladder, occurred_at).
_SINCE = """
SELECT first.ladder_id, first.from_code, tier.code, count(*)
FROM (
    SELECT DISTINCT ON (ladder_id, member_id) ladder_id, member_id, from_code FROM loyalty_tierchange
    WHERE ladder_id = ANY(%(ladders)s) AND occurred_at >= %(ends_at)s
    ORDER BY ladder_id, member_id, occurred_at, id
) AS first
JOIN loyalty_member AS member ON member.id = first.member_id
LEFT JOIN loyalty_membertier AS held ON held.member_id = first.member_id AND held.ladder_id = first.ladder_id
LEFT JOIN programs_tier AS tier ON tier.id = held.tier_id
WHERE member.redirect_to_id IS NULL AND member.status <> 'erased' AND member.created_at < %(ends_at)s
GROUP BY 1, 2, 3
"""
# What those have now who came after the period: by the index on (environment, created_at).
_CAME_LATER = """
SELECT ladder.id, tier.code, count(*)
FROM loyalty_member AS member CROSS JOIN unnest(%(ladders)s::uuid[]) AS ladder (id)
LEFT JOIN loyalty_membertier AS held ON held.member_id = member.id AND held.ladder_id = ladder.id
LEFT JOIN programs_tier AS tier ON tier.id = held.tier_id
WHERE member.environment_id = %(environment)s AND member.created_at >= %(ends_at)s
    AND member.redirect_to_id IS NULL AND member.status <> 'erased'
GROUP BY 1, 2
"""
_MOVES = """
SELECT change.ladder_id, (change.occurred_at AT TIME ZONE %(time_zone)s)::date, change.kind, change.from_code,
    change.to_code, count(*)
FROM loyalty_tierchange AS change JOIN loyalty_member AS member ON member.id = change.member_id
WHERE change.ladder_id = ANY(%(ladders)s) AND change.occurred_at >= %(begins_at)s
    AND change.occurred_at < %(ends_at)s AND change.from_code IS DISTINCT FROM change.to_code
    AND member.redirect_to_id IS NULL AND member.status <> 'erased'
GROUP BY 1, 2, 3, 4, 5
"""
_UP, _DOWN = frozenset({"reached", "granted"}), frozenset({"lowered", "revoked"})


def tier_figures(
    *, environment: Environment, period: Period, only: Collection[UUID] | None = None
) -> list[LadderFigures]:
    """Each active ladder, or of `only` these, of one state of the database. Five statements, none where there is no
    ladder."""
    ladders = [one for one in ladders_of(snapshot(environment)) if only is None or one.id in only]
    if not ladders:
        return []
    with one_state():
        now = members_per_level(environment, [ladder.id for ladder in ladders])
        since, later, moves = (
            _read(text, ladders, environment, period) for text in (_SINCE, _CAME_LATER, _MOVES)
        )
    return [
        LadderFigures(
            ladder,
            _levels(ladder, now[ladder.id], since=_of(ladder, since), later=_of(ladder, later)),
            _days(ladder, period, _of(ladder, moves)),
        )
        for ladder in ladders
    ]


def _of(ladder: Ladder, rows: list[Any]) -> list[Any]:
    """The rows of one ladder, without it."""
    return [row[1:] for row in rows if row[0] == ladder.id]


def _read(text: str, ladders: list[Ladder], environment: Environment, period: Period) -> list[Any]:
    sent: dict[str, Any] = {
        "ladders": [ladder.id for ladder in ladders],
        "environment": environment.pk,
        "time_zone": environment.project.time_zone,
        "begins_at": period.begins_at,
        "ends_at": period.ends_at,
    }
    with connection.cursor() as cursor:
        cursor.execute(text, sent)
        return list(cursor.fetchall())


def _levels(
    ladder: Ladder, now: Mapping[UUID | None, int], *, since: list[Any], later: list[Any]
) -> list[LevelMembers]:
    base = ladder.base.code if ladder.base else None
    codes = {level.code for level in ladder.levels}
    then: Counter[str | None] = Counter()
    for before, after, members in since:
        then[before if before in codes else base] += members  # of a level that is no more: the lowest
        then[after or base] -= members
    for code, members in later:
        then[code or base] -= members
    levels: list[Level | None] = [*ladder.levels] if ladder.base else [None, *ladder.levels]
    shown = []
    for level in levels:
        members = now.get(level.tier_id if level else None, 0)
        shown.append(LevelMembers(level, members, members + then[level.code if level else None]))
    return shown


def _days(ladder: Ladder, period: Period, moves: list[Any]) -> list[TierDay]:
    up: defaultdict[date, int] = defaultdict(int)
    down: defaultdict[date, int] = defaultdict(int)
    for day, kind, before, after, times in moves:
        if kind in _UP or (kind not in _DOWN and _place(ladder, after) > _place(ladder, before)):
            up[day] += times
        else:
            down[day] += times
    return [TierDay(day, up[day], down[day]) for day in period]


def _place(ladder: Ladder, code: str | None) -> int:
    """Of a change by a merge; a level that is no more is below all."""
    return next((place for place, level in enumerate(ladder.levels) if level.code == code), -1)
