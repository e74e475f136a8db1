"""Purchases and refunds by parts, any of them, against the plain books: points kept are the points of what is
left of each purchase, and the room of caps and budgets goes back to the day of the purchase.

The usual stories are few and always the same; LOYALTY_EARNING_STORIES=500 tells so many others.
"""

import os
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from loyalty.models import Account, LedgerEntry
from programs.models import Environment
from tests.factories import make_environment, make_ladder, make_rule, report
from tests.loyalty.earning.books import Books, Lines, read_books
from tests.loyalty.earning.plain import Item, Purchase, Rule
from tests.loyalty.ledger.checking import check

ZONE = ZoneInfo("Europe/London")
MONDAY = date(2026, 3, 2)
BEGIN = datetime.combine(MONDAY, time(), ZONE)
NOW = datetime.combine(MONDAY + timedelta(days=7), time(9), ZONE)
CENT = Decimal("0.01")
STORIES = int(os.environ.get("LOYALTY_EARNING_STORIES", "0"))

WEEKENDS = Rule("weekends", "multiplier", "2", weekend=True, caps=(("day", "points", 60),), priority=3)
CAPPED = [
    Rule("pounds", "per_amount", "1", caps=(("day", "points", 150),), priority=2),
    Rule("large", "fixed", "40", least="100", is_bonus=True, budget=100, priority=1),
    Rule("pieces", "per_piece", "3", sku="A", caps=(("ever", "times", 5), ("event", "points", 10))),
    WEEKENDS,
    Rule("fifty", "multiplier", "1.5", least="50", budget=90, priority=4),
]
GROUPED = [
    Rule("tens", "per_amount", "3", step="10", least="50", group="best", priority=1),
    Rule("visit", "fixed", "18", group="best"),
    Rule("pieces", "per_piece", "7", sku="A", group="best", priority=2),
    Rule("small", "fixed", "30", below="20", is_bonus=True),  # gives more for less
    Rule("large", "fixed", "50", least="100"),
    Rule("double", "multiplier", "2", weekend=True, group="times", priority=9),
    Rule("triple", "multiplier", "3", least="80", group="times", priority=8),
]
LEVELS = [("silver", 200, "1.25"), ("gold", 600, "1.5")]
RULES = {"capped": CAPPED, "grouped": GROUPED}

Step = tuple[Any, ...]
money = st.integers(0, 20_000).map(lambda cents: cents * CENT)
items = st.lists(st.tuples(st.sampled_from("AB"), st.integers(1, 4), st.integers(0, 4_000)), max_size=3).map(
    lambda rows: {n: Item(sku, q, q * cents * CENT) for n, (sku, q, cents) in enumerate(rows, start=1)}
)
buying = st.tuples(st.just("buy"), st.sampled_from(["ada", "bob"]), st.integers(0, 6), money, items)
refunding = st.tuples(
    st.sampled_from(["part", "lines", "rest"]), st.integers(0, 50), st.integers(1, 100), st.integers(1, 4)
)
stories = st.lists(buying | refunding, min_size=2, max_size=14)


class Both:
    """The same story in the engine and in the books."""

    def __init__(self, rules: list[Rule]) -> None:
        self.environment = make_environment(time_zone=str(ZONE))
        self.books = Books(rules, LEVELS)
        for rule in rules:
            make_rule(self.environment, published_at=BEGIN, **rule.options())
        make_ladder(self.environment, *[(code, str(points), times) for code, points, times in LEVELS])

    def buy(self, member: str, day: int, amount: Decimal, lines: dict[int, Item]) -> str:
        event_id = f"order-{len(self.books.sales) + 1}"
        on = MONDAY + timedelta(days=day)
        bought = Purchase(on, amount, lines)
        at = datetime.combine(on, time(12), ZONE)
        report(self.environment, event_id, member=member, data=bought.to_json(), occurred_at=at, now=NOW)
        self.books.buy(event_id, member, bought)
        return event_id

    def refund(self, purchase: str, amount: Decimal | None, lines: Lines | None = None) -> None:
        sale = self.books.sales[purchase]
        data: dict[str, Any] = {"purchase": purchase}
        if amount is not None:
            data["amount"] = str(amount)
        if lines:
            parts = lines.items()
            data["items"] = [{"line": n, "quantity": q, "amount": str(paid)} for n, (q, paid) in parts]
        report(self.environment, uuid4().hex, type="refund", member=sale.member, data=data, now=NOW)
        self.books.refund(purchase, sale.left.amount if amount is None else amount, lines)

    def play(self, story: list[Step]) -> None:
        for kind, *step in story:
            if kind == "buy":
                member, day, more, lines = step
                self.buy(member, day, more + sum(item.amount for item in lines.values()), lines)
            elif self.books.sales:
                self._give_back(kind, *step)

    def _give_back(self, kind: str, which: int, percent: int, pieces: int) -> None:
        purchase = list(self.books.sales)[which % len(self.books.sales)]
        left = self.books.sales[purchase].left
        if kind == "lines" and left.items:
            line, item = list(left.items.items())[which % len(left.items)]
            quantity = min(pieces, item.quantity)
            paid = item.amount / item.quantity * quantity
            if 0 < paid <= left.amount:
                self.refund(purchase, paid, {line: (quantity, paid)})
        elif left.amount:
            part = max(CENT, (left.amount * percent / 100).quantize(CENT))
            self.refund(purchase, None if kind == "rest" else part)

    def assert_equal(self) -> None:
        assert read_books(self.environment) == self.books.to_json()
        check(environment=str(self.environment.id))


