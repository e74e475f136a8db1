"""The arithmetic of lots: what can be spent, in which order, and what falls due (domain.md 3.1-3.3).

Pure: `now` comes in, nothing is changed; the ledger applies what these functions answer.
Instants are aware datetimes, points are whole numbers. When a lot's points end:
- it is *vested* from `available_at` on, and *expired* from `expires_at` on: both instants belong to what
  begins. It can be spent while `available_at <= now < expires_at`;
- a lot does not expire before it exists: with an `expires_at` before `earned_at` (an award may be given a
  date in the past) it expires at `earned_at`, at once.
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal, Protocol, TypeAlias
from uuid import UUID

DueKind = Literal["lapse", "expire", "vest"]
ExpiryKind: TypeAlias = Literal["never", "days", "months", "date"]
Date: TypeAlias = date  # the type, where a field is called date

# At one instant: hold lapse, expiry, vesting (3.3).
_ORDER_AT_ONE_INSTANT: dict[DueKind, int] = {"lapse": 0, "expire": 1, "vest": 2}


class Dated(Protocol):
    """What has the dates of a lot."""

    @property
    def id(self) -> UUID: ...
    @property
    def earned_at(self) -> datetime: ...
    @property
    def expires_at(self) -> datetime | None: ...


@dataclass(slots=True)
class Lot:
    """What is left of one credit. `remaining` does not include `held`. `pending` is as stored: not yet
    vested when the account was last settled, whatever `available_at` says by now."""

    id: UUID
    points: int
    remaining: int
    held: int
    earned_at: datetime
    available_at: datetime
    expires_at: datetime | None
    pending: bool

    @property
    def ends_at(self) -> datetime | None:
        """When what remains is gone; None for never."""
        return None if self.expires_at is None else max(self.expires_at, self.earned_at)

    def usable(self, now: datetime) -> bool:
        """Vested and not expired at `now`, by its dates."""
        ends_at = self.ends_at
        return self.available_at <= now and (ends_at is None or now < ends_at)


@dataclass(frozen=True, slots=True)
class Take:
    """Points to take from a lot, above zero."""

    lot_id: UUID
    points: int


@dataclass(frozen=True, slots=True)
class Due:
    """What happens to a lot's remaining points at `at`."""

    at: datetime
    kind: DueKind
    lot_id: UUID
    points: int


def spendable(lots: Iterable[Lot], now: datetime) -> int:
    """Points that can be spent at `now`, also if nothing has been settled since (3.3). Debt, which
    settling may pay from newly vested lots, is the account's matter and not taken off here."""
    return sum(lot.remaining for lot in lots if lot.usable(now))


def spend_order(lots: Iterable[Lot], now: datetime) -> list[Lot]:
    """The lots that a spend takes from, in its order (3.2): earliest expiry, never-expiring last, then
    oldest, then id. Settle first: a lot still stored as pending is left out even if its time has come."""
    usable = (lot for lot in lots if lot.remaining > 0 and not lot.pending and lot.usable(now))
    return sorted(usable, key=by_expiry_then_age)


def by_expiry_then_age(lot: Dated) -> tuple[bool, datetime, datetime, UUID]:
    """The sort key of 3.2, of any lot; reversed, it is the order in which parts are given back."""
    never = lot.expires_at is None
    return never, lot.expires_at or lot.earned_at, lot.earned_at, lot.id


def take(lots: Iterable[Lot], points: int, now: datetime) -> list[Take]:
    """How a spend of `points` is covered, in spend order. Raises ValueError unless 1 <= points <= what
    the settled lots hold: to refuse a member's spend is up to the caller, before."""
    if points < 1:
        raise ValueError(f"a spend takes at least 1 point, not {points}")
    takes: list[Take] = []
    left = points
    for lot in spend_order(lots, now):
        part = min(left, lot.remaining)
        takes.append(Take(lot.id, part))
        left -= part
        if left == 0:
            return takes
    raise ValueError(f"{points} points can't be taken: {left} too many")


def due(lots: Iterable[Lot], now: datetime) -> list[Due]:
    """What has fallen due by `now` and is to be settled, in time order; at one instant expiry before
    vesting, then in spend order. A lot may vest and then expire. One that ends before it would vest
    expires while pending. Held points are protected: only what remains expires (3.6)."""
    found = [(fate, lot) for lot in lots for fate in _fates(lot) if fate.at <= now]
    found.sort(key=_when_due)
    return [fate for fate, _lot in found]


