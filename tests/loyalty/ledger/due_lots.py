"""Many lots that have fallen due, made by the ledger itself, a few hundred accounts a statement.

python -m tests.loyalty.ledger.due_lots ENVIRONMENT ACCOUNTS LOTS   fills the database that DATABASE_URL names
"""

import os
import sys
from datetime import datetime, timedelta
from uuid import UUID

if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()

from django.db import transaction
from django.utils import timezone

from audit.record import Actor
from loyalty.ledger.covering import credit
from loyalty.ledger.posting import Cause, Journal
from loyalty.models import Account, Member, member_key
from programs.models import Environment, Metric
from programs.queries.environments import environment_by_id

EARNED_DAYS_AGO = 100
POINTS = 10  # a lot
BATCH = 500  # accounts


def make_due_lots(
    environment: Environment, *, accounts: int, lots: int, now: datetime, prefix: str = "due"
) -> list[str]:
    """Members `due-0`, `due-1`, … with so many lots of 10 points each, of which the first expired a day after
    the earn, the second two days after it, and so on; nothing is settled. Their names."""
    metric = Metric.objects.get(environment=environment, code="points")
    names = [f"{prefix}-{number}" for number in range(accounts)]
    earned_at = now - timedelta(days=EARNED_DAYS_AGO)
    for begin in range(0, accounts, BATCH):
        with transaction.atomic():
            opened = _open(environment, metric, names[begin : begin + BATCH], earned_at)
            journal = Journal(environment=environment, actor=Actor.system("tests"), now=earned_at)
            for book in journal.open_locked(opened):
                for number in range(lots):
                    credit(
                        book,
                        type="earned",
                        points=POINTS,
                        cause=Cause(reason="Purchase"),
                        occurred_at=earned_at,
                        expires_at=earned_at + timedelta(days=number + 1),
                    )
            journal.write(None)
    return names


def _open(environment: Environment, metric: Metric, names: list[str], at: datetime) -> list[Account]:
    members = [
        Member(
            id=member_key(environment.namespace, name),
            environment=environment,
            external_id=name,
            created_at=at,
        )
        for name in names
    ]
    Member.objects.bulk_create(members)
    return Account.objects.bulk_create(
        [Account(environment_id=environment.pk, member=member, metric=metric) for member in members]
    )


if __name__ == "__main__":
    make_due_lots(
        environment_by_id(UUID(sys.argv[1])),
        accounts=int(sys.argv[2]),
        lots=int(sys.argv[3]),
        now=timezone.now(),
    )
