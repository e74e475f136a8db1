"""From an audit event to the tenant's server: signed, tried again as documented, at least once."""

import re
import threading
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone
from standardwebhooks import WebhookVerificationError

from audit.models import AuditEvent, WebhookDelivery
from audit.webhooks.claiming import Place
from audit.webhooks.deliveries import delete_old, resend
from audit.webhooks.endpoints import (
    archive_endpoint,
    disable_endpoint,
    enable_endpoint,
    rotate_secret,
    send_test,
)
from audit.webhooks.outcomes import Outcome, write
from audit.webhooks.posting import Answer, post
from audit.webhooks.schedule import DELAYS, next_attempt
from audit.webhooks.sending import Message, Sender, claim, lease_of
from loyalty.ledger.erasing import redact
from loyalty.queries.webhooks import TENANTS
from programs.models import Environment
from tests.audit.webhooks.receiver import (
    Receiver,
    deliveries,
    drop,
    hang,
    happen,
    make_endpoint,
    relay_all,
    status,
)
from tests.factories import make_actor, make_environment, make_member, make_plan, make_project
from tests.waiting import wait_for

pytestmark = pytest.mark.usefixtures("relayed")
HANGING = 3  # which attempt of the first test is left without an answer
KEPT = {"at", "status", "latency_ms", "error"}


def send(now: datetime, seconds: float = 60) -> int:
    """Everything that is due then; a receiver has so many seconds."""

    def within(*request: Any) -> Any:
        return post(*request, seconds=seconds)

    return Sender(tenants=TENANTS, send=within, clock=lambda: now).send_all()


def test_an_event_arrives_signed_however_often_the_receiver_fails_before(
    environment: Environment, receiver: Receiver
) -> None:
    now = timezone.now()
    receiver.answers += [status(500, "broken"), status(500), hang(receiver), drop]
    _, secret = make_endpoint(environment, receiver.url, "points.*")
    ada = make_member(environment, "ada")
    event = happen(environment, member_id=ada.pk, after={"points": 5}, event_id="order-1")
    happen(environment, "tier.reached")
    relay_all(now)
    (made,) = deliveries(environment)
    assert (made.type, made.sequence, made.attempts, made.next_attempt_at) == ("points.earned", 1, 0, now)

    instants = [now]
    for number, seconds in enumerate((5, 30, 120, 600), start=1):
        assert send(instants[-1], seconds=2 if number == HANGING else 60) == 1
        (row,) = deliveries(environment)
        assert (row.status, row.attempts) == ("pending", number)
        assert row.next_attempt_at == next_attempt(row.pk, number, instants[-1], now + timedelta(days=3))
        assert (
            timedelta(seconds=0.9 * seconds)
            <= row.next_attempt_at - instants[-1]
            <= timedelta(seconds=1.1 * seconds)
        )
        assert send(row.next_attempt_at - timedelta(microseconds=1)) == 0
        instants.append(row.next_attempt_at)
    assert send(instants[-1]) == 1
    assert send(instants[-1] + timedelta(days=9)) == 0

    (row,) = deliveries(environment)
    assert (row.status, row.attempts, row.delivered_at) == ("delivered", 5, instants[-1])
    assert (row.response_status, row.response, row.error) == (200, "ok", "")
    assert [each["status"] for each in row.history] == [500, 500, None, None, 200]
    assert all(each.keys() == KEPT for each in row.history)
    assert row.history[0]["error"] == "It answered 500."
    assert row.history[2]["error"] == "No whole answer within 2 seconds."
    assert len(receiver.requests) == 5
    assert set(receiver.ids()) == {f"aud_{event.pk.hex}"}
    with pytest.raises(WebhookVerificationError):
        receiver.requests[0].verified("whsec_" + "A" * 44)
    message = receiver.requests[0].verified(secret)
    assert (message["type"], receiver.requests[0].path) == ("points.earned", "/hooks?tenant=1")
    assert message["data"] == {
        "id": f"aud_{event.pk.hex}",
        "environment": "sandbox",
        "environment_id": str(environment.pk),
        "project_id": str(environment.project_id),
        "member_id": "ada",
        "sequence": 1,
        "object": {"type": "thing", "id": "thing-1"},
        "event_id": "order-1",
        "trace_id": event.trace_id,
        "actor": {"kind": event.actor_kind, "id": event.actor_id},
        "before": None,
        "after": {"points": 5},
        "occurred_at": message["timestamp"],
        "recorded_at": message["timestamp"],
    }


