"""A member's open lots as a page shows them: the first ones, and what the others come to. However many there are, so
many are read."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from audit.record import Actor
from loyalty.ledger.book import Book
from loyalty.ledger.consistent import one_state
from loyalty.ledger.opening import open_books
from loyalty.ledger.states import state_of_all
from loyalty.models import Account, Lot
from loyalty.rules import lots as lot_rules

_OPEN = Q(remaining__gt=0) | Q(held__gt=0)


@dataclass(frozen=True, slots=True)
class OpenLots:
    """Of one account. `shown`: the first in spend order; `count`: of all of them; `vesting`: when how many points can
    be spent that can't yet, the next instants first."""

    shown: Sequence[lot_rules.Lot] = ()
    count: int = 0
    vesting: Sequence[tuple[datetime, int]] = ()


def first_of(lots: Sequence[lot_rules.Lot], *, limit: int, dates: int) -> OpenLots:
    """Of open lots that are known, in spend order."""
    return OpenLots(lots[:limit], len(lots), sorted(_vesting(lots).items())[:dates])


def first_open_lots(*, member_id: UUID, now: datetime, limit: int, dates: int) -> dict[UUID, OpenLots]:
    """By metric id, as the account's next write would settle it: at most `limit` lots, and `dates` instants.

    One statement, and two for each account, three where points are pending; and what `open_books` reads of what is due.
    """
    with one_state():
        accounts = list(Account.objects.filter(member=member_id).order_by("metric_id"))
        books = open_books(accounts, now=now, actor=Actor.system("balances", ""))
        return {book.account.metric_id: _of_book(book, limit, dates) for book in books}


def _of_book(book: Book, limit: int, dates: int) -> OpenLots:
    """Settling has read every lot that it changes: the others stand as they are stored."""
    known = [state for state in state_of_all(book.lots.values()) if state.remaining or state.held]
    stored = Lot.objects.filter(_OPEN, account=book.account).exclude(pk__in=list(book.lots))
    shown = sorted([*known, *state_of_all(stored[:limit])], key=lot_rules.by_expiry_then_age)[:limit]
    vesting = _vesting(known)
    if book.account.pending:
        vesting.update(dict(_next_vesting(stored, dates)))
    return OpenLots(shown, len(known) + stored.count(), sorted(vesting.items())[:dates])


def _next_vesting(stored: QuerySet[Lot], dates: int) -> Iterable[tuple[datetime, int]]:
    pending = stored.filter(pending=True, remaining__gt=0).order_by("available_at").values("available_at")
    return pending.annotate(sum=Sum("remaining")).values_list("available_at", "sum")[:dates]


def _vesting(lots: Iterable[lot_rules.Lot]) -> Counter[datetime]:
    found: Counter[datetime] = Counter()
    for lot in lots:
        if lot.pending:
            found[lot.available_at] += lot.remaining
    return found
