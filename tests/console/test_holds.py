"""Support captures, releases and cancels holds; each shows its effect, which is what happens."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse as url_of
from django.utils import timezone

from audit.ids import public
from audit.models import AuditEvent
from loyalty.actions.clock import set_clock
from loyalty.actions.holds import hold_points, release_hold
from loyalty.actions.merging import merge_members
from loyalty.models import Account, Hold, LedgerEntry
from programs.models import Environment
from tests import factories
from tests.console.deeds import confirm, show, told
from tests.console.tenants import Tenant, state_of_everything

pytestmark = pytest.mark.django_db

REASON = {"reason": "Order shipped"}


@pytest.fixture
def support(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "support")
    return client


def _hold(environment: Environment, points: int = 60, **options: Any) -> Hold:
    options = {"member": "ada", "reason": "Order 7", "now": timezone.now()} | options
    return hold_points(environment=environment, points=points, actor=factories.make_actor(), **options)


def _url(hold: Hold, name: str) -> str:
    return url_of(f"admin:loyalty_hold_{name}", args=[hold.pk])


def _account() -> Account:
    return Account.objects.get(member__external_id="ada")


def _text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_a_capture_in_part_spends_it_and_frees_the_rest_as_shown(
    support: Client, environment: Environment
) -> None:
    factories.give(environment, 100)
    hold = _hold(environment)
    before = state_of_everything()
    shown = show(support, _url(hold, "capture"), points="45", **REASON)
    effect = shown.context["effect"]
    assert (effect["before"], effect["after"], effect["held_before"], effect["held_after"]) == (40, 55, 60, 0)
    assert [(piece.kind, piece.change) for piece in effect["pieces"]] == [("captured", -45), ("released", 15)]
    assert state_of_everything() == before
    answer = confirm(support, _url(hold, "capture"), shown, points="45", **REASON)
    assert "45 points are captured. The other 15 are released." in told(answer)
    assert (_account().balance, _account().held) == (55, 0)
    entry = LedgerEntry.objects.get(type="redeemed")
    assert (entry.points, entry.hold_id, entry.reason) == (-45, hold.pk, "Order shipped")
    assert AuditEvent.objects.get(verb="hold.captured").actor_kind == "staff"
    page = _text(support.get(_url(hold, "change")))
    assert "45 of 60" in page
    assert f"/ledgerentry/{entry.pk}/change/" in page
    assert "Order shipped" in page


def test_capturing_twice_captures_once(support: Client, environment: Environment) -> None:
    factories.give(environment, 100)
    hold = _hold(environment)
    entered = {"points": "60", **REASON}
    shown = show(support, _url(hold, "capture"), **entered)
    confirm(support, _url(hold, "capture"), shown, **entered)
    before = state_of_everything()
    again = confirm(support, _url(hold, "capture"), shown, **entered)
    assert "captured already" in told(again)
    assert state_of_everything() == before


def test_a_release_shows_what_expires_at_once(support: Client, environment: Environment) -> None:
    now = timezone.now()
    factories.give(environment, 50, expires_at=now + timedelta(days=2))
    factories.give(environment, 50, expires_at=now + timedelta(days=9))
    hold = _hold(environment)
    set_clock(environment=environment, clock=now + timedelta(days=3), actor=factories.make_actor())
    before = state_of_everything()
    shown = support.get(_url(hold, "release"))
    effect = shown.context["effect"]
    assert [(piece.kind, piece.change) for piece in effect["pieces"]] == [
        ("released", 50),
        ("released", 10),
        ("expired", -50),
    ]
    assert (effect["before"], effect["after"]) == (40, 50)
    assert "Expires at once" in shown.content.decode()
    assert state_of_everything() == before
    assert confirm(support, _url(hold, "release"), shown).status_code == 302
    assert (_account().balance, _account().held) == (50, 0)
    hold.refresh_from_db()
    assert hold.status == "released"
    assert AuditEvent.objects.get(verb="hold.released").actor_kind == "staff"


def test_a_release_that_came_too_late_is_told_and_changes_nothing(
    support: Client, environment: Environment
) -> None:
    factories.give(environment, 100)
    hold = _hold(environment)
    shown = support.get(_url(hold, "release"))
    release_hold(environment=environment, hold=hold.pk, actor=factories.make_actor(), now=timezone.now())
    before = state_of_everything()
    answer = confirm(support, _url(hold, "release"), shown)
    assert answer.status_code == 302
    assert "released" in told(answer)
    assert state_of_everything() == before


def test_a_cancelled_capture_goes_back_to_its_lots_in_parts(
    support: Client, environment: Environment
) -> None:
    factories.give(environment, 100)
    hold = _hold(environment)
    entered = {"points": "60", **REASON}
    confirm(support, _url(hold, "capture"), show(support, _url(hold, "capture"), **entered), **entered)
    cancel = _url(hold, "cancel")
    before = state_of_everything()
    shown = show(support, cancel, points="20", reason="Sent back")
    effect = shown.context["effect"]
    assert (effect["nominal"], effect["before"], effect["after"]) == (20, 40, 60)
    assert [(piece.kind, piece.change) for piece in effect["pieces"]] == [("given", 20)]
    assert state_of_everything() == before
    confirm(support, cancel, shown, points="20", reason="Sent back")
    assert _account().balance == 60
    assert support.get(cancel).context["form"].fields["points"].initial == 40
    refused = show(support, cancel, points="41", reason="Sent back")
    assert refused.context["form"].errors
    rest = {"points": "40", "reason": "Sent back"}
    confirm(support, cancel, show(support, cancel, **rest), **rest)
    assert _account().balance == 100
    answer = support.get(cancel)
    assert answer.status_code == 302
    assert "given back already" in told(answer)
    assert cancel not in support.get(_url(hold, "change")).content.decode()


@pytest.mark.parametrize("wrong", [{"points": "61"}, {"points": "0"}, {"reason": ""}])
def test_a_refusal_is_said_on_the_form_and_changes_nothing(
    support: Client, environment: Environment, wrong: dict[str, str]
) -> None:
    factories.give(environment, 100)
    hold = _hold(environment)
    before = state_of_everything()
    for step in ("effect", "confirm"):
        entered = {"points": "10", "step": step, "token": "t", **REASON} | wrong
        answer = support.post(_url(hold, "capture"), entered)
        assert answer.status_code == 200
        assert answer.context["form"].errors
    assert state_of_everything() == before


def test_an_analyst_sees_the_hold_and_may_do_nothing(login: Any, environment: Environment) -> None:
    factories.give(environment, 100)
    hold = _hold(environment)
    analyst = login(environment, "analyst")
    page = _text(analyst.get(_url(hold, "change")))
    assert "60 Points held" in page
    before = state_of_everything()
    for name in ("capture", "release", "cancel"):
        assert _url(hold, name) not in page
        assert analyst.get(_url(hold, name)).status_code == 403
        assert analyst.post(_url(hold, name), {"step": "confirm", "token": "t"}).status_code == 403
    assert state_of_everything() == before


@pytest.mark.parametrize("name", ["change", "capture", "release", "cancel"])
def test_another_tenants_hold_does_not_exist(support: Client, theirs: Tenant, name: str) -> None:
    answer = support.get(_url(Hold.objects.get(pk=theirs.rows[Hold].pk), name))
    assert answer.status_code == 302
    assert answer["Location"] == url_of("admin:loyalty_hold_changelist")


def test_the_list_filters_by_what_a_hold_is_now_though_nothing_was_settled(
    support: Client, environment: Environment
) -> None:
    now = timezone.now()
    factories.give(environment, 100)
    lapsed = _hold(environment, 10, expires_at=now + timedelta(days=1))
    running = _hold(environment, 20, expires_at=now + timedelta(days=9))
    set_clock(environment=environment, clock=now + timedelta(days=2), actor=factories.make_actor())
    url = url_of("admin:loyalty_hold_changelist")
    for status, expected in (("open", [running]), ("expired", [lapsed]), ("captured", []), ("moved", [])):
        assert list(support.get(url, {"status": status}).context["cl"].result_list) == expected
    assert "Expired" in _text(support.get(_url(lapsed, "change")))
    assert _url(lapsed, "release") not in support.get(_url(lapsed, "change")).content.decode()
    for term in ("ada", public("hold", running.pk)):
        assert running in support.get(url, {"q": term}).context["cl"].result_list


def test_a_hold_that_a_merge_moved_points_to_its_heir(support: Client, environment: Environment) -> None:
    factories.give(environment, 100)
    factories.give(environment, 5, "bob")
    hold = _hold(environment)
    merge_members(
        environment=environment,
        member="ada",
        into="bob",
        reason=None,
        actor=factories.make_actor(),
        now=timezone.now(),
    )
    hold.refresh_from_db()
    heir = Hold.objects.get(pk=str(hold.moved_to))
    page = _text(support.get(_url(hold, "change")))
    assert _url(heir, "change") in page
    assert _url(hold, "capture") not in page
    assert _url(heir, "capture") in _text(support.get(_url(heir, "change")))


def test_by_hold_id_as_others_tell_it(support: Client, environment: Environment) -> None:
    factories.give(environment, 100)
    hold = _hold(environment)
    answer = support.get(url_of("admin:loyalty_hold_change", args=[public("hold", hold.pk)]))
    assert answer.context["object"] == hold
