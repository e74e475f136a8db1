"""A member is erased by an operator who types the id; nothing personal is left on any page."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse as url_of
from django.utils import timezone

from audit.models import AuditEvent
from loyalty.actions.holds import hold_points
from loyalty.actions.members import update_member
from loyalty.actions.merging import merge_members
from loyalty.models import Account, LedgerEntry, Member
from programs.models import Environment
from tests import factories
from tests.console.deeds import told
from tests.console.tenants import Tenant, state_of_everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "operator")
    return client


@pytest.fixture
def ada(environment: Environment) -> Member:
    factories.make_rule(environment)
    factories.report(environment, data={"amount": "100.00", "note": "for her birthday"})
    actor, now = factories.make_actor(), timezone.now()
    hold_points(environment=environment, member="ada", points=30, reason="secret", actor=actor, now=now)
    return update_member(
        environment=environment, member="ada", attributes={"city": "Leeds"}, actor=actor, now=now
    )


def _url(member: Member, name: str = "erase") -> str:
    return url_of(f"admin:loyalty_member_{name}", args=[member.pk])


def _erase(client: Client, member: Member, typed: str = "ada") -> Any:
    token = client.get(_url(member)).context["token"]
    return client.post(_url(member), {"typed": typed, "token": token})


def test_it_says_what_goes_and_what_stays(operator: Client, ada: Member) -> None:
    before = state_of_everything()
    text = " ".join(operator.get(_url(ada)).content.decode().split())
    for part in ("What is deleted", "<strong>100</strong> Points", "1 open hold, released", "What stays"):
        assert part in text
    assert state_of_everything() == before


def test_the_typed_id_erases_and_the_page_says_so_without_a_name(operator: Client, ada: Member) -> None:
    answer = _erase(operator, ada)
    assert answer.status_code == 302
    assert not re.search(r"\bada\b", str(told(answer)))  # as a word: an id may hold these letters
    ada.refresh_from_db()
    assert (ada.status, ada.external_id, ada.attributes) == ("erased", None, {})
    assert Account.objects.get(member=ada).total == 0
    assert AuditEvent.objects.get(verb="member.erased").actor_kind == "staff"
    page = operator.get(_url(ada, "change"))
    text = page.content.decode()
    assert "This member was erased" in text
    entry = LedgerEntry.objects.filter(member=ada).first()
    assert entry is not None
    pages = [
        text,
        *(
            operator.get(url).content.decode()
            for url in (
                url_of("admin:loyalty_ledgerentry_change", args=[entry.pk]),
                url_of("admin:loyalty_member_changelist"),
                url_of("admin:loyalty_ledgerentry_changelist"),
                url_of("admin:loyalty_hold_changelist"),
                url_of("admin:loyalty_event_changelist"),
            )
        ),
    ]
    for each in pages:
        for personal in (">ada<", "Leeds", "birthday", "secret"):
            assert personal not in each
    for name in ("adjust", "transfer", "merge", "erase"):
        assert _url(ada, name) not in text
        assert operator.get(_url(ada, name)).status_code == 302


def test_erasing_twice_is_told_and_changes_nothing(operator: Client, ada: Member) -> None:
    token = operator.get(_url(ada)).context["token"]
    sent = {"typed": "ada", "token": token}
    operator.post(_url(ada), sent)
    before = state_of_everything()
    again = operator.post(_url(ada), sent)
    assert again.status_code == 302
    assert "is erased" in told(again)
    assert state_of_everything() == before


@pytest.mark.parametrize("typed", ["", "bob", "ADA", "ad"])
def test_another_id_erases_nothing(operator: Client, ada: Member, typed: str) -> None:
    before = state_of_everything()
    answer = _erase(operator, ada, typed)
    assert answer.status_code == 200
    assert answer.context["form"].errors["typed"]
    assert state_of_everything() == before


def test_who_comes_back_is_not_to_be_found_from_the_erased(
    operator: Client, environment: Environment, ada: Member
) -> None:
    _erase(operator, ada)
    entry = factories.give(environment, 7)
    assert entry.member_id != ada.pk
    assert str(entry.member_id) not in operator.get(_url(ada, "change")).content.decode()
    text = operator.get(url_of("admin:loyalty_member_change", args=[entry.member_id])).content.decode()
    assert str(ada.pk) not in text


@pytest.mark.parametrize("role", ["analyst", "support"])
def test_lesser_roles_may_not(login: Any, environment: Environment, ada: Member, role: str) -> None:
    client = login(environment, role)
    before = state_of_everything()
    assert _url(ada) not in client.get(_url(ada, "change")).content.decode()
    assert client.get(_url(ada)).status_code == 403
    assert client.post(_url(ada), {"typed": "ada", "token": "t"}).status_code == 403
    assert state_of_everything() == before


def test_another_tenants_member_does_not_exist(operator: Client, theirs: Tenant) -> None:
    before = state_of_everything()
    foreign = Member.objects.get(pk=theirs.rows[Member].pk)
    answer = operator.post(_url(foreign), {"typed": "theirs-ada", "token": "t"})
    assert answer["Location"] == url_of("admin:loyalty_member_changelist")
    assert state_of_everything() == before


@pytest.mark.parametrize(
    ("name", "entered"),
    [
        ("adjust", {"metric": "points", "points": "5", "reason": "goodwill", "note": "For the wait"}),
        ("transfer", {"metric": "points", "points": "5", "to": "bob", "reason": "Gift"}),
        ("status", {"status": "frozen"}),
    ],
)
def test_a_form_that_was_open_since_before_the_erasure_does_nothing(
    operator: Client, ada: Member, name: str, entered: dict[str, str]
) -> None:
    _erase(operator, ada)
    before = state_of_everything()
    for step in ("effect", "confirm"):
        answer = operator.post(_url(ada, name), entered | {"step": step, "token": "t", "seen": ""})
        assert answer.status_code == 302
    assert "merged or erased already" in told(answer)
    assert state_of_everything() == before


def test_the_form_of_a_member_who_was_merged_meanwhile_erases_nobody(
    operator: Client, environment: Environment, ada: Member
) -> None:
    factories.give(environment, 5, "bob")
    token = operator.get(_url(ada)).context["token"]
    merge_members(
        environment=environment,
        member="ada",
        into="bob",
        reason=None,
        actor=factories.make_actor(),
        now=timezone.now(),
    )
    before = state_of_everything()
    answer = operator.post(_url(ada), {"typed": "ada", "token": token})
    assert (answer.status_code, state_of_everything()) == (302, before)
