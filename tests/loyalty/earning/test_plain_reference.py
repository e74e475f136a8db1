"""The references of refunds, by hand."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from tests.loyalty.earning.books import Books
from tests.loyalty.earning.plain import MANY, Item, Purchase, Rule, give

MONDAY, SATURDAY = date(2026, 3, 2), date(2026, 3, 7)
ONE = Fraction(1)
POUND = Rule("pound", "per_amount", "1")
DOUBLE = Rule("double", "multiplier", "2", weekend=True)


def paid(amount: str, on: date = MONDAY, *items: Item) -> Purchase:
    return Purchase(on, Decimal(amount), dict(enumerate(items, start=1)))


def test_products_are_rounded_once_and_what_a_multiplier_adds_is_cut() -> None:
    room = {"pound": MANY, "double": 20}
    # 39 × 1.25 = 48.75; × 2 = 97.5, of which 49 more are cut to 20.
    assert give([POUND, DOUBLE], paid("39.90", SATURDAY), Fraction("1.25"), room) == (
        {"pound": 68},
        {"double": 20},
    )
    assert give([POUND, DOUBLE], paid("39.90"), ONE, room) == ({"pound": 39}, {})


def test_what_a_rules_own_cap_cuts_is_what_came_last() -> None:
    room = {"pound": 50, "double": MANY}
    assert give([POUND, DOUBLE], paid("39", SATURDAY), ONE, room) == ({"pound": 50}, {"double": 11})


def test_the_best_of_a_group_wins_and_pieces_count() -> None:
    pieces = Rule("pieces", "per_piece", "3", sku="A", group="g")
    fixed = Rule("fixed", "fixed", "10", group="g", is_bonus=True)
    room = {"pieces": MANY, "fixed": MANY}
    for quantity, given in ((3, {"fixed": 10}), (4, {"pieces": 12})):
        bought = paid("9", MONDAY, Item("A", quantity, Decimal(9)), Item("B", 9, Decimal(0)))
        assert give([pieces, fixed], bought, ONE, room)[0] == given


def test_a_refund_asks_again_with_the_room_and_level_of_the_purchase() -> None:
    capped = Rule("pound", "per_amount", "1", caps=(("day", "points", 100),))
    books = Books([capped], [("silver", 50, "1.5")])
    books.buy("p1", "ada", paid("60"))
    books.buy("p2", "ada", paid("60"))  # Silver now: 90, of which 40 are left of the hundred
    assert [sale.kept for sale in books.sales.values()] == [60, 40]
    books.refund("p2", Decimal(40))  # 20 × 1.5
    assert (books.total("ada"), books.used["ada", "pound", f"day:{MONDAY}"]) == (90, [90, 2])
    books.refund("p1", Decimal(60))
    assert (books.total("ada"), books.used["ada", "pound", f"day:{MONDAY}"]) == (30, [30, 1])
    books.buy("p3", "ada", paid("60"))
    assert books.total("ada") == 30 + 70
    assert books.reached["ada"] == 0


def test_lines_that_are_given_back_are_gone() -> None:
    books = Books([Rule("pieces", "per_piece", "3", sku="A")])
    books.buy("p1", "ada", paid("12", MONDAY, Item("A", 4, Decimal(12))))
    books.refund("p1", Decimal(3), {1: (1, Decimal(3))})
    assert books.total("ada") == 9
    books.refund("p1", Decimal(9))
    assert books.total("ada") == 0


def test_money_given_back_without_saying_of_what_takes_its_part_of_every_article() -> None:
    books = Books([Rule("pieces", "per_piece", "3", sku="A")])
    books.buy("p1", "ada", paid("25", MONDAY, Item("A", 4, Decimal(12)), Item("B", 1, Decimal(8))))
    books.refund("p1", Decimal(8), {2: (1, Decimal(8))})
    assert books.total("ada") == 12
    books.refund("p1", Decimal(5))  # 12 of 17 pounds are left: 8.47
    assert books.total("ada") == 8
