"""/v1/webhook-endpoints: made, changed, rotated, tested and archived, as the plan allows."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from audit.ids import public
from audit.models import AuditEvent, WebhookDelivery, WebhookEndpoint
from audit.webhooks.endpoints import signers_of
from audit.webhooks.signing import headers_of
from loyalty.models import IdempotencyRecord
from loyalty.queries.webhooks import kinds_of
from loyalty_engine_client import WebhookVerificationError, webhooks
from programs.models import Environment
from tests import factories
from tests.api.test_problems import assert_problem
from tests.api.v1.days import done
from tests.api.v1.webhooks import URL, make, on_plan, stored
from tests.api.world import changed, digest
from tests.conftest import Api

PATH = "/v1/webhook-endpoints"
HOSTILE = [
    "http://93.184.215.14/hooks",
    "https://127.0.0.1/hooks",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0177.0.0.1/",
    "https://[::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://169.254.169.254/latest/meta-data/",
    "https://10.1.2.3/",
    "https://user:pass@93.184.215.14/",
    "https://93.184.215.14/#fragment",
    "ftp://93.184.215.14/",
    "hooks",
    "",
]


def verbs(environment: Environment) -> list[str]:
    """What the trail says of webhooks, oldest first."""
    events = AuditEvent.objects.filter(environment_id=environment.pk, verb__startswith="webhook")
    return list(events.order_by("id").values_list("verb", flat=True))


def test_an_endpoint_is_made_read_changed_and_archived(api: Api, environment: Environment) -> None:
    made = make(api, URL, "points.*", "redemption.created", description="Backend")
    secret = made.pop("secret")
    assert secret.startswith("whsec_")
    assert made == {
        "id": made["id"],
        "url": URL,
        "description": "Backend",
        "event_types": ["points.*", "redemption.created"],
        "status": "enabled",
        "disabled_at": None,
        "disabled_reason": "",
        "failing_since": None,
        "last_success_at": None,
        "previous_secret_until": None,
        "created_at": made["created_at"],
    }
    one = f"{PATH}/{made['id']}"
    assert api.get(one).json() == made
    assert api.get(PATH).json() == {"data": [made], "has_more": False, "next_cursor": None}
    off = done(api.patch(one, {"event_types": ["*"], "status": "disabled"}))
    assert off == made | {
        "event_types": ["*"],
        "status": "disabled",
        "disabled_at": off["disabled_at"],
        "disabled_reason": "by hand",
    }
    assert off["disabled_at"] is not None
    assert done(api.patch(one, {"status": "enabled"})) == made | {"event_types": ["*"]}
    assert done(api.call("DELETE", one)) == made | {"event_types": ["*"], "status": "archived"}
    for answer in (api.get(one), api.call("DELETE", one), api.patch(one, {"status": "enabled"})):
        assert_problem(answer, "not_found")
    assert api.get(PATH).json()["data"] == []
    assert verbs(environment) == [
        f"webhookendpoint.{verb}" for verb in ("created", "updated", "disabled", "enabled", "archived")
    ]
    assert secret not in str(AuditEvent.objects.filter(environment_id=environment.pk).values())


def test_a_hostile_url_is_refused_by_its_field_and_nothing_is_stored(api: Api, settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_LOOPBACK = False
    made = make(api)
    before = digest()
    for url in HOSTILE:
        for answer in (
            api.post(PATH, {"url": url, "event_types": ["*"]}),
            api.patch(f"{PATH}/{made['id']}", {"url": url}),
        ):
            problem = assert_problem(answer, "invalid_request")
            assert [error["field"] for error in problem["errors"]] == ["url"], url
    assert changed(before, digest()) == {}


def test_no_name_is_looked_up_while_a_transaction_is_open(
    api: Api, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.WEBHOOKS_ALLOW_LOOPBACK = False
    asked: list[tuple[str, int]] = []
    own = connections["default"]  # this thread's: the resolver has one of its own
    depth = len(own.savepoint_ids)

    def resolve(host: str, port: int) -> list[str]:
        asked.append((host, len(own.savepoint_ids) - depth))
        return ["10.0.0.1" if host == "inside.example" else "93.184.215.14"]

    monkeypatch.setattr("audit.webhooks.addresses.resolve_name", resolve)
    made = make(api, "HTTPS://first.example/x")
    assert made["url"] == "https://first.example/x"
    one = f"{PATH}/{made['id']}"
    assert done(api.patch(one, {"url": "https://next.example/x"}))["url"] == "https://next.example/x"
    for refused in (
        api.post(PATH, {"url": "https://inside.example/", "event_types": ["*"]}),
        api.patch(one, {"url": "https://inside.example/"}),
    ):
        assert_problem(refused, "invalid_request")
    assert asked == [
        ("first.example", 0),
        ("next.example", 0),
        ("inside.example", 0),
        ("inside.example", 0),
    ]


def test_what_it_is_told_of_must_be_there(api: Api) -> None:
    before = digest()
    for types in (["points.eaten"], [], ["*", "nothing.*"], ["points"], "points.*"):
        problem = assert_problem(api.post(PATH, {"url": URL, "event_types": types}), "invalid_request")
        assert {error["field"].partition("[")[0] for error in problem["errors"]} == {"event_types"}, types
    assert changed(before, digest()) == {}


def test_a_rotated_secret_is_shown_once_and_both_sign_for_a_day(api: Api, environment: Environment) -> None:
    made = make(api)
    rotated = done(api.post(f"{PATH}/{made['id']}/rotate-secret"))
    old, new = made["secret"], rotated["secret"]
    assert old != new
    assert rotated["previous_secret_until"] is not None
    now, endpoint = timezone.now(), stored(made)
    assert signers_of(endpoint, now) == [new, old]
    assert signers_of(endpoint, now + timedelta(hours=24)) == [new]
    headers = headers_of(message="aud_1", body='{"a": 1}', now=now, signers=signers_of(endpoint, now))
    for secret in (old, new):
        assert webhooks.verify(b'{"a": 1}', headers, secret) == {"a": 1}
    with pytest.raises(WebhookVerificationError):
        webhooks.verify(b'{"a": 1}', headers, make(api)["secret"])
    shown = api.get(PATH).content.decode() + api.get(f"{PATH}/{made['id']}").content.decode()
    shown += api.get("/v1/audit-events").content.decode() + str(digest())
    assert old not in shown
    assert new not in shown


def test_a_secret_is_kept_encrypted_for_its_idempotency_key_and_told_again(
    api: Api, environment: Environment, settings: Any
) -> None:
    body = {"url": URL, "event_types": ["*"]}
    first = api.post(PATH, body, Idempotency_Key="k")
    record = IdempotencyRecord.objects.get(environment_id=environment.pk)
    assert first.json()["secret"] not in record.answer
    assert URL not in record.answer
    assert api.post(PATH, body, Idempotency_Key="k").content == first.content
    settings.ENCRYPTION_KEYS = ["another key, which encrypted nothing"]
    problem = assert_problem(api.post(PATH, body, Idempotency_Key="k"), "invalid_request")
    assert [error["field"] for error in problem["errors"]] == ["Idempotency-Key"]
    assert WebhookEndpoint.objects.filter(environment_id=environment.pk).count() == 1


def test_a_test_event_waits_to_be_sent_to_that_endpoint_alone(api: Api, environment: Environment) -> None:
    make(api)
    made = make(api)
    sent = done(api.post(f"{PATH}/{made['id']}/test"))
    event = AuditEvent.objects.get(environment_id=environment.pk, verb="webhookendpoint.tested")
    assert sent == {
        "id": sent["id"],
        "endpoint_id": made["id"],
        "audit_event_id": public("aud", event.pk),
        "type": "webhookendpoint.tested",
        "member_id": None,
        "sequence": None,
        "status": "pending",
        "attempts": 0,
        "next_attempt_at": sent["created_at"],
        "give_up_at": None,
        "delivered_at": None,
        "response_status": None,
        "latency_ms": None,
        "response": "",
        "error": "",
        "history": [],
        "created_at": sent["created_at"],
    }
    assert WebhookDelivery.objects.filter(environment_id=environment.pk).count() == 1
    done(api.patch(f"{PATH}/{made['id']}", {"status": "disabled"}))
    assert_problem(api.post(f"{PATH}/{made['id']}/test"), "invalid_request")
    assert WebhookDelivery.objects.filter(environment_id=environment.pk).count() == 1


def test_the_plan_limits_how_many_there_are_and_archiving_frees_a_place(
    api: Api, environment: Environment
) -> None:
    on_plan(environment, "webhooks", webhook_endpoints=2)
    live = Api(factories.make_key(factories.make_environment("live", project=environment.project)))
    first = make(api)
    make(api)
    before = digest()
    problem = assert_problem(api.post(PATH, {"url": URL, "event_types": ["*"]}), "plan_limit_exceeded")
    assert (problem["limit"], problem["used"], problem["allowed"]) == ("webhook_endpoints", 2, 2)
    assert changed(before, digest()) == {}
    make(live)  # has the whole allowance of its own
    done(api.call("DELETE", f"{PATH}/{first['id']}"))
    make(api)


def test_without_the_feature_every_call_is_refused_but_those_that_end_something(
    api: Api, environment: Environment
) -> None:
    made = make(api)
    sent = done(api.post(f"{PATH}/{made['id']}/test"))
    assert kinds_of([environment.pk]) == {environment.pk: "sandbox"}
    on_plan(environment)
    assert kinds_of([environment.pk]) == {}  # the worker makes nothing for it
    one, delivery = f"{PATH}/{made['id']}", f"/v1/webhook-deliveries/{sent['id']}"
    before = digest()
    for answer in (
        api.get(PATH),
        api.post(PATH, {"url": URL, "event_types": ["*"]}),
        api.get(one),
        api.patch(one, {"status": "enabled"}),
        api.patch(one, {"status": "disabled", "description": "x"}),
        api.post(f"{one}/rotate-secret"),
        api.post(f"{one}/test"),
        api.get("/v1/webhook-deliveries"),
        api.get(delivery),
        api.post(f"{delivery}/resend"),
    ):
        assert assert_problem(answer, "feature_not_in_plan")["feature"] == "webhooks"
    assert changed(before, digest()) == {}
    assert done(api.patch(one, {"status": "disabled"}))["status"] == "disabled"
    assert done(api.call("DELETE", one))["status"] == "archived"


def test_another_tenants_endpoint_and_another_environments_are_not_there(
    api: Api, environment: Environment
) -> None:
    made = make(api)
    sent = done(api.post(f"{PATH}/{made['id']}/test"))
    live = factories.make_environment("live", project=environment.project)
    for other in (Api(factories.make_key(factories.make_environment())), Api(factories.make_key(live))):
        before = digest()
        one, delivery = f"{PATH}/{made['id']}", f"/v1/webhook-deliveries/{sent['id']}"
        for answer in (
            other.get(one),
            other.patch(one, {"status": "disabled"}),
            other.call("DELETE", one),
            other.post(f"{one}/rotate-secret"),
            other.post(f"{one}/test"),
            other.get(delivery),
            other.post(f"{delivery}/resend"),
            other.get(f"/v1/webhook-deliveries?endpoint={made['id']}"),
        ):
            assert_problem(answer, "not_found")
        assert other.get(PATH).json()["data"] == other.get("/v1/webhook-deliveries").json()["data"] == []
        assert changed(before, digest()) == {}
