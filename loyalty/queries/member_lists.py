"""Balances of many members at once, for lists."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from loyalty.ledger.states import state_of
from loyalty.models import Account, Lot
from loyalty.rules import lots as lot_rules
from programs.models import Environment, Metric
from programs.queries.snapshots import snapshot


def first_metric(environment: Environment) -> Metric | None:
    """`points` where there is one, else the first by code."""
    metrics = snapshot(environment).metrics
    return next((metric for metric in metrics if metric.code == "points"), metrics[0] if metrics else None)


def spendable_of(*, member_ids: Iterable[UUID], metric: Metric, now: datetime) -> dict[UUID, int]:
    """What each member can spend now; two statements, however many members there are.

    Members without an account are left out: they hold the metric's default.
    """
    accounts = list(Account.objects.filter(member_id__in=list(member_ids), metric=metric))
    due = [account for account in accounts if account.next_due_at and account.next_due_at <= now]
    lots: dict[UUID, list[lot_rules.Lot]] = {}
    for lot in Lot.objects.filter(account__in=due, remaining__gt=0) if due else ():
        lots.setdefault(lot.account_id, []).append(state_of(lot))
    return {
        account.member_id: account.balance + _came_due(lots.get(account.pk, []), now) for account in accounts
    }


def _came_due(lots: list[lot_rules.Lot], now: datetime) -> int:
    """How the balance has changed since the account was settled: + vested, − expired."""
    change = 0
    pending = {lot.id: lot.pending for lot in lots}
    for fate in lot_rules.due(lots, now):
        if fate.kind == "vest":
            pending[fate.lot_id] = False
            change += fate.points
        elif not pending[fate.lot_id]:
            change -= fate.points
    return change
