"""The member's history: what is in it, that it adds up to the profile, and how it is read in pages."""

from collections import Counter
from collections.abc import Callable
from typing import Any, TypeAlias
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from audit.errors import DomainError
from loyalty.models import ItemChange, LedgerEntry
from programs.models import Environment
from tests.factories import make_member, make_metric, reload
from tests.loyalty.ledger.till import day
from tests.loyalty.queries.phone import Phone
from tests.loyalty.stamps.cafe import assert_sound

Step: TypeAlias = tuple[str, str, int]
ACTS = ["give", "spend", "adjust", "brief", "visit", "buy", "finish", "finish", "refund", "refund"]
ACTS += ["redeem", "cancel", "reverse", "day", "merge"]
steps = st.tuples(
    st.sampled_from(ACTS),
    st.sampled_from(["ada", "ada", "bob"]),
    st.integers(1, 40),
)


@pytest.fixture
def phone(environment: Environment) -> Phone:
    return Phone(environment)


class Story:
    """Every step does something to a member, or is refused."""

    def __init__(self, phone: Phone, number: int) -> None:
        self.phone, self.number = phone, number
        self.bought: list[tuple[str, str]] = []
        self.given: list[Any] = []
        self.sold: list[Any] = []

    def who(self, member: str) -> str:
        return f"{member}-{self.number}"

    def do(self, step: Step) -> None:
        what, member, size = step
        handle: Callable[[str, int], Any] = getattr(self, what)
        try:
            handle(self.who(member), size)
        except DomainError as refusal:
            note(f"{step}: {refusal.code}")

    def give(self, member: str, size: int) -> None:
        self.given.append(self.phone.give(size, member))

    def brief(self, member: str, size: int) -> None:
        self.phone.give(size, member, expires=self.phone.today + 1)

    def spend(self, member: str, size: int) -> None:
        self.phone.spend(size, member)

    def adjust(self, member: str, size: int) -> None:
        self.phone.adjust(size - 30, member)

    def reverse(self, member: str, size: int) -> None:
        if self.given:
            self.phone.reverse(self.given.pop())

    def visit(self, member: str, size: int) -> None:
        self.phone.visit(member)

    def buy(self, member: str, size: int) -> None:
        name = f"p{self.number}-{len(self.bought)}"
        self.phone.buy(name, f"{size}.00", member)
        self.bought.append((name, member))

    def finish(self, member: str, size: int) -> None:
        """All that the challenge asks for."""
        self.visit(member, size)
        self.visit(member, size)
        self.buy(member, 30)

    def refund(self, member: str, size: int) -> None:
        if self.bought:
            name, member = self.bought[-1 - size % len(self.bought)]
            self.phone.refund(name, None if size % 2 else "5.00", member)

    def redeem(self, member: str, size: int) -> None:
        self.sold.append(self.phone.redeem("badge", member))

    def cancel(self, member: str, size: int) -> None:
        if self.sold:
            self.phone.take_back(self.sold.pop())

    def day(self, member: str, size: int) -> None:
        self.phone.today += 0.7

    def merge(self, member: str, size: int) -> None:
        if size < 10:
            self.phone.merge(self.who("bob"), self.who("ada"))


