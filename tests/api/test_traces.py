"""One id follows a request from its header to the ledger, the audit trail, the log and the answer."""

from typing import Any

import pytest
from django.test import Client

from audit.models import AuditEvent
from loyalty.models import Event, LedgerEntry
from tests.conftest import Api

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
AWARD = {"customer_id": "ada", "points": 100}


def test_the_trace_stands_on_the_entry_and_the_audit_row_and_is_echoed(api: Api, environment: Any) -> None:
    answer = api.post("/v1/points/award", AWARD, traceparent=PARENT, X_Request_Id="the-other-one")
    assert answer.headers["X-Request-Id"] == TRACE
    assert answer.json()["trace_id"] == TRACE
    assert [entry.trace_id for entry in LedgerEntry.objects.filter(environment_id=environment.id)] == [TRACE]
    audited = AuditEvent.objects.filter(environment_id=environment.id, trace_id=TRACE)
    assert [row.verb for row in audited] == ["points.earned"]
    (row,) = api.get(f"/v1/audit-events?trace_id={TRACE}").json()["data"]
    assert row["object"]["id"] == answer.json()["id"]


def test_an_events_trace_stands_on_all_that_it_caused(api: Api, environment: Any) -> None:
    body = {"event_id": "order-1", "type": "purchase", "member_id": "ada", "data": {}}
    assert api.post("/v1/events", body, X_Request_Id="checkout:42/a+b=c.d_e-f").status_code == 201
    assert Event.objects.get(environment_id=environment.id).trace_id == "checkout:42/a+b=c.d_e-f"


@pytest.mark.parametrize("given", ["abc", "x" * 128, "0190-a:b/c+d=e.f_g"])
def test_a_request_id_is_echoed(api: Api, given: str) -> None:
    assert api.get("/v1/programs", X_Request_Id=given).headers["X-Request-Id"] == given


@pytest.mark.parametrize(
    "garbage", ["", " ", "x" * 129, "a b", "a\tb", "é", "<script>", 'a"b', "a,b", "\x00", "a;b"]
)
def test_garbage_is_replaced_by_an_id_of_ours(api: Api, garbage: str, environment: Any) -> None:
    answer = api.post("/v1/points/award", AWARD, X_Request_Id=garbage)
    made = answer.headers["X-Request-Id"]
    assert made != garbage
    assert len(made) == 32
    assert int(made, 16)
    assert LedgerEntry.objects.get(environment_id=environment.id).trace_id == made


@pytest.mark.parametrize(
    "garbage",
    [
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
        f"00-{TRACE}-00f067aa0ba902b7",
        f"ff-{TRACE}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        "nonsense",
    ],
)
def test_a_traceparent_that_is_none_gives_way_to_the_request_id(api: Api, garbage: str) -> None:
    answer = api.get("/v1/programs", traceparent=garbage, X_Request_Id="fallback")
    assert answer.headers["X-Request-Id"] == "fallback"


def test_two_requests_without_an_id_get_two(api: Api) -> None:
    ids = {api.get("/v1/programs").headers["X-Request-Id"] for _ in range(3)}
    assert len(ids) == 3


@pytest.mark.parametrize("path", ["/healthz", "/v1/nothing", "/docs/", "/console/login/"])
def test_every_answer_carries_the_id(db: None, path: str) -> None:
    answer = Client().get(path, headers={"X-Request-Id": "abc"})
    assert answer.headers["X-Request-Id"] == "abc"


def test_the_id_stands_in_the_log_lines_of_the_request(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    api.get("/v1/programs", traceparent=PARENT)
    lines = [record.getMessage() for record in caplog.records if "request_finished" in record.getMessage()]
    assert len(lines) == 1
    assert TRACE in lines[0]
