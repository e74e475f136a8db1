"""The member page's timeline is one: pages, kinds, days, roles, tenants, and what it costs."""

import os
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from loyalty.actions.clock import set_clock
from loyalty.actions.members import update_member
from loyalty.models import LedgerEntry, Member
from loyalty.queries.member_trail import KINDS, Asked, trail_of
from programs.models import Environment
from tests import factories
from tests.console.challenged import active_week, happened
from tests.console.deeds import confirm, show, told
from tests.console.many import Many, make_many
from tests.console.redeemed import MUG, buy, offer
from tests.console.stamp_forms import full_card
from tests.console.tenants import Tenant, state_of_everything
from tests.console.test_member_lines import page_of, said
from tests.loyalty.windows import keep_days, make_club

pytestmark = pytest.mark.django_db

TABLES = ("loyalty_ledgerentry", "loyalty_event", "loyalty_lot", "audit_auditevent")


def _member(name: str = "ada") -> Member:
    return Member.objects.get(external_id=name)


def _url(name: str = "ada", page: str = "change") -> str:
    return reverse(f"admin:loyalty_member_{page}", args=[_member(name).pk])


def _some_of_everything(environment: Environment) -> None:
    factories.make_ladder(environment, ("silver", "50"))
    factories.make_rule(environment)
    factories.report(environment, "order-1")
    factories.report(environment, "unknown-1", type="unknown")
    offer(environment, "rwd_mug", **MUG)
    buy(environment, "rwd_mug")
    full_card(environment)
    active_week(environment)
    for number in range(3):
        happened(environment, f"visit-{number}", "visit")
    happened(environment, "walk-1", "walk", km="20")
    common = {"environment": factories.reload(environment), "actor": factories.make_actor()}
    update_member(member="ada", attributes={"city": "Rome"}, now=timezone.now(), **common)


def _ids(member: Member, **asked: Any) -> list[UUID]:
    """All pages, three lines each."""
    found: list[UUID] = []
    before = None
    while True:
        page = trail_of(member=member, asked=Asked(before=before, **asked), limit=3)
        found += [row.id for row in page.rows]
        before = page.next
        if before is None:
            return found


class TestPages:
    def test_pages_join_without_a_gap_and_the_kinds_share_all_lines(self, environment: Environment) -> None:
        _some_of_everything(environment)
        member = _member()
        whole = [row.id for row in trail_of(member=member, asked=Asked(), limit=500).rows]
        assert whole == sorted(whole, reverse=True)
        assert _ids(member) == whole
        shared = [key for kind in KINDS for key in _ids(member, kind=kind)]
        assert len(shared) == len(set(shared))
        assert set(whole) <= set(shared)
        left_out = {row.verb for row in AuditEvent.objects.filter(pk__in=set(shared) - set(whole))}
        assert left_out == {"event.recorded", "redemption.created"}
        verbs = AuditEvent.objects.filter(member_id=member.pk).exclude(pk__in=shared)
        assert not verbs.exists()

    def test_lines_that_come_in_between_move_nothing(self, support: Client, environment: Environment) -> None:
        for number in range(60):
            factories.give(environment, number + 1)
        seen, query = [], ""
        for _ in range(3):
            answer = support.get(_url() + query)
            shown = answer.context["timeline"]
            seen += [line.line.ledger.entry.points for line in shown.lines]
            factories.give(environment, 1000)  # somebody writes meanwhile
            query = shown.older.partition("#")[0]
        assert seen == list(range(60, 0, -1))
        assert query == ""
        assert answer.context["timeline"].newest == "?#timeline"

    def test_a_page_of_hidden_events_is_not_short(self, environment: Environment) -> None:
        factories.make_rule(environment)
        for number in range(8):
            factories.report(environment, f"order-{number}")
        page = trail_of(member=_member(), asked=Asked(), limit=5)
        assert [row.verb for row in page.rows] == ["points.earned"] * 5
        assert page.next == page.rows[-1].id


