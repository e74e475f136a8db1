"""Points that change hands: transfers, merges, and members who are erased (domain.md 1, 3.10)."""

import pytest

from audit.errors import InvalidRequest, NotFound
from audit.models import AuditEvent
from loyalty.errors import HoldNotOpen, InsufficientBalance, MaximumReached, MemberFrozen, NotReversible
from loyalty.models import Account, Event, EventCount, Hold, IdempotencyRecord, LedgerEntry, Member
from loyalty.queries.members import find_member, members_of
from programs.models import Environment
from tests.conftest import Api
from tests.factories import make_key, make_metric, make_rule, report
from tests.loyalty.ledger.till import Till, day


@pytest.fixture
def till(environment: Environment) -> Till:
    return Till(environment)


def test_a_transfer_moves_the_earliest_expiring_points_with_their_dates(till: Till) -> None:
    till.give(100)
    till.give(50, expires=10)
    till.today = 2
    done = till.transfer(70)
    assert (done.sent.counterpart_id, done.received.counterpart_id) == (done.received.id, done.sent.id)
    assert (till.lots("ada"), till.lots("bob")) == ([(80, 0), (0, 0)], [(50, 0), (20, 0)])
    assert list(till.account("bob").lots.order_by("id").values_list("expires_at", "earned_at")) == [
        (day(10), day(2)),
        (None, day(2)),
    ]
    assert (till.account("ada").transferred, till.account("bob").transferred) == (-70, 70)


def test_a_transfer_pays_the_receivers_debt_first(till: Till) -> None:
    earned = till.give(30, "bob")
    till.spend(30, "bob")
    till.reverse(earned)
    till.give(100)
    till.transfer(50)
    assert (till.account("bob").balance, till.uncovered("bob")) == (20, [("debt", 30, 0)])


def test_several_lots_that_arrive_pay_debt_together_in_spend_order(till: Till) -> None:
    earned = till.give(6, "bob")
    till.spend(6, "bob")
    till.reverse(earned)
    till.give(2, expires=10)
    till.give(12, expires=20)
    till.transfer(14)
    assert till.lots("bob") == [(0, 0), (0, 0), (8, 0)]
    assert (till.account("bob").balance, till.uncovered("bob")) == (8, [("debt", 6, 0)])


def test_a_transfer_that_can_not_be_made_changes_nothing(till: Till) -> None:
    make_metric(till.environment, maximum=100)
    till.give(80)
    till.give(60, "bob")
    before = till.everything()
    with pytest.raises(MaximumReached):
        till.transfer(41)
    with pytest.raises(InsufficientBalance):
        till.transfer(1000)
    with pytest.raises(InvalidRequest):
        till.transfer(5, "ada", "ada")
    assert till.everything() == before
    Member.objects.filter(external_id="bob").update(status="frozen")
    with pytest.raises(MemberFrozen):
        till.transfer(5)
    assert till.everything() == before


def test_a_reversed_earn_treats_transferred_points_as_spent(till: Till) -> None:
    earned = till.give(100)
    till.transfer(100)
    till.reverse(earned)
    assert (till.account("ada").balance, till.account("bob").balance) == (-100, 100)


def test_the_maximum_cuts_credits_and_says_what_was_asked(till: Till) -> None:
    make_metric(till.environment, maximum=100)
    till.give(70)
    cut = till.give(50)
    assert (cut.points, cut.nominal) == (30, 50)
    before = till.everything()
    with pytest.raises(MaximumReached) as refused:
        till.adjust(1)
    assert refused.value.data == {"maximum": 100, "total": 100}
    assert till.everything() == before
    spent = till.spend(40)
    till.give(40)
    till.reverse(spent)
    assert till.account().total == 140


def test_the_maximum_is_explained_on_the_event_that_it_cut(environment: Environment) -> None:
    make_metric(environment, maximum=80)
    make_rule(environment)
    report(environment, "order-1")
    recorded = report(environment, "order-2")
    assert [entry.points for entry in recorded.entries] == [21]
    steps = Event.objects.get(event_id="order-2").explanation["verdicts"][0]["steps"]
    assert steps[-1] == {
        "stage": "maximum",
        "words": "cut to 21: the account has room for 21 points more",
        "points": "21",
    }
    assert report(environment, "order-3").entries == []


