"""Rate limits: counted by key, by address where there is none, and told on every answer."""

from typing import Any

import pytest

from loyalty.api.common import throttling
from tests import factories
from tests.api.operations import Operation, operations
from tests.api.test_problems import assert_problem
from tests.api.world import Owner, changed, digest
from tests.conftest import Api

NAMES = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")


@pytest.fixture
def _three_a_minute(settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 3


def told(answer: Any) -> tuple[str, ...]:
    return tuple(answer.headers[name] for name in NAMES)


@pytest.mark.parametrize("operation", operations(), ids=str)
def test_every_answer_tells_what_is_left(operation: Operation, owner: Owner) -> None:
    good, poor = factories.make_key(owner.environment), factories.make_key(owner.environment, "sandbox:write")
    answers = [
        Api(key).call(method, operation.url(owner.ids), operation.body(owner.ids), **headers)
        for key, method, headers in [
            (good, operation.method.upper(), {}),
            ("nonsense", operation.method.upper(), {}),
            (poor, operation.method.upper(), {}),
            (good, "TRACE", {}),
            (good, operation.method.upper(), {"Accept": "text/html"}),
            (good, operation.method.upper(), {"Idempotency_Key": ""}),
        ]
    ]
    assert [a.status_code for a in answers if any(name not in a.headers for name in NAMES)] == []
    assert {401, 405, 406} <= {answer.status_code for answer in answers}


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/points/", "/v1/customers/nobody"])
def test_answers_to_addresses_with_nothing_tell_it_too(api: Api, path: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 404
    assert answer.headers["RateLimit-Limit"] == "6000"


@pytest.mark.usefixtures("_three_a_minute")
def test_over_the_limit_the_answer_is_429_until_the_minute_ends(environment: Any, clock: list[float]) -> None:
    api = Api(factories.make_key(environment))
    body = {"customer_id": "ada", "points": 1}
    assert [told(api.post("/v1/points/award", body)) for _ in range(3)] == [
        ("3", "2", "40"),
        ("3", "1", "40"),
        ("3", "0", "40"),
    ]
    before = digest()
    refused = api.post("/v1/points/award", body)
    assert_problem(refused, "rate_limited")
    assert (told(refused), refused.headers["Retry-After"]) == (("3", "0", "40"), "40")
    clock[0] += 39
    assert api.post("/v1/points/award", body).headers["Retry-After"] == "1"
    assert changed(before, digest()) == {}
    clock[0] += 1
    again = api.post("/v1/points/award", body)
    assert (again.status_code, told(again), "Retry-After" in again.headers) == (201, ("3", "2", "60"), False)


@pytest.mark.usefixtures("_three_a_minute")
def test_each_key_has_a_count_of_its_own(environment: Any, clock: list[float]) -> None:
    first, second = (Api(factories.make_key(environment)) for _ in range(2))
    assert [first.get("/v1/programs").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert second.get("/v1/programs").status_code == 200


@pytest.mark.usefixtures("_three_a_minute")
def test_processes_count_together_where_they_share_a_cache(
    environment: Any, clock: list[float], settings: Any
) -> None:
    settings.CACHE_IS_SHARED = True
    api = Api(factories.make_key(environment))
    statuses = []
    for _ in range(4):
        throttling.forget_counts()  # as if another process answered
        statuses.append(api.get("/v1/programs").status_code)
    assert statuses == [200, 200, 200, 429]


@pytest.mark.usefixtures("_three_a_minute")
def test_a_minute_that_is_over_is_forgotten(environment: Any, clock: list[float]) -> None:
    for _ in range(3):
        Api("nonsense").get("/v1/programs")
        clock[0] += throttling.WINDOW
    assert sum(throttling.counted().values()) == 1


@pytest.mark.usefixtures("_three_a_minute")
def test_callers_without_a_key_are_counted_by_their_address(environment: Any, clock: list[float]) -> None:
    stranger = Api("nonsense")
    statuses = [stranger.get("/v1/programs").status_code for _ in range(2)]
    statuses += [stranger.get("/v1/nothing").status_code for _ in range(2)]
    assert statuses == [401, 401, 404, 429]
    assert Api(factories.make_key(environment)).get("/v1/programs").status_code == 200
    elsewhere = stranger.client.get("/v1/programs", REMOTE_ADDR="203.0.113.9")
    assert elsewhere.status_code == 401


@pytest.mark.usefixtures("_three_a_minute")
def test_a_forwarded_address_counts_only_from_our_own_proxies(
    db: None, clock: list[float], settings: Any
) -> None:
    def ask(forwarded: str) -> int:
        status: int = (
            Api("nonsense").client.get("/v1/programs", headers={"X-Forwarded-For": forwarded}).status_code
        )
        return status

    assert [ask(f"203.0.113.{number}") for number in range(4)] == [401, 401, 401, 429], "not believed"
    settings.TRUSTED_PROXIES = 1
    assert [ask(f"10.9.9.9, 203.0.113.{number}") for number in range(4)] == [401] * 4
    assert [ask("10.9.9.8, 203.0.113.1"), ask("10.9.9.7, 203.0.113.1"), ask("10.9.9.6, 203.0.113.1")] == [
        401,
        401,
        429,
    ]
