"""A shop whose members look at their own app: what it shows them, and what its history adds up to."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from loyalty.actions.notifications import fetch_notifications, pending_notifications
from loyalty.actions.profiles import open_profile
from loyalty.models import Member
from loyalty.queries.events import RecordedEvent
from loyalty.queries.member_history import HistoryPage, Line, history_of
from loyalty.queries.members import find_member
from loyalty.queries.notifications import Notification
from loyalty.queries.profiles import Profile, profile_of
from loyalty.rules.milestones import reached
from programs.actions.milestones import save_milestone_set
from programs.models import Challenge, Metric, MilestoneSet
from tests.factories import make_actor, make_challenge, make_metric, reload
from tests.loyalty.ledger.till import day
from tests.loyalty.members.shop import Shop

THRESHOLDS = (20, 60, 150)


@dataclass
class Replayed:
    """What a history adds up to; `metrics` begins with the defaults. Of challenges by what was completed and not
    revoked since."""

    metrics: dict[str, int]
    milestones: dict[str, str | None]
    inventory: Counter[tuple[str, str]] = field(default_factory=Counter)
    missions: Counter[tuple[str, str]] = field(default_factory=Counter)
    challenges: Counter[str] = field(default_factory=Counter)

    def add(self, line: Line) -> None:
        """Each value follows from the one before."""
        for code, (old, new) in line.metrics.items():
            assert (code, old) == (code, self.metrics[code])
            self.metrics[code] = new
        for name, (before, after) in line.milestones.items():
            assert before == self.milestones[name]
            self.milestones[name] = after
        self.inventory.update(line.received)
        self.inventory.subtract(line.lost)
        by = -1 if line.type.endswith("Revoked") else 1
        if line.mission_id and line.challenge_id:
            self.missions[line.challenge_id, line.mission_id] += by
        elif line.challenge_id:
            self.challenges[line.challenge_id] += by


class Phone(Shop):
    """One point a pound. `regular`: come twice and spend 30; for 40 points, 5 xp and a badge. `daily`: come three
    times a day, for 3 xp. Milestones of points at 20, 60 and 150."""

    regular: Challenge
    daily: Challenge
    ladder: MilestoneSet

    def open(self, *, default: int = 0) -> None:
        points = make_metric(self.environment, "points", default_value=default)
        xp = make_metric(self.environment, "xp", default_value=7)
        self.rule("1 point per £1")
        self.regular = make_challenge(
            reload(self.environment),
            title="Regular",
            notification_display="popup",
            notification_title="You are a regular",
            missions=[
                {"title": "Come twice", "event_type": "visit", "target": 2, "notification_display": "toast"},
                {
                    "title": "Spend 30",
                    "event_type": "purchase",
                    "measure": "sum",
                    "field": "data.amount",
                    "target": 30,
                },
            ],
            rewards=[
                {"kind": "metric", "metric": points, "quantity": 40},
                {"kind": "metric", "metric": xp, "quantity": 5},
                {"kind": "inventory_item", "item": self.item("regular")},
            ],
        )
        self.daily = make_challenge(
            reload(self.environment),
            title="Daily",
            per="day",
            missions=[{"title": "Come three times", "event_type": "visit", "target": 3}],
            rewards=[{"kind": "metric", "metric": xp, "quantity": 3}],
        )
        self.ladder = save_milestone_set(
            environment=reload(self.environment),
            milestone_set=MilestoneSet(environment=self.environment),
            actor=make_actor(),
            changes={"title": "Points", "metric": points},
            milestones=[{"title": f"From {each}", "threshold": each} for each in THRESHOLDS],
        )

    def visit(self, member: str = "ada", **options: Any) -> RecordedEvent:
        self.visits = getattr(self, "visits", 0) + 1
        return self.buy(f"visit-{self.visits}", member=member, event_type="visit", **options)

    # -- what the app shows

    def member(self, name: str = "ada") -> Member:
        return find_member(environment=self.environment, member=name)

    def opened(self, name: str = "ada") -> Member:
        return self.do(open_profile, member=name)

    def profile(self, name: str = "ada") -> Profile:
        """After it was opened."""
        return profile_of(environment=reload(self.environment), member=self.opened(name), now=day(self.today))

    def page(
        self, name: str = "ada", since: int | None = None, until: int | None = None, limit: int = 1000
    ) -> HistoryPage:
        return history_of(
            environment=self.environment,
            member=self.member(name),
            since_ms=since,
            until_ms=until,
            limit=limit,
        )

    def history(self, name: str = "ada", *, by: int = 1000) -> list[Line]:
        """All of it, read in pages of so many lines."""
        lines: list[Line] = []
        following: int | None = 0
        while following is not None:
            found = self.page(name, since=following, limit=by)
            lines += found.lines
            following = found.next_ms
        return lines

    def fetch(self, name: str = "ada") -> list[Notification]:
        return fetch_notifications(environment=self.environment, member=name, now=day(self.today))

    def pending(self, *acknowledged: Any, name: str = "ada") -> list[Notification]:
        return pending_notifications(
            environment=self.environment,
            member=name,
            acknowledged=acknowledged,
            now=day(self.today),
        )

    # -- what the history adds up to

    def replayed(self, lines: Iterable[Line]) -> Replayed:
        metrics = Metric.objects.filter(environment=self.environment)
        start = {metric.code: metric.default_value for metric in metrics}
        milestones = [each.public_id for each in self.ladder.milestones.order_by("threshold")]
        place = reached(THRESHOLDS, start["points"])
        first = None if place is None else milestones[place]
        found = Replayed(start, {self.ladder.public_id: first})
        for line in lines:
            found.add(line)
        return found

    def assert_same(self, name: str = "ada") -> None:
        """The history from empty gives the profile exactly."""
        profile = self.profile(name)
        lines = self.history(name)
        found = self.replayed(lines)
        assert found.metrics == profile.metrics
        owned = [(group, item) for group, items in profile.inventory.items() for item in items]
        assert +found.inventory == Counter(owned)
        assert -found.inventory == Counter()
        regular = str(self.regular.public_id)
        state = profile.challenges[regular]
        assert found.challenges[regular] == state.is_completed
        missions = {mission: count for (key, mission), count in found.missions.items() if key == regular}
        assert {mission for mission, count in missions.items() if count} == set(state.missions_completed)
        assert set(missions.values()) <= {0, 1}
