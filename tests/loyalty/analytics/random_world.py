"""A random world of points, and what its ledger says of it, added up by plain statements of another hand."""

import random
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from audit.errors import DomainError
from loyalty.actions.erasing import erase_member
from loyalty.actions.rolling_up import EVERYTHING, roll_next
from loyalty.models import LedgerEntry
from loyalty.queries.analytics.points import PointsDay, active_by_day, active_members, points_by_day
from programs.models import Environment, Metric
from tests.factories import make_rule
from tests.loyalty.ledger.product import Product

START = datetime.fromisoformat("2026-03-01T09:00:00+00:00")
MEMBERS = ("ada", "bob", "cyd", "dan", "eve")
CODES = ("points", "coins")


class World:
    """Members to whom anything happens; the clock goes on in between, and nothing is settled but by their writes."""

    def __init__(self, environment: Environment, seed: int) -> None:
        make_rule(environment, published_at=START - timedelta(days=365))
        self.dice = random.Random(seed)
        self.product = Product(environment, START)
        self.product.configure("points", negative_balance="debt")
        self.product.configure("coins", negative_balance="clip" if seed % 2 else "debt", vesting_days=2)
        self.entries: list[UUID] = []
        self.holds: list[UUID] = []
        self.done: list[str] = []

    @property
    def environment(self) -> Environment:
        return self.product.environment

    def metric(self, code: str) -> Metric:
        return Metric.objects.get(environment=self.environment, code=code)

    def live(self, steps: int) -> None:
        """So many things happen, or are refused."""
        for _ in range(steps):
            step: Callable[[], Any] = self.dice.choice(
                [self.earn] * 5
                + [self.report, self.spend, self.spend, self.transfer, self.hold, self.hold, self.capture]
                + [self.cancel, self.reverse, self.reverse, self.reverse, self.wait, self.wait, self.wait]
                + [self.merge, self.erase] * (self.dice.random() < 0.2)
            )
            try:
                with transaction.atomic():
                    step()
            except DomainError:
                continue
            self.done.append(step.__name__)

    def who(self) -> str:
        return self.dice.choice(MEMBERS)

    def keep(self, entry: LedgerEntry) -> None:
        self.entries.append(entry.pk)

    def earn(self) -> None:
        days = self.dice.choice([None, -1, 0.5, 1, 3, 10])
        expires_at = None if days is None else self.product.now + timedelta(days=days)
        kind = self.dice.choice(["earned", "bonus", "adjusted"])
        metric = self.dice.choice(CODES)
        points = self.dice.randint(1, 80)
        options = {} if kind == "adjusted" else {"expires_at": expires_at}
        self.keep(self.product.earn(self.who(), points, kind=kind, metric=metric, **options))

    def report(self) -> None:
        ago = timedelta(days=self.dice.choice([0, 1, 5, 20]))
        for entry in self.product.report(self.who(), self.dice.randint(1, 60), self.product.now - ago):
            self.keep(entry)

    def spend(self) -> None:
        kind, metric = self.dice.choice(["redeemed", "redeemed", "adjusted"]), self.dice.choice(CODES)
        self.keep(self.product.spend(self.who(), self.dice.randint(1, 60), kind=kind, metric=metric))

    def transfer(self) -> None:
        self.product.transfer(
            self.who(), self.who(), self.dice.randint(1, 40), metric=self.dice.choice(CODES)
        )

    def hold(self) -> None:
        until = self.product.now + timedelta(days=self.dice.choice([0.2, 1, 4]))
        metric = self.dice.choice(CODES)
        self.holds.append(self.product.hold(self.who(), self.dice.randint(1, 50), until, metric=metric))

    def capture(self) -> None:
        if self.holds:
            hold = self.holds[-1]
            self.keep(self.product.capture(hold, self.dice.choice([None, 5])))

    def cancel(self) -> None:
        if self.holds:
            self.product.cancel_capture(self.dice.choice(self.holds), None)

    def reverse(self) -> None:
        if self.entries:
            self.product.reverse(self.dice.choice(self.entries[-15:]), self.dice.choice([None, None, 7]))

    def merge(self) -> None:
        self.product.merge(self.who(), self.who())

    def erase(self) -> None:
        product = self.product
        erase_member(environment=product.environment, member=self.who(), now=product.now, **product.by)

    def wait(self) -> None:
        self.product.now += timedelta(days=self.dice.choice([0.1, 0.5, 1, 2]))

    # -- what is asked of it

    @property
    def first(self) -> date:
        return (START - timedelta(days=25)).date()

    @property
    def last(self) -> date:
        return (self.product.now + timedelta(days=1)).date()

    def period(self) -> dict[str, Any]:
        return {
            "environment": self.environment,
            "first": self.first,
            "last": self.last,
            "now": self.product.now,
        }

    def now(self) -> dict[str, Any]:
        return {"environment": self.environment, "now": self.product.now}

    def told(self) -> dict[str, Any]:
        """All that the analytics say."""
        period = self.period()
        return {
            **{code: points_by_day(metric=self.metric(code), **period) for code in CODES},
            "active": active_members(**period),
            "active in coins": active_members(metric=self.metric("coins"), **period),
            "by day": active_by_day(**period),
        }

    def by_the_ledger(self) -> dict[str, Any]:
        """The same, from the entries alone, after everything that is due was settled: which is undone."""
        with transaction.atomic():
            self.product.settle()
            said = {
                **{
                    code: days_by_the_ledger(self.environment, self.metric(code), self.first, self.last)
                    for code in CODES
                },
                "active": self._active()[0],
                "active in coins": self._active("coins")[0],
                "by day": self._active()[1],
            }
            transaction.set_rollback(True)
        return said

    def _active(self, *codes: str) -> tuple[int, list[tuple[date, int]]]:
        metrics = [self.metric(code) for code in codes or CODES]
        return active_by_the_ledger(self.environment, metrics, self.first, self.last)


