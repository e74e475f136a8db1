"""Lists of a large tenant: a page costs the same at any depth, under any filter and for any search.

`LOYALTY_CONSOLE_ROWS=1000000` makes the tenant of that size (and prints what each page took, with -s).
"""

import os
import time
from functools import partial
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from audit.ids import public
from loyalty.admin import keyset
from loyalty.models import Event, LedgerEntry
from programs.models import Environment
from tests import factories
from tests.console.many import make_many
from tests.console.plans import cost_of

pytestmark = pytest.mark.django_db

_ROWS = int(os.environ.get("LOYALTY_CONSOLE_ROWS", "0"))
_LARGE = {
    "loyalty_member",
    "loyalty_account",
    "loyalty_ledgerentry",
    "loyalty_lot",
    "loyalty_event",
    "audit_auditevent",
}
_MEMBERS, _EVENTS = "/console/loyalty/member/", "/console/loyalty/event/"
_LEDGER, _TRAIL = "/console/loyalty/ledgerentry/", "/console/audit/auditevent/"
_LISTS = [_MEMBERS, _EVENTS, _LEDGER, _TRAIL]
_SPAN = 50_000 if _ROWS else 300
_BUDGET = 26
"""Statements of a page, those of its frame (session, environment, sidebar) among them."""


@pytest.fixture(scope="module")
def _large(module_data: None) -> Environment:
    environment = factories.make_environment()
    if _ROWS:
        make_many(environment, members=_ROWS // 10, entries=9, whale=_ROWS // 10)
    else:
        make_many(environment, members=1_500, entries=2, whale=1_500)
    factories.make_metric(environment, "miles")
    return environment


@pytest.fixture
def large(_large: Environment, db: None, fresh_snapshots: None, monkeypatch: Any) -> Environment:
    """Another tenant's rows lie around; the lists look through little at a time."""
    monkeypatch.setattr(keyset, "SPAN", _SPAN)
    return _large


@pytest.fixture
def client(login: Any, large: Environment) -> Client:
    found: Client = login(large)
    return found


def _cheap(client: Client, url: str, most_rows: int) -> Any:
    """The page, whose statements are few, look at few rows and read no large table from end to end."""
    client.get(url)  # what a process keeps is there
    pages = []
    began = time.monotonic()
    pages.append(client.get(url))
    took = time.monotonic() - began
    cost = cost_of(lambda: pages.append(client.get(url)))
    if _ROWS:
        print(f"{took * 1000:6.0f} ms {cost.statements:3} statements {cost.touched:8,} rows  {url[:110]}")  # noqa: T201 - asked for
    assert pages[-1].status_code == 200, url
    assert cost.statements <= _BUDGET, url
    assert not cost.whole & _LARGE, (url, cost.whole, cost.costliest)
    assert cost.touched <= most_rows, (url, cost.costliest)
    return pages[-1]


@pytest.mark.parametrize("url", _LISTS)
def test_a_page_costs_the_same_at_any_depth(client: Client, url: str) -> None:
    first = _cheap(client, url, 2_500).context["cl"]
    assert first.newer is None
    seen = [row.pk for row in first.result_list]
    older = first.older
    for _ in range(3):
        page = _cheap(client, url + older, 2_500).context["cl"]
        seen += [row.pk for row in page.result_list]
        older = page.older
    assert len(set(seen)) == len(seen) == 200
    back = _cheap(client, url + page.newer, 2_500).context["cl"]
    assert [row.pk for row in back.result_list] == seen[100:150]


def _middle(environment: Environment) -> Any:
    rows = Event.objects.filter(environment_id=environment.pk).order_by("occurred_at")
    return rows.values_list("occurred_at", flat=True)[(rows.count()) // 2].date()


@pytest.mark.parametrize("url", [_EVENTS, _LEDGER, _TRAIL])
def test_days_of_the_middle_are_opened_straight_away(client: Client, large: Environment, url: str) -> None:
    column = "recorded_at" if url == _TRAIL else "occurred_at"
    day = _middle(large)
    asked = urlencode({f"{column}_from": day.isoformat(), f"{column}_to": day.isoformat()})
    page = _cheap(client, f"{url}?{asked}", 2_500 if _ROWS == 0 else _ROWS // 100)
    rows = page.context["cl"].result_list
    assert rows
    assert {getattr(row, column).date() for row in rows} == {day}


@pytest.mark.parametrize(
    "url",
    [
        f"{_EVENTS}?type=purchase",
        f"{_EVENTS}?q=m000007",
        f"{_EVENTS}?q=whale",
        f"{_EVENTS}?q=whale-3",
        f"{_LEDGER}?type__exact=earned",
        f"{_LEDGER}?metric=points",
        f"{_LEDGER}?q=whale",
        f"{_LEDGER}?q=whale-3",
        f"{_TRAIL}?subject=points",
        f"{_TRAIL}?actor=system",
        f"{_TRAIL}?q=whale",
        f"{_TRAIL}?q=whale-3",
        f"{_TRAIL}?q=points.earned",
        f"{_TRAIL}?q=many",
        f"{_MEMBERS}?status__exact=active",
        f"{_MEMBERS}?q=M00",
        f"{_MEMBERS}?q=wha",
    ],
)
def test_filters_and_searches_that_find_something(client: Client, url: str) -> None:
    by_index = "q=" in url and not url.endswith(("points.earned", "=many"))
    few = 4_000 if url.startswith(_TRAIL) else 500  # rows that wait for a seal are counted beside the trail
    found = _cheap(client, url, few if by_index else 3 * _SPAN + 2_500).context["cl"]
    assert found.result_list


@pytest.mark.parametrize(
    "url",
    [
        f"{_LEDGER}?type__exact=transferred",
        f"{_LEDGER}?metric=miles",
        f"{_TRAIL}?actor=member",
        f"{_TRAIL}?q=nobody.did",
        f"{_MEMBERS}?status__exact=frozen",
    ],
)
def test_what_is_rare_is_looked_for_so_far_and_then_further(
    client: Client, large: Environment, url: str
) -> None:
    sought = 0
    page = _cheap(client, url, 3 * _SPAN + 2_500).context["cl"]
    while page.older:
        assert (page.result_list, page.looked_through) == ([], _SPAN)
        answer = _cheap(client, url.partition("?")[0] + page.older, 3 * _SPAN + 2_500)
        page, sought = answer.context["cl"], sought + 1
        if sought == 1:
            assert "Look further back" in answer.content.decode() or page.older is None
    assert sought >= 1
    assert page.looked_through == 0


def test_searching_from_anywhere_reads_no_table(client: Client, large: Environment) -> None:
    entry = LedgerEntry.objects.filter(environment_id=large.pk).first()
    assert entry is not None
    for term in (
        public("txn", entry.pk),
        "m0000",
        "whale-77",
        "nothing-at-all",
        "ada@example.com",
        "0044 20 7946 0000",
    ):
        for url in ("/console/find/?q=", "/console/search/?s="):
            answer = client.get(url + term)
            cost = cost_of(partial(client.get, url + term))
            assert answer.status_code in (200, 302)
            assert cost.statements <= 40, term
            assert not cost.whole & _LARGE, (term, cost.whole)
            assert cost.touched <= 1_000, (term, cost.touched)
