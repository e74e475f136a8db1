"""Stamp cards for tests through HTTP: set up, joined and filled as a tenant's server does."""

from itertools import count
from typing import Any

from tests.api.v1.days import done
from tests.conftest import Api

_SALES = count(1)
DISPLAY: dict[str, Any] = {
    "title": "Buy 3, Get 1 Free",
    "image": "https://cdn.example.com/coffee-card.png",
    "logo": None,
    "summary": "Three stamps, one coffee.",
    "description": "",
    "terms": "At participating tills.",
    "reward": "1 Free Coffee",
}
CARD: dict[str, Any] = {
    "id": "lp_coffee",
    "name": "Coffee Rewards",
    "status": "active",
    "threshold": 3,
    "currency": "GBP",
    "reward": {"type": "refund"},
    "display": DISPLAY,
}


def card(api: Api, **changes: Any) -> dict[str, Any]:
    """Three purchases in GBP pay back the lowest price, unless `changes` says otherwise."""
    return done(api.post("/v1/stamp-programs", CARD | changes))


def join(api: Api, customer: str = "ada", stamp_program: str = "lp_coffee") -> dict[str, Any]:
    return done(try_to_join(api, customer, stamp_program))


def try_to_join(api: Api, customer: str = "ada", stamp_program: str = "lp_coffee", **headers: str) -> Any:
    """The raw answer, for what is refused."""
    body = {"stamp_program": stamp_program, "customer_id": customer}
    return api.post("/v1/stamp-collections", body, **headers)


def buy(api: Api, amount: str = "3.50", customer: str = "ada", **more: Any) -> dict[str, Any]:
    """A purchase, by an id of its own unless `event_id` gives one. `more` goes into its data."""
    event_id = more.pop("event_id", None) or f"sale-{next(_SALES)}"
    data = {"amount": amount, "currency": "GBP", **more}
    event = {"event_id": event_id, "type": "purchase", "member_id": customer, "data": data}
    return done(api.post("/v1/events", event))


def refund(api: Api, sale: dict[str, Any], **more: Any) -> dict[str, Any]:
    """All of the purchase, unless `more` names an amount or lines."""
    bought = sale["event"]
    event_id = f"{bought['event_id']}-back-{next(_SALES)}"
    data = {"purchase": bought["event_id"], **more}
    event = {"event_id": event_id, "type": "refund", "member_id": bought["member_id"], "data": data}
    return done(api.post("/v1/events", event))


def fill(api: Api, *amounts: str, customer: str = "ada") -> dict[str, Any]:
    """One purchase for each amount; the reward that the last one gave."""
    for amount in amounts:
        sale = buy(api, amount, customer)
    (effect,) = stamps_in(sale)
    (issued,) = effect["issued"]
    return done(api.get(f"/v1/stamp-rewards/{issued['id']}"))


def stamps_in(sale: dict[str, Any]) -> list[dict[str, Any]]:
    """The effects on stamp cards."""
    return [effect for effect in sale["effects"] if effect["kind"] == "stamps"]


def read_card(api: Api, collection: dict[str, Any]) -> dict[str, Any]:
    return done(api.get(f"/v1/stamp-collections/{collection['id']}"))


def pay(api: Api, reward: dict[str, Any], **body: Any) -> Any:
    return api.post(f"/v1/stamp-rewards/{reward['id']}/pay", body)
