"""A random world of points: debts, shortfalls, holds, pending and lapsed lots, reversals, merges, erasures."""

import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from audit.errors import DomainError
from loyalty.actions.erasing import erase_member
from loyalty.models import LedgerEntry
from loyalty.queries.analytics.points import active_by_day, active_members, points_by_day
from programs.models import Environment, Metric
from tests.factories import make_rule
from tests.loyalty.analytics.by_ledger import active_by_the_ledger, days_by_the_ledger
from tests.loyalty.ledger.product import Product

START = datetime.fromisoformat("2026-03-01T09:00:00+00:00")
MEMBERS = ("ada", "bob", "cyd", "dan", "eve")
CODES = ("points", "coins")
STEPS = {
    "earn": 30,
    "report": 5,
    "spend": 25,
    "transfer": 5,
    "hold": 15,
    "capture": 5,
    "cancel": 5,
    "reverse": 25,
    "wait": 10,
    "merge": 1,
    "erase": 1,
}
"""How often what happens."""


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

    @property
    def environment(self) -> Environment:
        return self.product.environment

    def metric(self, code: str) -> Metric:
        return Metric.objects.get(environment=self.environment, code=code)

    def live(self, steps: int) -> None:
        """So many things happen, or are refused."""
        for _ in range(steps):
            (name,) = self.dice.choices(list(STEPS), [*STEPS.values()])
            step: Callable[[], Any] = getattr(self, name)
            try:
                with transaction.atomic():
                    step()
            except DomainError:
                continue

    def who(self) -> str:
        return self.dice.choice(MEMBERS)

    def keep(self, entry: LedgerEntry) -> None:
        self.entries.append(entry.pk)

    def earn(self) -> None:
        days = self.dice.choice([None, -1, 0.5, 1, 3, 10, 45])
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
        """Some, or all there is."""
        kind, metric, who = (
            self.dice.choice(["redeemed", "redeemed", "adjusted"]),
            self.dice.choice(CODES),
            self.who(),
        )
        *_, balance, _ = self.product.read([who]).get((who, metric), (0, 0))
        points = self.dice.choice([self.dice.randint(1, 60), max(1, balance)])
        self.keep(self.product.spend(who, points, kind=kind, metric=metric))

    def transfer(self) -> None:
        self.product.transfer(
            self.who(), self.who(), self.dice.randint(1, 40), metric=self.dice.choice(CODES)
        )

    def hold(self) -> None:
        until = self.product.now + timedelta(days=self.dice.choice([0.2, 1, 4, 30]))
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
