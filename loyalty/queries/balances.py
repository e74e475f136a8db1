"""Balances that are right now, even if no job has run (domain.md 3.3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from uuid import UUID

from django.db.models import Q

from loyalty.ledger.states import state_of
from loyalty.models import Account, Lot
from loyalty.rules import lots as lot_rules
from programs.models import Environment, Metric
from programs.queries.snapshots import snapshot

_DATES_SHOWN = 12


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
    """One balance for each metric of the environment, by its code; two statements.

    What has come due since the last write is counted, though its entries are not written yet.
    A metric that the member has no account in shows its default value.
    """
    return balances_of_many(environment=environment, member_ids=[member_id], now=now)[member_id]


def balances_of_many(
    *, environment: Environment, member_ids: Sequence[UUID], now: datetime
) -> dict[UUID, list[Balance]]:
    """`balances_of` for a page of members, in the same two statements."""
    accounts = list(Account.objects.filter(member_id__in=member_ids))
    lots: dict[UUID, list[Lot]] = {account.id: [] for account in accounts}
    for lot in Lot.objects.filter(Q(remaining__gt=0) | Q(held__gt=0), account__in=lots):
        lots[lot.account_id].append(lot)
    found = {(account.member_id, account.metric_id): account for account in accounts}
    time_zone = snapshot(environment).time_zone
    return {
        member_id: [
            _settled(metric, account, lots[account.id], now, time_zone)
            if (account := found.get((member_id, metric.id)))
            else _untouched(metric)
            for metric in snapshot(environment).metrics
        ]
        for member_id in member_ids
    }


def _untouched(metric: Metric) -> Balance:
    value = metric.default_value
    return Balance(metric, value, value, 0, 0, 0, 0, 0, [])


def _settled(metric: Metric, account: Account, lots: list[Lot], now: datetime, time_zone: tzinfo) -> Balance:
    states = [state_of(lot) for lot in lots]
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
