"""Support reverses a transaction: what it takes back or gives back is listed first, and is what happens."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse as url_of
from django.utils import timezone

from audit.models import AuditEvent
from loyalty.actions.clock import set_clock
from loyalty.actions.holds import capture_hold, hold_points
from loyalty.actions.points import spend
from loyalty.actions.transfers import transfer
from loyalty.ledger.idempotency import Idempotency
from loyalty.models import Account, LedgerEntry, Lot, Uncovered
from programs.models import Environment
from tests import factories
from tests.console.deeds import confirm, show, told
from tests.console.tenants import Tenant, state_of_everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def support(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "support")
    return client


def _url(entry: LedgerEntry) -> str:
    return url_of("admin:loyalty_ledgerentry_reverse", args=[entry.pk])


def _page(client: Client, entry: LedgerEntry) -> str:
    return client.get(url_of("admin:loyalty_ledgerentry_change", args=[entry.pk])).content.decode()


def _spend(environment: Environment, points: int) -> LedgerEntry:
    return spend(
        environment=environment,
        member="ada",
        points=points,
        reason="Voucher",
        actor=factories.make_actor(),
        now=timezone.now(),
    )


def _account() -> Account:
    return Account.objects.get(member__external_id="ada")


def test_a_part_is_shown_confirmed_made_and_audited(support: Client, environment: Environment) -> None:
    earned = factories.give(environment, 100)
    before = state_of_everything()
    shown = show(support, _url(earned), points="40", reason="Returned")
    effect = shown.context["effect"]
    assert (effect["before"], effect["after"], effect["nominal"]) == (100, 60, 40)
    assert [(piece.kind, piece.change) for piece in effect["pieces"]] == [("own", -40)]
    assert state_of_everything() == before
    assert confirm(support, _url(earned), shown, points="40", reason="Returned").status_code == 302
    assert _account().balance == 60
    entry = LedgerEntry.objects.get(type="reversed")
    assert (entry.points, entry.nominal, entry.reason, entry.trace_id) == (-40, 40, "Returned", "trace-77")
    assert AuditEvent.objects.get(verb="points.reversed").actor_kind == "staff"
    assert "60 of it can still be reversed" in _page(support, earned)


def test_confirming_twice_reverses_once(support: Client, environment: Environment) -> None:
    earned = factories.give(environment, 100)
    entered = {"points": "100", "reason": "Returned"}
    shown = show(support, _url(earned), **entered)
    confirm(support, _url(earned), shown, **entered)
    before = state_of_everything()
    again = confirm(support, _url(earned), shown, **entered)
    assert again.status_code == 302
    assert "was made already" in told(again)
    assert state_of_everything() == before
    assert LedgerEntry.objects.filter(type="reversed").count() == 1


def test_a_spend_of_two_lots_goes_back_and_what_has_ended_expires_at_once(
    support: Client, environment: Environment
) -> None:
    now = timezone.now()
    factories.give(environment, 50, expires_at=now + timedelta(days=10))
    factories.give(environment, 100, expires_at=now + timedelta(days=30))
    spent = _spend(environment, 120)
    set_clock(environment=environment, clock=now + timedelta(days=20), actor=factories.make_actor())
    shown = show(support, _url(spent), points="120", reason="Cancelled order")
    effect = shown.context["effect"]
    assert [(piece.kind, piece.change) for piece in effect["pieces"]] == [
        ("given", 70),
        ("given", 50),
        ("expired", -50),
    ]
    assert (effect["before"], effect["after"]) == (30, 100)
    text = shown.content.decode()
    assert "What it gives back" in text
    assert "Expires at once" in text
    confirm(support, _url(spent), shown, points="120", reason="Cancelled order")
    assert _account().balance == 100
    types = LedgerEntry.objects.order_by("sequence").values_list("type", "points")
    assert list(types)[-2:] == [("reversed", 120), ("expired", -50)]


@pytest.mark.parametrize(("policy", "debt", "shortfall", "after"), [("debt", 80, 0, -80), ("clip", 0, 80, 0)])
def test_what_is_not_there_becomes_debt_or_shortfall_as_shown(
    support: Client, environment: Environment, policy: str, debt: int, shortfall: int, after: int
) -> None:
    factories.make_metric(environment, negative_balance=policy)
    earned = factories.give(environment, 100)
    _spend(environment, 80)
    entered = {"points": "100", "reason": "Fraud"}
    shown = show(support, _url(earned), **entered)
    effect = shown.context["effect"]
    assert (effect["debt"], effect["shortfall"], effect["after"]) == (debt, shortfall, after)
    assert ("become debt" in shown.content.decode()) is bool(debt)
    assert ("as a shortfall" in shown.content.decode()) is bool(shortfall)
    confirm(support, _url(earned), shown, **entered)
    assert _account().balance == after
    (row,) = Uncovered.objects.values_list("kind", "open")
    assert row == (policy if policy == "debt" else "shortfall", 80)
    page = _page(support, LedgerEntry.objects.get(type="reversed"))
    assert "all of it still open" in page
    member = url_of("admin:loyalty_member_change", args=[earned.member_id])
    text = support.get(member).content.decode()
    assert ("<span>Debt</span>" in text) is bool(debt)
    assert ("<span>Shortfall</span>" in text) is bool(shortfall)


def test_under_reject_it_is_refused_in_a_sentence_and_nothing_changes(
    support: Client, environment: Environment
) -> None:
    factories.make_metric(environment, negative_balance="reject")
    earned = factories.give(environment, 100)
    _spend(environment, 80)
    before = state_of_everything()
    answer = show(support, _url(earned), points="100", reason="Fraud")
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert "used already" in answer.content.decode()
    assert state_of_everything() == before


def test_points_that_had_expired_are_not_taken_twice(support: Client, environment: Environment) -> None:
    earned = factories.give(environment, 100, expires_at=timezone.now() - timedelta(days=1))
    shown = show(support, _url(earned), points="100", reason="Returned")
    effect = shown.context["effect"]
    assert (effect["already_expired"], effect["before"], effect["after"], effect["pieces"]) == (100, 0, 0, [])
    confirm(support, _url(earned), shown, points="100", reason="Returned")
    assert LedgerEntry.objects.get(type="reversed").points == 0


def test_where_something_changed_meanwhile_the_new_effect_is_shown_instead(
    support: Client, environment: Environment
) -> None:
    earned = factories.give(environment, 100)
    entered = {"points": "100", "reason": "Returned"}
    shown = show(support, _url(earned), **entered)
    _spend(environment, 30)
    before = state_of_everything()
    answer = confirm(support, _url(earned), shown, **entered)
    assert answer.status_code == 200
    assert "Something has changed since you looked" in answer.content.decode()
    assert answer.context["effect"]["debt"] == 30
    assert state_of_everything() == before
    assert confirm(support, _url(earned), answer, **entered).status_code == 302
    assert _account().balance == -30


@pytest.mark.parametrize("points", ["40", "100"], ids=["the effect is another", "it is refused"])
def test_of_two_confirmations_at_once_the_second_says_that_it_is_done(
    support: Client, environment: Environment, monkeypatch: pytest.MonkeyPatch, points: str
) -> None:
    earned = factories.give(environment, 100)
    entered = {"points": points, "reason": "Returned"}
    shown = show(support, _url(earned), **entered)
    looked, first = Idempotency.check_stored, list[Any]()

    def look_and_be_overtaken(self: Idempotency, environment_id: UUID) -> None:
        looked(self, environment_id)
        if not first:
            first.append(None)
            first.append(confirm(support, _url(earned), shown, **entered))

    monkeypatch.setattr(Idempotency, "check_stored", look_and_be_overtaken)
    second = confirm(support, _url(earned), shown, **entered)
    assert [answer.status_code for answer in (first[1], second)] == [302, 302]
    assert "already" in told(second)
    assert LedgerEntry.objects.get(type="reversed").points == -int(points)


@pytest.mark.parametrize("wrong", [{"points": "101"}, {"points": "0"}, {"points": "x"}, {"reason": " "}])
@pytest.mark.parametrize("step", ["effect", "confirm"])
def test_a_refusal_is_said_on_the_form_and_changes_nothing(
    support: Client, environment: Environment, wrong: dict[str, str], step: str
) -> None:
    earned = factories.give(environment, 100)
    before = state_of_everything()
    entered = {"points": "10", "reason": "Returned", "step": step, "token": "t", "seen": "x"} | wrong
    answer = support.post(_url(earned), entered)
    assert answer.status_code == 200
    assert answer.context["form"].errors
    assert state_of_everything() == before


def test_it_is_not_offered_where_it_cannot_be_and_the_page_says_why(
    support: Client, environment: Environment
) -> None:
    actor, now = factories.make_actor(), timezone.now()
    earned = factories.give(environment, 100)
    factories.give(environment, 5, expires_at=now - timedelta(days=1))
    confirm(
        support,
        _url(earned),
        show(support, _url(earned), points="100", reason="Returned"),
        points="100",
        reason="Returned",
    )
    factories.give(environment, 50)
    common: dict[str, Any] = {"environment": environment, "actor": actor, "now": timezone.now()}
    sent = transfer(sender="ada", receiver="bob", points=10, reason="Gift", **common).sent
    hold = hold_points(member="ada", points=20, **common)
    captured = capture_hold(hold=hold.pk, points=20, **common).entry
    before = state_of_everything()
    for entry, why in (
        (earned, "All of it has been reversed already."),
        (LedgerEntry.objects.get(type="reversed"), "A reversal is not reversed again."),
        (LedgerEntry.objects.get(type="expired"), "Expired points are not brought back"),
        (sent, "Transfer the points back instead."),
        (captured, "Cancel the hold&#x27;s capture instead."),
    ):
        text = _page(support, entry)
        assert why in text
        assert _url(entry) not in text
        assert support.get(_url(entry)).status_code == 302
        assert show(support, _url(entry), points="1", reason="Returned").context["form"].errors
    assert f"/console/loyalty/hold/{hold.pk}/change/" in _page(support, captured)
    assert state_of_everything() == before


def test_an_analyst_is_neither_offered_nor_let_in(login: Any, environment: Environment) -> None:
    earned = factories.give(environment, 100)
    analyst = login(environment, "analyst")
    assert _url(earned) not in _page(analyst, earned)
    before = state_of_everything()
    assert analyst.get(_url(earned)).status_code == 403
    assert show(analyst, _url(earned), points="1", reason="x").status_code == 403
    assert state_of_everything() == before


def test_another_tenants_transaction_does_not_exist(
    support: Client, environment: Environment, theirs: Tenant
) -> None:
    foreign = LedgerEntry.objects.get(pk=theirs.rows[LedgerEntry].pk)
    before = state_of_everything()
    for answer in (
        support.get(_url(foreign)),
        show(support, _url(foreign), points="1", reason="x"),
    ):
        assert answer.status_code == 302
        assert answer["Location"] == url_of("admin:loyalty_ledgerentry_changelist")
    assert state_of_everything() == before


def test_the_timeline_offers_it_and_says_what_was_reversed(support: Client, environment: Environment) -> None:
    earned = factories.give(environment, 100)
    url = url_of("admin:loyalty_member_change", args=[earned.member_id])
    assert _url(earned) in support.get(url).content.decode()
    entered = {"points": "100", "reason": "Returned"}
    confirm(support, _url(earned), show(support, _url(earned), **entered), **entered)
    text = " ".join(support.get(url).content.decode().split())
    assert _url(earned) not in text
    assert "100 of <a" in text
    assert "earned <span" in text


def test_the_entry_of_a_spend_says_what_paid_its_debt_and_a_shortfall_what_paid_it(
    support: Client, environment: Environment
) -> None:
    factories.make_metric(environment, negative_balance="clip")
    earned = factories.give(environment, 100)
    spent = _spend(environment, 80)
    entered = {"points": "100", "reason": "Fraud"}
    confirm(support, _url(earned), show(support, _url(earned), **entered), **entered)
    shown = show(support, _url(spent), points="80", reason="Cancelled")
    assert [(piece.kind, piece.change) for piece in shown.context["effect"]["pieces"]] == [
        ("given", 80),
        ("shortfall", -80),
    ]
    confirm(support, _url(spent), shown, points="80", reason="Cancelled")
    short = LedgerEntry.objects.get(reverses=earned)
    page = " ".join(_page(support, short).split())
    assert "settled since" in page
    assert "of its shortfall paid" in page
    timeline = support.get(url_of("admin:loyalty_member_change", args=[earned.member_id])).content.decode()
    assert "pays the shortfall of" in timeline
    assert Lot.objects.get().remaining == 0


def test_what_a_maximum_cut_is_said(support: Client, environment: Environment) -> None:
    factories.make_metric(environment, maximum=70)
    earned = factories.give(environment, 100)
    assert "100 were asked for; the metric's maximum left room for 70." in _page(support, earned)
    timeline = support.get(url_of("admin:loyalty_member_change", args=[earned.member_id])).content.decode()
    assert "cut by the maximum, 100 were asked for" in timeline


def test_the_entry_of_a_debt_says_when_it_was_paid(support: Client, environment: Environment) -> None:
    earned = factories.give(environment, 100)
    _spend(environment, 80)
    entered = {"points": "100", "reason": "Fraud"}
    confirm(support, _url(earned), show(support, _url(earned), **entered), **entered)
    reversal = LedgerEntry.objects.get(type="reversed")
    factories.give(environment, 50)
    text = " ".join(_page(support, reversal).split())
    assert "80, of which 30 still open" in text
    assert text.count("Paid on") == 1


def test_what_a_given_back_spend_pays_of_a_debt_is_shown_and_paid(
    support: Client, environment: Environment
) -> None:
    earned = factories.give(environment, 100)
    spent = _spend(environment, 80)
    entered = {"points": "100", "reason": "Fraud"}
    confirm(support, _url(earned), show(support, _url(earned), **entered), **entered)
    owing = LedgerEntry.objects.get(type="reversed")
    shown = show(support, _url(spent), points="50", reason="Cancelled")
    effect = shown.context["effect"]
    assert [(piece.kind, piece.change, piece.cause) for piece in effect["pieces"]] == [
        ("given", 50, None),
        ("debt", -50, owing),
    ]
    assert (effect["before"], effect["after"]) == (-80, -30)
    assert f"/ledgerentry/{owing.pk}/change/" in shown.content.decode()
    confirm(support, _url(spent), shown, points="50", reason="Cancelled")
    assert _account().balance == -30
    assert Uncovered.objects.get().open == 30
