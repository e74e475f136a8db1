"""Support adjusts a balance: once, with a reason, and on the record."""

from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from audit.models import AuditEvent
from loyalty.models import Account, LedgerEntry, Member
from tests import factories
from tests.console.tenants import state_of_everything

pytestmark = pytest.mark.django_db

FORM = {"metric": "points", "points": "-30", "reason": "goodwill", "note": "Parcel was late"}


@pytest.fixture
def member(environment: Any) -> Member:
    return Member.objects.get(pk=factories.give(environment, 100).member_id)


@pytest.fixture
def support(login: Any, environment: Any) -> Client:
    client: Client = login(environment, "support")
    return client


def _url(member: Member) -> str:
    return f"/console/loyalty/member/{member.pk}/adjust/"


def _confirm(client: Client, member: Member, token: str, **changes: str) -> Any:
    return client.post(
        _url(member),
        FORM | {"step": "confirm", "token": token} | changes,
        headers={"X-Request-Id": "trace-77"},
    )


def _spendable(member: Member) -> int:
    return Account.objects.get(member=member).balance


def test_the_effect_is_shown_and_nothing_is_written_before_the_confirmation(
    support: Client, member: Member
) -> None:
    before = state_of_everything()
    answer = support.post(_url(member), FORM | {"step": "effect"})
    assert answer.context["effect"]["before"] == 100
    assert answer.context["effect"]["after"] == 70
    assert answer.context["token"]
    assert state_of_everything() == before


def test_a_confirmed_adjustment_is_made_and_audited(support: Client, member: Member) -> None:
    answer = _confirm(support, member, uuid4().hex)
    assert answer.status_code == 302
    assert _spendable(member) == 70
    entry = LedgerEntry.objects.get(member=member, type="adjusted")
    assert (entry.reason, entry.metadata, entry.trace_id) == (
        "goodwill",
        {"note": "Parcel was late"},
        "trace-77",
    )
    audited = AuditEvent.objects.get(verb="points.adjusted", member_id=member.pk)
    assert audited.actor_kind == "staff"
    assert audited.actor_id == answer.wsgi_request.user.get_username()
    assert (audited.trace_id, audited.ip) == ("trace-77", "127.0.0.1")


def test_confirming_twice_adjusts_once(support: Client, member: Member) -> None:
    token = uuid4().hex
    assert _confirm(support, member, token).status_code == 302
    assert _confirm(support, member, token).status_code == 302
    assert _spendable(member) == 70


def test_the_same_token_for_other_content_is_refused(support: Client, member: Member) -> None:
    token = uuid4().hex
    _confirm(support, member, token)
    before = state_of_everything()
    assert _confirm(support, member, token, points="-40").status_code == 200
    assert state_of_everything() == before


@pytest.mark.parametrize(
    "wrong",
    [
        {"points": "-101"},
        {"points": "0"},
        {"points": "x"},
        {"note": " "},
        {"reason": "because"},
        {"metric": "gold"},
    ],
)
@pytest.mark.parametrize("step", ["effect", "confirm"])
def test_a_refusal_is_said_on_the_form_and_changes_nothing(
    support: Client, member: Member, wrong: dict[str, str], step: str
) -> None:
    before = state_of_everything()
    answer = support.post(_url(member), FORM | wrong | {"step": step, "token": uuid4().hex})
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert state_of_everything() == before


def test_a_confirmation_without_a_token_is_not_a_confirmation(support: Client, member: Member) -> None:
    before = state_of_everything()
    assert support.post(_url(member), FORM | {"step": "confirm"}).status_code == 200
    assert state_of_everything() == before


def test_freezing_and_unfreezing(support: Client, member: Member) -> None:
    url = f"/console/loyalty/member/{member.pk}/status/"
    for status in ("frozen", "active"):
        support.post(url, {"status": status})
        member.refresh_from_db()
        assert member.status == status
    assert (
        AuditEvent.objects.filter(verb="member.updated", member_id=member.pk, actor_kind="staff").count() == 2
    )
    before = state_of_everything()
    support.post(url, {"status": "erased"})
    assert state_of_everything() == before


def test_a_frozen_member_may_be_adjusted(support: Client, member: Member) -> None:
    support.post(f"/console/loyalty/member/{member.pk}/status/", {"status": "frozen"})
    assert _confirm(support, member, uuid4().hex).status_code == 302
    assert _spendable(member) == 70


def test_the_timeline_pages_by_key_and_filters(support: Client, environment: Any, member: Member) -> None:
    for number in range(30):
        factories.give(environment, 1, reason=f"n{number}")
    url = f"/console/loyalty/member/{member.pk}/change/"
    first = support.get(url).context["timeline"].page
    second = support.get(url, {"before": str(first.next)}).context["timeline"].page
    reasons = [line.ledger.entry.reason for line in first.lines + second.lines]
    assert reasons == [f"n{number}" for number in reversed(range(30))] + ["Purchase"]
    assert second.next is None
    assert support.get(url, {"kind": "redemptions"}).context["timeline"].lines == []
    assert support.get(url, {"before": "nonsense", "kind": "nonsense"}).status_code == 200
