"""What members hold, by when it expires: what the tenant still owes them, and until when (domain.md 11)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Q

from loyalty.ledger.book import Book
from loyalty.ledger.consistent import one_state
from loyalty.ledger.covering import DEBT
from loyalty.ledger.reading import read_lots_of
from loyalty.ledger.states import state_of_all
from loyalty.models import Lot
from loyalty.queries.analytics.lapsed import INVOLVED, settled
from loyalty.queries.analytics.money import value_of
from loyalty.queries.analytics.periods import zone_of
from loyalty.rules.days import day_of
from programs.models import Environment, Metric


@dataclass(frozen=True, slots=True)
class Cohort:
    """Points whose lots expire in one local month; `month`: its first day, None: never. `pending` (not to be spent yet)
    and `held` are parts of `points`. What is held does not expire: its month may be over."""

    month: date | None
    points: int
    pending: int
    held: int


@dataclass(frozen=True, slots=True)
class Liability:
    """What is outstanding of a metric at `as_of`. The cohorts, earliest first and `never` last, and `debt` (what
    members owe, 0 or below) add up to `outstanding`. `value`: that in money, None where the metric says no worth."""

    as_of: datetime
    cohorts: list[Cohort]
    debt: int
    outstanding: int
    value: Decimal | None

    @property
    def pending(self) -> int:
        return sum(cohort.pending for cohort in self.cohorts)

    @property
    def held(self) -> int:
        return sum(cohort.held for cohort in self.cohorts)


# All open lots of the metric, by index from its accounts. `lapsed` is what has expired though its entry is not written
# yet. `by_hand`: accounts that are involved (lapsed.py). What members owe follows from 3.8: what is left of lots is the
# total and the debt.
_COHORTS = f"""
WITH wallet AS MATERIALIZED (
    SELECT account.id, account.total, CASE WHEN account.next_due_at <= %(now)s THEN {INVOLVED} ELSE false END AS by_hand
    FROM loyalty_account AS account
    WHERE account.environment_id = %(environment)s AND account.metric_id = %(metric)s
), open_lot AS (
    SELECT lot.remaining, lot.held, lot.available_at, lot.expires_at,
        CASE WHEN lot.expires_at IS NOT NULL THEN greatest(lot.expires_at, lot.earned_at) END AS ends_at
    FROM wallet JOIN loyalty_lot AS lot ON lot.account_id = wallet.id
    WHERE NOT wallet.by_hand AND (lot.remaining > 0 OR lot.held > 0)
), cohort AS (
    SELECT date_trunc('month', ends_at AT TIME ZONE %(time_zone)s)::date AS month,
        coalesce(sum(remaining) FILTER (WHERE ends_at IS NULL OR ends_at > %(now)s), 0) AS remaining,
        coalesce(sum(remaining) FILTER (
            WHERE available_at > %(now)s AND (ends_at IS NULL OR ends_at > %(now)s)
        ), 0) AS pending,
        sum(held) AS held,
        coalesce(sum(remaining) FILTER (WHERE ends_at <= %(now)s), 0) AS lapsed
    FROM open_lot GROUP BY 1
)
SELECT 'cohort', month, remaining + held, pending, held, lapsed, NULL::uuid[] FROM cohort
UNION ALL
SELECT 'total', NULL, coalesce(sum(total) FILTER (WHERE NOT by_hand), 0), 0, 0, 0, array_agg(id) FILTER (WHERE by_hand)
FROM wallet
"""  # noqa: S608 - no text of a caller's


def liability(*, environment: Environment, metric: Metric, now: datetime) -> Liability:
    """What is outstanding at `now`, the environment's time, also where no job has run.

    One statement; eight where what has come due pays a debt, or a hold has lapsed. Locks nothing.
    """
    with one_state():
        rows = _read(environment, metric, now)
        (_, _, total, *_, by_hand) = next(row for row in rows if row[0] == "total")
        books = settled(by_hand or [], now=now)
        _read_lots(books)
    found = {
        row[1]: Cohort(row[1], *(int(figure) for figure in row[2:5])) for row in rows if row[0] == "cohort"
    }
    lapsed = sum(int(row[5]) for row in rows)
    outstanding = int(total) - lapsed
    debt = outstanding - sum(cohort.points for cohort in found.values())
    for book in books:
        outstanding += book.account.total
        debt -= sum(row.open for row in book.open_uncovered if row.kind == DEBT)
        _add(found, book, zone_of(environment))
    cohorts = sorted((one for one in found.values() if one.points), key=_never_last)
    return Liability(now, cohorts, debt, outstanding, value_of(metric, outstanding))


def _read(environment: Environment, metric: Metric, now: datetime) -> list[tuple[Any, ...]]:
    sent: dict[str, Any] = {
        "environment": environment.pk,
        "metric": metric.pk,
        "time_zone": environment.project.time_zone,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(_COHORTS, sent)
        return list(cursor.fetchall())


def _read_lots(books: Sequence[Book]) -> None:
    """All their open lots; one statement, none for none."""
    if books:
        accounts = [book.account.pk for book in books]
        read_lots_of(books, Lot.objects.filter(Q(remaining__gt=0) | Q(held__gt=0), account__in=accounts))


def _add(found: dict[date | None, Cohort], book: Book, zone: tzinfo) -> None:
    """The lots of a settled account, to their cohorts."""
    for lot in state_of_all(book.lots.values()):
        month = day_of(lot.ends_at, zone).replace(day=1) if lot.ends_at else None
        cohort = found.get(month, Cohort(month, 0, 0, 0))
        found[month] = Cohort(
            month,
            cohort.points + lot.remaining + lot.held,
            cohort.pending + (lot.remaining if lot.pending else 0),
            cohort.held + lot.held,
        )


def _never_last(cohort: Cohort) -> tuple[bool, date]:
    return cohort.month is None, cohort.month or date.min
