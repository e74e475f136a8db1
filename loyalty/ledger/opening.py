"""Books of accounts, settled: under lock for a write, or in memory alone for a read (domain.md 3.3)."""

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from audit.record import Actor
from loyalty.ledger.book import Book
from loyalty.ledger.reading import read_due, read_uncovered
from loyalty.ledger.settling import settle
from loyalty.models import Account


def open_books(accounts: Sequence[Account], *, now: datetime, actor: Actor) -> list[Book]:
    """A book for each account, all settled at one instant; in their order. Nothing is written.

    No statement where nothing is due and nobody is in debt; else five or one, whatever their number.
    """
    # A caller that read its clock before it waited for the lock may be behind the last holder.
    now = max([now, *(account.settled_at for account in accounts if account.settled_at)])
    books = []
    for account in accounts:
        account.settled_at = now
        books.append(Book(account=account, now=now, recorded_at=timezone.now(), actor=actor))
    due = [book for book in books if book.account.next_due_at and book.account.next_due_at <= now]
    next_due = read_due(due) if due else {}
    for book in due:
        settle(book, next_due.get(book.account.id))
    read_uncovered([book for book in books if book.account.balance < 0])
    return books
