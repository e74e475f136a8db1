"""The member page at an earlier moment: by what had happened, and by what was known."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse as url_of
from django.utils import timezone

from loyalty.actions.clock import set_clock
from loyalty.actions.holds import hold_points
from loyalty.models import Member
from programs.models import Environment
from tests import factories
from tests.console.tenants import Tenant, state_of_everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def analyst(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "analyst")
    return client


@pytest.fixture
def late(environment: Environment) -> tuple[Member, datetime]:
    """50 points now; then 100 of ten days ago, recorded after the moment that is answered too."""
    factories.make_rule(environment, published_at=timezone.now() - timedelta(days=60))
    entry = factories.give(environment, 50)
    known = timezone.now()
    factories.report(
        environment, data={"amount": "100.00"}, occurred_at=known - timedelta(days=10), now=timezone.now()
    )
    return Member.objects.get(pk=entry.member_id), known


def _page(client: Client, member: Member, at: datetime | str, by: str = "business", **more: str) -> Any:
    asked = at.isoformat() if isinstance(at, datetime) else at
    url = url_of("admin:loyalty_member_change", args=[member.pk])
    return client.get(url, {"as_of": asked, "by": by} | more)


def _shown(answer: Any) -> tuple[int, list[int], list[int]]:
    """What could be spent, the open lots, and the lines of the timeline."""
    ((balance, lots),) = answer.context["standing"].wallets
    lines = answer.context["timeline"].page.lines
    return (
        balance.balance,
        [lot.remaining for lot in lots.shown],
        [line.ledger.entry.points for line in lines if line.ledger],
    )


def test_by_what_had_happened_a_late_entry_counts(analyst: Client, late: tuple[Member, datetime]) -> None:
    member, known = late
    assert _shown(_page(analyst, member, known - timedelta(days=11))) == (0, [], [])
    assert _shown(_page(analyst, member, known - timedelta(days=9))) == (100, [100], [100])


def test_by_what_was_known_it_does_not(analyst: Client, late: tuple[Member, datetime]) -> None:
    member, known = late
    assert _shown(_page(analyst, member, known, "recorded")) == (50, [50], [50])
    balance, lots, lines = _shown(_page(analyst, member, timezone.now(), "recorded"))
    assert (balance, sorted(lots), lines) == (150, [50, 100], [100, 50])


def test_it_says_that_it_is_the_past_and_leads_back(
    login: Any, environment: Environment, late: tuple[Member, datetime]
) -> None:
    member, known = late
    owner = login(environment, "owner")
    text = _page(owner, member, known - timedelta(days=9)).content.decode()
    assert "This is the past" in text
    assert "Could be spent" in text
    assert 'href="?">Back to now</a>' in text
    for name in ("adjust", "transfer", "merge", "erase"):
        assert url_of(f"admin:loyalty_member_{name}", args=[member.pk]) not in text
    assert "/reverse/" not in text
    now = owner.get(url_of("admin:loyalty_member_change", args=[member.pk])).content.decode()
    assert "This is the past" not in now
    assert "Can be spent" in now


def test_filters_stay_in_the_past(analyst: Client, late: tuple[Member, datetime]) -> None:
    member, known = late
    answer = _page(analyst, member, known, "recorded", kind="points")
    assert _shown(answer)[2] == [50]
    assert "by=recorded&amp;kind=redemptions" in answer.content.decode()


def test_what_was_pending_held_or_due_then_counts_as_such(analyst: Client, environment: Environment) -> None:
    now = timezone.now()
    factories.make_metric(environment, vesting_days=3)
    entry = factories.give(environment, 40, now=now - timedelta(days=9), expires_at=now - timedelta(days=2))
    actor = factories.make_actor()
    hold_points(
        environment=environment,
        member="ada",
        points=15,
        actor=actor,
        now=now - timedelta(days=5),
        expires_at=now - timedelta(days=4),
    )
    member = Member.objects.get(pk=entry.member_id)
    figures = []
    for days in (8, 5, 3, 1):
        ((balance, _lots),) = _page(analyst, member, now - timedelta(days=days)).context["standing"].wallets
        figures.append((balance.balance, balance.pending, balance.held, balance.expired))
    assert figures == [(0, 40, 0, 0), (25, 0, 15, 0), (40, 0, 0, 0), (0, 0, 0, 40)]


@pytest.mark.parametrize("by", ["business", "recorded"])
def test_the_future_is_refused_in_a_sentence(analyst: Client, late: tuple[Member, datetime], by: str) -> None:
    answer = _page(analyst, late[0], timezone.now() + timedelta(days=1), by)
    assert "That is still to come" in answer.content.decode()
    assert answer.context["standing"].at is None
    assert _shown(answer)[0] == 150


@pytest.mark.parametrize("at", ["", "yesterday", "2026-13-41T99:00", "0001-01-01T00:00", "9999-12-31T23:59"])
def test_what_is_no_moment_is_said_and_now_is_shown(
    analyst: Client, late: tuple[Member, datetime], at: str
) -> None:
    answer = _page(analyst, late[0], at)
    assert answer.status_code == 200
    assert answer.context["form"].errors or _shown(answer)[0] == 0


def test_looking_back_writes_nothing_and_another_tenants_member_has_no_past(
    analyst: Client, theirs: Tenant, late: tuple[Member, datetime]
) -> None:
    before = state_of_everything()
    _page(analyst, late[0], late[1])
    answer = _page(analyst, Member.objects.get(pk=theirs.rows[Member].pk), late[1])
    assert answer["Location"] == url_of("admin:loyalty_member_changelist")
    assert state_of_everything() == before


def test_what_was_known_is_asked_in_real_time_whatever_the_test_clock_said(
    analyst: Client, environment: Environment
) -> None:
    ahead = timezone.now() + timedelta(days=100)
    set_clock(environment=environment, clock=ahead, actor=factories.make_actor())
    member = Member.objects.get(pk=factories.give(environment, 50, now=ahead).member_id)
    assert _shown(_page(analyst, member, timezone.now(), "recorded")) == (50, [50], [50])
    assert _shown(_page(analyst, member, timezone.now())) == (0, [], [])
