"""What members are told, each of it once."""

from collections import Counter
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.ids import parse_public
from loyalty.actions.notifications import MOST_FETCHED, MOST_PENDING, pending_notifications
from loyalty.models import Achievement, Member
from loyalty.queries.members import find_member
from loyalty.queries.notifications import Notification
from programs.models import Challenge, Environment
from tests.factories import make_member
from tests.loyalty.ledger.till import day
from tests.loyalty.queries.phone import Phone
from tests.loyalty.redemptions.racing import Together, elsewhere


@pytest.fixture
def phone(environment: Environment) -> Phone:
    return Phone(environment)


def keys(notifications: list[Notification]) -> list[UUID]:
    return [parse_public("ach", each.line.id) or UUID(int=0) for each in notifications]


def told(phone: Phone, count: int, name: str = "ada") -> list[UUID]:
    """So many unread ones, oldest first."""
    member, challenge = make_member(phone.environment, name), Challenge.objects.get(pk=phone.daily.pk)
    rows = [
        Achievement(
            environment_id=phone.environment.pk,
            member=member,
            kind="challenge",
            challenge=challenge,
            period=f"day:{number}",
            display="toast",
            title="Done",
            message="",
            occurred_at=day(0),
            recorded_at=day(0),
        )
        for number in range(count)
    ]
    return [row.pk for row in Achievement.objects.bulk_create(rows)]


def test_what_was_fetched_is_told_once_with_all_that_it_gave(phone: Phone) -> None:
    phone.open()
    phone.buy("p", "30.00")
    phone.visit()
    phone.today = 1
    phone.visit()
    badge = phone.item("regular")
    first, second, third = phone.fetch()
    lines = {line.id: line for line in phone.history()}
    assert [each.line for each in (first, second, third)] == [
        lines[each.line.id] for each in (first, second, third)
    ]
    assert (third.display, third.title, third.message) == ("popup", "You are a regular", "")
    assert third.line.type == "challengeCompleted"
    assert third.line.metrics == {"points": (30, 70), "xp": (7, 12)}
    assert third.line.received == [(badge.inventory_set.public_id, badge.public_id)]
    assert [each.display for each in (first, second)] == ["none", "toast"]
    read = Achievement.objects.filter(member=phone.key("ada")).values_list("read_at", flat=True)
    assert set(read) == {day(1)}
    phone.today = 2
    assert phone.fetch() == []
    assert set(read.all()) == {day(1)}


def test_what_was_taken_back_before_anybody_fetched_it_is_not_told(phone: Phone) -> None:
    phone.open()
    phone.visit()
    phone.visit()
    phone.buy("p", "30.00")
    phone.refund("p")
    assert [each.line.mission_id is not None for each in phone.fetch()] == [True]
    phone.buy("q", "30.00")
    assert [each.line.type for each in phone.fetch()] == ["missionCompleted", "challengeCompleted"]


def test_exactly_what_was_acknowledged_is_read(phone: Phone) -> None:
    phone.open()
    made, others = told(phone, 3), told(phone, 1, "bob")
    assert keys(phone.pending()) == made
    assert keys(phone.pending()) == made
    assert keys(phone.pending(made[1], others[0], UUID(int=7))) == [made[0], made[2]]
    assert keys(phone.pending(made[1])) == [made[0], made[2]]
    assert keys(phone.fetch()) == [made[0], made[2]]
    assert keys(phone.pending()) == []
    assert keys(phone.fetch("bob")) == others


def test_no_more_than_so_many_at_once_the_oldest_first(phone: Phone) -> None:
    phone.open()
    made = told(phone, MOST_FETCHED + 5)
    assert keys(phone.pending()) == made[:MOST_PENDING]
    assert keys(phone.fetch()) == made[:MOST_FETCHED]
    assert keys(phone.fetch()) == made[MOST_FETCHED:]


def test_a_fetch_costs_as_much_for_two_as_for_two_hundred_and_one_statement_for_none(phone: Phone) -> None:
    phone.open()
    phone.visit()
    phone.visit()
    phone.buy("p", "30.00")
    told(phone, MOST_FETCHED, "bob")

    def statements(name: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            phone.fetch(name)
        return sum(" loyalty_" in each["sql"] or '"loyalty_' in each["sql"] for each in captured)

    member = 2  # who it is, and that nobody merges them meanwhile
    assert statements("ada") == member + 6
    assert statements("ada") == member + 1
    assert statements("bob") == member + 4  # nothing was given with these
    assert statements("bob") == member + 1


def test_devices_that_fetch_at_once_get_each_notification_exactly_once(
    committed_environment: Environment, together: Together
) -> None:
    phone = Phone(committed_environment)
    phone.open()
    made = told(phone, 3 * MOST_FETCHED)
    fetched = together(lambda number: phone.fetch(), 6)
    got = Counter(key for each in fetched for key in keys(each))
    left = keys(phone.fetch())
    assert got + Counter(left) == Counter(made)
    assert all(keys(each) == sorted(keys(each)) for each in fetched)
    assert Achievement.objects.filter(pk__in=made, read_at__isnull=True).count() == 0


def test_devices_that_acknowledge_the_same_ones_at_once_wait_for_each_other(
    committed_environment: Environment, together: Together
) -> None:
    phone = Phone(committed_environment)
    phone.open()
    made = told(phone, 20)
    ways = [made[:10], made[9::-1]]
    results = together(
        lambda number: pending_notifications(
            environment=phone.environment, member="ada", acknowledged=ways[number % 2], now=day(number)
        ),
        8,
    )
    assert [keys(each) for each in results] == [made[10:]] * 8
    read = Achievement.objects.filter(pk__in=made[:10]).values_list("read_at", flat=True)
    assert len(set(read)) == 1


@pytest.mark.parametrize("way", ["fetch", "pending"])
def test_who_is_merged_while_they_are_told_is_told_once(
    committed_environment: Environment, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    phone = Phone(committed_environment)
    phone.open()
    bobs, adas = told(phone, 2, "bob"), told(phone, 1, "ada")
    merged: list[Any] = []

    def found_just_before(**asked: Any) -> Member:
        found = find_member(**asked)
        if not merged:
            merged.append(elsewhere(lambda: phone.merge("bob", "ada")))
        return found

    monkeypatch.setattr("loyalty.actions.notifications.find_member", found_just_before)
    got = keys(phone.fetch("bob") if way == "fetch" else phone.pending(*bobs, name="bob"))
    assert len(merged) == 1
    own = Achievement.objects.filter(member=phone.key("ada"), environment_id=phone.environment.pk)
    assert got == list(own.order_by("id").values_list("pk", flat=True))
    assert set(adas) < set(got)
    assert len(got) == 2
    assert Achievement.objects.filter(pk__in=bobs, read_at__isnull=True).count() == 2
    if way == "fetch":
        assert phone.fetch("ada") == phone.fetch("bob") == []