def _when_due(pair: tuple[Due, Lot]) -> tuple[object, ...]:
    fate, lot = pair
    return when(fate.at, fate.kind), by_expiry_then_age(lot)


def when(at: datetime, kind: DueKind) -> tuple[datetime, int]:
    """The sort key of what falls due: time order, and the order of 3.3 at one instant."""
    return at, _ORDER_AT_ONE_INSTANT[kind]


def next_due(lots: Iterable[Lot]) -> datetime | None:
    """The earliest instant at which a lot with points remaining vests or expires; None for never."""
    return min((fate.at for lot in lots for fate in _fates(lot)), default=None)


def _fates(lot: Lot) -> list[Due]:
    """All that will happen to the lot if it is left alone, in time order."""
    if lot.remaining <= 0:
        return []
    ends_at = lot.ends_at
    fates: list[Due] = []
    if lot.pending and (ends_at is None or lot.available_at < ends_at):
        fates.append(Due(lot.available_at, "vest", lot.id, lot.remaining))
    if ends_at is not None:
        fates.append(Due(ends_at, "expire", lot.id, lot.remaining))
    return fates


def expiring(
    lots: Iterable[Lot], now: datetime, limit: int, time_zone: tzinfo = UTC
) -> list[tuple[datetime, int]]:
    """When points that can be spent now will expire: the next `limit` days of `time_zone` on which some
    do, each with the first instant of expiry on that day and the day's points, soonest first."""
    days: dict[date, tuple[datetime, int]] = {}
    ending = [(lot.ends_at, lot.remaining) for lot in lots if lot.remaining > 0 and lot.usable(now)]
    for ends_at, points in sorted((at, points) for at, points in ending if at is not None):
        first, sum_of_day = days.get(day := ends_at.astimezone(time_zone).date(), (ends_at, 0))
        days[day] = (first, sum_of_day + points)
    return list(days.values())[:limit]


# -- when a new lot expires


@dataclass(frozen=True, slots=True)
class ExpiryPolicy:
    """How long a metric's points last (domain.md 2). `count` days or months, optionally rounded up to the
    month's end; or `date`. Raises ValueError for a count below 1 or a missing count or date."""

    kind: ExpiryKind
    count: int | None = None
    date: Date | None = None
    month_end: bool = False

    def __post_init__(self) -> None:
        if self.kind in ("days", "months") and (self.count is None or self.count < 1):
            raise ValueError(f"expiry after {self.kind} needs a count of at least 1, not {self.count}")
        if self.kind == "date" and self.date is None:
            raise ValueError("expiry on a date needs the date")


NEVER = ExpiryPolicy("never")


def expiry_of(policy: ExpiryPolicy, occurred_at: datetime, time_zone: tzinfo) -> datetime | None:
    """The instant (UTC) from which points earned at `occurred_at` are gone; None for never.

    Days and months are counted on the clocks of the project's zone: the same time of day, whatever daylight
    saving does in between. A day that the month lacks is its last one (31 January + 1 month: 28 February);
    a time that the clocks skip is the moment they jump to after, and of a time that they show twice it is the
    first. `month_end` moves on to 00:00 on the 1st of the next month, unless it is such an instant already.
    A fixed date means 00:00 of that date: the day before is the last one to spend on. It may be past.
    What would lie beyond the year 9999 never expires. Raises ValueError for a naive `occurred_at`.
    """
    if occurred_at.tzinfo is None:
        raise ValueError("occurred_at must carry a time zone")
    if policy.kind == "never":
        return None
    try:
        local = _local_expiry(policy, occurred_at.astimezone(time_zone).replace(tzinfo=None))
        return local.replace(tzinfo=time_zone, fold=0).astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def _local_expiry(policy: ExpiryPolicy, local: datetime) -> datetime:
    if policy.kind == "date" and policy.date:
        return datetime.combine(policy.date, time.min)
    count = policy.count or 0
    local = local + timedelta(days=count) if policy.kind == "days" else _add_months(local, count)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if not policy.month_end or local == midnight.replace(day=1):
        return local
    return _add_months(midnight.replace(day=1), 1)


def _add_months(local: datetime, count: int) -> datetime:
    years, month = divmod(local.month - 1 + count, 12)
    year = local.year + years
    return local.replace(year=year, month=month + 1, day=min(local.day, monthrange(year, month + 1)[1]))
