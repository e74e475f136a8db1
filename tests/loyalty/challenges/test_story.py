"""Thirty actions over two challenges, three metrics, a milestone crossed up and down and up again, an item won and
lost: at every step what the profile shows is what the history, replayed from empty, adds up to (domain.md 8)."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from audit.models import AuditEvent
from loyalty.actions.notifications import fetch_notifications, pending_notifications
from loyalty.actions.profiles import open_profile
from loyalty.models import Member, MilestoneChange
from loyalty.queries.member_history import Line, history_of
from loyalty.queries.profiles import Profile, profile_of
from programs.actions.milestones import save_milestone_set
from programs.models import Environment, Metric, MilestoneSet
from tests.factories import PER_POUND, make_actor, make_coupon, make_metric, reload
from tests.loyalty.challenges.camp import Camp, assert_sound
from tests.loyalty.ledger.till import day

BUY: dict[str, Any] = {
    "title": "Spend", "event_type": "purchase", "measure": "sum", "field": "data.amount", "target": 30,
}  # fmt: skip
VISIT: dict[str, Any] = {
    "title": "Visit", "event_type": "visit", "target": 3, "notification_display": "toast",
}  # fmt: skip
POST: dict[str, Any] = {"title": "Post", "event_type": "post", "target": 1}


class Resort(Camp):
    """Points for purchases; `Explorer` (three visits, £30) gives stars and a badge, `Daily` (a post and a visit every
    day, one after the other) a coupon and gems. Stars begin at 5 and end at 100."""

    def open(self) -> None:
        here = reload(self.environment)
        make_metric(here, "stars", default_value=5, maximum=100)
        make_metric(reload(here), "gems")
        self.rule("1 point per £1", award=PER_POUND)
        self.explorer = self.challenge(
            title="Explorer",
            missions=[VISIT, BUY],
            rewards=[self.points(60, "stars"), self.points(20), self.prize()],
            notification_display="popup",
            notification_title="Explorer!",
        )
        coupon = {"kind": "coupon", "item": make_coupon(reload(here), code_pattern="TEA-########").item}
        self.daily = self.challenge(
            title="Daily",
            missions=[POST, VISIT | {"target": 1}],
            rewards=[coupon, self.points(7, "gems"), self.points(30, "stars")],
            per="day",
            mission_order="sequence",
        )
        self.ladder("Stars", "stars", 50, 90)
        self.ladder("Points", "points", 25)

    def ladder(self, title: str, metric: str, *thresholds: int) -> MilestoneSet:
        here = reload(self.environment)
        unit = Metric.objects.get(environment=here, code=metric)
        return save_milestone_set(
            environment=here,
            milestone_set=MilestoneSet(environment=here, metric=unit, public_id=title.lower()),
            actor=make_actor(),
            changes={"title": title},
            milestones=[
                {"id": f"{title.lower()}-{each}", "title": str(each), "threshold": each}
                for each in thresholds
            ],
        )

    # -- what the member sees

    def member(self, name: str = "ada") -> Member:
        here = reload(self.environment)
        return open_profile(environment=here, member=name, actor=make_actor(), now=day(self.today))

    def profile(self, name: str = "ada") -> Profile:
        member = self.member(name)
        return profile_of(environment=reload(self.environment), member=member, now=day(self.today))

    def history(self, name: str = "ada", limit: int = 7) -> list[Line]:
        """All of it, by pages."""
        here, member = reload(self.environment), self.member(name)
        lines: list[Line] = []
        since: int | None = None
        while True:
            page = history_of(environment=here, member=member, since_ms=since, until_ms=None, limit=limit)
            lines += page.lines
            since = page.next_ms
            if since is None:
                return lines


def replayed(
    camp: Resort, lines: list[Line]
) -> tuple[dict[str, int], dict[str, Counter[str]], dict[str, Any]]:
    """Metrics, items by set and the milestones reached, from empty; each change follows from what was before it."""
    metrics = {unit.code: unit.default_value for unit in Metric.objects.filter(environment=camp.environment)}
    items: dict[str, Counter[str]] = defaultdict(Counter)
    reached: dict[str, str | None] = {}
    for line in lines:
        for code, (before, after) in line.metrics.items():
            assert metrics[code] == before, line
            metrics[code] = after
        for group, item in line.received:
            items[group][item] += 1
        for group, item in line.lost:
            items[group][item] -= 1
            assert items[group][item] >= 0, line
        for group, (was, now) in line.milestones.items():
            assert reached.get(group) == was, line
            reached[group] = now
    return metrics, items, reached


def assert_history_is_profile(camp: Resort) -> None:
    profile, lines = camp.profile(), camp.history()
    metrics, items, _ = replayed(camp, lines)
    assert metrics == profile.metrics
    assert {group: sorted(found.elements()) for group, found in items.items() if +found} == {
        group: sorted(found) for group, found in profile.inventory.items() if found
    }
    assert [line.timestamp for line in lines] == sorted(line.timestamp for line in lines)
    assert len({line.id for line in lines}) == len(lines)
    told = Counter(line.type for line in lines)
    live = {str(camp.explorer.public_id): told["challengeCompleted"] - told["challengeRevoked"]}
    assert live[str(camp.explorer.public_id)] >= profile.challenges[str(camp.explorer.public_id)].is_completed


@pytest.fixture
def resort(environment: Environment) -> Iterator[Resort]:
    made = Resort(environment)
    made.open()
    yield made
    assert_sound(made)


def test_thirty_actions(resort: Resort) -> None:
    camp = resort
    explorer, daily = str(camp.explorer.public_id), str(camp.daily.public_id)
    assert camp.profile().metrics == {"gems": 0, "points": 0, "stars": 5}
    camp.visit()  # 1: no post yet, so it counts for Explorer alone
    camp.buy("p1", "10.00")
    camp.visit(event_type="post")
    camp.visit()  # 4: Daily is complete: 30 stars, 7 gems, a coupon
    assert camp.profile().metrics == {"gems": 7, "points": 10, "stars": 35}
    assert camp.profile().challenges[daily].is_completed
    camp.visit(event_type="wave")
    camp.visit()  # 6: the third visit
    assert camp.profile().challenges[explorer].missions_completed == [
        str(each.public_id) for each in camp.explorer.missions.filter(title="Visit")
    ]
    camp.buy("p2", "20.00")  # 7: Explorer is complete: 60 stars make 95, and 20 points make 50
    assert camp.profile().metrics == {"gems": 7, "points": 50, "stars": 95}
    assert camp.items_of() == {"Badge": 1, "Free tea": 1}
    camp.refund("p2", "1.00")  # 8: 29 of 30: all of Explorer is lost
    assert camp.profile().metrics == {"gems": 7, "points": 29, "stars": 35}
    assert (camp.items_of(), camp.profile().challenges[explorer].is_completed) == ({"Free tea": 1}, False)
    camp.today = 1
    assert not camp.profile().challenges[daily].is_completed
    camp.visit(event_type="post", times=2)
    camp.visit(times=2)  # 12: Daily again, by the first of them: 65 stars
    camp.buy("p3", "1.00")  # 13: Explorer again: 60 more, cut to 35
    assert camp.profile().metrics == {"gems": 14, "points": 50, "stars": 100}
    camp.spend(40)
    camp.refund("p3")  # 15: the points are not there any more
    assert camp.profile().metrics == {"gems": 14, "points": -11, "stars": 65}
    for number in range(13):
        camp.visit(event_type=("wave", "post", "visit")[number % 3])
    camp.buy("p4", "7.00")  # 29
    camp.buy("p5", "30.00")  # 30
    assert camp.profile().metrics == {"gems": 14, "points": 46, "stars": 100}
    assert camp.items_of() == {"Badge": 1, "Free tea": 2}
    assert_history_is_profile(camp)
    _, _, reached = replayed(camp, camp.history())
    assert reached == {"stars": "stars-90", "points": "points-25"}
    stars = MilestoneChange.objects.filter(member=camp.key("ada"), milestone_set__public_id="stars").order_by(
        "id"
    )
    assert list(stars.values_list("from_id", "to_id", "rises")) == [
        (None, "stars-90", True),
        ("stars-90", None, False),
        (None, "stars-50", True),
        ("stars-50", "stars-90", True),
        ("stars-90", "stars-50", False),
        ("stars-50", "stars-90", True),
    ]
    told = Counter(line.type for line in camp.history())
    assert (told["challengeCompleted"], told["challengeRevoked"], told["missionRevoked"]) == (5, 2, 2)
    audited = camp.audited()
    assert (audited["challenge.completed"], audited["challenge.revoked"]) == (5, 2)
    assert (audited["milestone.reached"], audited["milestone.lost"]) == (
        MilestoneChange.objects.filter(member=camp.key("ada"), rises=True).count(),
        MilestoneChange.objects.filter(member=camp.key("ada"), rises=False).count(),
    )
    crossed = AuditEvent.objects.filter(environment_id=camp.environment.id, verb__startswith="milestone.")
    assert {(row.object_type, row.object_id) for row in crossed} == {
        ("milestoneset", str(each.pk)) for each in MilestoneSet.objects.filter(environment=camp.environment)
    }
    here = reload(camp.environment)
    pending = pending_notifications(environment=here, member="ada", acknowledged=[], now=day(1))
    fetched = fetch_notifications(environment=here, member="ada", now=day(1))
    assert fetched == pending
    assert Counter((each.line.type, each.display) for each in fetched) == {
        ("missionCompleted", "toast"): 3,
        ("missionCompleted", "none"): 3,
        ("challengeCompleted", "none"): 2,
        ("challengeCompleted", "popup"): 1,
    }
    assert fetch_notifications(environment=here, member="ada", now=day(1)) == []
