"""How often one member may have a reward, and in which periods."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from loyalty.errors import MemberLimitReached
from tests.factories import make_environment
from tests.loyalty.ledger.till import day
from tests.loyalty.redemptions.shop import Shop

LONDON = ZoneInfo("Europe/London")


def at(local: str) -> float:
    """The till's day at which the clocks in London show that."""
    instant = datetime.fromisoformat(local).replace(tzinfo=LONDON)
    return (instant - day(0)).total_seconds() / 86400


@pytest.fixture
def london(db: None) -> Shop:
    return Shop(make_environment(time_zone="Europe/London"))


@pytest.mark.parametrize(
    ("per", "begins", "last", "resets", "next_begins"),
    [
        ("day", "2026-07-01T00:00", "2026-07-01T23:59:59", "2026-07-01T23:00:00Z", "2026-07-02T00:00"),
        ("day", "2026-03-29T00:00", "2026-03-29T23:59:59", "2026-03-29T23:00:00Z", "2026-03-30T00:00"),
        ("day", "2026-10-25T00:00", "2026-10-25T23:59:59", "2026-10-26T00:00:00Z", "2026-10-26T00:00"),
        ("week", "2026-03-23T00:00", "2026-03-29T23:59:59", "2026-03-29T23:00:00Z", "2026-03-30T00:00"),
        ("month", "2026-03-01T00:00", "2026-03-31T23:59:59", "2026-03-31T23:00:00Z", "2026-04-01T00:00"),
    ],
)
def test_a_limit_holds_to_the_local_end_of_its_period(
    london: Shop, per: str, begins: str, last: str, resets: str, next_begins: str
) -> None:
    reward = london.reward(points=0, limit_times=1, limit_per=per)
    london.today = at(begins)
    london.redeem(reward)
    london.today = at(last)
    with london.refused(MemberLimitReached, per=per, used=1, resets_at=resets):
        london.redeem(reward)
    london.today = at(next_begins)
    assert london.redeem(reward).points == 0
    assert london.offered(reward).used == 1


def test_ever_is_for_ever(shop: Shop) -> None:
    reward = shop.reward(points=0, limit_times=2)
    shop.redeem(reward)
    shop.today = 400
    shop.redeem(reward)
    shop.today = 4000
    with shop.refused(MemberLimitReached, limit=2, per="ever", used=2, resets_at=None):
        shop.redeem(reward)
    assert shop.redeem(reward, "bob").points == 0


def test_without_a_limit_there_is_none(shop: Shop) -> None:
    reward = shop.reward(points=0)
    for _ in range(3):
        shop.redeem(reward)
    assert shop.offered(reward).used == 0  # not asked for


def test_each_reward_has_a_limit_of_its_own(shop: Shop) -> None:
    one, other = (shop.reward(points=0, limit_times=1) for _ in range(2))
    shop.redeem(one)
    assert (shop.offered(one).used, shop.offered(other).used) == (1, 0)
    assert shop.redeem(other).points == 0


def test_what_was_cancelled_or_failed_does_not_count(shop: Shop) -> None:
    reward = shop.reward(points=0, limit_times=1, fulfilment="manual")
    first = shop.redeem(reward)
    with shop.refused(MemberLimitReached):
        shop.redeem(reward)
    shop.undo(first)
    second = shop.redeem(reward)
    shop.fail(second)
    third = shop.redeem(reward)
    shop.fulfil(third)
    with shop.refused(MemberLimitReached, used=1):
        shop.redeem(reward)


def test_a_cancellation_frees_the_period_in_which_it_was_bought(shop: Shop) -> None:
    reward = shop.reward(points=0, limit_times=1, limit_per="day")
    first = shop.redeem(reward)
    shop.today = 1
    shop.redeem(reward)
    shop.undo(first)
    with shop.refused(MemberLimitReached):
        shop.redeem(reward)


def test_members_who_were_merged_are_one(shop: Shop) -> None:
    reward = shop.reward(points=0, limit_times=2)
    for member in ("ada", "bob", "eve"):
        shop.redeem(reward, member)
    shop.merge("bob", "ada")
    with shop.refused(MemberLimitReached, used=2):
        shop.redeem(reward, "ada")
    with shop.refused(MemberLimitReached, used=2):
        shop.redeem(reward, "bob")
    assert shop.redeem(reward, "eve").points == 0


def test_what_a_merged_member_gave_back_is_free_again(shop: Shop) -> None:
    reward = shop.reward(points=0, limit_times=1)
    made = shop.redeem(reward, "bob")
    shop.redeem(shop.reward(points=0))
    shop.merge("bob", "ada")
    shop.undo(made)
    assert shop.redeem(reward, "ada").member_id == shop.key("ada")


def test_whoever_comes_after_an_erased_member_is_somebody_new(shop: Shop) -> None:
    reward = shop.reward(points=0, limit_times=1)
    shop.redeem(reward)
    shop.erase("ada")
    assert shop.reasons(reward) == []
    assert shop.redeem(reward).points == 0
    assert shop.reasons(reward) == ["member_limit_reached"]


def test_a_limit_that_is_lowered_counts_what_was_had_before(shop: Shop) -> None:
    reward = shop.reward(points=0, limit_times=3)
    for _ in range(2):
        shop.redeem(reward)
    reward = shop.save(reward, limit_times=1)
    with shop.refused(MemberLimitReached, limit=1, used=2):
        shop.redeem(reward)
