"""The console's first page: the figures of a period."""

from datetime import datetime

from django.db.models import Count, Q

from loyalty.models import LedgerEntry
from loyalty.queries.history import transactions_of
from loyalty.queries.members import members_of
from loyalty.queries.windows import windows_of
from programs.models import Environment

_LATEST = 10


def members_counted(*, environment: Environment, since: datetime, before: datetime) -> tuple[int, int]:
    """How many members there are, and how many of them are new: made at `since` or later, earlier than `before`. One
    statement, that counts all members."""
    is_new = Q(created_at__gte=since, created_at__lt=before)
    found = members_of(environment).aggregate(everybody=Count("id"), new=Count("id", filter=is_new))
    return found["everybody"], found["new"]


def latest_activity(*, environment: Environment) -> list[LedgerEntry]:
    """The newest ledger entries."""
    return list(transactions_of(environment, windows_of(environment)).order_by("-id")[:_LATEST])