def test_a_merge_moves_lots_pending_and_holds_and_leaves_a_redirect(till: Till) -> None:
    make_metric(till.environment, vesting_days=5)
    till.give(100, "bob", expires=40)
    till.today = 6
    till.give(30, "bob")
    till.give(7, "ada")
    hold = till.hold(40, "bob")
    till.merge("bob", "ada")
    account = till.account("ada")
    assert (account.total, account.pending, account.held, account.balance) == (137, 37, 40, 60)
    assert (till.account("bob").total, till.lots("bob")) == (0, [(0, 0), (0, 0)])
    old = Hold.objects.get(pk=hold.pk)
    assert old.status == "moved"
    till.capture(hold, 10)
    assert (till.account("ada").balance, till.account("ada").held) == (90, 0)
    till.spend(90, "bob")
    assert till.account("ada").balance == 0
    assert find_member(environment=till.environment, member="bob").external_id == "ada"
    assert [str(member) for member in members_of(till.environment)] == ["ada"]


def test_a_merge_keeps_expired_points_that_a_hold_protects(till: Till) -> None:
    till.give(1, "ada")
    till.give(10, "bob", expires=1)
    hold = till.hold(10, "bob", until=5)
    till.today = 2
    till.merge("bob", "ada")
    assert (till.entries("ada"), till.lots("ada")) == (
        [("earned", 1), ("transferred", 10)],
        [(1, 0), (0, 10)],
    )
    till.capture(hold, 4)
    assert till.entries("ada")[2:] == [("redeemed", -4), ("expired", -6)]


def test_a_hold_that_ended_before_a_merge_stays_ended(till: Till) -> None:
    till.give(50, "ada")
    till.give(50, "bob")
    hold = till.hold(20, "bob")
    till.capture(hold)
    till.merge("bob", "ada")
    before = till.everything()
    for end in (till.capture, till.release):
        with pytest.raises(HoldNotOpen):
            end(hold)
    assert till.everything() == before
    till.cancel(hold)
    assert till.account("ada").balance == 100


def test_a_merge_settles_the_debt_of_both_sides(till: Till) -> None:
    for member, given, rest in (("bob", 100, 0), ("eve", 50, 80)):
        earned = till.give(given, member)
        till.spend(given, member)
        till.reverse(earned)
        if rest:
            till.give(rest, member)
    till.merge("bob", "eve")
    assert (till.account("eve").balance, till.uncovered("eve")[-1]) == (-70, ("debt", 70, 70))
    assert (till.account("bob").total, till.uncovered("bob")) == (0, [("debt", 100, 0)])
    till.give(100, "ada")
    till.merge("eve", "ada")
    assert till.account("ada").balance == 30
    assert find_member(environment=till.environment, member="bob").external_id == "ada"


def test_what_was_before_a_merge_can_be_reversed_after_it(till: Till) -> None:
    earned = till.give(100, "bob")
    spent = till.spend(40, "bob")
    till.give(1)
    till.spend(1)
    till.merge("bob", "ada")
    till.reverse(spent)
    assert (till.account("ada").balance, till.account("bob").total) == (100, 0)
    till.spend(90)
    done = till.reverse(earned)
    assert (done.debt, till.account("ada").balance, till.account("bob").total) == (90, -90, 0)


def test_a_shortfall_goes_along_with_a_merge(till: Till) -> None:
    make_metric(till.environment, negative_balance="clip")
    earned = till.give(100, "bob")
    spent = till.spend(80, "bob")
    till.reverse(earned)
    till.give(1)
    till.spend(1)
    till.merge("bob", "ada")
    assert (till.uncovered("bob"), till.uncovered("ada")) == (
        [("shortfall", 80, 0)],
        [("shortfall", 80, 80)],
    )
    till.reverse(spent)
    assert (till.account("ada").total, till.account("bob").total) == (0, 0)
    assert till.uncovered("ada") == [("shortfall", 80, 0)]


