"""What a refund asks of the past: the rules, the level, the room and the facts of the purchase."""

from collections.abc import Iterator

import pytest

from loyalty.actions.events import record_batch
from loyalty.actions.referrals import refer, referral_code_of
from loyalty.models import Member, Referral
from loyalty.queries.events import ReportedEvent
from programs.actions.publish import archive, publish
from programs.actions.rules import save_rule
from programs.models import EarningRule, Environment
from tests.factories import make_actor, make_ladder, make_metric, make_rule
from tests.loyalty.earning.desk import Desk, at
from tests.loyalty.ledger.checking import check

FIRST = {"all": [{"field": "member.event_count.purchase", "op": "eq", "value": 0}]}
LARGE = {"all": [{"field": "data.amount", "op": "gte", "value": "100"}]}
ARTICLE = {"all": [{"items": "any", "where": {"field": "item.sku", "op": "eq", "value": "A"}}]}


@pytest.fixture
def desk(environment: Environment) -> Desk:
    return Desk(environment)


@pytest.fixture(autouse=True)
def checked(environment: Environment) -> Iterator[None]:
    """Whatever the story, the ledger is sound at its end."""
    yield
    check(environment=str(environment.id))


def change(desk: Desk, rule: EarningRule, **changes: object) -> None:
    """Save and publish, today."""
    saved = save_rule(environment=desk.environment, rule=rule, actor=make_actor(), changes=changes)
    publish(environment=desk.environment, rule=saved, actor=make_actor(), now=at(desk.today))


def test_a_rule_changed_after_the_purchase_does_not_count(desk: Desk) -> None:
    rule = desk.rule("pounds")
    desk.today = 1
    old = desk.buy("order-1", "100.00").entries[0].rule_revision_id
    desk.today = 2
    change(desk, rule, award={"kind": "per_amount", "rate": "5", "step": "1"})
    desk.today = 3
    new = desk.buy("order-2", "100.00").entries[0].rule_revision_id
    assert (old != new, desk.total()) == (True, 600)
    desk.refund("order-1", "40.00")
    assert desk.total() == 560
    desk.refund("order-2", "40.00")
    assert desk.total() == 360
    desk.refund("order-1")
    assert desk.total() == 300


def test_a_late_purchase_before_the_change_earned_and_gives_back_by_the_old_rule(desk: Desk) -> None:
    rule = desk.rule("pounds")
    desk.today = 2
    change(desk, rule, award={"kind": "per_amount", "rate": "5", "step": "1"})
    desk.today = 3
    late = desk.buy("order-1", "100.00", on=1)
    assert (late.entries[0].points, late.entries[0].occurred_at) == (100, at(1))
    desk.today = 4
    desk.refund("order-1", "99.00")
    assert desk.total() == 1


def test_a_rule_that_was_archived_or_made_since_does_not_count(desk: Desk) -> None:
    rule = desk.rule("pounds")
    desk.today = 1
    desk.buy("order-1", "100.00")
    desk.today = 2
    archive(environment=desk.environment, rule=rule, actor=make_actor(), now=at(2))
    desk.rule("more", award={"kind": "fixed", "points": 70})
    desk.refund("order-1", "50.00")
    assert desk.total() == 50


def test_the_first_purchase_stays_the_first(desk: Desk) -> None:
    desk.rule("first", award={"kind": "fixed", "points": 25}, condition=FIRST, entry_type="bonus")
    desk.rule("pounds")
    desk.buy("order-1", "10.00")
    desk.buy("order-2", "10.00")
    desk.refund("order-1", "4.00")
    assert desk.total() == 25 + 6 + 10
    desk.refund("order-1")
    assert desk.total() == 10


def test_the_attributes_of_then_count(desk: Desk) -> None:
    vip = {"all": [{"field": "member.attributes.club", "op": "eq", "value": "vip"}]}
    desk.rule("club", award={"kind": "per_amount", "rate": "3", "step": "1"}, condition=vip)
    desk.give(1)
    Member.objects.filter(environment=desk.environment).update(attributes={"club": "vip"})
    desk.buy("order-1", "100.00")
    Member.objects.filter(environment=desk.environment).update(attributes={})
    desk.refund("order-1", "10.00")
    assert desk.total() == 1 + 270


