"""The event's page answers "why did I get these points?"; the member's page says where they stand."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from loyalty.actions.referrals import refer, referral_code_of
from loyalty.admin.explaining import explained
from loyalty.models import Event, LedgerEntry, Lot, Member
from programs.models import Environment
from programs.queries.snapshots import snapshot
from tests import factories
from tests.console.tenants import Tenant, state_of_everything

pytestmark = pytest.mark.django_db

EVENT = "/console/loyalty/event"
MEMBER = "/console/loyalty/member"


@pytest.fixture
def support(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "support")
    return client


def _page(client: Client, event: Event) -> Any:
    return client.get(f"{EVENT}/{event.pk}/change/")


def test_each_step_of_each_rule_stands_in_words_and_figures(
    support: Client, environment: Environment
) -> None:
    """Two rules match, one loses to its group, one meets a cap, and the member's level multiplies."""
    factories.make_ladder(environment, ("silver", "5", "1.5"))
    factories.give(environment, 10)
    factories.make_rule(environment, name="Pounds", caps=[{"per": "day", "points": 70}])
    for name, points in (("Small welcome", 5), ("Large welcome", 8)):
        award = {"kind": "fixed", "points": points}
        factories.make_rule(
            environment, name=name, award=award, exclusive_group="welcome", entry_type="bonus"
        )
    event = factories.report(environment, data={"amount": "59.90"}).event
    page = _page(support, event)
    text = page.content.decode()
    labels = {verdict["name"]: verdict["label"] for verdict in page.context["why"].verdicts}
    assert labels == {
        "Pounds": "Awarded",
        "Small welcome": "Lost to its group",
        "Large welcome": "Awarded",
    }
    (pounds,) = (one for one in page.context["why"].verdicts if one["name"] == "Pounds")
    assert [(step["label"], step["points"]) for step in pounds["steps"]] == [
        ("Base", "59"),
        ("Multiplier", "88.5"),
        ("Rounded", "88"),
        ("Cap", "70"),
    ]
    for step in pounds["steps"]:
        assert step["words"].replace("'", "&#x27;") in text
    assert "group welcome" in text
    assert "to be spent at once, never expiring; 70 left" in text


def test_a_refund_shows_its_arithmetic_and_leads_to_the_purchase(
    support: Client, environment: Environment
) -> None:
    factories.make_rule(environment)
    purchase = factories.report(environment, "order-1", data={"amount": "59.90"}).event
    refund = factories.report(
        environment, "refund-1", type="refund", data={"purchase": "order-1", "amount": "20.00"}
    ).event
    page = _page(support, refund)
    text = page.content.decode()
    (side,) = page.context["why"].refund["sides"]
    assert side == {
        "whose": "Member",
        "metric": "points",
        "earned": "59",
        "recomputed": "39",
        "target": "20",
        "before": "0",
        "by_hand": "0",
        "reversed": "20",
    }
    assert "39.9 of 59.9 is left" in text
    assert f"{EVENT}/{purchase.pk}/change/" in text
    assert f"{EVENT}/{refund.pk}/change/" in _page(support, purchase).content.decode()


def test_the_level_that_multiplied_is_told(support: Client, environment: Environment) -> None:
    factories.make_ladder(environment, ("silver", "5", "1.25"), ("gold", "10", "1.5"))
    factories.make_rule(environment)
    first = factories.report(environment, "order-1").event
    second = factories.report(environment, "order-2").event
    said = "The member was Gold of Default program, which multiplies earned points by 1.5."
    assert said in _page(support, second).content.decode()
    assert "The member was" not in _page(support, first).content.decode(), "they had no level yet"


def test_the_points_are_shown_as_they_stand_now(support: Client, environment: Environment) -> None:
    """Nothing has settled the account since the lot expired."""
    factories.make_metric(environment, expiry="days", expiry_count=2)
    factories.make_rule(environment, published_at=timezone.now() - timedelta(days=9))
    then = timezone.now() - timedelta(days=5)
    old = factories.report(environment, "order-1", now=then).event
    assert Lot.objects.get().remaining == 59
    assert "; 0 left" in _page(support, old).content.decode()
    assert Lot.objects.get().remaining == 59, "a read writes nothing"


def test_a_refund_says_whose_points_it_took_and_leads_to_the_referrers(
    support: Client, environment: Environment
) -> None:
    _refer(environment, "bob", by="ada")
    factories.make_rule(
        environment, name="Friends", award={"kind": "referral", "member": 1000, "referrer": 2000}
    )
    factories.report(environment, member="bob")
    told = {"type": "refund", "member": "bob", "data": {"purchase": "order-1"}}
    page = _page(support, factories.report(environment, "back", **told).event)
    text = page.content.decode()
    assert [(side["whose"], side["reversed"]) for side in page.context["why"].refund["sides"]] == [
        ("Member", "1,000"),
        ("Referrer", "2,000"),
    ]
    entry = LedgerEntry.objects.get(reason="Refund of a referred purchase")
    assert f"/console/loyalty/ledgerentry/{entry.pk}/change/" in text
    assert "Taken back from the referrer:" in text
    assert "Nothing is left of the purchase order-1." in text


@pytest.mark.parametrize(
    ("refund", "words"),
    [
        (
            {"gross": "50", "net": "20", "in_proportion": True},
            (
                "What was sent with the purchase p is erased, so it can't be judged again. Points are taken back in "
                "proportion to its money: 20 of 50 is left."
            ),
        ),
        (
            {"gross": None, "net": None, "in_proportion": False},
            "The purchase p, which has no amount, was judged again without the lines that are refunded.",
        ),
        (
            {"gross": "50", "net": "20", "in_proportion": False},
            "The purchase p was judged again without what is refunded: 20 of 50 is left.",
        ),
    ],
)
def test_a_refund_says_how_what_is_left_was_found(
    environment: Environment, refund: dict[str, Any], words: str
) -> None:
    event = Event(explanation={"refund": refund | {"purchase": "p", "sides": []}})
    found = explained(event, snapshot(environment)).refund
    assert found
    assert found["words"] == words


