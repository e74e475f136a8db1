"""POST /v1/earning-rules/{id}/back-test, and GET /v1/back-tests/{id} until it is done."""

from typing import Any
from uuid import UUID

import pytest

from loyalty.actions.back_tests import run_back_test
from loyalty.actions.erasing import erase_member
from loyalty.actions.pace import Pace
from loyalty.models import BackTest
from programs.models import Environment
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.v1.days import day, done, go_to
from tests.api.world import changed, digest
from tests.conftest import Api

PER_POUND = {"kind": "per_amount", "field": "data.amount", "rate": "1", "step": "1"}
PERIOD = {"from": day(0), "to": day(9)}


@pytest.fixture
def past(api: Api, environment: Environment) -> None:
    """Three purchases at a point per pound; the draft gives two."""
    go_to(api, 0)
    body = {
        "id": "rul_tried",
        "name": "Per pound",
        "event_type": "purchase",
        "award": PER_POUND,
    }
    done(api.post("/v1/earning-rules", body))
    done(api.post("/v1/earning-rules/rul_tried/publish"))
    for number, member in enumerate(("ada", "bob", "ada")):
        go_to(api, number)
        event = {"event_id": f"e{number}", "type": "purchase", "member_id": member, "data": {"amount": "10"}}
        done(api.post("/v1/events", event))
    go_to(api, 10)
    done(api.patch("/v1/earning-rules/rul_tried", {"award": PER_POUND | {"rate": "2"}}))


def start(api: Api, **period: Any) -> Any:
    return api.post("/v1/earning-rules/rul_tried/back-test", PERIOD | period)


def run(environment: Environment, public_id: str) -> None:
    (test,) = BackTest.objects.filter(environment=environment, public_id=public_id)
    run_back_test(back_test=UUID(str(test.pk)), pace=Pace())


@pytest.mark.usefixtures("past")
def test_a_back_test_is_queued_run_by_a_worker_and_read(api: Api, environment: Environment) -> None:
    answer = start(api)
    queued = answer.json()
    assert (answer.status_code, queued["status"], queued["result"]) == (202, "queued", None)
    assert (queued["rule_id"], queued["from"], queued["to"]) == ("rul_tried", day(0), day(9))
    assert api.get(f"/v1/back-tests/{queued['id']}").json() == queued
    run(environment, queued["id"])
    found = done(api.get(f"/v1/back-tests/{queued['id']}"))
    assert (found["status"], found["done"], found["total"], found["error"]) == ("done", 3, 3, None)
    result = found["result"]
    assert {
        name: result[name] for name in ("metric", "events", "members", "would", "given", "this_rule")
    } == {
        "metric": "points",
        "events": 3,
        "members": 2,
        "would": 60,
        "given": 30,
        "this_rule": 60,
    }
    assert result["outcomes"] == {"awarded": 3}
    assert [(row["day"], row["would"], row["given"]) for row in result["days"]] == [
        (day(number)[:10], 20, 10) for number in range(3)
    ]
    assert result["most_affected"] == [
        {"customer_id": "ada", "would": 40, "given": 20},
        {"customer_id": "bob", "would": 20, "given": 10},
    ]
    erase_member(
        environment=factories.reload(environment),
        member="ada",
        actor=factories.make_actor(),
        now=factories.reload(environment).clock,
    )
    shown = done(api.get(f"/v1/back-tests/{queued['id']}"))["result"]["most_affected"]
    assert [row["customer_id"] for row in shown] == [None, "bob"]


@pytest.mark.usefixtures("past")
@pytest.mark.parametrize(
    ("period", "field"),
    [
        ({"from": None}, "from"),
        ({"from": "2030-01-01"}, "from"),
        ({"to": 7}, "to"),
        ({"to": day(0)}, "to"),
        ({"to": day(11)}, "to"),
        ({"from": "2020-01-01T00:00:00Z"}, "from"),
        ({"until": day(1)}, "until"),
    ],
    ids=str,
)
def test_a_faulty_period_is_refused_by_field_and_nothing_is_queued(
    api: Api, period: dict[str, Any], field: str
) -> None:
    before = digest()
    problem = assert_problem(start(api, **period), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == [field]
    assert changed(before, digest()) == {}


@pytest.mark.usefixtures("past")
def test_a_key_queues_it_once(api: Api, environment: Environment) -> None:
    answers = [
        api.post("/v1/earning-rules/rul_tried/back-test", PERIOD, Idempotency_Key="k") for _ in range(2)
    ]
    assert answers[0].content == answers[1].content
    assert BackTest.objects.filter(environment=environment).count() == 1


def test_what_is_unknown_is_not_found(api: Api) -> None:
    before = digest()
    assert_problem(api.get("/v1/back-tests/bt_none"), "not_found")
    assert_problem(api.get("/v1/back-tests/a%00b"), "invalid_request")
    assert_problem(start(api), "not_found")
    assert changed(before, digest()) == {}