def test_an_article_given_back_no_longer_meets_its_condition(desk: Desk) -> None:
    desk.rule("article", award={"kind": "fixed", "points": 30}, condition=ARTICLE)
    lines = [
        {"line": 1, "sku": "A", "quantity": 2, "amount": "20.00"},
        {"line": 2, "sku": "B", "quantity": 1, "amount": "5.00"},
    ]
    desk.buy("order-1", "25.00", items=lines)
    desk.refund("order-1", "10.00", items=[{"line": 1, "quantity": 1, "amount": "10.00"}])
    assert desk.total() == 30
    desk.refund("order-1", "10.00", items=[{"line": 1, "quantity": 1, "amount": "10.00"}])
    assert desk.total() == 0


@pytest.mark.parametrize(
    ("award", "kept"),
    [
        ({"kind": "per_item", "each": "quantity", "points": "2", "where": {}}, [8, 6, 0]),
        ({"kind": "per_item", "each": "line", "points": "5", "where": {}}, [10, 5, 0]),
        ({"kind": "per_item", "each": "amount", "points": "1", "step": "10", "where": {}}, [4, 1, 0]),
    ],
)
def test_awards_per_item_follow_the_lines(desk: Desk, award: dict[str, object], kept: list[int]) -> None:
    desk.rule("items", award=award)
    lines = [
        {"line": 1, "sku": "A", "quantity": 3, "amount": "15.00"},
        {"line": 2, "sku": "B", "quantity": 1, "amount": "30.00"},
    ]
    desk.buy("order-1", "45.00", items=lines)
    totals = [desk.total()]
    desk.refund("order-1", "30.00", items=[{"line": 2, "quantity": 1, "amount": "30.00"}])
    totals.append(desk.total())
    desk.refund("order-1", "15.00", items=[{"line": 1, "quantity": 3, "amount": "15.00"}])
    totals.append(desk.total())
    assert totals == kept


def test_the_level_of_the_purchase_counts_and_its_progress_goes(desk: Desk) -> None:
    desk.rule("pounds")
    make_ladder(desk.environment, ("silver", "100", "1.5"), ("gold", "1000", "3"))
    desk.buy("order-1", "100.00")
    desk.today = 1
    desk.buy("order-2", "100.00")  # 150, as Silver
    desk.buy("order-3", "600.00")  # 900, which reaches Gold
    assert (desk.level(), desk.total()) == ("gold", 1150)
    desk.today = 2
    desk.refund("order-2", "50.00")
    assert desk.total() == 1075
    desk.refund("order-1", "50.00")
    assert desk.total() == 1025
    assert desk.progress() == {"2026-03-01": 50, "2026-03-02": 975}
    desk.refund("order-3")
    assert (desk.total(), desk.level()) == (125, "gold")
    assert desk.progress() == {"2026-03-01": 50, "2026-03-02": 75}


def test_room_under_a_cap_goes_back_to_the_day_of_the_purchase(desk: Desk) -> None:
    desk.rule("pounds", caps=[{"per": "day", "points": 100}, {"per": "month", "times": 3}])
    desk.buy("order-1", "80.00")
    desk.buy("order-2", "80.00")
    assert desk.usage() == {("pounds", "day:2026-03-01"): (100, 2), ("pounds", "month:2026-03"): (100, 2)}
    desk.today = 1
    desk.refund("order-1")
    assert desk.usage() == {("pounds", "day:2026-03-01"): (20, 1), ("pounds", "month:2026-03"): (20, 1)}
    assert desk.total() == 20  # order-2 is not calculated anew
    desk.buy("order-3", "90.00", on=0)
    assert desk.total() == 100
    desk.buy("order-4", "90.00")
    desk.buy("order-5", "5.00")  # the fourth of the month, but for the one given back
    assert desk.total() == 190
    assert desk.usage()["pounds", "month:2026-03"] == (190, 3)
    assert desk.usage()["pounds", "day:2026-03-02"] == (90, 1)


