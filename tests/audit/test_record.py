"""Every action leaves one audit event with all that the Lamba document asks to log."""

from typing import Any

import pytest
from django.db import connection

from audit.models import AuditEvent
from loyalty.models import LedgerEntry, Member
from programs.models import ApiKey, Environment
from tests.conftest import Api
from tests.factories import make_environment, make_key, make_member

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def events(environment: Environment, **names: Any) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(environment_id=environment.id, **names).order_by("id"))


def test_a_manual_adjustment_logs_actor_project_environment_and_trace(
    environment: Environment, api: Api
) -> None:
    body = {"customer_id": "ada", "points": 50, "reason": "goodwill", "note": "Parcel was late"}
    answer = api.post("/v1/points/adjust", body, traceparent=TRACEPARENT).json()
    (event,) = events(environment, verb="points.adjusted")
    prefix = ApiKey.objects.get(environment=environment).prefix
    assert (event.actor_kind, event.actor_id) == ("api_key", prefix)
    assert event.project_id == environment.project_id
    assert event.organization_id == environment.project.organization_id
    assert event.trace_id == TRACE
    assert event.object_id == answer["id"]
    assert event.member_id == Member.objects.get(environment=environment).id
    assert event.ip == "127.0.0.1"
    assert (event.before, event.after) == (
        {"total": 0},
        {"points": 50, "total": 50, "reason": "goodwill", "note": "Parcel was late"},
    )
    entry = LedgerEntry.objects.get(environment_id=environment.id)
    assert (entry.trace_id, entry.actor_id) == (TRACE, prefix)


def test_points_from_an_event_carry_the_tenants_event_id(environment: Environment, api: Api) -> None:
    rule = {"name": "Visit", "event_type": "visit", "award": {"kind": "fixed", "points": 10}}
    made = api.post("/v1/earning-rules", rule).json()
    api.post(f"/v1/earning-rules/{made['id']}/publish")
    api.post("/v1/events", {"event_id": "visit-1", "type": "visit", "member_id": "ada", "data": {}})
    assert [event.verb for event in events(environment, event_id="visit-1")] == [
        "event.recorded",
        "points.earned",
    ]


def test_the_actor_of_an_expiry_is_the_engine_and_the_trace_that_of_the_call(
    environment: Environment, api: Api
) -> None:
    body = {"customer_id": "ada", "points": 5, "expires_at": "2020-01-01T00:00:00Z"}
    api.post("/v1/points/award", body, traceparent=TRACEPARENT)
    (event,) = events(environment, verb="points.expired")
    assert (event.actor_kind, event.actor_id, event.trace_id) == ("system", "expiry", TRACE)


@pytest.mark.parametrize(
    ("path", "body", "verb"),
    [
        ("/v1/programs", {"code": "club", "name": "Club"}, "program.created"),
        ("/v1/metrics", {"code": "xp", "title": "XP"}, "metric.created"),
        (
            "/v1/earning-rules",
            {"name": "Visit", "event_type": "visit", "award": {"kind": "fixed", "points": 1}},
            "earningrule.created",
        ),
        ("/v1/sandbox/clock", {"now": "2010-12-01T00:00:00Z"}, "environment.clock_set"),
    ],
)
def test_a_configuration_change_by_call_is_audited_once(
    environment: Environment, api: Api, path: str, body: dict[str, Any], verb: str
) -> None:
    assert api.post(path, body, Idempotency_Key="k").status_code in (200, 201)
    assert api.post(path, body, Idempotency_Key="k").headers["Idempotent-Replayed"] == "true"
    by_call = events(environment, verb=verb, actor_kind="api_key")
    assert len(by_call) == 1


def test_freezing_a_member_is_audited_with_before_and_after(environment: Environment, api: Api) -> None:
    make_member(environment)
    assert api.patch("/v1/members/ada", {"status": "frozen"}).json()["status"] == "frozen"
    assert api.patch("/v1/members/ada", {"status": "frozen"}).status_code == 200
    (event,) = events(environment, verb="member.updated")
    assert event.before == {"attributes": {}, "status": "active"}
    assert event.after == {"attributes": {}, "status": "frozen"}


def test_a_refused_call_leaves_no_audit_event(environment: Environment, api: Api) -> None:
    before = len(events(environment))
    assert api.post("/v1/points/redeem", {"customer_id": "ada", "points": 5}).status_code == 409
    assert api.post("/v1/points/award", {"customer_id": "ada", "points": -5}).status_code == 400
    assert len(events(environment)) == before


def test_keys_are_audited_without_their_secret(environment: Environment) -> None:
    secret = make_key(environment, "points:read")
    (event,) = events(environment, verb="apikey.created")
    assert event.after == {
        "name": "tests",
        "kind": "secret",
        "prefix": secret[:17],
        "scopes": ["points:read"],
    }


def test_the_trail_is_read_newest_first_and_by_filter(environment: Environment, api: Api) -> None:
    for number in range(3):
        api.post(
            "/v1/points/award", {"customer_id": f"m{number}", "points": 1}, X_Request_Id=f"trace-{number}"
        )
    found = api.get("/v1/audit-events?verb=points.earned").json()["data"]
    assert [row["trace_id"] for row in found] == ["trace-2", "trace-1", "trace-0"]
    assert len(api.get("/v1/audit-events?trace_id=trace-1").json()["data"]) == 1
    assert api.get("/v1/audit-events?actor_id=nobody").json()["data"] == []


def test_each_row_knows_the_transaction_that_wrote_it(db: None) -> None:
    environment = make_environment()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM audit_auditevent"
            " WHERE environment_id = %s AND transaction = pg_current_xact_id()",
            [environment.id],
        )
        assert cursor.fetchone() == (len(events(environment)),)
