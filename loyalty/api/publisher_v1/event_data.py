"""Purchases and refunds of the K42 document as the events that they are: minor units become major ones, as text."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from programs.currencies import digits_of

_OF_LINE = ("unit_price", "amount")


def purchase_data(body: Mapping[str, Any]) -> dict[str, Any]:
    """The `data` of a purchase: what was given, and nothing else."""
    currency = body["currency"].upper()
    data = {"amount": major(body["amount"], currency), "currency": currency}
    if "merchant" in body:
        data["merchant"] = body["merchant"]
    if "items" in body:
        data["items"] = [_in_major(item, currency) for item in body["items"]]
    return data


def refund_data(body: Mapping[str, Any], currency: str | None) -> dict[str, Any]:
    """The `data` of a refund. `currency`: the purchase's; where it named none, two digits are taken."""
    data = {"purchase": body["transaction_id"], "amount": major(body["amount"], currency or "")}
    if "items" in body:
        data["items"] = [_in_major(item, currency or "") for item in body["items"]]
    return data


def major(amount: int, currency: str) -> str:
    """1250 in GBP is 12.50."""
    return f"{Decimal(amount).scaleb(-digits_of(currency)):f}"


def _in_major(item: Mapping[str, Any], currency: str) -> dict[str, Any]:
    return {name: major(value, currency) if name in _OF_LINE else value for name, value in item.items()}
