"""Rewards for tests through HTTP: set up and redeemed as a tenant's server does."""

from typing import Any

from tests.api.v1.days import done
from tests.conftest import Api

COFFEE: dict[str, Any] = {
    "id": "rwd_coffee",
    "kind": "free_product",
    "name": "Coffee",
    "cost": {"kind": "fixed", "points": 100},
    "status": "active",
}
POOL = {"source": "pool"}
GENERATED = {"source": "generated", "pattern": "CAFE-########"}
MANUAL = {"fulfilment": "manual"}


def offer(api: Api, **changes: Any) -> dict[str, Any]:
    """A coffee for 100 points, unless `changes` says otherwise."""
    return done(api.post("/v1/rewards", COFFEE | changes))


def buy(api: Api, customer: str = "ada", reward: str = "rwd_coffee", **more: Any) -> dict[str, Any]:
    return done(try_to_buy(api, customer, reward, **more))


def try_to_buy(api: Api, customer: str = "ada", reward: str = "rwd_coffee", **more: Any) -> Any:
    """The raw answer, for what is refused."""
    headers = {"Idempotency_Key": more.pop("key")} if "key" in more else {}
    return api.post("/v1/offer/redeem", {"userId": customer, "offerId": reward, **more}, **headers)


def seen(api: Api, customer: str = "ada", reward: str = "rwd_coffee") -> dict[str, Any]:
    """The reward as the customer has it."""
    return done(api.get(f"/v1/rewards/{reward}?customer_id={customer}"))


def step(api: Api, redemption: dict[str, Any], what: str, **body: Any) -> Any:
    return api.post(f"/v1/redemptions/{redemption['id']}/{what}", body)


def upload(api: Api, *codes: str, reward: str = "rwd_coffee", **more: Any) -> dict[str, Any]:
    return done(api.post(f"/v1/rewards/{reward}/codes", {"codes": list(codes), **more}))


def read(api: Api, redemption: dict[str, Any]) -> dict[str, Any]:
    return done(api.get(f"/v1/redemptions/{redemption['id']}"))


def use(api: Api, code: str, **more: Any) -> Any:
    return api.post("/v1/redemptions/use", {"code": code, **more})


def validate(api: Api, code: str) -> Any:
    return api.post("/v1/redemptions/validate", {"code": code})


def without(redemption: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in redemption.items() if name not in names}