@pytest.mark.django_db
@pytest.mark.parametrize("rules", RULES)
@settings(
    max_examples=STORIES or 8,
    deadline=None,
    derandomize=not STORIES,
    phases=[Phase.generate, *([Phase.shrink] if STORIES else [])],  # a shorter story takes minutes to find
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=stories)
def test_any_story_of_purchases_and_refunds_equals_the_books(rules: str, story: list[Step]) -> None:
    note(repr(story))
    both = Both(RULES[rules])
    both.play(story)
    both.assert_equal()


def account_of(environment: Environment) -> dict[str, int]:
    names = ("total", "earned", "pending", "held", "redeemed", "expired", "adjusted")
    found: dict[str, int] = Account.objects.values(*names).get(environment_id=environment.id)
    return found


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("rules", "day", "paid", "back"),
    [
        ("capped", 0, "100.00", 100),
        ("capped", 5, "104.50", 45),
        ("grouped", 0, "60.00", 30),
        ("grouped", 5, "100.00", 85),
        ("grouped", 5, "25.00", 6),
    ],
)
def test_a_hundred_small_refunds_take_back_what_one_does(rules: str, day: int, paid: str, back: int) -> None:
    stories = []
    for parts in ([Decimal(back)], [Decimal(1)] * back):
        both = Both(RULES[rules])
        both.buy(
            "ada", day, Decimal(paid), {1: Item("A", 3, Decimal("9.00")), 2: Item("B", 1, Decimal("16.00"))}
        )
        for part in parts:
            both.refund("order-1", part)
        both.assert_equal()
        stories.append((account_of(both.environment), read_books(both.environment)))
        entries = LedgerEntry.objects.filter(environment_id=both.environment.id)
        assert entries.filter(type="reversed").count() <= entries.exclude(type="reversed").count() * len(
            parts
        )
    assert stories[0] == stories[1]


@pytest.mark.django_db
def test_points_of_a_fixed_award_with_a_minimum_go_with_the_pound_that_falls_below_it() -> None:
    both = Both([Rule("large", "fixed", "50", least="100")])
    both.buy("ada", 0, Decimal(102), {})
    for part, kept in (("1", 50), ("1", 50), ("0.01", 0), ("50", 0), ("49.99", 0)):
        both.refund("order-1", Decimal(part))
        assert account_of(both.environment)["total"] == kept
    both.assert_equal()


@pytest.mark.django_db
def test_where_less_would_earn_more_nobody_gets_more_than_the_purchase_gave() -> None:
    both = Both([Rule("large", "fixed", "50", least="100"), Rule("small", "fixed", "80", below="20")])
    both.buy("ada", 0, Decimal(100), {})
    for part, kept in (("1", 0), ("79", 0), ("1", 50), ("19", 0)):  # 99, 20, 19 and nothing are left
        both.refund("order-1", Decimal(part))
        assert account_of(both.environment)["total"] == kept
    both.assert_equal()
    assert account_of(both.environment)["earned"] == 0


@pytest.mark.django_db
def test_another_rule_of_the_group_may_win_for_what_is_left() -> None:
    both = Both([rule for rule in GROUPED if rule.group == "best"])
    both.buy("ada", 0, Decimal(70), {1: Item("A", 1, Decimal(7))})
    for part, kept in (("10", 18), ("11", 18), ("48.99", 18)):  # 21 for tens; then the visit
        both.refund("order-1", Decimal(part))
        assert account_of(both.environment)["total"] == kept
    both.refund("order-1", None)
    assert account_of(both.environment)["total"] == 0
    both.assert_equal()