def test_after_three_days_without_success_a_delivery_fails_and_its_endpoint_is_disabled(
    environment: Environment, receiver: Receiver
) -> None:
    now = began = timezone.now()
    endpoint, _ = make_endpoint(environment, receiver.url, "points.earned")
    receiver.answers += [status(503)] * 20
    happen(environment)
    relay_all(now)
    while True:
        assert send(now) == 1
        (row,) = deliveries(environment)
        if row.status == "failed":
            break
        now = row.next_attempt_at
    assert len(receiver.requests) == row.attempts == len(row.history)
    assert row.attempts in (14, 15)
    assert timedelta(days=2) < now - began <= timedelta(days=3)
    endpoint.refresh_from_db()
    assert (endpoint.status, endpoint.failing_since, endpoint.disabled_at) == ("disabled", began, now)
    assert endpoint.disabled_reason == "Nothing was delivered for three days. It answered 503."
    found = AuditEvent.objects.get(environment_id=environment.pk, verb="webhookendpoint.disabled")
    assert (found.actor_kind, found.actor_id, found.object_id) == (
        "system",
        "webhooks",
        f"whe_{endpoint.pk.hex}",
    )
    assert found.after == {"url": receiver.url.replace("?tenant=1", "…"), "reason": endpoint.disabled_reason}

    happen(environment)
    relay_all(now)
    assert len(deliveries(environment)) == 1  # nothing is made while it is disabled
    resend(delivery=row, actor=make_actor(), now=now)
    assert send(now) == 0  # and nothing sent
    receiver.answers.clear()
    enable_endpoint(endpoint=endpoint, actor=make_actor(), now=now)
    assert send(now) == 1
    (row,) = deliveries(environment)
    endpoint.refresh_from_db()
    assert (row.status, row.attempts, endpoint.failing_since, endpoint.last_success_at) == (
        "delivered",
        1,
        None,
        now,
    )


def test_one_that_still_succeeds_with_others_is_not_disabled(
    environment: Environment, receiver: Receiver
) -> None:
    now = timezone.now()
    endpoint, _ = make_endpoint(environment, receiver.url, "points.earned")
    receiver.answers += [status(500), status(200), status(500)]
    happen(environment)
    relay_all(now)
    send(now)
    WebhookDelivery.objects.filter(endpoint=endpoint).update(give_up_at=now + timedelta(seconds=9))
    (late,) = deliveries(environment)
    happen(environment)
    relay_all(now + timedelta(seconds=1))
    assert send(now + timedelta(seconds=1)) == 1
    send(late.next_attempt_at)
    assert [row.status for row in deliveries(environment)] == ["failed", "delivered"]
    endpoint.refresh_from_db()
    assert (endpoint.status, endpoint.failing_since) == ("enabled", late.next_attempt_at)


def test_who_answers_410_is_disabled_at_once_and_a_redirect_is_not_followed(
    environment: Environment, receiver: Receiver
) -> None:
    now = timezone.now()
    endpoint, _ = make_endpoint(environment, receiver.url, "points.earned")
    receiver.answers += [status(302, Location=receiver.url), status(410, "x" * 5_000)]
    happen(environment)
    relay_all(now)
    send(now)
    (row,) = deliveries(environment)
    assert row.error == "It answered 302, a redirect, and none is followed: name the URL itself."
    assert len(receiver.requests) == 1
    send(row.next_attempt_at)
    (row,) = deliveries(environment)
    endpoint.refresh_from_db()
    assert (row.status, row.response, row.response_status) == ("failed", "x" * 1024, 410)
    assert (endpoint.status, endpoint.disabled_reason) == ("disabled", "It answered 410 Gone.")


