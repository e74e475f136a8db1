"""A level that a reward gave: it lasts as one that was reached, and goes with its redemption (domain.md 5, 6)."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from loyalty.ledger.checks import violations
from loyalty.ledger.recounting import recount
from loyalty.models import TierChange, TierProgress
from programs.models import Environment
from tests.factories import make_actor, reload
from tests.loyalty.ledger.checking import assert_found
from tests.loyalty.ledger.falsify import falsify, remove
from tests.loyalty.ledger.till import day
from tests.loyalty.members.shop import Shop
from tests.loyalty.tiers.club import Club


class ClubShop(Club, Shop):
    """A shop that sells `gold`, of 300 points in 30 days."""


@pytest.fixture
def club(environment: Environment) -> ClubShop:
    club = ClubShop(environment)
    club.ladder()
    return club


def count_anew(club: ClubShop) -> Any:
    return recount(
        environment=reload(club.environment), actor=make_actor(), now=day(club.today), after=UUID(int=0)
    )


def assert_sound(club: ClubShop) -> None:
    assert [str(found) for found in violations(environment=club.environment)] == []


def test_it_lasts_as_long_as_if_it_had_been_reached(club: ClubShop) -> None:
    club.give(50)
    club.redeem("gold")
    assert club.changes() == [("granted", None, "gold", 50, day(0))]
    assert club.row().next_evaluation_at == datetime(2026, 4, 1, tzinfo=UTC)
    assert_sound(club)
    club.today = 31
    club.evaluate()
    assert club.changes()[1:] == [("lowered", "gold", "silver", 0, datetime(2026, 4, 1, tzinfo=UTC))]
    assert_sound(club)


def test_counting_anew_leaves_it_until_its_evaluation(club: ClubShop) -> None:
    club.give(50)
    club.redeem("gold")
    assert count_anew(club).days == 0
    assert club.level() == "gold"
    TierProgress.objects.filter(member=club.key("ada")).update(figure=20)  # something was not counted
    assert count_anew(club).days == 1
    assert club.progress() == {"2026-03-01": 50}
    assert (club.level(), len(club.changes())) == ("gold", 1)
    TierProgress.objects.filter(member=club.key("ada")).update(
        figure=4000
    )  # something was counted that was not
    assert count_anew(club).days == 1
    assert (club.level(), len(club.changes())) == ("gold", 1)
    assert_sound(club)


def test_a_cancellation_gives_back_the_level_and_the_dates_from_before(club: ClubShop) -> None:
    club.give(150)
    before = club.row()
    club.today = 2
    row = club.redeem("gold")
    assert (club.level(), club.row().since) == ("gold", day(2))
    club.today = 3
    club.take_back(row)
    after = club.row()
    assert (after.tier_id, after.since, after.next_evaluation_at) == (
        before.tier_id,
        before.since,
        before.next_evaluation_at,
    )
    assert [change[:3] for change in club.changes()] == [
        ("reached", None, "silver"),
        ("granted", "silver", "gold"),
        ("revoked", "gold", "silver"),
    ]
    assert_sound(club)


def test_what_was_earned_meanwhile_stays(club: ClubShop) -> None:
    club.give(50)
    row = club.redeem("gold")
    club.today = 1
    club.give(100)
    club.take_back(row)
    assert [change[:3] for change in club.changes()] == [
        ("granted", None, "gold"),
        ("revoked", "gold", None),
        ("reached", None, "silver"),
    ]
    assert (club.level(), club.row().since) == ("silver", day(1))
    assert_sound(club)


def test_a_level_that_was_earned_for_itself_since_is_not_taken(club: ClubShop) -> None:
    club.give(50)
    row = club.redeem("gold")
    club.today = 20
    club.give(400)
    club.today = 31
    club.evaluate()
    club.take_back(row)
    assert [change[:3] for change in club.changes()] == [
        ("granted", None, "gold"),
        ("confirmed", "gold", "gold"),
    ]
    assert_sound(club)


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_change_that_was_removed_is_found(club: ClubShop, cancelled: bool) -> None:
    club.give(50)
    row = club.redeem("gold")
    if cancelled:
        club.take_back(row)
    remove(TierChange.objects.latest("id"))
    assert_found(club, level_is_newest_change=club.row())


def test_a_level_that_outlives_its_cancellation_is_found(club: ClubShop) -> None:
    club.give(50)
    row = club.redeem("gold")
    gold = club.row().tier_id
    club.take_back(row)
    falsify(club.row(), tier_id=gold)
    assert_found(club, level_is_newest_change=club.row())
