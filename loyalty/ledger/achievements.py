"""Challenges under lock: what is planned for their runs, before anything is written (domain.md 8).

Runs are read and written under the lock of their member's row. What an operation needs is read before
(`loyalty.ledger.reading_achievements`); the arithmetic is in loyalty/rules/challenges.py. Rewards are given by
loyalty/actions/completing.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Model
from django.utils import timezone

from audit.ids import new_id
from audit.record import Actor
from loyalty.ledger.past import Record
from loyalty.models import Achievement, Event, ItemChange, LedgerEntry, MilestoneChange, MissionProgress
from loyalty.rules import challenges as rules
from programs.models import Challenge, Mission
from programs.models.challenges import Notified

RunKey = tuple[UUID, UUID, str]
"""Member, challenge and period."""


@dataclass(slots=True)
class Run:
    """One member's challenge in one period. `progress` and `done` (live achievements) by mission; `completion`: the
    live achievement of the challenge itself."""

    member_id: UUID
    challenge: Challenge
    period: str
    progress: dict[UUID, MissionProgress] = field(default_factory=dict)
    done: dict[UUID, Achievement] = field(default_factory=dict)
    completion: Achievement | None = None

    @property
    def key(self) -> RunKey:
        return self.member_id, self.challenge.id, self.period

    @property
    def missions(self) -> list[Mission]:
        """Those that were not removed, in their order."""
        return missions_of(self.challenge)

    @property
    def is_sequence(self) -> bool:
        return self.challenge.mission_order == Challenge.Order.SEQUENCE

    @property
    def steps(self) -> list[rules.Step]:
        """As the rules take it, in order."""
        return [self.step(mission) for mission in self.missions]

    def step(self, mission: Mission) -> rules.Step:
        row, done = self.progress.get(mission.id), self.done.get(mission.id)
        progress = row.progress if row else rules.ZERO
        return rules.Step(mission.id, mission.target, progress, done.target if done else None)


def missions_of(challenge: Challenge) -> list[Mission]:
    """A challenge's missions that were not removed, in their order."""
    return [mission for mission in challenge.missions.all() if mission.removed_at is None]


@dataclass(slots=True)
class Achievements:
    """The runs that were read, and the rows to write. `prizes`: the ledger entries that completions gave and that
    may be taken back, by id, with their `records` (past.py); `gifts`: the items, by achievement; `also_given`: the
    entries of those that it absorbed. `challenges`: those changed since the configuration was read."""

    now: datetime
    actor: Actor
    runs: dict[RunKey, Run] = field(default_factory=dict)
    prizes: dict[UUID, LedgerEntry] = field(default_factory=dict)
    records: dict[UUID, Record] = field(default_factory=dict)
    gifts: dict[UUID, list[ItemChange]] = field(default_factory=dict)
    also_given: dict[UUID, list[UUID]] = field(default_factory=dict)
    challenges: dict[UUID, Challenge] = field(default_factory=dict)
    changed_progress: dict[tuple[UUID, UUID, str], MissionProgress] = field(default_factory=dict)
    new: dict[UUID, Achievement] = field(default_factory=dict)
    changed: dict[UUID, Achievement] = field(default_factory=dict)
    crossings: list[MilestoneChange] = field(default_factory=list)

    def learn(self, member_id: UUID, challenge: Challenge, period: str) -> Run:
        """The run, empty where it was not known; one known already stays as it is planned."""
        run = Run(member_id, challenge, period)
        return self.runs.setdefault(run.key, run)

    def count(self, run: Run, mission: Mission, amount: Decimal) -> None:
        """Add to the mission's progress; below zero, take back. Never below nothing."""
        row = run.progress.get(mission.id)
        if row is None:
            row = run.progress[mission.id] = MissionProgress(
                environment_id=run.challenge.environment_id,
                member_id=run.member_id,
                challenge_id=run.challenge.id,
                mission_id=mission.id,
                period=run.period,
                progress=rules.ZERO,
            )
        row.progress = max(rules.ZERO, row.progress + amount)
        self.changed_progress[run.member_id, mission.id, run.period] = row

    def prizes_of(self, run: Run) -> list[UUID]:
        """The ledger entries that hang on the run's completion, those of completions that it absorbed too."""
        if run.completion is None:
            return []
        return [*run.completion.entry_ids, *self.also_given.get(run.completion.id, ())]

    def absorb(self, run: Run, other: Achievement) -> None:
        """Somebody who is merged into the run's member had completed the challenge too: what that gave stays given,
        and falls with the member's own completion."""
        assert run.completion  # noqa: S101 - the caller looked
        run.completion.absorbed = [*run.completion.absorbed, other.copy_of or other.id, *other.absorbed]
        if run.completion.id not in self.new:
            self.changed[run.completion.id] = run.completion

    def complete_mission(self, run: Run, mission: Mission, event: Event | None, at: datetime) -> Achievement:
        made = self._achieved(run, mission, event, at)
        made.kind, made.mission, made.target = Achievement.Kind.MISSION, mission, mission.target
        run.done[mission.id] = made
        return made

    def complete_challenge(self, run: Run, event: Event | None, at: datetime) -> Achievement:
        """Its rewards are to be given, and named in `entry_ids`, by the caller."""
        run.completion = self._achieved(run, run.challenge, event, at)
        run.completion.kind = Achievement.Kind.CHALLENGE
        return run.completion

    def revoke(self, achievement: Achievement, refund: Event) -> None:
        """What was achieved is no longer so."""
        achievement.revoked_at, achievement.revoked_by_id = timezone.now(), refund.id
        if achievement.id not in self.new:
            self.changed[achievement.id] = achievement

    def take_freed(self) -> list[Achievement]:
        """Revoked ones whose place a new one takes: to be written, alone, before all others."""
        made = {_place(each) for each in self.new.values() if each.revoked_at is None}
        freed = [each for each in self.changed.values() if _place(each) in made]
        for each in freed:
            del self.changed[each.id]
        return freed

    def rows(self) -> dict[str, Iterable[Model]]:
        """All that is planned, by its section of posting.sql."""
        return {
            "mission_progress": self.changed_progress.values(),
            "achievements": self.new.values(),
            "achievement_changes": self.changed.values(),
            "milestone_changes": self.crossings,
        }

    def _achieved(self, run: Run, told: Notified, event: Event | None, at: datetime) -> Achievement:
        made = Achievement(
            id=new_id(),
            environment_id=run.challenge.environment_id,
            member_id=run.member_id,
            challenge=run.challenge,
            period=run.period,
            event_id=event.id if event else None,
            display=told.notification_display,
            title=told.notification_title,
            message=told.notification_message,
            occurred_at=at,
            recorded_at=timezone.now(),
            actor_kind=self.actor.kind,
            actor_id=self.actor.id,
            trace_id=self.actor.trace_id,
        )
        self.new[made.id] = made
        return made


def _place(achievement: Achievement) -> tuple[UUID, UUID, str, UUID | None]:
    return achievement.member_id, achievement.challenge_id, achievement.period, achievement.mission_id


def prizes_held(achievements: Achievements) -> list[tuple[LedgerEntry, UUID]]:
    """The entries that may be taken back, each with the member who holds its points now."""
    runs = achievements.runs.values()
    holders = {key: run.member_id for run in runs for key in achievements.prizes_of(run)}
    prizes = achievements.prizes.values()
    return [(entry, holders[entry.id]) for entry in prizes if entry.id in holders]
