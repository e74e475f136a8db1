"""Endpoints are made, changed, moved and archived; each step is audited, and no secret stands anywhere."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from audit.errors import InvalidRequest, NotFound
from audit.models import AuditEvent, WebhookEndpoint
from audit.record import Place
from audit.secrets_at_rest import Unreadable
from audit.webhooks import endpoints as core
from programs.actions.configure import place_of
from programs.models import Environment
from tests.audit.webhooks.receiver import deliveries, happen, make_endpoint, relay_all
from tests.factories import make_actor, make_environment, make_token_key

URL = "http://127.0.0.1:9/"


def trail(environment: Environment) -> list[AuditEvent]:
    found = AuditEvent.objects.filter(environment_id=environment.pk, verb__startswith="webhookendpoint.")
    return list(found.order_by("id"))


def test_an_endpoint_lives_and_its_trail_says_how(environment: Environment) -> None:
    now, actor = timezone.now(), make_actor()
    endpoint, secret = make_endpoint(environment, URL, "points.*", now=now)
    assert (secret[:6], len(secret), core.secret_of(endpoint)) == ("whsec_", 50, secret)
    assert list(core.endpoints_of(environment.pk)) == [endpoint]
    same = core.update_endpoint(endpoint=endpoint, url=URL, description="", actor=actor, now=now)
    assert same == endpoint
    core.update_endpoint(
        endpoint=endpoint, url=f"{URL}x", event_types=["*"], description="Mail", actor=actor, now=now
    )
    core.rotate_secret(endpoint=endpoint, actor=actor, now=now)
    newest = core.rotate_secret(endpoint=endpoint, actor=actor, now=now).endpoint
    assert len(core.signers_of(newest, now)) == 2
    assert secret not in core.signers_of(newest, now)
    assert len(core.signers_of(newest, now + timedelta(hours=24))) == 1
    for _ in range(2):
        core.disable_endpoint(endpoint=endpoint, actor=actor, now=now)
    with pytest.raises(InvalidRequest, match="disabled: enable it"):
        core.send_test(endpoint=endpoint, actor=actor, now=now)
    for _ in range(2):
        core.enable_endpoint(endpoint=endpoint, actor=actor, now=now)
    core.archive_endpoint(endpoint=endpoint, actor=actor, now=now)
    told = trail(environment)
    assert [event.verb.split(".")[1] for event in told] == [
        "created",
        "updated",
        "secret_rotated",
        "secret_rotated",
        "disabled",
        "enabled",
        "archived",
    ]
    before = {"url": URL, "event_types": ["points.*"], "description": "", "status": "enabled"}
    after = {"url": f"{URL}x", "event_types": ["*"], "description": "Mail", "status": "enabled"}
    assert (told[1].before, told[1].after) == (before, after)
    stored = WebhookEndpoint.objects.filter(pk=endpoint.pk).values().get()
    assert "whsec_" not in str(stored) + str([event.after for event in told])
    for act in (core.update_endpoint, core.rotate_secret, core.enable_endpoint, core.send_test):
        with pytest.raises(NotFound):
            act(endpoint=endpoint, actor=actor, now=now)
    assert len(trail(environment)) == 7


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("url", "https://10.0.0.1/"), ("event_types", ["nothing.there"]), ("description", "x" * 201)],
    ids=["url", "event types", "description"],
)
def test_a_wrong_field_is_named_and_nothing_changes(environment: Environment, field: str, wrong: Any) -> None:
    now, actor = timezone.now(), make_actor()
    right: dict[str, Any] = {"url": URL, "event_types": ["*"], "description": ""}
    with pytest.raises(InvalidRequest) as refusal:
        core.create_endpoint(place=place_of(environment), actor=actor, now=now, **right | {field: wrong})
    assert {error.field for error in refusal.value.errors} == {field}
    assert (core.endpoints_of(environment.pk).count(), trail(environment)) == (0, [])
    endpoint, _ = make_endpoint(environment, URL)
    with pytest.raises(InvalidRequest):
        core.update_endpoint(endpoint=endpoint, actor=actor, now=now, **{field: wrong})
    assert core.as_json(core.locked(endpoint)) == right | {"status": "enabled"}
    assert len(trail(environment)) == 1


def test_what_may_be_secret_in_a_url_is_told_to_nobody(environment: Environment) -> None:
    actor, now = make_actor(), timezone.now()
    endpoint, _ = make_endpoint(environment, f"{URL}services/T0/x1secret?token=y2secret")
    core.update_endpoint(endpoint=endpoint, url=f"{URL}services/T0/z3secret", actor=actor, now=now)
    core.send_test(endpoint=endpoint, actor=actor, now=now)
    core.disable_endpoint(endpoint=endpoint, actor=actor, now=now)
    core.enable_endpoint(endpoint=endpoint, actor=actor, now=now)
    core.archive_endpoint(endpoint=endpoint, actor=actor, now=now)
    told = trail(environment)
    assert [event.verb.split(".")[1] for event in told] == [
        "created",
        "updated",
        "tested",
        "disabled",
        "enabled",
        "archived",
    ]
    assert "secret" not in str([(event.before, event.after) for event in told])
    assert told[0].after["url"] == "http://127.0.0.1:9/service…"


@pytest.mark.usefixtures("relayed")
def test_endpoints_go_with_their_environment_and_its_deliveries_do_not(environment: Environment) -> None:
    now, there = timezone.now(), make_environment()
    endpoint, secret = make_endpoint(environment, URL, "points.earned")
    archived, _ = make_endpoint(environment, URL)
    core.archive_endpoint(endpoint=archived, actor=make_actor(), now=now)
    happen(environment)
    relay_all(now)
    assert (
        core.move_endpoints(from_environment=environment.pk, to=place_of(there), actor=make_actor(), now=now)
        == 1
    )
    assert deliveries(environment) == []
    moved = core.endpoints_of(there.pk).get()
    assert core.secret_of(moved) == secret
    happen(there)
    relay_all(now)
    assert [row.endpoint_id for row in deliveries(there)] == [endpoint.pk]


def test_secrets_are_put_under_a_new_key_with_all_others(environment: Environment, settings: Any) -> None:
    settings.ENCRYPTION_KEYS = ["a" * 40]
    endpoint, first = make_endpoint(environment, URL)
    _, second = core.rotate_secret(endpoint=endpoint, actor=make_actor(), now=timezone.now())
    make_token_key(environment)
    settings.ENCRYPTION_KEYS = ["b" * 40, "a" * 40]
    said = StringIO()
    call_command("encrypt_again", stdout=said)
    assert said.getvalue() == "2 secrets are under the newest key.\n"
    settings.ENCRYPTION_KEYS = ["b" * 40]
    endpoint.refresh_from_db()
    assert core.signers_of(endpoint, timezone.now()) == [second, first]
    settings.ENCRYPTION_KEYS = ["c" * 40]
    with pytest.raises(Unreadable):
        core.secret_of(endpoint)
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("encrypt_again")
    assert [event.verb for event in trail(environment)][2:] == ["webhookendpoint.encrypted_again"]


def test_an_endpoint_is_of_a_whole_place(db: None) -> None:
    with pytest.raises(ValueError, match="an environment"):
        core.create_endpoint(
            place=Place(), url=URL, event_types=["*"], actor=make_actor(), now=timezone.now()
        )
