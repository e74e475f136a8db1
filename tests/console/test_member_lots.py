"""The open lots of a member with very many: the first ones are read, the others counted."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse as url_of
from django.utils import timezone

from loyalty.actions.holds import hold_points
from loyalty.actions.points import spend
from loyalty.ledger.book import Book
from loyalty.ledger.opening import open_books
from loyalty.ledger.reading import read_lots
from loyalty.models import Lot, Member
from loyalty.queries import first_lots
from loyalty.queries.balances import open_lots_of
from loyalty.queries.first_lots import first_of, first_open_lots
from programs.models import Environment
from tests import factories
from tests.console.many import EACH, make_many

pytestmark = pytest.mark.django_db
SHOWN = 50


def _lots_read(queries: Any) -> list[int]:
    """How many rows each statement that reads lots brings."""
    found = []
    for query in queries.captured_queries:
        if query["sql"].lstrip().startswith("SELECT") and 'FROM "loyalty_lot"' in query["sql"]:
            with connection.cursor() as cursor:
                cursor.execute(query["sql"])
                found.append(len(cursor.fetchall()))
    return found


def test_the_page_reads_as_many_lots_as_it_shows_and_counts_the_others(
    login: Any, environment: Environment
) -> None:
    many = make_many(environment, members=20, entries=60, whale=3_000)
    client = login(factories.reload(environment), "analyst")
    counts = []
    for member, lots in ((many.usual, 60), (many.whale, 3_000)):
        url = url_of("admin:loyalty_member_change", args=[member.pk])
        client.get(url)  # the snapshot is known
        with CaptureQueriesContext(connection) as queries:
            page = client.get(url)
        counts.append(len(queries))
        read = _lots_read(queries)
        assert max(read) == SHOWN
        assert sum(read) <= SHOWN + 2
        wallet = next(one for one in page.context["wallets"] if one.balance.metric.code == "points")
        assert (len(wallet.lots.shown), wallet.lots.count, wallet.more_lots) == (SHOWN, lots, lots - SHOWN)
        assert wallet.balance.balance == lots * EACH
        text = " ".join(page.content.decode().split())
        assert f"{lots:,} open lots" in text
        assert f"And {lots - SHOWN:,} more, which are spent after these." in text
    assert counts[0] == counts[1]


def test_they_are_those_of_all_also_where_something_is_due(environment: Environment) -> None:
    """Lots that expire, vest, are held and were spent, settled up to now and not: beside all of them, read whole."""
    now = timezone.now()
    factories.make_metric(environment, vesting_days=3)
    environment = factories.reload(environment)
    for number in range(24):
        expires_at = now + timedelta(days=number - 2) if number % 3 else None
        factories.give(
            environment, 10 + number, now=now - timedelta(days=10 - number % 9), expires_at=expires_at
        )
    member = Member.objects.get(external_id="ada")
    common: dict[str, Any] = {
        "environment": environment,
        "member": member.external_id,
        "actor": factories.make_actor(),
    }
    spend(points=15, reason=None, now=now - timedelta(days=3), **common)
    hold_points(
        points=40, reason=None, now=now - timedelta(days=3), expires_at=now + timedelta(days=1), **common
    )
    before = list(Lot.objects.values_list("id", "remaining", "held", "pending"))
    for at in (now - timedelta(days=3), now, now + timedelta(days=4), now + timedelta(days=90)):
        whole = open_lots_of(member_id=member.pk, now=at)
        for limit in (1, 5, 100):
            asked = {"limit": limit, "dates": 2}
            found = first_open_lots(member_id=member.pk, now=at, **asked)
            assert found == {metric: first_of(lots, **asked) for metric, lots in whole.items()}, (at, limit)
    assert list(Lot.objects.values_list("id", "remaining", "held", "pending")) == before


def test_the_next_to_vest_is_named_first_also_where_a_later_one_was_read_for_settling(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing that is due reads a lot that vests later, today: the book is made to know one here."""
    now = timezone.now()
    for days in (3, 9):
        factories.make_metric(environment, vesting_days=days)
        factories.give(factories.reload(environment), days, now=now)
    late = Lot.objects.get(points=9)

    def knowing(*args: Any, **options: Any) -> list[Book]:
        books = open_books(*args, **options)
        assert read_lots(books[0], Lot.objects.filter(pk=late.pk)) == [late]
        return books

    monkeypatch.setattr(first_lots, "open_books", knowing)
    nearest, last = (now + timedelta(days=3), 3), (now + timedelta(days=9), 9)
    for dates, vesting in ((1, [nearest]), (2, [nearest, last])):
        asked: dict[str, Any] = {"limit": 5, "dates": dates}
        (found,) = first_open_lots(member_id=late.account.member_id, now=now, **asked).values()
        assert (found.vesting, found.count) == (vesting, 2)
