"""Balances that are right now, even if no job has run (domain.md 3.3), and as they were (3.9)."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from audit.errors import InvalidRequest
from audit.instants import rfc3339
from audit.record import Actor
from loyalty.ledger.as_of import Standing, standing
from loyalty.ledger.book import Book
from loyalty.ledger.consistent import one_state
from loyalty.ledger.covering import SHORTFALL
from loyalty.ledger.opening import open_books
from loyalty.ledger.reading import read_lots, read_uncovered
from loyalty.ledger.states import state_of_all
from loyalty.models import Account, Lot
from loyalty.rules import lots as lot_rules
from programs.models import Environment, Metric
from programs.queries.environments import clock_at
from programs.queries.snapshots import Snapshot, snapshot

_DATES_SHOWN = 12
_STATEMENT = (Path(__file__).parent / "balances.sql").read_text()


@dataclass(frozen=True, slots=True)
class Balance:
    """A member's holdings in one metric at an instant, in points.

    `balance` can be spent; `expiring` lists (instant, points) of what expires next; `shortfall` is what
    points given back will pay first; `lots` are the open ones, where they were asked for.
    """

    metric: Metric
    balance: int
    total: int
    pending: int
    held: int
    earned: int
    redeemed: int
    expired: int
    expiring: list[tuple[datetime, int]]
    adjusted: int = 0
    transferred: int = 0
    shortfall: int = 0
    lots: Sequence[lot_rules.Lot] = ()

    @property
    def debt(self) -> int:
        return max(0, -self.balance)


def balances_of(*, environment: Environment, member_id: UUID, now: datetime) -> list[Balance]:
    """One balance for each metric of the environment, by its code; one statement.

    What has come due since the last write is counted, though its entries are not written yet; then it
    takes seven more. A metric that the member has no account in shows its default value.
    """
    return balances_of_many(environment=environment, member_ids=[member_id], now=now)[member_id]


def balances_of_many(
    *, environment: Environment, member_ids: Sequence[UUID], now: datetime
) -> dict[UUID, list[Balance]]:
    """`balances_of` for a page of members, in the same number of statements."""
    config = snapshot(environment)
    rows = _read(member_ids, now, config)
    due = [member_id for (member_id, _), row in rows.items() if row["is_due"]]
    settled = _settled(due, now, config) if due else {}
    return {
        member_id: [
            settled.get((member_id, metric.id)) or _stored(metric, rows.get((member_id, metric.id)))
            for metric in config.metrics
        ]
        for member_id in member_ids
    }


def balances_as_of(
    *,
    environment: Environment,
    member_id: UUID,
    now: datetime,
    as_of: datetime | None = None,
    recorded_as_of: datetime | None = None,
) -> list[Balance]:
    """The balances at the business instant `as_of`, from what was recorded by the real instant
    `recorded_as_of`; each with its open lots. Without `as_of`: what a read answered at `recorded_as_of`.

    Raises InvalidRequest for an instant in the future.
    """
    real = timezone.now()
    for name, instant, latest in (("as_of", as_of, now), ("recorded_as_of", recorded_as_of, real)):
        if instant and instant > latest:
            raise InvalidRequest.field(name, "in_future", f"It is {rfc3339(latest)}; give an earlier one.")
    config = snapshot(environment)
    then = clock_at(environment, recorded_as_of) if recorded_as_of else now
    with one_state():
        found = {
            account.metric_id: standing(account, now=then, at=as_of, known=recorded_as_of)
            for account in Account.objects.filter(member=member_id)
        }
    return [_stood(metric, found.get(metric.id), config.time_zone) for metric in config.metrics]


def open_lots_of(*, member_id: UUID, now: datetime) -> dict[UUID, list[lot_rules.Lot]]:
    """The lots with something left or held, as their account's next write would settle them; in spend
    order, by metric id."""
    with one_state():
        books = _books([member_id], now)
        for book in books:
            read_lots(book, Lot.objects.filter(Q(remaining__gt=0) | Q(held__gt=0), account=book.account))
    return {
        book.account.metric_id: sorted(
            (state for state in state_of_all(book.lots.values()) if state.remaining or state.held),
            key=lot_rules.by_expiry_then_age,
        )
        for book in books
    }


def _read(
    member_ids: Sequence[UUID], now: datetime, config: Snapshot
) -> dict[tuple[UUID, UUID], dict[str, Any]]:
    arguments: dict[str, Any] = {
        "members": list(member_ids),
        "now": now,
        "time_zone": str(config.time_zone),
        "days": _DATES_SHOWN,
    }
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, arguments)
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {(row["member_id"], row["metric_id"]): row for row in rows}


def _stored(metric: Metric, row: dict[str, Any] | None) -> Balance:
    if row is None:
        return _untouched(metric)
    return Balance(
        metric=metric,
        balance=row["total"] - row["pending"] - row["held"],
        total=row["total"],
        pending=row["pending"],
        held=row["held"],
        earned=row["earned"],
        redeemed=row["redeemed"],
        expired=row["expired"],
        expiring=[(datetime.fromisoformat(at), points) for at, points in json.loads(row["expiring"] or "[]")],
        adjusted=row["adjusted"],
        transferred=row["transferred"],
        shortfall=row["shortfall"],
    )


def _untouched(metric: Metric) -> Balance:
    value = metric.default_value
    return Balance(metric, value, value, 0, 0, 0, 0, 0, [], adjusted=value)


def _settled(member_ids: Sequence[UUID], now: datetime, config: Snapshot) -> dict[tuple[UUID, UUID], Balance]:
    """The accounts of these members as their next write would settle them."""
    with one_state():
        books = _books(member_ids, now)
        for book in books:
            read_uncovered([book])
            dated = Q(remaining__gt=0, expires_at__gt=now)
            read_lots(book, Lot.objects.filter(dated, account=book.account))
    units = config.metrics_by_id
    return {
        (book.account.member_id, book.account.metric_id): _of_book(
            book, units[book.account.metric_id], config.time_zone
        )
        for book in books
    }


def _books(member_ids: Sequence[UUID], now: datetime) -> list[Book]:
    accounts = list(Account.objects.filter(member__in=member_ids).order_by("metric_id"))
    return open_books(accounts, now=now, actor=Actor.system("balances", ""))


def _of_book(book: Book, metric: Metric, time_zone: tzinfo) -> Balance:
    account = book.account
    return Balance(
        metric=metric,
        balance=account.balance,
        total=account.total,
        pending=account.pending,
        held=account.held,
        earned=account.earned,
        redeemed=account.redeemed,
        expired=account.expired,
        expiring=lot_rules.expiring(state_of_all(book.lots.values()), book.now, _DATES_SHOWN, time_zone),
        adjusted=account.adjusted,
        transferred=account.transferred,
        shortfall=sum(row.open for row in book.open_uncovered if row.kind == SHORTFALL),
    )


def _stood(metric: Metric, then: Standing | None, time_zone: tzinfo) -> Balance:
    if then is None or not then.exists:
        return _untouched(metric)
    lots = sorted(then.lots, key=lot_rules.by_expiry_then_age)
    return Balance(
        metric=metric,
        balance=then.balance,
        total=then.total,
        pending=then.pending,
        held=then.held,
        earned=then.lifetime["earned"],
        redeemed=then.lifetime["redeemed"],
        expired=then.lifetime["expired"],
        expiring=lot_rules.expiring(lots, then.at, _DATES_SHOWN, time_zone),
        adjusted=then.lifetime["adjusted"],
        transferred=then.lifetime["transferred"],
        shortfall=then.shortfall,
        lots=lots,
    )
