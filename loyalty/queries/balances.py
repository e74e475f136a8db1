"""Balances that are right now, even if no job has run (domain.md 3.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, Q
from django.db.models.functions import JSONObject

from loyalty.models import Account, Lot
from loyalty.rules import lots as lot_rules
from programs.models import Environment, Metric
from programs.queries.snapshots import snapshot

_DATES_SHOWN = 12
_LOT_FIELDS = ("id", "points", "remaining", "held", "earned_at", "available_at", "expires_at", "pending")


@dataclass(frozen=True, slots=True)
class Balance:
    """A member's holdings in one metric at an instant, in points.

    `balance` can be spent now; `expiring` lists (instant, points) of what expires next.
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

    @property
    def debt(self) -> int:
        return max(0, -self.balance)


def balances_of(*, environment: Environment, member_id: UUID, now: datetime) -> list[Balance]:
    """One balance for each metric of the environment, by its code; one statement.

    What has come due since the last write is counted, though its entries are not written yet.
    A metric that the member has no account in shows its default value.
    """
    return balances_of_many(environment=environment, member_ids=[member_id], now=now)[member_id]


def balances_of_many(
    *, environment: Environment, member_ids: Sequence[UUID], now: datetime
) -> dict[UUID, list[Balance]]:
    """`balances_of` for a page of members, in the same one statement."""
    # One statement: two would each see a state of their own, and a write between them would show
    # points that it has just expired.
    accounts = Account.objects.filter(member_id__in=member_ids).annotate(
        dated=ArraySubquery(
            Lot.objects.filter(
                Q(expires_at__isnull=False) | Q(pending=True), Q(remaining__gt=0), account=OuterRef("pk")
            )
            .order_by()
            .values(json=JSONObject(**{name: name for name in _LOT_FIELDS}))
        )
    )
    found = {(account.member_id, account.metric_id): account for account in accounts}
    config = snapshot(environment)
    return {
        member_id: [
            _settled(metric, account, [_lot(row) for row in account.dated], now, config.time_zone)
            if (account := found.get((member_id, metric.id)))
            else _untouched(metric)
            for metric in config.metrics
        ]
        for member_id in member_ids
    }


def _lot(row: dict[str, Any]) -> lot_rules.Lot:
    """A lot as the pure rules see it, from its JSON."""
    dates = ("earned_at", "available_at", "expires_at")
    values = {name: datetime.fromisoformat(row[name]) if row[name] else None for name in dates}
    return lot_rules.Lot(**{**row, **values, "id": UUID(row["id"])})


def _untouched(metric: Metric) -> Balance:
    value = metric.default_value
    return Balance(metric, value, value, 0, 0, 0, 0, 0, [])


def _settled(
    metric: Metric, account: Account, states: list[lot_rules.Lot], now: datetime, time_zone: tzinfo
) -> Balance:
    expired = vested = 0
    for due in lot_rules.due(states, now):
        lot = next(state for state in states if state.id == due.lot_id)
        if due.kind == "expire":
            expired += lot.remaining
        if lot.pending:
            vested += lot.remaining
            lot.pending = False
    pending = account.pending - vested
    total = account.total - expired
    return Balance(
        metric=metric,
        balance=total - pending - account.held,
        total=total,
        pending=pending,
        held=account.held,
        earned=account.earned,
        redeemed=account.redeemed,
        expired=account.expired + expired,
        expiring=lot_rules.expiring(states, now, _DATES_SHOWN, time_zone),
    )
