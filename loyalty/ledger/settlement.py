"""The sweep: accounts with something due are settled without waiting for their next write (domain.md 3.3)."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from audit.record import Actor
from loyalty.ledger.posting import Journal
from loyalty.models import Account
from programs.models import Environment


@dataclass(frozen=True, slots=True)
class Settled:
    """What one chunk did: accounts settled, and lots that expired, vested or got points back."""

    accounts: int
    lots: int


def settle_due(*, environment: Environment, actor: Actor, now: datetime, accounts: int = 250) -> Settled:
    """Settle up to `accounts` accounts whose time has come, longest due first, in one transaction; a
    constant number of statements. Accounts that somebody else is writing to are left to them.

    No account: nothing is left, or others have it in hand. Locks: the accounts, without waiting for any,
    so that it can stand in nobody's way.
    """
    with transaction.atomic():
        due = Account.objects.filter(environment_id=environment.id, next_due_at__lte=now)
        locked = list(due.select_for_update(skip_locked=True).order_by("next_due_at")[:accounts])
        journal = Journal(environment=environment, actor=actor, now=now)
        books = journal.open_locked(locked) if locked else []
        journal.write(None)
    return Settled(len(books), sum(len(book.changed_lots) for book in books))
