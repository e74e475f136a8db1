"""Webhooks: endpoints whose secret is shown once, deliveries with *Resend*, and the overview's notice."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audit import secrets_at_rest
from audit.ids import public
from audit.models import AuditEvent, WebhookDelivery, WebhookEndpoint
from audit.webhooks.endpoints import secret_of
from programs.actions.webhook_endpoints import send_test, update_endpoint
from programs.models import Environment
from tests import factories
from tests.api.v1.webhooks import URL, on_plan
from tests.console.redeemed import text_of
from tests.console.tenants import Tenant, state_of_everything

pytestmark = pytest.mark.django_db
LIST, SENT = "/console/audit/webhookendpoint/", "/console/audit/webhookdelivery/"


@pytest.fixture
def operator(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "operator")
    return client


def make(environment: Environment, **options: Any) -> WebhookEndpoint:
    return factories.make_endpoint(factories.reload(environment), **options).endpoint


def waiting_test(environment: Environment, endpoint: WebhookEndpoint) -> WebhookDelivery:
    return send_test(
        environment=factories.reload(environment),
        endpoint=endpoint,
        actor=factories.make_actor(),
        now=timezone.now(),
    )


def sent(client: Client, **form: Any) -> Any:
    """The answer to the form, opened and filled in."""
    token = client.get(f"{LIST}add/").context["token"]
    return client.post(f"{LIST}add/", {"url": URL, "kinds": ["points.*"], "token": token} | form)


def page_of(endpoint: WebhookEndpoint, name: str = "change") -> str:
    return f"{LIST}{endpoint.pk}/{name}/"


def test_an_endpoint_is_made_and_its_secret_shown_once(operator: Client, environment: Environment) -> None:
    answer = sent(operator, others="redemption.created\ncoupon.*", description="The shop")
    secret = answer.context["secret"]
    endpoint = WebhookEndpoint.objects.get(environment_id=environment.pk)
    assert endpoint.event_types == ["points.*", "redemption.created", "coupon.*"]
    assert (secret_of(endpoint), secret in answer.content.decode()) == (secret, True)
    assert "no-store" in answer["Cache-Control"]
    for url in (LIST, page_of(endpoint), page_of(endpoint, "edit"), "/console/audit/auditevent/"):
        shown = operator.get(url).content.decode()
        assert secret not in shown, url
        assert endpoint.secret not in shown, url
    assert secret not in str(state_of_everything())
    listed = text_of(operator.get(LIST))
    assert "points.*, redemption.created, coupon.*" in listed
    again = operator.post(f"{LIST}add/", {"url": URL, "kinds": ["*"], "token": "used"}, follow=True)
    assert "This form was sent already" in again.content.decode()
    assert WebhookEndpoint.objects.filter(environment_id=environment.pk).count() == 1


def test_what_will_not_do_is_refused_on_its_field_and_nothing_is_stored(
    operator: Client, environment: Environment, settings: Any
) -> None:
    settings.WEBHOOKS_ALLOW_LOOPBACK = False
    endpoint = make(environment)
    before = state_of_everything()
    for wrong, field in (
        ({"url": "https://127.0.0.1/"}, "url"),
        ({"url": "https://0x7f.1/"}, "url"),
        ({"url": "http://93.184.215.14/"}, "url"),
        ({"kinds": []}, "kinds"),
        ({"others": "points.eaten"}, "others"),
    ):
        form = {"url": URL, "kinds": ["points.*"]} | wrong
        for answer in (sent(operator, **wrong), operator.post(page_of(endpoint, "edit"), form)):
            assert list(answer.context["form"].errors) == [field], wrong
    assert state_of_everything() == before


def test_an_endpoint_is_edited_switched_rotated_and_archived(
    operator: Client, environment: Environment
) -> None:
    endpoint = make(environment, description="Old")
    old = secret_of(endpoint)
    form = operator.get(page_of(endpoint, "edit")).context["form"]
    assert (form.initial["kinds"], form.initial["others"]) == (["*"], "")
    operator.post(page_of(endpoint, "edit"), {"url": URL, "description": "New", "others": "tier.reached"})
    operator.post(page_of(endpoint, "disable"))
    shown = text_of(operator.get(page_of(endpoint)))
    assert "Nothing is sent, and what happens meanwhile is not kept for it" in shown
    endpoint.refresh_from_db()
    assert (endpoint.description, endpoint.event_types, endpoint.status) == (
        "New",
        ["tier.reached"],
        "disabled",
    )
    operator.post(page_of(endpoint, "enable"))
    token = operator.get(page_of(endpoint, "rotate")).context["token"]
    answer = operator.post(page_of(endpoint, "rotate"), {"token": token})
    endpoint.refresh_from_db()
    assert (endpoint.status, answer.context["secret"]) == ("enabled", secret_of(endpoint))
    assert secrets_at_rest.decrypt(endpoint.previous_secret) == old
    again = operator.post(page_of(endpoint, "rotate"), {"token": token}, follow=True)
    assert "nothing was rotated a second time" in again.content.decode()
    assert secret_of(endpoint) == answer.context["secret"]
    assert "can't be undone" in text_of(operator.get(page_of(endpoint, "archive"))).replace("&#x27;", "'")
    assert "is archived" in operator.post(page_of(endpoint, "archive"), follow=True).content.decode()
    assert page_of(endpoint) not in operator.get(LIST).content.decode()
    assert page_of(endpoint) in operator.get(f"{LIST}?state=archived").content.decode()
    assert "Send test" not in operator.get(page_of(endpoint)).content.decode()
    verbs = AuditEvent.objects.filter(
        environment_id=environment.pk, verb__startswith="webhook", actor_kind="staff"
    )
    assert list(verbs.order_by("id").values_list("verb", flat=True)) == [
        f"webhookendpoint.{verb}" for verb in ("updated", "disabled", "enabled", "secret_rotated", "archived")
    ]


def test_a_test_is_sent_seen_and_sent_again(operator: Client, environment: Environment) -> None:
    endpoint = make(environment, description="The shop")
    answer = operator.post(page_of(endpoint, "test"), follow=True)
    delivery = WebhookDelivery.objects.get(endpoint=endpoint)
    assert answer.redirect_chain == [(f"{SENT}{delivery.pk}/change/", 302)]
    assert "This page looks again by itself." in answer.content.decode()
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        status="failed",
        attempts=1,
        response_status=500,
        response="<b>Oops</b>",
        latency_ms=1234,
        error="The answer was 500.",
        history=[
            {"at": "2026-01-31T12:00:00Z", "status": 500, "latency_ms": 1234, "error": "The answer was 500."}
        ],
    )
    shown = text_of(operator.get(f"{SENT}{public('whd', delivery.pk)}/change/"))
    for words in (
        "Failed",
        "500 in 1,234 ms",
        "&lt;b&gt;Oops&lt;/b&gt;",
        "31 Jan 2026",
        public("aud", delivery.event_id),
    ):
        assert words in shown, words
    listed = operator.get(SENT).content.decode()
    assert f'formaction="{SENT}{delivery.pk}/resend/"' in listed
    for query, found in (
        ("status__exact=failed", 1),
        ("status__exact=pending", 0),
        ("q=webhookendpoint.tested", 1),
    ):
        assert len(operator.get(f"{SENT}?{query}").context["cl"].result_list) == found, query
    other = public("whe", make(environment).pk)
    assert len(operator.get(f"{SENT}?endpoint={other}").context["cl"].result_list) == 0
    assert "sent again" in operator.post(f"{SENT}{delivery.pk}/resend/", follow=True).content.decode()
    delivery.refresh_from_db()
    assert (delivery.status, delivery.attempts) == ("pending", 0)
    assert AuditEvent.objects.filter(verb="webhookdelivery.resent", actor_kind="staff").count() == 1


def test_the_overview_names_endpoints_that_fail_or_were_disabled(
    operator: Client, environment: Environment
) -> None:
    make(environment, description="Well")
    assert "needs you" not in operator.get("/console/").content.decode()
    failing, off = make(environment, description="Ailing"), make(environment, description="Off")
    never, brief = make(environment, description="Never"), make(environment, description="Brief")
    hour = timezone.now() - timedelta(hours=1)
    WebhookEndpoint.objects.filter(pk=failing.pk).update(failing_since=hour, last_success_at=hour)
    WebhookEndpoint.objects.filter(pk=never.pk).update(failing_since=hour)
    WebhookEndpoint.objects.filter(pk=brief.pk).update(failing_since=timezone.now() - timedelta(minutes=9))
    update_endpoint(
        environment=factories.reload(environment),
        endpoint=off,
        changes={"status": "disabled"},
        actor=factories.make_actor(),
        now=timezone.now(),
    )
    shown = operator.get("/console/").content.decode()
    notice = re.sub(r"\s+", " ", shown[shown.index("lc-notice") :][:2000])
    assert "3 webhook endpoints need you" in notice
    assert re.search(r">Never</a> fails since .*: nothing has ever arrived there", notice)
    assert ">Brief</a>" not in notice, "it is tried again first"
    assert re.search(r">Ailing</a> fails: nothing has arrived there since", notice)
    assert re.search(r">Off</a> was disabled .*, by hand; nothing is sent to it", notice)
    assert ">Well</a>" not in notice
    assert "Nothing has arrived there since" in text_of(operator.get(page_of(failing)))


def test_the_plan_is_kept_to(operator: Client, environment: Environment) -> None:
    on_plan(environment, "webhooks", webhook_endpoints=1)
    sent(operator)
    before = state_of_everything()
    answer = sent(operator)
    assert list(answer.context["form"].errors) == ["__all__"]
    assert "Webhook endpoints: 1 used of 1 that the plan allows" in answer.content.decode()
    assert state_of_everything() == before


def test_without_the_feature_nothing_is_shown_made_sent_or_rotated(
    operator: Client, environment: Environment
) -> None:
    endpoint = make(environment)
    delivery = waiting_test(environment, endpoint)
    WebhookEndpoint.objects.filter(pk=endpoint.pk).update(failing_since=timezone.now())
    assert f'href="{LIST}"' in operator.get("/console/").content.decode()
    on_plan(environment)
    before = state_of_everything()
    overview = operator.get("/console/").content.decode()
    assert f'href="{LIST}"' not in overview
    assert "needs you" not in overview
    pages = [page_of(endpoint, name) for name in ("edit", "rotate", "disable", "enable", "archive", "test")]
    for url in (f"{LIST}add/", *pages, f"{SENT}{delivery.pk}/resend/"):
        answer = operator.post(url, {"url": URL, "kinds": ["*"]})
        assert answer.status_code == 403, url
        assert "plan has no webhooks" in answer.content.decode()
    assert state_of_everything() == before


@pytest.mark.parametrize("role", ["analyst", "support"])
def test_who_does_not_operate_reads_and_changes_nothing(login: Any, ours: Tenant, role: str) -> None:
    client = login(ours.environment, role)
    endpoint, delivery = ours.rows[WebhookEndpoint], ours.rows[WebhookDelivery]
    before = state_of_everything()
    for url in (LIST, f"{LIST}{endpoint.pk}/change/", SENT, f"{SENT}{delivery.pk}/change/"):
        shown = client.get(url)
        assert shown.status_code == 200, url
        assert "Resend" not in shown.content.decode()
    for name in ("edit", "rotate", "disable", "enable", "archive", "test"):
        assert client.post(f"{LIST}{endpoint.pk}/{name}/").status_code == 403, name
    assert client.post(f"{SENT}{delivery.pk}/resend/").status_code == 403
    assert client.get(f"{LIST}add/").status_code == 403
    assert state_of_everything() == before