class TestDays:
    def test_days_are_those_of_the_project(self, login: Any) -> None:
        project = factories.make_project(time_zone="Asia/Tokyo")
        environment = factories.make_environment("sandbox", project=project)
        client = login(environment, "analyst")
        at = datetime(2026, 3, 10, 14, 30, tzinfo=UTC)  # half past eleven at night in Tokyo
        set_clock(environment=environment, clock=at, actor=factories.make_actor())
        factories.give(environment, 10, now=at)
        factories.give(environment, 20, now=at + timedelta(hours=1))
        assert said(client, since="2026-03-10", until="2026-03-10") == ["Earned +10"]
        assert said(client, since="2026-03-11") == ["Earned +20"]
        assert said(client, until="2026-03-11") == ["Earned +20", "Earned +10"]
        assert said(client, until="2026-03-09") == []
        assert "Nothing of this kind in this time." in page_of(client, until="2026-03-09").content.decode()

    @pytest.mark.usefixtures("at_noon")
    def test_the_days_and_the_kind_are_kept_in_the_links(
        self, support: Client, environment: Environment
    ) -> None:
        for _ in range(30):
            factories.give(environment, 1)
        today = timezone.localdate().isoformat()
        shown = page_of(support, since=today, kind="points").context["timeline"]
        assert f"since={today}&kind=points&before={shown.next}" in shown.older
        assert [tab.query for tab in shown.tabs if tab.label == "Levels"] == [
            f"?since={today}&kind=levels#timeline"
        ]
        assert shown.without_period == "?kind=points#timeline"
        assert shown.kept == [("kind", "points")]

    @pytest.mark.parametrize(
        "query",
        [
            {"since": "yesterday"},
            {"since": "0001-01-01", "until": "9999-12-31"},
            {"since": "2026-02-02", "until": "2026-02-01"},
            {"before": "nonsense"},
            {"kind": "%"},
        ],
    )
    def test_what_can_not_be_read_is_said_or_left_out(
        self, support: Client, environment: Environment, query: dict[str, str]
    ) -> None:
        factories.give(environment, 10)
        answer = page_of(support, **query)
        assert answer.status_code == 200
        assert bool(answer.context["timeline"].form.errors) == ("since" in query)
        assert said(support, **query) == ["Earned +10"]


class TestWhoSeesWhat:
    def test_an_analyst_reads_every_line_and_may_do_nothing(
        self, login: Any, support: Client, environment: Environment
    ) -> None:
        _some_of_everything(environment)
        analyst = login(environment, "analyst")
        assert said(analyst) == said(support)
        text = page_of(analyst).content.decode()
        pages = ("adjust", "redeem", "hold", "transfer", "status", "merge", "export", "erase")
        for page in pages:
            assert _url(page=page) not in text
        assert "/reverse/" not in text
        assert "/cancel/" not in text
        helps = page_of(support).content.decode()
        assert [_url(page=page) in helps for page in pages] == [*[True] * 7, False]
        assert "/reverse/" in helps

    def test_another_tenants_lines_do_not_exist(
        self, support: Client, environment: Environment, theirs: Tenant
    ) -> None:
        factories.give(environment, 10)
        foreign = theirs.rows[Member].pk
        answer = support.get(reverse("admin:loyalty_member_change", args=[foreign]))
        assert answer["Location"] == reverse("admin:loyalty_member_changelist")
        assert trail_of(member=_member(), asked=Asked()).rows[0].environment_id == environment.pk

    def test_each_programs_history_begins_where_it_is_shown_from(
        self, support: Client, environment: Environment
    ) -> None:
        make_club(environment)
        now = timezone.now()
        for days in (40, 20, 1):
            at = now - timedelta(days=days)
            factories.give(environment, days, now=at)
            factories.give(environment, days, metric="coins", now=at)
        keep_days(environment, 30)
        assert said(support) == ["Earned +1", "Earned +1", "Earned +20", "Earned +20", "Earned +40"]
        keep_days(environment, 10, "club")
        assert said(support) == ["Earned +1", "Earned +1", "Earned +20"]
        assert "Shown from" in page_of(support).content.decode()


