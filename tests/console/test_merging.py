"""Two ids of one person become one: what moves is shown first, and is what moves."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse as url_of
from django.utils import timezone

from audit.models import AuditEvent
from loyalty.actions.holds import hold_points
from loyalty.actions.members import update_member
from loyalty.models import Account, Hold, LedgerEntry, Member
from loyalty.queries.balances import balances_of
from programs.models import Environment
from tests import factories
from tests.console.deeds import confirm, show, told
from tests.console.tenants import Tenant, state_of_everything

pytestmark = pytest.mark.django_db

INTO_BOB = {"other": "bob", "reason": "Same person"}


@pytest.fixture
def support(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "support")
    return client


@pytest.fixture
def ada(environment: Environment) -> Member:
    """100 points, 30 of them held; and bob has 40."""
    member = Member.objects.get(pk=factories.give(environment, 100).member_id)
    hold_points(
        environment=environment, member="ada", points=30, actor=factories.make_actor(), now=timezone.now()
    )
    factories.give(environment, 40, "bob")
    return member


def _bob() -> Member:
    return Member.objects.get(external_id="bob")


def _url(member: Member, name: str = "merge") -> str:
    return url_of(f"admin:loyalty_member_{name}", args=[member.pk])


def _text(client: Client, member: Member) -> str:
    return " ".join(client.get(_url(member, "change")).content.decode().split())


def test_what_moves_is_shown_and_moves(support: Client, environment: Environment, ada: Member) -> None:
    before = state_of_everything()
    shown = show(support, _url(ada), **INTO_BOB)
    (row,) = shown.context["effect"]["rows"]
    assert (row.goes.balance, row.goes.held) == (70, 30)
    assert (row.stays.balance, row.stays.held) == (40, 0)
    assert (row.after.balance, row.after.held, row.after.total) == (110, 30, 140)
    assert "1 open hold goes on at bob" in " ".join(shown.content.decode().split())
    assert state_of_everything() == before
    answer = confirm(support, _url(ada), shown, **INTO_BOB)
    assert answer.status_code == 302
    assert "bob goes on for both" in told(answer)
    (balance,) = balances_of(environment=environment, member_id=_bob().pk, now=timezone.now())
    assert (balance.balance, balance.held, balance.total) == (110, 30, 140)
    assert Account.objects.get(member=ada).total == 0
    assert AuditEvent.objects.get(verb="member.merged").actor_kind == "staff"


def test_merging_twice_merges_once(support: Client, ada: Member) -> None:
    shown = show(support, _url(ada), **INTO_BOB)
    confirm(support, _url(ada), shown, **INTO_BOB)
    before = state_of_everything()
    again = confirm(support, _url(ada), shown, **INTO_BOB)
    assert again.status_code == 302
    assert "merged or erased already" in told(again)
    assert state_of_everything() == before


def test_the_page_of_who_went_points_to_who_stays(support: Client, ada: Member) -> None:
    confirm(support, _url(ada), show(support, _url(ada), **INTO_BOB), **INTO_BOB)
    bob, text = _bob(), _text(support, ada)
    assert "was merged into" in text
    assert _url(bob, "change") in text
    for name in ("adjust", "transfer", "merge", "erase"):
        assert _url(ada, name) not in text
        assert _url(bob, name) in _text(support, bob) or name == "erase"
    for name in ("adjust", "transfer", "merge"):
        assert support.get(_url(ada, name)).status_code == 302
    assert _url(ada, "change") in _text(support, bob)
    assert "by a merge to" in text
    assert "by a merge from" in _text(support, bob)
    sent = LedgerEntry.objects.get(member=ada, type="transferred")
    page = support.get(url_of("admin:loyalty_ledgerentry_change", args=[sent.pk])).content.decode()
    assert _url(bob, "change") in page
    assert f"/ledgerentry/{sent.counterpart_id}/change/" in page


def test_an_entry_of_who_went_is_reversed_at_who_stays(support: Client, ada: Member) -> None:
    confirm(support, _url(ada), show(support, _url(ada), **INTO_BOB), **INTO_BOB)
    earned = LedgerEntry.objects.get(member=ada, type="earned")
    url = url_of("admin:loyalty_ledgerentry_reverse", args=[earned.pk])
    assert url in _text(support, ada)
    entered = {"points": "60", "reason": "Returned"}
    shown = show(support, url, **entered)
    effect = shown.context["effect"]
    assert (effect["before"], effect["after"]) == (110, 50)
    assert [(piece.kind, piece.change) for piece in effect["pieces"]] == [("own", -60)]
    assert "the balance below is theirs" in " ".join(shown.content.decode().split())
    assert confirm(support, url, shown, **entered).status_code == 302
    assert Account.objects.get(member=_bob()).balance == 50


@pytest.mark.parametrize("other", ["ada", "nobody", "b", "", "x" * 201])
@pytest.mark.parametrize("step", ["effect", "confirm"])
def test_a_refusal_is_said_on_the_form_and_changes_nothing(
    support: Client, ada: Member, other: str, step: str
) -> None:
    before = state_of_everything()
    entered = {"other": other, "reason": "Same person", "step": step, "token": "t", "seen": "x"}
    answer = support.post(_url(ada), entered)
    assert answer.status_code == 200
    assert answer.context["form"].errors["other"]
    assert state_of_everything() == before


def test_the_beginning_of_an_id_offers_members_to_choose_from(
    support: Client, environment: Environment, ada: Member
) -> None:
    factories.give(environment, 1, "bo")
    factories.give(environment, 1, "bob-2")
    answer = show(support, _url(ada), other="bob-", reason="Same person")
    assert [str(member) for member in answer.context["form"].suggestions] == ["bob-2"]
    assert 'name="other" value="bob-2"' in answer.content.decode()


def test_a_frozen_member_is_not_merged(support: Client, environment: Environment, ada: Member) -> None:
    update_member(
        environment=environment,
        member="bob",
        status="frozen",
        actor=factories.make_actor(),
        now=timezone.now(),
    )
    before = state_of_everything()
    answer = show(support, _url(ada), **INTO_BOB)
    assert "frozen" in str(answer.context["form"].errors)
    assert state_of_everything() == before


def test_an_analyst_may_not(login: Any, environment: Environment, ada: Member) -> None:
    analyst = login(environment, "analyst")
    before = state_of_everything()
    for name in ("merge", "transfer"):
        assert _url(ada, name) not in _text(analyst, ada)
        assert analyst.get(_url(ada, name)).status_code == 403
        assert show(analyst, _url(ada, name), points="1", metric="points", **INTO_BOB).status_code == 403
    assert state_of_everything() == before


@pytest.mark.parametrize("name", ["merge", "transfer"])
def test_another_tenants_member_exists_on_neither_side(
    support: Client, ada: Member, theirs: Tenant, name: str
) -> None:
    before = state_of_everything()
    foreign = Member.objects.get(pk=theirs.rows[Member].pk)
    answer = show(support, _url(foreign, name), **INTO_BOB)
    assert answer["Location"] == url_of("admin:loyalty_member_changelist")
    for named in ("theirs-ada", "theirs-"):
        refused = show(support, _url(ada, name), other=named, reason="x", points="1", metric="points")
        assert "There is no member" in str(refused.context["form"].errors["other"])
        assert refused.context["form"].suggestions == []
    assert state_of_everything() == before


class TestTransfer:
    FORM = {"other": "bob", "metric": "points", "points": "50", "reason": "Gift"}

    def test_the_effect_on_both_is_shown_and_happens(self, support: Client, ada: Member) -> None:
        url = _url(ada, "transfer")
        before = state_of_everything()
        shown = show(support, url, **self.FORM)
        sides = [
            (str(side["member"]), side["before"], side["after"]) for side in shown.context["effect"]["sides"]
        ]
        assert sides == [("ada", 70, 20), ("bob", 40, 90)]
        assert [piece.change for piece in shown.context["effect"]["pieces"]] == [-50]
        assert state_of_everything() == before
        assert confirm(support, url, shown, **self.FORM).status_code == 302
        assert [Account.objects.get(member=who).balance for who in (ada, _bob())] == [20, 90]
        assert "to <a" in _text(support, ada)
        before = state_of_everything()
        again = confirm(support, url, shown, **self.FORM)
        assert "was made already" in told(again)
        assert state_of_everything() == before

    @pytest.mark.parametrize(
        "wrong", [{"points": "71"}, {"points": "0"}, {"metric": "gold"}, {"reason": " "}]
    )
    @pytest.mark.parametrize("step", ["effect", "confirm"])
    def test_a_refusal_is_said_on_the_form_and_changes_nothing(
        self, support: Client, ada: Member, wrong: dict[str, str], step: str
    ) -> None:
        before = state_of_everything()
        answer = support.post(_url(ada, "transfer"), self.FORM | wrong | {"step": step, "token": "t"})
        assert answer.context["form"].errors
        assert state_of_everything() == before


def test_the_member_page_shows_holds_and_what_can_be_done_with_them(support: Client, ada: Member) -> None:
    hold = Hold.objects.get()
    text = _text(support, ada)
    for name in ("change", "capture", "release"):
        assert url_of(f"admin:loyalty_hold_{name}", args=[hold.pk]) in text
    assert "<span>Held</span><strong>30</strong>" in text