def test_members_are_numbered_each_for_themselves_and_types_are_chosen(
    environment: Environment, receiver: Receiver
) -> None:
    now = timezone.now()
    make_endpoint(environment, receiver.url, "points.*", "tier.reached")
    make_endpoint(environment, receiver.url, "*")
    ada, ben = make_member(environment, "ada"), make_member(environment, "ben")
    for member, verb in ((ada, "points.earned"), (ben, "points.redeemed"), (ada, "tier.lowered")):
        happen(environment, verb, member_id=member.pk)
    relay_all(now)
    happen(environment, "tier.reached", member_id=ada.pk)
    relay_all(now)
    told = [(row.type, row.sequence) for row in deliveries(environment) if row.member_id == ada.pk]
    assert told == [
        ("points.earned", 1),
        ("points.earned", 1),
        ("tier.lowered", 2),
        ("tier.reached", 3),
        ("tier.reached", 3),
    ]
    assert {row.sequence for row in deliveries(environment) if row.member_id == ben.pk} == {1}
    send(now)
    data = [request.body["data"] for request in receiver.requests]
    named = [(each["member_id"], each["sequence"]) for each in data if each["member_id"]]
    assert sorted(named) == [("ada", 1)] * 2 + [("ada", 2)] + [("ada", 3)] * 2 + [("ben", 1)] * 2


def test_sandbox_and_live_are_never_told_of_each_other(receiver: Receiver) -> None:
    now = timezone.now()
    sandbox, live, gone = make_environment(), make_environment("live"), make_environment()
    for each in (sandbox, live, gone):
        make_endpoint(each, f"{receiver.url}&of={each.pk}", "points.*")
    type(gone).objects.filter(pk=gone.pk).update(archived_at=now)
    for each in (sandbox, live, gone):
        happen(each)
    relay_all(now)
    assert send(now) == 2
    for each in (sandbox, live):
        (request,) = [sent for sent in receiver.requests if sent.path.endswith(f"of={each.pk}")]
        data = request.body["data"]
        assert (data["environment"], data["environment_id"]) == (each.kind, str(each.pk))
    assert deliveries(gone) == []


def test_a_test_and_a_resend_are_told_to_their_endpoint_alone(
    environment: Environment, receiver: Receiver
) -> None:
    now = timezone.now()
    endpoint, secret = make_endpoint(environment, receiver.url, "points.earned")
    make_endpoint(environment, receiver.url, "*")
    relay_all(now)
    WebhookDelivery.objects.all().delete()
    made = send_test(endpoint=endpoint, actor=make_actor(), now=now)
    relay_all(now)
    assert send(now) == 1
    assert receiver.requests[0].verified(secret)["type"] == "webhookendpoint.tested"
    again = resend(delivery=made, actor=make_actor(), now=now)
    assert (again.status, again.delivered_at, again.attempts) == ("pending", None, 0)
    relay_all(now)
    assert send(now) == 1
    assert receiver.requests[1].headers["webhook-id"] == receiver.requests[0].headers["webhook-id"]
    (row,) = deliveries(environment)
    assert (row.status, len(row.history)) == ("delivered", 2)


def test_after_a_rotation_both_secrets_sign_for_a_day(environment: Environment, receiver: Receiver) -> None:
    now = timezone.now()
    endpoint, old = make_endpoint(environment, receiver.url, "points.earned")
    _, new = rotate_secret(endpoint=endpoint, actor=make_actor(), now=now - timedelta(hours=23, minutes=59))
    assert new != old
    happen(environment)
    relay_all(now)
    send(now)
    (request,) = receiver.requests
    assert request.verified(old) == request.verified(new)
    (row,) = deliveries(environment)
    resend(delivery=row, actor=make_actor(), now=now)
    send(now + timedelta(minutes=1))
    assert receiver.requests[1].verified(new)
    with pytest.raises(WebhookVerificationError):
        receiver.requests[1].verified(old)


