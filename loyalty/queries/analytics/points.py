"""Points by day and by period, and who was active: the figures of docs/analytics.md (domain.md 11).

Days are local days of the project's zone, by business time. Every figure is exact at `now`, also where no job has run.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from loyalty.queries.analytics.entries import FIGURES
from loyalty.queries.analytics.flows import flows_of
from loyalty.queries.analytics.presence import active_each_day, active_in
from loyalty.queries.analytics.rates import rate_of
from programs.models import Environment, Metric


@dataclass(frozen=True, slots=True)
class _Movement:
    """What moved points, in points. `redeemed` and `expired` are what went, above zero; `adjusted` and `transferred`
    are signed; so is what reversals did: of what was issued (0 or less, as a rule), redeemed (0 or more), adjusted."""

    issued: int
    redeemed: int
    expired: int
    adjusted: int
    transferred: int
    reversed_issued: int
    reversed_redeemed: int
    reversed_adjusted: int

    @property
    def reversed(self) -> int:
        """All that reversals changed, signed."""
        return self.reversed_issued + self.reversed_redeemed + self.reversed_adjusted

    @property
    def net_issued(self) -> int:
        return self.issued + self.reversed_issued

    @property
    def net_redeemed(self) -> int:
        return self.redeemed - self.reversed_redeemed

    @property
    def change(self) -> int:
        """By how much the outstanding points rose."""
        into = self.issued + self.adjusted + self.transferred + self.reversed
        return into - self.redeemed - self.expired


@dataclass(frozen=True, slots=True)
class PointsDay(_Movement):
    """One day of one metric. `outstanding`: the sum of all members' totals at its end."""

    day: date
    outstanding: int


@dataclass(frozen=True, slots=True)
class PointsPeriod(_Movement):
    """The days from `first` to `last`, both inclusive. `opening` and `closing`: outstanding before and after.

    `redemption_rate`: net redeemed of net issued; `breakage_rate`: expired of net issued; 1 is all, four places, None
    where nothing was issued.
    """

    first: date
    last: date
    opening: int
    closing: int

    @property
    def redemption_rate(self) -> Decimal | None:
        return rate_of(self.net_redeemed, self.net_issued)

    @property
    def breakage_rate(self) -> Decimal | None:
        return rate_of(self.expired, self.net_issued)


def points_by_day(
    *, environment: Environment, metric: Metric, first: date, last: date, now: datetime
) -> list[PointsDay]:
    """Every day from `first` to `last`, both inclusive, also those without an entry. `now`: the environment's time.

    Two statements; six more where what has come due takes the ledger's own arithmetic (lapsed.py).
    """
    outstanding, flows = flows_of(environment=environment, metric=metric, first=first, last=last, now=now)
    found = []
    for day in _days(first, last):
        moved = _sum([flows[day]] if day in flows else [])
        outstanding += _Movement(**moved).change
        found.append(PointsDay(**moved, day=day, outstanding=outstanding))
    return found


def points_of_period(
    *, environment: Environment, metric: Metric, first: date, last: date, now: datetime
) -> PointsPeriod:
    """The period as a whole; as many statements as `points_by_day`."""
    opening, flows = flows_of(environment=environment, metric=metric, first=first, last=last, now=now)
    moved = _sum(flows.values())
    closing = opening + _Movement(**moved).change
    return PointsPeriod(**moved, first=first, last=last, opening=opening, closing=closing)


def active_members(
    *,
    environment: Environment,
    first: date,
    last: date,
    now: datetime,  # noqa: ARG001 - as the others; what is active is written, so nothing is due
    metric: Metric | None = None,
) -> int:
    """How many members had an entry dated in the period, of `metric` or of any. Who was merged counts as their
    survivor; an expiry and what an account begins with are nobody's doing and don't count. Two statements."""
    return active_in(environment=environment, first=first, last=last, metric=metric)


def active_by_day(
    *,
    environment: Environment,
    first: date,
    last: date,
    now: datetime,  # noqa: ARG001
) -> list[tuple[date, int]]:
    """`active_members` of each day from `first` to `last`. Two statements."""
    found = active_each_day(environment=environment, first=first, last=last)
    return [(day, found.get(day, 0)) for day in _days(first, last)]


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _sum(flows: Iterable[Mapping[str, int]]) -> dict[str, int]:
    total = dict.fromkeys(FIGURES, 0)
    for flow in flows:
        for name in FIGURES:
            total[name] += flow[name]
    return total