def test_any_history_from_empty_gives_the_profile_exactly(phone: Phone) -> None:
    phone.open(default=10)
    stories = iter(range(1000))
    seen: Counter[str] = Counter()

    @settings(
        max_examples=6,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(told=st.lists(steps, min_size=8, max_size=20))
    def check(told: list[Step]) -> None:
        story = Story(phone, next(stories))
        for step in told:
            story.do(step)
        for name in ("ada", "bob"):
            phone.assert_same(story.who(name))
            whole = phone.history(story.who(name))
            assert phone.history(story.who(name), by=4) == whole
            assert [line.timestamp for line in whole] == sorted(line.timestamp for line in whole)
            assert len({line.id for line in whole}) == len(whole)
            seen.update(line.type for line in whole)
            seen.update(f"{line.type} with points" for line in whole if line.metrics)
            seen.update(f"{line.type} with a milestone" for line in whole if line.milestones)
            seen.update(f"{line.type} with an item" for line in whole if line.received or line.lost)

    check()
    assert {"challengeRevoked with an item", "challengeRevoked with a milestone"} <= seen.keys()
    assert_sound(phone)  # type: ignore[arg-type]


# -- what is in it


def test_a_completion_tells_all_that_it_gave_and_its_revocation_all_that_it_took(phone: Phone) -> None:
    phone.open(default=10)
    phone.visit()
    phone.visit()
    phone.buy("p", "35.00")
    phone.refund("p")
    lines = phone.history()
    came, spent = (str(mission.public_id) for mission in phone.regular.missions.all())
    regular, ladder = str(phone.regular.public_id), phone.ladder.public_id
    badge = phone.item("regular")
    badge_name = (badge.inventory_set.public_id, badge.public_id)
    at20, at60 = (each.public_id for each in phone.ladder.milestones.order_by("threshold")[:2])
    # In one millisecond what falls comes before the points of its refund, else after them.
    (third,) = (line for line in lines if line.type == "missionRevoked")
    assert lines.index(third) in (4, 5)
    lines.remove(third)
    assert [(line.type, line.challenge_id, line.mission_id) for line in [*lines, third]] == [
        ("missionCompleted", regular, came),
        ("metricChanged", None, None),
        ("missionCompleted", regular, spent),
        ("challengeCompleted", regular, None),
        ("metricChanged", None, None),
        ("challengeRevoked", regular, None),
        ("missionRevoked", regular, spent),
    ]
    first, earned, second, completed, refunded, revoked = lines
    assert earned.metrics == {"points": (10, 45)}
    assert earned.milestones == {ladder: (None, at20)}
    assert completed.metrics == {"points": (45, 85), "xp": (7, 12)}
    assert completed.milestones == {ladder: (at20, at60)}
    assert (completed.received, completed.lost) == ([badge_name], [])
    assert refunded.metrics == {"points": (85, 50)}
    assert refunded.milestones == {ladder: (at60, at20)}
    assert revoked.metrics == {"points": (50, 10), "xp": (12, 7)}
    assert revoked.milestones == {ladder: (at20, None)}
    assert (revoked.received, revoked.lost) == ([], [badge_name])
    assert [line for line in (first, second, third) if line.metrics or line.received or line.lost] == []
    assert (third.id, revoked.id) == (f"{second.id}_revoked", f"{completed.id}_revoked")
    phone.assert_same()


def test_what_staff_take_back_of_a_reward_is_a_line_of_its_own(phone: Phone) -> None:
    phone.open()
    for _ in range(2):
        phone.visit()
    phone.buy("p", "30.00")
    prize = LedgerEntry.objects.get(member=phone.key("ada"), type="bonus", account__metric__code="points")
    phone.reverse(prize, 15)
    phone.refund("p")
    told = [(line.type, line.metrics) for line in phone.history() if "points" in line.metrics]
    assert told == [
        ("metricChanged", {"points": (0, 30)}),
        ("challengeCompleted", {"points": (30, 70), "xp": (7, 12)}),
        ("metricChanged", {"points": (70, 55)}),
        ("metricChanged", {"points": (55, 25)}),
        ("challengeRevoked", {"points": (25, 0), "xp": (12, 7)}),
    ]
    phone.assert_same()


def test_what_a_member_began_with_is_no_change_and_what_expired_is(phone: Phone) -> None:
    phone.open(default=10)
    assert phone.profile("zoe").metrics == {"points": 10, "xp": 7}
    assert phone.history("zoe") == []
    phone.give(5, expires=1)
    phone.today = 2
    assert phone.profile().metrics["points"] == 10
    assert [line.metrics for line in phone.history()] == [{"points": (10, 15)}, {"points": (15, 10)}]


def test_after_a_merge_either_id_tells_the_survivors_history(phone: Phone) -> None:
    phone.open()
    for _ in range(2):
        phone.visit("bob")
    phone.buy("b", "30.00", "bob")
    phone.give(5, "ada")
    phone.merge("bob", "ada")
    lines = phone.history("ada")
    assert phone.history("bob") == lines
    assert [line.type for line in lines].count("challengeCompleted") == 1
    phone.assert_same("bob")
    phone.refund("b", member="bob")
    assert phone.profile("ada").metrics == {"points": 5, "xp": 14}
    phone.assert_same("ada")


def test_what_could_not_be_taken_back_is_no_change(phone: Phone) -> None:
    phone.open()
    make_metric(reload(phone.environment), negative_balance="clip")
    given = phone.give(10)
    phone.spend(10)
    phone.reverse(given)
    written = LedgerEntry.objects.filter(member=phone.key("ada")).order_by("sequence")
    assert list(written.values_list("points", flat=True)) == [10, -10, 0]
    assert [line.metrics for line in phone.history()] == [{"points": (0, 10)}, {"points": (10, 0)}]


# -- in pages


@pytest.fixture
def changes(phone: Phone) -> Callable[..., None]:
    """Give ada an item in each of these milliseconds."""
    member, item = make_member(phone.environment), phone.item("badge")

    def make(*times: int) -> None:
        rows = [
            ItemChange(
                id=UUID(int=(ms << 80) + place),
                environment_id=phone.environment.pk,
                member=member,
                item=item,
                quantity=1,
                occurred_at=day(0),
                recorded_at=day(0),
            )
            for place, ms in enumerate(times, 1)
        ]
        ItemChange.objects.bulk_create(rows)

    return make


def in_pages(phone: Phone, limit: int) -> list[tuple[list[int], int | None]]:
    """The timestamps of each page, and when the next begins."""
    pages: list[tuple[list[int], int | None]] = []
    following: int | None = None
    while not pages or following is not None:
        found = phone.page(since=following, limit=limit)
        following = found.next_ms
        pages.append(([line.timestamp for line in found.lines], following))
    return pages


def test_a_page_ends_where_a_timestamp_ends(phone: Phone, changes: Callable[..., None]) -> None:
    changes(1000, 1000, 2000, 2000, 2000, 3000, 4000)
    assert in_pages(phone, 1) == [
        ([1000, 1000], 2000),
        ([2000, 2000, 2000], 3000),
        ([3000], 4000),
        ([4000], None),
    ]
    assert in_pages(phone, 3) == [([1000, 1000], 2000), ([2000, 2000, 2000], 3000), ([3000, 4000], None)]
    assert in_pages(phone, 6) == [([1000, 1000, 2000, 2000, 2000, 3000], 4000), ([4000], None)]
    assert in_pages(phone, 7) == [([1000, 1000, 2000, 2000, 2000, 3000, 4000], None)]


def test_a_timestamp_of_more_lines_than_a_page_ends_the_history(
    phone: Phone, changes: Callable[..., None]
) -> None:
    changes(1000, *[2000] * 5)
    assert in_pages(phone, 2) == [([1000], 2000), ([2000] * 5, None)]


def test_both_bounds_are_inclusive(phone: Phone, changes: Callable[..., None]) -> None:
    changes(1000, 2000, 2000, 3000)

    def times(since: int | None, until: int | None, limit: int = 100) -> tuple[list[int], int | None]:
        found = phone.page(since=since, until=until, limit=limit)
        return [line.timestamp for line in found.lines], found.next_ms

    assert times(1000, 3000) == ([1000, 2000, 2000, 3000], None)
    assert times(2000, 2000) == ([2000, 2000], None)
    assert times(None, 1999) == ([1000], None)
    assert times(2001, None) == ([3000], None)
    assert times(1001, 1999) == times(3001, None) == times(3000, 1000) == ([], None)
    assert times(None, 2000, limit=2) == ([1000], 2000)
    assert times(2000, 2000, limit=1) == ([2000, 2000], None)
    assert times(-5, 10**30) == times(None, None)
    assert times(10**30, None) == times(None, -1) == ([], None)
