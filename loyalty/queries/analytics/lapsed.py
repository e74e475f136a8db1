"""Points that are gone though no entry says so yet: the next write or the sweep writes it (domain.md 3.3).

What simply expires is added up by the database. Where a hold has lapsed, or points that vest pay a debt, what becomes
of them takes the ledger's own arithmetic: those accounts are settled in memory, as a balance is that is read.
"""

from collections.abc import Iterator
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q

from audit.record import Actor
from loyalty.ledger.book import root_type
from loyalty.ledger.opening import open_books
from loyalty.models import Account, Hold, LedgerEntry, Uncovered
from programs.models import Environment, Metric

# Parameters: environment, metric, now. `is_involved`: what becomes of its points is not said by its lots alone.
DUE = """
SELECT account.id, (
    EXISTS (
        SELECT FROM loyalty_hold AS hold
        WHERE hold.account_id = account.id AND hold.status = 'open' AND hold.expires_at <= %(now)s
    ) OR EXISTS (
        SELECT FROM loyalty_uncovered AS missing
        WHERE missing.account_id = account.id AND missing.open > 0 AND missing.kind = 'debt'
    )
) AS is_involved
FROM loyalty_account AS account
WHERE account.environment_id = %(environment)s AND account.metric_id = %(metric)s
    AND account.next_due_at <= %(now)s
"""
# Of `due`: local day and points, below zero. Parameters: now, time_zone.
LAPSED = """
SELECT (lot.ends_at AT TIME ZONE %(time_zone)s)::date AS day, -lot.remaining AS points
FROM due CROSS JOIN LATERAL (
    SELECT greatest(expires_at, earned_at) AS ends_at, remaining FROM loyalty_lot
    WHERE account_id = due.id AND remaining > 0 AND expires_at IS NOT NULL
        AND greatest(expires_at, earned_at) <= %(now)s
    OFFSET 0
) AS lot WHERE NOT due.is_involved
"""
_FIGURE_OF = {"earned": "issued", "bonus": "issued"}


def lapsed_otherwise(
    *, environment: Environment, metric: Metric, now: datetime
) -> Iterator[tuple[date, str, int]]:
    """What settling the involved accounts would write: local day, figure (entries.py), signed points. Six statements,
    whatever their number. Must be called in `one_state`, together with what it is added to."""
    zone = ZoneInfo(environment.project.time_zone)
    of_its_own = {"account": OuterRef("pk")}
    lapsed = Hold.objects.filter(status=Hold.Status.OPEN, expires_at__lte=now, **of_its_own)
    owed = Uncovered.objects.filter(open__gt=0, kind=Uncovered.Kind.DEBT, **of_its_own)
    due = Account.objects.filter(environment_id=environment.pk, metric=metric, next_due_at__lte=now)
    accounts = list(due.filter(Q(Exists(lapsed)) | Q(Exists(owed))).order_by("pk"))
    for book in open_books(accounts, now=now, actor=Actor.system("analytics", "")):
        for entry in book.entries:
            yield entry.occurred_at.astimezone(zone).date(), _figure_of(entry), entry.points


def _figure_of(entry: LedgerEntry) -> str:
    if entry.type != LedgerEntry.Type.REVERSED:
        return _FIGURE_OF.get(entry.type, entry.type)
    root = root_type(entry)
    return f"reversed_{root}" if root in ("redeemed", "adjusted") else "reversed_issued"
