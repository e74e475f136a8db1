"""Where members stand on the ladders of their programs, settled to one instant (domain.md 6).

A standing is to tiers what a book is to points: made under a lock (of the account, where points count; else
of the member), settled when it is read, changed in memory, written with everything else.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from django.db import connection
from django.utils import timezone

from audit.ids import new_id
from audit.record import Actor
from loyalty.ledger.sql import sections
from loyalty.models import Event, MemberTier, TierChange, TierProgress
from loyalty.rules import tiers as rules
from loyalty.rules.days import day_of
from loyalty.rules.tiers import Ladder, Level, State
from programs.models import Environment
from programs.queries.snapshots import Snapshot

_LADDERS = UUID(int=0x7113B5)  # what is derived from a snapshot is known by ids
# How many days before an evaluation may decide it, at least; None: all, and their sum is enough.
_SPANS: dict[str, int | None] = {"calendar_year": 2 * 366 + 1, "lifetime": None}
_READ = sections("standings.sql")["read"]


@dataclass(slots=True)
class Standing:
    """One member on one ladder, settled to `now`, and the rows planned for it.

    `progress` is what counts at `now`: points, money or events. `stored`: a row of it is in the table.
    """

    environment_id: UUID
    member_id: UUID
    ladder: Ladder
    now: datetime
    recorded_at: datetime
    actor: Actor
    state: State
    progress: Decimal = rules.ZERO
    row_id: UUID = field(default_factory=new_id)
    changes: list[TierChange] = field(default_factory=list)
    is_moved: bool = False
    _counted: dict[date, Decimal] = field(default_factory=dict)
    _taken_back: bool = False

    @property
    def level(self) -> Level | None:
        """The level that the member has; the base, where none was reached."""
        return self.state.level

    @property
    def is_changed(self) -> bool:
        return bool(self.is_moved or self.changes or self.progress_changes)

    @property
    def member_tier(self) -> MemberTier | None:
        """The row to write, by member and ladder; None where the level and its dates are as they were."""
        if not self.is_moved:
            return None
        return MemberTier(
            id=self.row_id,
            environment_id=self.environment_id,
            member_id=self.member_id,
            ladder_id=self.ladder.id,
            tier_id=self.level.tier_id if self.level else None,
            since=self.state.since or self.now,
            next_evaluation_at=self.state.next_at,
            in_grace=self.state.in_grace,
        )

    @property
    def progress_changes(self) -> list[TierProgress]:
        """What is to be added to the progress of each day."""
        return [
            TierProgress(
                environment_id=self.environment_id,
                member_id=self.member_id,
                ladder_id=self.ladder.id,
                day=day,
                figure=figure,
            )
            for day, figure in self._counted.items()
            if figure
        ]

    def count(self, at: datetime, figure: Decimal | int) -> None:
        """Count on the local day of `at`: when it was earned. Below zero: take back what was counted there."""
        self.count_on(day_of(at, self.ladder.time_zone), Decimal(figure))

    def count_on(self, day: date, figure: Decimal) -> None:
        """Count on a local day."""
        self._counted[day] = self._counted.get(day, rules.ZERO) + figure
        if day in self.ladder.window_at(self.now):
            self.progress += figure
            self._taken_back |= figure < 0

    def review(self, *, event: Event | None = None) -> None:
        """Once an event or a call has counted: the level is reached, or confirmed in its days of grace."""
        state, change = rules.review(
            self.ladder, self.state, self.progress, self.now, taken_back=self._taken_back
        )
        self._taken_back = False
        self.go_on(state)
        if change:
            self.note(change, self.actor, event)

    def grant(self, level: Level) -> None:
        """The level is given, whatever was reached."""
        state, change = rules.grant(self.ladder, self.state, level, self.progress, self.now)
        self.go_on(state)
        self.note(change, self.actor)

    def revoke(self, before: State) -> None:
        """A level that was given is taken back; `before` is how it stood then."""
        state, change = rules.revoke(self.ladder, self.state, before, self.progress, self.now)
        self.go_on(state)
        self.note(change, self.actor)
        self.review()  # what was earned meanwhile, or by somebody merged, may reach more than that

    def go_on(self, state: State) -> None:
        """The level and its dates are these from now on."""
        self.is_moved |= state != self.state
        self.state = state

    def note(self, change: rules.Change, actor: Actor, event: Event | None = None) -> None:
        """Plan the row of a change."""
        self.changes.append(
            TierChange(
                environment_id=self.environment_id,
                member_id=self.member_id,
                ladder_id=self.ladder.id,
                kind=change.kind,
                from_code=change.before.code if change.before else None,
                to_code=change.after.code if change.after else None,
                progress=change.progress,
                occurred_at=change.at,
                recorded_at=self.recorded_at,
                event=event,
                actor_kind=actor.kind,
                actor_id=actor.id,
                trace_id=actor.trace_id,
            )
        )


def ladders_of(config: Snapshot) -> tuple[Ladder, ...]:
    """The active ladders with at least one level, compiled once for each snapshot. No statement."""
    known: tuple[Ladder, ...] | None = config.derived.get(_LADDERS)
    if known is None:
        known = config.derived[_LADDERS] = tuple(
            Ladder(
                id=row.id,
                program_id=row.program_id,
                metric_id=row.metric_id,
                basis=cast("rules.Basis", row.basis),
                event_type=row.event_type,
                currency=row.currency,
                period=cast("rules.Period", row.period),
                days=row.days or 0,
                grace_days=row.grace_days,
                downgrade=cast("rules.Downgrade", row.downgrade),
                time_zone=config.time_zone,
                levels=tuple(
                    Level(tier.id, tier.code, tier.title, tier.threshold, tier.multiplier)
                    for tier in sorted(config.levels_of(row.id), key=lambda tier: tier.threshold)
                ),
            )
            for row in config.ladders
            if row.is_active and config.levels_of(row.id)
        )
    return known


def read_standings(
    environment: Environment,
    ladders: Iterable[Ladder],
    member_ids: Collection[UUID],
    *,
    now: datetime,
    actor: Actor,
) -> dict[tuple[UUID, UUID], Standing]:
    """The standing of each of these members on each of these ladders, settled to `now`; one statement,
    whatever their number, none where there are no ladders or members. By (member, ladder).

    Nothing is written: what has come due is planned. Of progress it reads the days that can still count.
    Needs, for a write, the lock of the account (of a ladder of points) or of the member (of any other).
    """
    by_id = {ladder.id: ladder for ladder in ladders}
    if not by_id or not member_ids:
        return {}
    recorded_at, standings = timezone.now(), {}
    for row in _rows(list(by_id.values()), list(member_ids), now):
        member_id, ladder_id, row_id, tier_id, since, next_at, in_grace, progress, days, figures = row
        ladder = by_id[ladder_id]
        standing = standings[member_id, ladder_id] = Standing(
            environment_id=environment.id,
            member_id=member_id,
            ladder=ladder,
            # A caller that read its clock before it waited for the lock may be behind the last holder.
            now=max(now, since) if since else now,
            recorded_at=recorded_at,
            actor=actor,
            state=State(ladder.level(tier_id), since, next_at, bool(in_grace)),
            progress=progress,
            row_id=row_id or new_id(),
        )
        _settle(standing, dict(zip(days or (), figures or (), strict=True)))
    return standings


def _rows(ladders: Sequence[Ladder], member_ids: Sequence[UUID], now: datetime) -> list[tuple[Any, ...]]:
    firsts = [ladder.window_at(now).first for ladder in ladders]
    arguments: dict[str, Any] = {
        "members": member_ids,
        "ladders": [ladder.id for ladder in ladders],
        "firsts": [first.isoformat() if first else "-infinity" for first in firsts],
        "spans": [_SPANS.get(ladder.period, ladder.days + 2) for ladder in ladders],
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_READ, arguments)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _settle(standing: Standing, figures: dict[date, Decimal]) -> None:
    """Plan what time has brought about: the evaluations up to now."""
    ladder, state, now = standing.ladder, standing.state, standing.now
    if state.next_at is None:
        # The ladder was for life, or this level asked for nothing, when it was reached.
        state = rules.resume(ladder, state, now)
    elif ladder.period == "lifetime":
        figures = {date.min: standing.progress}
    state, changes = rules.settle(ladder, state, figures, now)
    standing.go_on(state)
    actor = Actor.system("tiers", standing.actor.trace_id)
    for change in changes:
        standing.note(change, actor)


def merge_standing(source: Standing, target: Standing) -> None:
    """The target goes on with the source's progress, and with the higher level of the two and its dates; of
    equal ones with that which is decided later. A change `merged` where its level rises; whether the
    progress of both reaches more is for `review` to say. The source is left with nothing.

    One statement: it reads all of the source's days.
    """
    before = target.level
    days = TierProgress.objects.filter(member=source.member_id, ladder=source.ladder.id)
    for day, figure in list(days.values_list("day", "figure")):
        target.count_on(day, figure)
        source.count_on(day, -figure)
    target.go_on(rules.merge(target.ladder, source.state, target.state))
    if source.state.since:
        source.go_on(State(None, source.now))
    if target.level != before:
        change = rules.Change("merged", before, target.level, target.progress, target.now)
        target.note(change, target.actor)
