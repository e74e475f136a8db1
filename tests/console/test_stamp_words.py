"""Stamp cards in words: one sentence a card, and money."""

from decimal import Decimal
from typing import Any

import pytest

from programs.admin.stamp_words import amount_words, price_words, sentence_of, threshold_note
from programs.models import StampProgram


@pytest.mark.parametrize(
    ("amount", "currency", "words"),
    [
        (500, "GBP", "£5.00"),
        (250_050, "GBP", "£2,500.50"),
        (500, "JPY", "JPY 500"),
        (1250, "KWD", "KWD 1.250"),
    ],
)
def test_money_has_all_the_digits_of_its_currency(amount: int, currency: str, words: str) -> None:
    assert amount_words(amount, currency) == words


def test_a_price_finer_than_its_currency_keeps_its_digits() -> None:
    assert price_words(Decimal("0.125"), "GBP") == "£0.125"


CATEGORY = {"field": "item.category", "op": "eq", "value": "coffee"}
AMOUNT = {"field": "data.amount", "op": "gte", "value": 5}
WEEKEND = {"field": "event.occurred_at.weekday", "op": "in", "value": ["saturday", "sunday"]}


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "A purchase in GBP is a stamp; 5 stamps pay back the lowest price."),
        (
            {"condition": {"all": [AMOUNT, WEEKEND]}, "stamps_per": "day"},
            "A purchase of £5 or more on weekends is a stamp, one a day; 5 stamps pay back the lowest price.",
        ),
        (
            {"item_where": CATEGORY, "threshold": 1, "reward_kind": "fixed-reward", "reward_amount": 500},
            "A purchase in GBP with a line whose category is coffee is a stamp; 1 stamp pays £5.00.",
        ),
        (
            {"item_where": CATEGORY, "stamps_per": "quantity", "currency": "JPY"},
            (
                "Each piece of a line whose category is coffee, in a purchase in JPY, is a stamp;"
                " 5 stamps pay back the lowest price."
            ),
        ),
        (
            {"item_where": {"not": CATEGORY}, "stamps_per": "quantity", "condition": AMOUNT},
            (
                "Each piece of a line where not (category is coffee), in a purchase of £5 or more, is a stamp;"
                " 5 stamps pay back the lowest price."
            ),
        ),
        (
            {"stamps_per": "quantity", "threshold": 1, "currency": "CHF", "condition": AMOUNT},
            "Each piece of a purchase of CHF 5 or more is a stamp; 1 stamp pays back the price.",
        ),
    ],
)
def test_a_card_is_one_sentence(changes: dict[str, Any], sentence: str) -> None:
    usual = {"threshold": 5, "currency": "GBP", "reward_kind": "refund"}
    assert sentence_of(StampProgram(**(usual | changes))) == sentence


def test_a_faulty_condition_is_said_instead() -> None:
    faulty = StampProgram(threshold=5, currency="GBP", reward_kind="refund", condition={"op": "eq"})
    assert "stamps pay" not in sentence_of(faulty)


def test_one_member_is_not_several() -> None:
    assert threshold_note(5, 3, "1").endswith("1 member has so many now and gets the reward.")