def test_a_merge_adds_up_what_rules_count(environment: Environment) -> None:
    for number, member in enumerate(("ada", "bob", "bob")):
        report(environment, f"order-{number}", member=member)
    till = Till(environment)
    till.today = 10_000
    till.merge("bob", "ada")
    ada = find_member(environment=environment, member="ada")
    assert EventCount.objects.get(member=ada).count == 3
    assert report(environment, "order-9", member="bob").event.member_id == ada.id


def test_a_merge_that_can_not_be_made_changes_nothing(till: Till) -> None:
    till.give(10)
    till.give(10, "bob")
    before = till.everything()
    with pytest.raises(InvalidRequest):
        till.merge("ada", "ada")
    with pytest.raises(NotFound):
        till.merge("nobody", "ada")
    Member.objects.filter(external_id="bob").update(status="frozen")
    with pytest.raises(MemberFrozen):
        till.merge("bob", "ada")
    assert till.everything() == before


def test_an_erased_member_leaves_amounts_and_nothing_personal(environment: Environment) -> None:
    api = Api(make_key(environment))
    body = {"customer_id": "bob", "points": 40, "reason": "Bob's birthday", "metadata": {"name": "Bob"}}
    assert api.post("/v1/points/award", body, Idempotency_Key="k").status_code == 201
    report(environment, "order-1", member="ada", data={"amount": "5", "name": "Ada"})
    till = Till(environment)
    till.today = 10_000
    earned = till.give(100)
    till.hold(30)
    till.merge("bob", "ada")
    till.erase()

    for account in Account.objects.filter(environment_id=environment.id):
        assert (account.total, account.pending, account.held) == (0, 0, 0)
    members = Member.objects.filter(environment=environment)
    assert set(members.values_list("external_id", "status")) == {(None, "erased")}
    kept = LedgerEntry.objects.filter(environment_id=environment.id).exclude(reason=None)
    assert set(kept.values_list("reason", "points")) == {("erased", -140)}
    assert Event.objects.get(environment_id=environment.id).data is None
    assert IdempotencyRecord.objects.get(environment_id=environment.id).answer == '{"erased": true}'
    trail = AuditEvent.objects.filter(environment_id=environment.id, member_id__isnull=False)
    assert set(trail.exclude(after=None).values_list("verb", flat=True)) <= {
        "points.adjusted",
        "hold.released",
    }
    with pytest.raises(NotReversible):
        till.reverse(earned)
    with pytest.raises(NotFound):
        till.erase()
    assert api.post("/v1/points/award", body, Idempotency_Key="k").headers["Idempotent-Replayed"] == "true"


def test_an_erased_members_name_leaves_the_answers_to_others_too(environment: Environment) -> None:
    api = Api(make_key(environment))
    till = Till(environment)
    till.today = 10_000
    till.give(50, "eve")
    for number, name in enumerate(("Zoë", "bob")):
        body = {"from_customer_id": "eve", "to_customer_id": name, "points": 5, "reason": f"For {name}"}
        answer = api.post("/v1/points/transfer", body, Idempotency_Key=f"k{number}")
        assert (answer.status_code, name in answer.content.decode()) == (201, True)
    till.erase("Zoë")
    sent = LedgerEntry.objects.filter(account=till.account("eve"), type="transferred").order_by("sequence")
    assert list(sent.values_list("reason", flat=True)) == [None, "For bob"]
    trail = AuditEvent.objects.filter(member_id=till.account("eve").member_id, verb="points.transferred")
    assert [row.after and row.after["reason"] for row in trail.order_by("id")] == [None, "For bob"]
    answers = IdempotencyRecord.objects.filter(environment_id=environment.id).order_by("key")
    erased, kept = answers.values_list("answer", flat=True)
    assert erased == '{"erased": true}'
    assert '"bob"' in kept


def test_an_erased_id_that_comes_back_is_somebody_new(till: Till) -> None:
    till.give(100)
    till.give(5, "bob")
    till.merge("bob", "ada")
    till.erase()
    till.give(7)
    till.give(9, "bob")
    till.give(1)
    found = {name: find_member(environment=till.environment, member=name) for name in ("ada", "bob")}
    balances = {name: Account.objects.get(member=member).total for name, member in found.items()}
    assert balances == {"ada": 8, "bob": 9}
    assert members_of(till.environment).count() == 2