def days_by_the_ledger(environment: Environment, metric: Metric, first: date, last: date) -> list[PointsDay]:
    """Every day from `first` to `last`, from the entries of the metric alone."""
    with connection.cursor() as cursor:
        cursor.execute(BY_DAY, {"zone": environment.project.time_zone, "metric": metric.pk})
        rows = {row[0]: [int(figure) for figure in row[1:]] for row in cursor.fetchall()}
    asked = every_day(first, last)
    outstanding, days = 0, []
    for day in sorted({*rows, *asked}):
        figures = rows.get(day, [0] * 9)
        outstanding += figures[0]
        if first <= day <= last:
            named = dict(zip(FIGURES, figures[1:], strict=True))
            days.append(PointsDay(day=day, outstanding=outstanding, **named))
    return days


def active_by_the_ledger(
    environment: Environment, metrics: Sequence[Metric], first: date, last: date
) -> tuple[int, list[tuple[date, int]]]:
    """How many were active in the period, and on each of its days."""
    sent: dict[str, Any] = {
        "zone": environment.project.time_zone,
        "metrics": [metric.pk for metric in metrics],
    }
    with connection.cursor() as cursor:
        cursor.execute(PRESENT, sent)
        seen = cursor.fetchall()
    each = [(day, len({member for on, member in seen if on == day})) for day in every_day(first, last)]
    return len({member for on, member in seen if first <= on <= last}), each


def every_day(first: date, last: date) -> list[date]:
    return [first + timedelta(number) for number in range((last - first).days + 1)]


FIGURES = (
    "issued",
    "redeemed",
    "expired",
    "adjusted",
    "transferred",
    "reversed_issued",
    "reversed_redeemed",
    "reversed_adjusted",
)
BY_DAY = """
WITH RECURSIVE chain (entry_id, at, root_type) AS (
    SELECT id, reverses_id, type FROM loyalty_ledgerentry
    UNION ALL
    SELECT chain.entry_id, up.reverses_id, up.type FROM chain JOIN loyalty_ledgerentry up ON up.id = chain.at
)
SELECT date(timezone(%(zone)s, e.occurred_at)) AS day, sum(e.points),
    sum(CASE WHEN e.type = 'earned' OR e.type = 'bonus' THEN e.points ELSE 0 END),
    -sum(CASE WHEN e.type = 'redeemed' THEN e.points ELSE 0 END),
    -sum(CASE WHEN e.type = 'expired' THEN e.points ELSE 0 END),
    sum(CASE WHEN e.type = 'adjusted' THEN e.points ELSE 0 END),
    sum(CASE WHEN e.type = 'transferred' THEN e.points ELSE 0 END),
    sum(CASE WHEN e.type = 'reversed' AND c.root_type IN ('earned', 'bonus', 'transferred') THEN e.points ELSE 0 END),
    sum(CASE WHEN e.type = 'reversed' AND c.root_type = 'redeemed' THEN e.points ELSE 0 END),
    sum(CASE WHEN e.type = 'reversed' AND c.root_type = 'adjusted' THEN e.points ELSE 0 END)
FROM loyalty_ledgerentry e
JOIN chain c ON c.entry_id = e.id AND c.at IS NULL
WHERE e.account_id IN (SELECT id FROM loyalty_account WHERE metric_id = %(metric)s)
GROUP BY 1
"""
PRESENT = """
SELECT date(timezone(%(zone)s, e.occurred_at)), coalesce(survivor.id, e.member_id)
FROM loyalty_ledgerentry e
JOIN loyalty_account a ON a.id = e.account_id
LEFT JOIN loyalty_member gone ON gone.id = e.member_id AND gone.status IN ('active', 'frozen')
LEFT JOIN loyalty_member survivor ON survivor.id = gone.redirect_to_id
WHERE a.metric_id = ANY(%(metrics)s) AND e.type <> 'expired'
    AND (e.origin IS NULL OR (e.origin <> 'opening' AND e.origin NOT LIKE 'opening_balance:%%'))
"""


def roll(limit: int = 5_000) -> int:
    """Go along the trail to its end, though the test's transaction is open; how many entries were added."""
    added, more = 0, True
    while more:
        _, entries, more = roll_next(now=START, limit=limit, horizon=EVERYTHING)
        added += entries
    return added


def stored_rows(environment: Environment) -> tuple[list[Any], list[Any], list[Any]]:
    """The roll-ups as they are stored."""
    found = []
    with connection.cursor() as cursor:
        for table in ("pointsofday", "activemember", "rollupzone"):
            cursor.execute(
                f"SELECT * FROM loyalty_{table} AS row WHERE environment_id = %s ORDER BY row::text",
                [environment.pk],
            )
            found.append(cursor.fetchall())
    return found[0], found[1], found[2]
