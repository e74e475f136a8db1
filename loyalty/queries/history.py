"""Ledger entries in the order of the ledger."""

from uuid import UUID

from django.db.models import QuerySet

from loyalty.models import Account, LedgerEntry
from programs.models import Environment, Metric


def history_of(*, member_id: UUID, metric: Metric) -> QuerySet[LedgerEntry]:
    """The entries of one account; keyset by `sequence`."""
    account = Account.objects.filter(member_id=member_id, metric=metric).values("id")[:1]
    return _with_event(LedgerEntry.objects.filter(account_id=account))


def transactions_of(environment: Environment) -> QuerySet[LedgerEntry]:
    """All entries of an environment, with their member and metric; keyset by `id`."""
    rows = LedgerEntry.objects.filter(environment_id=environment.id)
    return _with_event(rows.select_related("member", "account__metric"))


def _with_event(rows: QuerySet[LedgerEntry]) -> QuerySet[LedgerEntry]:
    # The payload may be 32 KiB a row; the event's name is all that a history shows.
    return rows.select_related("event").defer("event__data", "event__explanation")
