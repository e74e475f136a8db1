"""/v1/webhook-deliveries: what was sent and how it went, and sent again."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from audit.ids import parse_public, public
from audit.models import AuditEvent, WebhookDelivery, WebhookEndpoint
from programs.models import Environment
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.v1.days import done
from tests.api.v1.webhooks import make, stored
from tests.api.world import changed, digest
from tests.conftest import Api

PATH = "/v1/webhook-deliveries"


def fail(environment: Environment, endpoint: WebhookEndpoint, member: str = "ada") -> WebhookDelivery:
    """Points of the member, told in vain three days ago."""
    entry = factories.give(environment, 10, member)
    event = AuditEvent.objects.get(member_id=entry.member_id, verb="points.earned")
    then = timezone.now() - timedelta(days=4)
    tried = {"at": "2026-01-31T12:00:00Z", "status": 503, "latency_ms": 41, "error": "The answer was 503."}
    return WebhookDelivery.objects.create(
        environment_id=environment.pk,
        endpoint=endpoint,
        event_id=event.pk,
        type=event.verb,
        member_id=event.member_id,
        sequence=1,
        status="failed",
        attempts=1,
        next_attempt_at=then,
        first_attempt_at=then,
        give_up_at=then + timedelta(days=3),
        response_status=503,
        latency_ms=41,
        response="Under repair",
        error="The answer was 503.",
        history=[tried],
        created_at=then,
    )


def ids(answer: Any) -> list[str]:
    return [row["id"] for row in done(answer)["data"]]


def test_a_failed_delivery_is_read_narrowed_down_to_and_sent_again(
    api: Api, environment: Environment
) -> None:
    made = make(api)
    test = done(api.post(f"/v1/webhook-endpoints/{make(api)['id']}/test"))
    row = fail(environment, stored(made))
    one = f"{PATH}/{public('whd', row.pk)}"
    found = done(api.get(one))
    assert found == {
        "id": public("whd", row.pk),
        "endpoint_id": made["id"],
        "audit_event_id": public("aud", row.event_id),
        "type": "points.earned",
        "member_id": "ada",
        "sequence": 1,
        "status": "failed",
        "attempts": 1,
        "next_attempt_at": None,
        "give_up_at": found["give_up_at"],
        "delivered_at": None,
        "response_status": 503,
        "latency_ms": 41,
        "response": "Under repair",
        "error": "The answer was 503.",
        "history": row.history,
        "created_at": found["created_at"],
    }
    assert ids(api.get(PATH)) == [found["id"], test["id"]]
    for query in (
        f"endpoint={made['id']}",
        "status=failed",
        "type=points.earned",
        f"to={found['give_up_at']}",
    ):
        assert ids(api.get(f"{PATH}?{query}")) == [found["id"]], query
    problem = assert_problem(api.get(f"{PATH}?status=lost"), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == ["status"]

    again = done(api.post(f"{one}/resend"))
    fresh = {
        "status": "pending",
        "attempts": 0,
        "give_up_at": None,
        "next_attempt_at": again["next_attempt_at"],
    }
    assert again == found | fresh
    assert again["next_attempt_at"] > found["give_up_at"]
    said = AuditEvent.objects.get(environment_id=environment.pk, verb="webhookdelivery.resent")
    assert (said.object_id, said.actor_kind) == (found["id"], "api_key")


def test_what_was_told_of_an_erased_member_names_nobody(api: Api, environment: Environment) -> None:
    row = fail(environment, stored(make(api)))
    done(api.call("DELETE", "/v1/members/ada"))
    found = done(api.get(f"{PATH}/{public('whd', row.pk)}"))
    assert (found["member_id"], found["response"], found["history"]) == (None, "", [])


def test_what_was_sent_to_an_archived_endpoint_is_read_and_not_sent_again(
    api: Api, environment: Environment
) -> None:
    made = make(api)
    row = fail(environment, stored(made))
    done(api.call("DELETE", f"/v1/webhook-endpoints/{made['id']}"))
    assert ids(api.get(f"{PATH}?endpoint={made['id']}")) == [public("whd", row.pk)]
    before = digest()
    assert_problem(api.post(f"{PATH}/{public('whd', row.pk)}/resend"), "invalid_request")
    for unknown in (f"whd_{'0' * 32}", "whd_1", "x", made["id"]):
        assert parse_public("whd", unknown) is None or unknown.endswith("0")
        assert_problem(api.get(f"{PATH}/{unknown}"), "not_found")
        assert_problem(api.post(f"{PATH}/{unknown}/resend"), "not_found")
    assert changed(before, digest()) == {}


def test_keys_need_the_scope_for_reading_or_for_writing(environment: Environment) -> None:
    writer, reader = (Api(factories.make_key(environment, f"webhooks:{may}")) for may in ("write", "read"))
    made = make(writer)
    assert assert_problem(writer.get(PATH), "permission_denied")["scope"] == "webhooks:read"
    assert reader.get(PATH).status_code == reader.get("/v1/webhook-endpoints").status_code == 200
    refused = reader.post(f"/v1/webhook-endpoints/{made['id']}/rotate-secret")
    assert assert_problem(refused, "permission_denied")["scope"] == "webhooks:write"
