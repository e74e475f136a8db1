"""Points that are gone though no entry says so yet: the next write or the sweep writes it (domain.md 3.3).

What simply expires is added up by the database. Where a hold has lapsed, or points that vest pay a debt, what becomes
of them takes the ledger's own arithmetic: those accounts are settled in memory, as a balance is that is read.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, tzinfo
from uuid import UUID

from audit.record import Actor
from loyalty.ledger.book import Book, root_type
from loyalty.ledger.opening import open_books
from loyalty.models import Account, LedgerEntry
from loyalty.rules.days import day_of

# Of an `account` in which something is due: what becomes of its points is not said by its lots alone, so it is settled
# in memory. What vests pays debt; a shortfall is paid by what a lapsed hold gives back alone. Parameter: now.
INVOLVED = """
EXISTS (
    SELECT FROM loyalty_hold AS hold
    WHERE hold.account_id = account.id AND hold.status = 'open' AND hold.expires_at <= %(now)s
) OR EXISTS (
    SELECT FROM loyalty_uncovered AS missing
    WHERE missing.account_id = account.id AND missing.open > 0 AND missing.kind = 'debt'
)
"""
# Parameters: environment, metric, now.
DUE = f"""
SELECT account.id, ({INVOLVED}) AS is_involved
FROM loyalty_account AS account
WHERE account.environment_id = %(environment)s AND account.metric_id = %(metric)s
    AND account.next_due_at <= %(now)s
"""  # noqa: S608 - no text of a caller's
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


def settled(accounts: Sequence[UUID], *, now: datetime) -> list[Book]:
    """The involved accounts, by their keys, as their next write would settle them; nothing is written. Six statements,
    whatever their number; none for none. Must be called in `one_state`, together with what it is added to."""
    if not accounts:
        return []
    rows = list(Account.objects.filter(pk__in=accounts).order_by("pk"))
    return open_books(rows, now=now, actor=Actor.system("analytics", ""))


def lapsed_otherwise(
    accounts: Sequence[UUID], *, zone: tzinfo, now: datetime
) -> Iterator[tuple[date, str, int]]:
    """What settling the involved accounts would write: local day, figure (entries.py), signed points. As `settled`."""
    for book in settled(accounts, now=now):
        for entry in book.entries:
            yield day_of(entry.occurred_at, zone), _figure_of(entry), entry.points


def _figure_of(entry: LedgerEntry) -> str:
    if entry.type != LedgerEntry.Type.REVERSED:
        return _FIGURE_OF.get(entry.type, entry.type)
    root = root_type(entry)
    return f"reversed_{root}" if root in ("redeemed", "adjusted") else "reversed_issued"
