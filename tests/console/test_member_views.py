"""Opening a member's page is audited where the project asks for it."""

import time
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from audit.webhooks.relay import UNTOLD
from loyalty.actions.erasing import erase_member
from loyalty.models import Member
from programs.models import Environment, Project
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(environment: Environment) -> Member:
    return Member.objects.get(pk=factories.give(environment, 5, "ada").member_id)


def _page(member: Member) -> str:
    return f"/console/loyalty/member/{member.pk}/change/"


def _asked(environment: Environment, asks: bool = True) -> None:
    Project.objects.filter(pk=environment.project_id).update(audit_member_views=asks)


def _views(member: Member) -> list[AuditEvent]:
    return list(AuditEvent.objects.filter(member_id=member.pk, verb="member.viewed").order_by("id"))


def test_nothing_is_noted_unasked_and_it_costs_no_statement(
    login: Any, environment: Environment, ada: Member
) -> None:
    client: Client = login(environment, "support")
    client.get(_page(ada))
    with CaptureQueriesContext(connection) as off:
        client.get(_page(ada))
    assert not _views(ada)
    _asked(environment)
    client.get(_page(ada))
    with CaptureQueriesContext(connection) as on:
        client.get(_page(ada))
    assert len(on) - len(off) == 4, "a savepoint and its end, the lock, the look"


def test_who_opened_whom_is_noted_once_in_ten_minutes(
    login: Any, environment: Environment, ada: Member
) -> None:
    bob = Member.objects.get(pk=factories.give(environment, 5, "bob").member_id)
    _asked(environment)
    support, analyst = login(environment, "support"), login(environment, "analyst")
    for address in (_page(ada), f"{_page(ada)}?type=earned", f"{_page(ada)}?before={ada.pk}"):
        support.get(address)
    analyst.get(_page(ada))
    support.get(_page(bob))
    assert (len(_views(ada)), len(_views(bob))) == (2, 1)
    noted = _views(ada)[0]
    assert (noted.actor_kind, noted.environment_id, noted.object_type) == ("staff", environment.pk, "member")
    assert (noted.before, noted.after) == (None, None), "only that somebody looked"
    with time_machine.travel(time.time() + 11 * 60):
        support.get(_page(ada))
    assert len(_views(ada)) == 3


@pytest.mark.parametrize("page", ["adjust", "redeem", "enrol", "hold", "transfer", "merge", "erase"])
def test_a_page_of_what_can_be_done_shows_the_member_too(
    login: Any, environment: Environment, ada: Member, page: str
) -> None:
    _asked(environment)
    login(environment).get(f"/console/loyalty/member/{ada.pk}/{page}/")
    assert len(_views(ada)) == 1


def test_what_is_not_found_or_not_allowed_is_no_view(
    login: Any, environment: Environment, ada: Member
) -> None:
    _asked(environment)
    login(factories.make_environment()).get(_page(ada))
    Client().get(_page(ada))
    assert not _views(ada)


def test_the_api_notes_nothing(api: Any, environment: Environment, ada: Member) -> None:
    _asked(environment)
    assert api.get("/v1/members/ada").status_code == 200
    assert not _views(ada)


def test_an_erased_member_has_nothing_to_see(login: Any, environment: Environment, ada: Member) -> None:
    _asked(environment)
    erase_member(environment=environment, member="ada", actor=factories.make_actor(), now=timezone.now())
    login(environment).get(_page(ada))
    assert not _views(ada)


def test_no_webhook_tells_of_it() -> None:
    assert "member.viewed" in UNTOLD