def test_from_the_search_to_the_explanation_it_takes_two_clicks(
    support: Client, environment: Environment
) -> None:
    factories.make_rule(environment, name="Twice", award={"kind": "fixed", "points": 7})
    event = factories.report(environment, "order-1").event
    found = support.get("/console/find/", {"q": "ada"}, follow=True).content.decode()
    assert _url() in found
    page = support.get(_url()).content.decode()
    why = reverse("admin:loyalty_event_change", args=[event.pk])
    assert f'href="{why}#why"' in page
    explanation = support.get(why).content.decode()
    assert explanation.index('id="why"') < explanation.index("Twice")


class TestPutOnHold:
    FORM = {"metric": "points", "points": "30", "days": "2", "reason": "Order 7"}

    def test_the_effect_is_shown_and_is_what_happens_once(
        self, support: Client, environment: Environment
    ) -> None:
        factories.give(environment, 100)
        before = state_of_everything()
        shown = show(support, _url(page="hold"), **self.FORM)
        effect = shown.context["effect"]
        assert (effect["before"].balance, effect["after"].balance, effect["after"].held) == (100, 70, 30)
        assert state_of_everything() == before
        assert "30 points are" in told(confirm(support, _url(page="hold"), shown, **self.FORM))
        assert said(support)[0] == "30 Points put on hold | Order 7"
        assert ">30</a></strong> Points" in " ".join(page_of(support).content.decode().split())
        after = state_of_everything()
        again = confirm(support, _url(page="hold"), shown, **self.FORM)
        assert "was not done again" in told(again)
        assert state_of_everything() == after

    @pytest.mark.parametrize("wrong", [{"points": "101"}, {"points": "0"}, {"days": "367"}, {"metric": "x"}])
    def test_a_refusal_is_said_on_the_form(
        self, support: Client, environment: Environment, wrong: dict[str, str]
    ) -> None:
        factories.give(environment, 100)
        before = state_of_everything()
        answer = show(support, _url(page="hold"), **self.FORM | wrong)
        assert answer.context["form"].errors
        assert state_of_everything() == before


def test_a_member_who_did_some_of_everything_costs_a_bounded_number_of_statements(
    support: Client, environment: Environment
) -> None:
    _some_of_everything(environment)
    assert len(_statements(support, _url())) <= 75
    assert len(_statements(support, _url())) <= 60  # once the process knows the configuration


# -- with many members


@pytest.fixture
def many(environment: Environment) -> Many:
    size = int(os.environ.get("LOYALTY_CONSOLE_ROWS", "0"))
    if size:
        return make_many(environment, members=size // 10, entries=9, whale=10_000)
    return make_many(environment, members=8_000, entries=5, whale=1_200)


def _statements(client: Client, url: str) -> list[str]:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        started = time.perf_counter()
        answer = client.get(url)
        took = time.perf_counter() - started
    assert answer.status_code == 200
    print(f"{url}: {len(queries)} statements, {took * 1000:.0f} ms, {len(answer.content):,} bytes")  # noqa: T201 - with -s
    return [query["sql"] for query in queries.captured_queries]


def test_the_page_costs_the_same_whatever_happened_and_reads_no_whole_table(
    login: Any, environment: Environment, many: Many
) -> None:
    client = login(environment, "support")
    pages = [reverse("admin:loyalty_member_change", args=[one.pk]) for one in (many.usual, many.whale)]
    _statements(client, pages[0])  # what the process keeps is read
    usual, whale = (_statements(client, page) for page in pages)
    assert len(whale) == len(usual)
    assert len(usual) <= 50
    middle = LedgerEntry.objects.filter(member=many.whale).order_by("id")[1000].pk
    queries = ["", f"?before={middle}", *(f"?kind={kind}" for kind in KINDS)]
    queries += ["?since=2020-01-01&until=2020-02-01", "?as_of=2026-01-01T00:00&by=recorded"]
    for query in queries:
        for sql in _statements(client, pages[1] + query):
            _check_plan(sql)


def _check_plan(sql: str) -> None:
    if not sql.startswith("SELECT") or not any(table in sql for table in TABLES):
        return
    with connection.cursor() as cursor:
        # By which index, whatever the statistics of the moment.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {sql}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    for table in TABLES:
        assert not re.search(rf"Seq Scan on {table}\b", plan), f"{sql}\n{plan}"
