"""A referral's two sides, whatever becomes of the members (domain.md 1, 4.3)."""

import pytest

from loyalty.actions.referrals import refer, referral_code_of
from loyalty.errors import PurchaseNotFound
from loyalty.ledger.checks import violations
from loyalty.models import Referral, RuleUsage
from loyalty.queries.members import find_member
from programs.models import Environment
from tests.loyalty.earning.desk import Desk


@pytest.fixture
def desk(environment: Environment) -> Desk:
    """100 to a referred member and 200 to their referrer, of which 1,000 a day; 1 point per £1."""
    desk = Desk(environment)
    desk.rule(
        "friends",
        award={"kind": "referral", "member": 100, "referrer": 200},
        caps=[{"per": "day", "points": 1000}],
        budget=5000,
    )
    return desk


def came(desk: Desk, member: str, through: str) -> None:
    desk.do(refer, member=member, code=desk.do(referral_code_of, member=through).code)


def total(desk: Desk, member: str) -> int:
    """Of whoever answers for that id now."""
    found = find_member(environment=desk.environment, member=member)
    return sum(account.total for account in found.accounts.all())


def assert_right(desk: Desk) -> None:
    assert [str(found) for found in violations(environment=desk.environment)] == []


def test_a_merged_referrer_is_rewarded_as_the_survivor(desk: Desk) -> None:
    came(desk, "bea", "ada")
    desk.buy("zoes", "1.00", "zoe")
    desk.merge("ada", "zoe")
    desk.buy("order-1", "5.00", "bea")
    assert (total(desk, "bea"), total(desk, "ada"), total(desk, "zoe")) == (100, 200, 200)
    desk.refund("order-1", member="bea")
    assert (total(desk, "bea"), total(desk, "zoe")) == (0, 0)
    assert_right(desk)


def test_a_referrer_who_is_merged_after_the_award_gives_it_back_as_the_survivor(desk: Desk) -> None:
    came(desk, "bea", "ada")
    desk.buy("order-1", "5.00", "bea")
    desk.buy("zoes", "1.00", "zoe")
    desk.merge("ada", "zoe")
    assert_right(desk)
    desk.refund("order-1", member="bea")
    assert (total(desk, "bea"), total(desk, "zoe")) == (0, 0)
    assert_right(desk)


def test_a_member_who_is_merged_is_awarded_as_the_survivor(desk: Desk) -> None:
    came(desk, "bea", "ada")
    desk.buy("cids", "1.00", "cid")
    desk.merge("bea", "cid")
    desk.buy("order-1", "5.00", "cid")
    desk.buy("order-2", "5.00", "bea")
    assert (total(desk, "cid"), total(desk, "ada")) == (100, 200)
    assert_right(desk)


def test_nobody_is_awarded_for_themselves_after_a_merge(desk: Desk) -> None:
    came(desk, "bea", "ada")
    desk.merge("ada", "bea")
    desk.buy("order-1", "5.00", "bea")
    assert total(desk, "bea") == 0
    assert_right(desk)


def test_an_erased_referrer_leaves_nothing_to_award(desk: Desk) -> None:
    came(desk, "bea", "ada")
    desk.erase("ada")
    desk.buy("order-1", "5.00", "bea")
    assert total(desk, "bea") == 0
    assert_right(desk)


@pytest.mark.parametrize("back", [False, True])
def test_a_refund_after_the_referrers_erasure_takes_back_the_members_side_alone(
    desk: Desk, back: bool
) -> None:
    came(desk, "bea", "ada")
    desk.buy("order-1", "5.00", "bea")
    desk.erase("ada")
    if back:
        desk.give(7, "ada")
    desk.refund("order-1", member="bea")
    assert total(desk, "bea") == 0
    if back:
        assert total(desk, "ada") == 7
    usage = RuleUsage.objects.filter(environment_id=desk.environment.id)
    assert [(row.points, row.times) for row in usage] == [(0, 0)]
    assert_right(desk)


def test_a_successor_does_not_refund_what_was_bought_before_the_erasure(desk: Desk) -> None:
    came(desk, "bea", "ada")
    desk.buy("order-1", "5.00", "bea")
    desk.erase("bea")
    desk.give(7, "bea")
    before = desk.everything()
    with pytest.raises(PurchaseNotFound):
        desk.refund("order-1", member="bea")
    assert desk.everything() == before
    assert (total(desk, "bea"), total(desk, "ada")) == (7, 200)


def test_an_awarded_referral_outlives_both_sides(desk: Desk) -> None:
    came(desk, "bea", "ada")
    desk.buy("order-1", "5.00", "bea")
    desk.erase("ada")
    desk.erase("bea")
    assert Referral.objects.get(environment_id=desk.environment.id).status == "awarded"
    assert_right(desk)