def test_what_a_dead_worker_held_is_sent_by_another_and_a_late_failure_changes_nothing(
    environment: Environment, receiver: Receiver
) -> None:
    now = timezone.now()
    make_endpoint(environment, receiver.url, "points.earned")
    happen(environment)
    relay_all(now)
    receiver.answers += [hang(receiver)]
    dead = Sender(tenants=TENANTS, send=lambda *request: post(*request, seconds=0.3), clock=lambda: now)
    assert dead.begin() == 1
    wait_for(lambda: not receiver.answers)
    assert send(now) == 0
    assert send(lease_of(now)) == 1
    assert [row.status for row in deliveries(environment)] == ["delivered"]
    assert dead.finish(60) == 1
    (row,) = deliveries(environment)
    assert (row.status, row.response_status, len(receiver.requests)) == ("delivered", 200, 2)


def test_one_endpoint_with_many_deliveries_leaves_room_for_others(environment: Environment) -> None:
    now = timezone.now()
    busy, _ = make_endpoint(environment, "http://127.0.0.1:9/busy", "points.earned")
    other, _ = make_endpoint(environment, "http://127.0.0.1:9/other", "tier.reached")
    for _ in range(20):
        happen(environment)
    happen(environment, "tier.reached")
    relay_all(now)
    here = Place(environment.project.organization_id, busy.pk)
    assert claim(tenants=TENANTS, now=now, busy=[here] * 8) == []
    assert len(claim(tenants=TENANTS, now=now, busy=[here] * 6)) == 2
    claimed = [message.place.endpoint for message in claim(tenants=TENANTS, now=now)]
    assert (claimed.count(busy.pk), claimed.count(other.pk)) == (8, 0)  # the other's went before
    type(busy).objects.filter(pk=busy.pk).update(failing_since=now)
    assert len(claim(tenants=TENANTS, now=now)) == 1


def test_one_organization_with_many_endpoints_leaves_room_for_others(environment: Environment) -> None:
    now = timezone.now()
    crowd = [make_environment(project=make_project("Other", organization=f"Crowd {n}")) for n in range(4)]
    for each in crowd:
        for _ in range(10):
            make_endpoint(each, "http://127.0.0.1:9/", "points.earned")
        happen(each)
    relay_all(now)
    first = claim(tenants=TENANTS, now=now)
    held = Counter(message.place.organization for message in first)
    assert sorted(held.values()) == [6, 6, 6, 6]  # in turns; the rest of 32 is kept free
    make_endpoint(environment, "http://127.0.0.1:9/", "points.earned")
    happen(environment)
    relay_all(now)
    (late,) = claim(tenants=TENANTS, now=now, limit=8, busy=[message.place for message in first])
    assert late.place.organization == environment.project.organization_id


def test_what_is_resent_while_it_is_sent_is_sent_again_once_that_has_failed(
    environment: Environment,
) -> None:
    now = timezone.now()
    endpoint, _ = make_endpoint(environment, "http://127.0.0.1:9/", "points.earned")
    happen(environment)
    relay_all(now)
    going, answers, asked = threading.Event(), [500, 200], []

    def answer(*request: Any) -> Answer:
        asked.append(request)
        assert going.wait(60)
        return Answer(answers.pop(0), "")

    sender = Sender(tenants=TENANTS, send=answer, clock=lambda: now)
    assert sender.begin() == 1
    (row,) = deliveries(environment)
    for again in (
        lambda: resend(delivery=row, actor=make_actor(), now=now),
        lambda: disable_endpoint(endpoint=endpoint, actor=make_actor(), now=now),
        lambda: enable_endpoint(endpoint=endpoint, actor=make_actor(), now=now),
    ):
        again()
        assert (sender.begin(), sender.sending) == (0, 1)
    going.set()
    assert sender.send_all() == 2
    (row,) = deliveries(environment)
    assert [each["status"] for each in row.history] == [500, 200]
    assert (row.status, row.attempts, row.leased_until, len(asked)) == ("delivered", 1, None, 2)