def test_a_capped_purchase_gives_back_only_what_is_no_longer_earned(desk: Desk) -> None:
    desk.rule("pounds", caps=[{"per": "event", "points": 50}])
    desk.buy("order-1", "80.00")
    for part, kept in (("20.00", 50), ("10.00", 50), ("10.00", 40), ("40.00", 0)):
        desk.refund("order-1", part)
        assert desk.total() == kept


def test_a_budget_gets_its_points_back_for_everybody(desk: Desk) -> None:
    desk.rule("pounds", budget=100)
    desk.buy("order-1", "70.00")
    desk.buy("order-2", "70.00", "bob")
    assert (desk.total(), desk.total("bob"), desk.spent()) == (70, 30, {"pounds": 100})
    desk.refund("order-1", "45.00")
    assert (desk.total(), desk.spent()) == (25, {"pounds": 55})
    desk.buy("order-3", "70.00", "cleo")
    assert (desk.total("cleo"), desk.spent()) == (45, {"pounds": 100})
    desk.refund("order-2", "30.00", "bob")  # 40 are left, and 30 is what it had
    assert (desk.total("bob"), desk.spent()) == (30, {"pounds": 100})


@pytest.mark.parametrize("in_a_batch", [False, True])
def test_a_budget_that_was_spent_gives_nothing_for_what_is_left(desk: Desk, in_a_batch: bool) -> None:
    """Also that of a rule that did not match the purchase, and would match what is left of it."""
    desk.rule("pounds")
    small = {"all": [{"field": "data.amount", "op": "lt", "value": "20"}]}
    desk.rule("small", award={"kind": "fixed", "points": 50}, condition=small, budget=60)
    sold = [("order-1", "bob", "10.00"), ("order-2", "ada", "60.00")]
    if in_a_batch:
        events = [ReportedEvent(name, "purchase", member, {"amount": paid}) for name, member, paid in sold]
        desk.do(record_batch, events=events)
    else:
        for name, member, paid in sold:
            desk.buy(name, paid, member)
    assert (desk.total("bob"), desk.total("ada"), desk.spent()) == (60, 60, {"small": 50})
    desk.refund("order-2", "50.00")
    assert desk.total("ada") == 10 + 10


def test_the_maximum_of_then_counts(desk: Desk) -> None:
    make_metric(desk.environment, maximum=50)
    desk.rule("pounds")
    desk.buy("order-1", "80.00")
    assert desk.total() == 50
    desk.refund("order-1", "20.00")
    assert desk.total() == 50
    desk.refund("order-1", "20.00")
    assert desk.total() == 40


def test_each_metric_gives_back_its_own(desk: Desk) -> None:
    make_metric(desk.environment, "xp")
    desk.rule("pounds")
    desk.rule("large", award={"kind": "fixed", "points": 7}, condition=LARGE, metric="xp")
    desk.buy("order-1", "110.00")
    desk.refund("order-1", "5.00")
    assert (desk.total(), desk.total(metric="xp")) == (105, 7)
    desk.refund("order-1", "6.00")
    assert (desk.total(), desk.total(metric="xp")) == (99, 0)


def test_what_was_reversed_by_hand_counts_as_taken(desk: Desk) -> None:
    desk.rule("pounds")
    entry = desk.buy("order-1", "100.00").entries[0]
    desk.reverse(entry, 30)
    desk.refund("order-1", "20.00")
    assert desk.total() == 70
    desk.refund("order-1", "30.00")
    assert desk.total() == 50
    desk.refund("order-1")
    assert desk.total() == 0


def test_points_that_expired_are_not_taken_again(desk: Desk) -> None:
    make_metric(desk.environment, expiry="days", expiry_count=10)
    desk.rule("pounds")
    desk.buy("order-1", "100.00")
    desk.today = 11
    desk.buy("order-2", "10.00")
    desk.refund("order-1")
    assert (desk.total(), desk.balance().balance) == (10, 10)


def test_points_that_are_pending_are_taken_from_where_they_are(desk: Desk) -> None:
    make_metric(desk.environment, vesting_days=14)
    desk.rule("pounds")
    desk.buy("order-1", "100.00")
    desk.refund("order-1", "60.00")
    assert (desk.total(), desk.balance().pending, desk.balance().balance) == (40, 40, 0)


