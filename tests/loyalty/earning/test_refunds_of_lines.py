"""Refunds that name lines: by pieces, by money, of purchases with a discount or without an amount."""

from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone

from audit.errors import InvalidRequest
from loyalty.actions.erasing import erase_member
from loyalty.errors import PurchaseNotFound, RefundExceedsPurchase
from loyalty.models import Account, Event
from programs.models import Environment
from tests.factories import make_actor, make_rule, reload, report
from tests.loyalty.ledger.checking import check

pytestmark = pytest.mark.django_db

FIXED = {"kind": "fixed", "points": 100}
BY_PIECE = {"kind": "per_item", "each": "quantity", "points": "10", "where": {}}


def buy(environment: Environment, **data: Any) -> None:
    report(environment, "order-1", data=data)


def refund(environment: Environment, number: int, **data: Any) -> Event:
    reported = {"purchase": "order-1"} | data
    return report(environment, f"refund-{number}", type="refund", data=reported).event


def total(environment: Environment) -> int:
    return Account.objects.get(environment_id=environment.id).total


@pytest.mark.parametrize("amount", ["20", "10", "0.01"])
def test_three_thirds_are_the_whole(environment: Environment, amount: str) -> None:
    make_rule(environment, award=FIXED)
    buy(environment, amount=amount, items=[{"quantity": 3, "amount": amount}])
    for number in range(3):
        assert total(environment) == 100
        refund(environment, number, items=[{"line": 1, "quantity": 1}])
    assert total(environment) == 0
    stored = Event.objects.filter(environment_id=environment.id, type="refund")
    given_back = stored.aggregate(amount=Sum("amount"))
    assert given_back["amount"] == Event.objects.get(event_id="order-1").amount
    check(environment=str(environment.id))


def test_pieces_after_money_of_one_line_add_up_to_the_line(environment: Environment) -> None:
    make_rule(environment)
    buy(environment, amount="30", items=[{"quantity": 3, "amount": "30"}])
    refund(environment, 1, items=[{"line": 1, "quantity": 1, "amount": "4"}])
    assert total(environment) == 26
    refund(environment, 2, items=[{"line": 1, "quantity": 1}])  # two of three pieces: 20, less 4
    assert total(environment) == 10
    refund(environment, 3, items=[{"line": 1, "quantity": 1}])
    assert total(environment) == 0


def test_a_discount_on_the_whole_does_not_stop_a_refund_of_all_lines(environment: Environment) -> None:
    make_rule(environment)
    items = [{"quantity": 1, "amount": "50"}, {"quantity": 1, "amount": "50"}]
    buy(environment, amount="90", items=items)
    refund(environment, 1, amount="45", items=[{"line": 1, "quantity": 1}])
    assert total(environment) == 45
    refund(environment, 2, items=[{"line": 2, "quantity": 1}])
    assert total(environment) == 0


def test_lines_that_say_more_money_than_is_given_back_are_refused(environment: Environment) -> None:
    make_rule(environment)
    buy(environment, amount="30", items=[{"quantity": 3, "amount": "30"}])
    with pytest.raises(InvalidRequest) as refusal:
        refund(environment, 1, amount="5", items=[{"line": 1, "amount": "6"}])
    assert refusal.value.errors[0].field == "data.amount"
    stored = Event.objects.filter(environment_id=environment.id, type="refund")
    assert (total(environment), stored.count()) == (30, 0)


def test_a_purchase_without_an_amount_gives_back_its_lines(environment: Environment) -> None:
    make_rule(environment, award=BY_PIECE)
    buy(environment, items=[{"quantity": 10}, {"quantity": 1}])
    refund(environment, 1, items=[{"line": 1, "quantity": 1}])
    assert total(environment) == 100
    refund(environment, 2, items=[{"line": 1, "quantity": 9}])
    assert total(environment) == 10
    with pytest.raises(RefundExceedsPurchase):
        refund(environment, 3, amount="1")
    refund(environment, 4, items=[{"line": 2, "quantity": 1}])
    assert total(environment) == 0
    with pytest.raises(RefundExceedsPurchase):
        refund(environment, 5)
    whole = Event.objects.filter(environment_id=environment.id, figures__whole=True)
    assert [event.event_id for event in whole] == ["refund-4"]


def test_a_line_without_a_quantity_is_one_piece(environment: Environment) -> None:
    make_rule(environment, award=BY_PIECE)
    buy(environment, amount="30", items=[{"amount": "10"}, {"amount": "20"}])
    with pytest.raises(RefundExceedsPurchase):
        refund(environment, 1, items=[{"line": 1, "quantity": 2}])
    assert refund(environment, 2, items=[{"line": 1, "quantity": 1}]).amount == 10
    assert total(environment) == 10


def test_who_comes_back_after_an_erasure_has_not_made_the_old_purchases(environment: Environment) -> None:
    make_rule(environment)
    buy(environment, amount="100")
    erase_member(environment=reload(environment), member="ada", actor=make_actor(), now=timezone.now())
    report(environment, "order-2", data={"amount": "50"})
    with pytest.raises(PurchaseNotFound):
        refund(environment, 1)
    totals = Account.objects.filter(environment_id=environment.id).values_list("total", flat=True)
    assert sorted(totals) == [0, 50]


def test_what_other_rules_would_give_for_the_rest_still_counts_against_the_rule_that_holds_it(
    environment: Environment,
) -> None:
    large = {"all": [{"field": "data.amount", "op": "gte", "value": "50"}]}
    rule = make_rule(
        environment, name="Large", award={"kind": "fixed", "points": 30}, condition=large, budget=1000,
        exclusive_group="one",
    )  # fmt: skip
    make_rule(environment, name="Small", award={"kind": "fixed", "points": 20}, exclusive_group="one")
    buy(environment, amount="60")
    refund(environment, 1, amount="20")
    assert total(environment) == 20
    (usage,) = Event.objects.get(event_id="refund-1").figures["usage"]
    assert (usage["rule"], usage["points"], usage["times"]) == (str(rule.pk), -10, 0)
    refund(environment, 2)
    assert total(environment) == 0
    check(environment=str(environment.id))


def test_thirds_of_three_lines_are_one_whole_piece(environment: Environment) -> None:
    make_rule(environment, award=BY_PIECE)
    buy(environment, amount="30", items=[{"quantity": 1, "amount": "10"} for _ in range(3)])
    refund(environment, 1, amount="20")
    assert total(environment) == 10
    (verdict,) = Event.objects.get(event_id="refund-1").explanation["verdicts"]
    assert "E" not in verdict["steps"][0]["words"]


def test_an_order_of_any_type_can_be_refunded(environment: Environment) -> None:
    make_rule(environment, event_type="booking")
    report(environment, "order-1", type="booking", data={"amount": "40"})
    refund(environment, 1, amount="15")
    assert total(environment) == 25
