"""Sandbox time for tests through HTTP: days from a fixed one on, moved by the test clock."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.conftest import Api

_FIRST = datetime(2030, 1, 1, 12, tzinfo=UTC)


def day(number: float) -> str:
    """The instant that many days after the first, as the API writes it."""
    return (_FIRST + timedelta(days=number)).isoformat().replace("+00:00", "Z")


def go_to(api: Api, number: float) -> None:
    """Set the sandbox's clock; forward only, once there is a member."""
    answer = api.post("/v1/sandbox/clock", {"now": day(number)})
    assert answer.status_code == 200, answer.content


def award(api: Api, points: int, customer: str = "ada", **more: Any) -> dict[str, Any]:
    return done(api.post("/v1/points/award", {"customer_id": customer, "points": points, **more}))


def spend(api: Api, points: int, customer: str = "ada", **more: Any) -> dict[str, Any]:
    return done(api.post("/v1/points/redeem", {"customer_id": customer, "points": points, **more}))


def post_reverse(api: Api, transaction: dict[str, Any], points: int | None = None) -> Any:
    """The raw answer, for what is refused."""
    body = {"reason": "Cancelled"} | ({} if points is None else {"points": points})
    return api.post(f"/v1/transactions/{transaction['id']}/reverse", body)


def reverse(api: Api, transaction: dict[str, Any], points: int | None = None) -> dict[str, Any]:
    return done(post_reverse(api, transaction, points))


def done(answer: Any) -> dict[str, Any]:
    assert answer.status_code in (200, 201), answer.content
    found: dict[str, Any] = answer.json()
    return found


def balance(api: Api, customer: str = "ada") -> int:
    return int(api.get(f"/v1/customers/{customer}").json()["points_balance"])


def history(api: Api, customer: str = "ada") -> list[tuple[str, int, int]]:
    """Type, points and running total of each row, oldest first."""
    rows = api.get(f"/v1/points?customer_id={customer}&order=asc&limit=100").json()["data"]
    return [(row["type"], row["points"], row["balance_after"]) for row in rows]


def lots(api: Api, customer: str = "ada") -> list[tuple[int, str | None]]:
    """What remains in each open lot and when it expires, in the order of spending."""
    (found,) = api.get(f"/v1/members/{customer}/balances?lots=true").json()["data"]
    return [(lot["remaining"], lot["expires_at"]) for lot in found["lots"]]