def test_a_level_that_an_event_reached_is_told(support: Client, environment: Environment) -> None:
    factories.make_rule(environment)
    factories.make_ladder(environment, ("silver", "50"))
    event = factories.report(environment, data={"amount": "59.90"}).event
    text = _page(support, event).content.decode()
    assert "Default program: no level → <strong>Silver</strong> reached, at a progress of 59" in text


def test_a_referral_leads_to_the_referrers_side(support: Client, environment: Environment) -> None:
    _refer(environment, "bob", by="ada")
    factories.make_rule(environment, name="Friends", award={"kind": "referral", "member": 5, "referrer": 9})
    event = factories.report(environment, member="bob").event
    text = _page(support, event).content.decode()
    ada = Member.objects.get(external_id="ada")
    assert f"{MEMBER}/{ada.pk}/change/" in text
    assert "The referrer got" in text
    assert ">+9<" in text


@pytest.mark.parametrize(
    "stored",
    [
        None,
        {},
        [],
        "x",
        {"verdicts": None, "refund": []},
        {"verdicts": ["x", {}, {"outcome": "of_later", "steps": [None, {}], "rule_id": "no id"}]},
        {"refund": {"sides": [{}, 5]}},
    ],
)
def test_an_explanation_of_another_time_is_shown_as_far_as_it_goes(
    environment: Environment, stored: Any
) -> None:
    why = explained(Event(explanation=stored), snapshot(environment))
    assert why.known is (stored is not None)
    text = render_to_string("console/explanation.html", {"why": why})
    assert ("Of later" in text) is ("of_later" in str(stored))


def _refer(environment: Environment, member: str, *, by: str) -> str:
    now, actor = timezone.now(), factories.make_actor()
    code = referral_code_of(environment=environment, member=by, actor=actor, now=now).code
    refer(environment=environment, member=member, code=code, actor=actor, now=now)
    return code


def _member(client: Client, name: str) -> str:
    found = Member.objects.get(external_id=name)
    text: str = client.get(f"{MEMBER}/{found.pk}/change/").content.decode()
    return text


class TestTheMembersPage:
    def test_shows_the_level_the_way_to_the_next_and_until_when(
        self, support: Client, environment: Environment
    ) -> None:
        factories.make_ladder(environment, ("silver", "250"), ("gold", "750"), days=30)
        reached = timezone.now() - timedelta(days=2)
        factories.give(environment, 300, now=reached)
        text = _member(support, "ada")
        assert "Silver <small" in text
        assert '<progress max="500" value="50" aria-label="Progress to Gold"' in text
        assert "<strong>450</strong> more for Gold" in text
        until = reached + timedelta(days=30)
        assert any(f"Valid until {_day(until + timedelta(days=days))}" in text for days in (0, 1))

    def test_names_the_highest_level_as_such(self, support: Client, environment: Environment) -> None:
        factories.make_ladder(environment, ("silver", "250"))
        factories.give(environment, 300)
        assert "there is no higher level" in _member(support, "ada")

    def test_without_a_ladder_or_a_referral_nothing_is_said_of_them(
        self, support: Client, environment: Environment
    ) -> None:
        factories.give(environment, 300)
        text = _member(support, "ada")
        assert "No level yet" not in text
        assert "Referrals" not in text

    def test_shows_both_sides_of_a_referral(self, support: Client, environment: Environment) -> None:
        code = _refer(environment, "bob", by="ada")
        ada, bob = _member(support, "ada"), _member(support, "bob")
        assert f"<code>{code}</code>" in ada
        assert "0 awarded, 1 not yet" in ada
        assert f"{MEMBER}/{Member.objects.get(external_id='ada').pk}/change/" in bob
        assert "waiting for the first qualifying event" in bob
        factories.make_rule(environment, award={"kind": "referral", "member": 5, "referrer": 9})
        factories.report(environment, member="bob")
        assert "1 awarded" in _member(support, "ada")

    def test_exports_all_of_it_as_a_file_and_that_is_audited(
        self, support: Client, environment: Environment
    ) -> None:
        factories.give(environment, 300)
        ada = Member.objects.get(external_id="ada")
        assert f"{MEMBER}/{ada.pk}/export/" in _member(support, "ada")
        answer = support.post(f"{MEMBER}/{ada.pk}/export/")
        assert answer["Content-Disposition"] == f'attachment; filename="member-{ada.pk}.json"'
        assert answer["Content-Type"] == "application/json"
        assert json.loads(answer.content)["member"]["member_id"] == "ada"
        row = AuditEvent.objects.get(verb="member.exported")
        assert (row.actor_kind, row.object_id) == ("staff", str(ada.pk))

    def test_an_export_is_a_post_and_not_an_analysts(self, login: Any, ours: Tenant) -> None:
        url = f"{MEMBER}/{ours.rows[Member].pk}/export/"
        before = state_of_everything()
        assert login(ours.environment, "support").get(url).status_code == 405
        assert login(ours.environment, "analyst").post(url).status_code == 403
        after = state_of_everything()
        assert {name for name in before if before[name] != after[name]} <= {
            "programs_projectmembership",
            "audit_auditevent",
        }
        assert not AuditEvent.objects.filter(verb="member.exported").exists()


def _day(at: datetime) -> str:
    return f"{at.day} {at:%b %Y}"