@pytest.mark.parametrize(("policy", "total"), [("debt", -80), ("clip", 0), ("reject", 0)])
def test_points_that_were_spent(desk: Desk, policy: str, total: int) -> None:
    make_metric(desk.environment, negative_balance=policy)
    desk.rule("pounds")
    desk.buy("order-1", "100.00")
    desk.spend(80)
    recorded = desk.refund("order-1")
    assert desk.total() == total
    assert [(entry.type, entry.points, entry.nominal) for entry in recorded.entries] == [
        ("reversed", -100 if policy == "debt" else -20, 100)
    ]
    kind = "debt" if policy == "debt" else "shortfall"
    assert desk.uncovered() == [(kind, 80, 80)]
    desk.buy("order-2", "50.00")
    assert desk.total() == total + 50
    assert desk.balance().balance == total + 50


@pytest.mark.parametrize("policy", ["debt", "clip", "reject"])
def test_spent_points_in_a_hundred_parts_and_in_one(environment: Environment, policy: str) -> None:
    found = []
    for member, parts in (("ada", ["100.00"]), ("bob", ["1.00"] * 100)):
        desk = Desk(environment)
        make_metric(environment, negative_balance=policy)
        if member == "ada":
            make_rule(environment, published_at=at(0))
        desk.buy(f"order-{member}", "100.00", member)
        desk.spend(70, member)
        for part in parts:
            desk.refund(f"order-{member}", part, member)
        uncovered = [(kind, points) for kind, points, _ in desk.uncovered(member)]
        sums = {kind: sum(points for k, points in uncovered if k == kind) for kind, _ in uncovered}
        account = desk.account(member)
        found.append((account.total, account.earned, account.redeemed, sums))
    assert found[0] == found[1]


def test_what_a_merge_moved_is_given_back_where_it_is(desk: Desk) -> None:
    desk.rule("pounds", caps=[{"per": "day", "points": 150}])
    desk.buy("order-1", "100.00", "bob")
    desk.buy("order-2", "10.00", "ada")
    desk.merge("bob", into="ada")
    desk.refund("order-1", "60.00", "bob")
    assert desk.total("ada") == 50
    desk.refund("order-1", "40.00", "ada")
    assert desk.total("ada") == 10


def test_a_referral_gives_back_both_sides(desk: Desk) -> None:
    desk.rule(
        "friends", award={"kind": "referral", "member": 100, "referrer": 200}, condition=LARGE, budget=1000
    )
    code = desk.do(referral_code_of, member="rita")
    desk.do(refer, member="ada", code=code.code)
    desk.buy("order-1", "120.00")
    assert (desk.total("ada"), desk.total("rita"), desk.spent()) == (100, 200, {"friends": 300})
    desk.refund("order-1", "20.00")
    assert (desk.total("ada"), desk.total("rita")) == (100, 200)
    desk.refund("order-1", "0.01")
    assert (desk.total("ada"), desk.total("rita"), desk.spent()) == (0, 0, {})
    assert Referral.objects.get(member=desk.key("ada")).member_id == desk.key("ada")


def test_a_purchase_that_earned_nothing_can_be_given_back_all_the_same(desk: Desk) -> None:
    desk.buy("order-1", "100.00")
    recorded = desk.refund("order-1", "60.00")
    assert (recorded.entries, desk.total()) == ([], 0)
    assert recorded.event.purchase is not None


def test_the_refund_tells_what_it_did(desk: Desk) -> None:
    desk.rule("pounds")
    desk.buy("order-1", "100.00")
    desk.refund("order-1", "30.50")
    told = desk.refund("order-1", "10.00").event.explanation["refund"]
    assert (told["purchase"], float(told["gross"]), float(told["net"])) == ("order-1", 100.0, 59.5)
    (side,) = told["sides"]
    assert side.pop("metric")
    figures = {name: int(side[name]) for name in ("earned", "recomputed", "target", "before", "reversed")}
    assert figures == {"earned": 100, "recomputed": 59, "target": 41, "before": 31, "reversed": 10}