def test_on_a_plan_without_webhooks_what_waits_counts_no_attempt_and_then_has_three_days_anew(
    environment: Environment, receiver: Receiver
) -> None:
    now = began = timezone.now()
    receiver.answers += [status(500)]
    endpoint, _ = make_endpoint(environment, receiver.url, "points.earned")
    happen(environment)
    relay_all(now)
    clock = [now]
    sender = Sender(tenants=TENANTS, clock=lambda: clock[0])
    assert sender.send_all() == 1
    make_plan(environment, without=["webhooks"])
    for days in (1, 2, 3, 4):
        clock[0] = began + timedelta(days=days)
        assert sender.send_all() == 0
    (row,) = deliveries(environment)
    assert (row.status, row.attempts, row.give_up_at, len(row.history)) == ("pending", 0, None, 1)
    make_plan(environment)
    receiver.answers += [status(500)]
    assert sender.send_all() == 1
    (row,) = deliveries(environment)
    assert (row.status, row.attempts, row.give_up_at) == ("pending", 1, clock[0] + timedelta(days=3))
    endpoint.refresh_from_db()
    assert endpoint.status == "enabled"


def test_an_erased_member_is_in_no_message_and_no_kept_answer(
    environment: Environment, receiver: Receiver
) -> None:
    now = timezone.now()
    make_endpoint(environment, receiver.url, "points.earned")
    ada = make_member(environment, "ada")
    receiver.answers += [status(500, "no ada here"), status(500, "still no ada")]
    happen(environment, member_id=ada.pk, after={"reason": "for ada"})
    relay_all(now)
    send(now)
    (row,) = deliveries(environment)
    assert row.response == "no ada here"
    redact([ada])
    type(ada).objects.filter(pk=ada.pk).update(external_id=None, status="erased")
    (row,) = deliveries(environment)
    assert (row.response, row.error, row.history, row.erased) == ("", "", [], True)
    send(row.next_attempt_at)
    (row,) = deliveries(environment)
    assert (row.response, row.error, row.history, row.response_status) == ("", "", [], 500)
    assert not re.search(r"\bada\b", receiver.requests[1].text)  # as a word: an id may hold these letters
    assert receiver.requests[1].body["data"]["after"] is None


def test_what_waits_for_a_disabled_endpoint_waits_and_for_an_archived_one_has_failed(
    environment: Environment, receiver: Receiver
) -> None:
    WebhookDelivery.objects.all().delete()  # what tests that commit have left
    now = timezone.now()
    endpoint, _ = make_endpoint(environment, receiver.url, "points.earned")
    happen(environment)
    relay_all(now)
    disable_endpoint(endpoint=endpoint, actor=make_actor(), now=now)
    assert send(now) == 0
    assert delete_old(now=now + timedelta(days=31), limit=10) == 0
    archive_endpoint(endpoint=endpoint, actor=make_actor(), now=now)
    assert send(now) == 0
    assert [row.status for row in deliveries(environment)] == ["failed"]
    assert delete_old(now=now + timedelta(days=30), limit=10) == 0
    assert delete_old(now=now + timedelta(days=30, seconds=1), limit=10) == 1


def test_delays_are_as_documented() -> None:
    assert [delay.total_seconds() for delay in DELAYS] == [
        5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200,
    ]  # fmt: skip


def test_what_another_worker_took_over_takes_a_late_success_and_no_late_failure(
    environment: Environment,
) -> None:
    now = timezone.now()
    make_endpoint(environment, "http://127.0.0.1:9/", "points.earned")
    happen(environment)
    relay_all(now)
    (first,) = claim(tenants=TENANTS, now=now)
    (second,) = claim(tenants=TENANTS, now=lease_of(now))

    def ended(message: Message, answered: int) -> None:
        write(
            [Outcome(message.delivery, message.place.endpoint, message.lease, answered, 1, "", "")], now=now
        )

    ended(first, 500)
    (row,) = deliveries(environment)
    assert (row.status, row.next_attempt_at, row.history) == ("pending", second.lease, [])
    ended(first, 200)
    ended(second, 500)
    (row,) = deliveries(environment)
    assert (row.status, len(row.history)) == ("delivered", 1)
