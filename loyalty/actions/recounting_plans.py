"""What plans limit is counted again from the rows themselves (domain.md 10): what a process that died had leased, and
what was made while a plan changed."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Q

from loyalty.actions.event_leases import GRACE, Month, recount
from loyalty.actions.pace import Pace
from loyalty.ledger.seating import recount_seats
from programs.models import EventAllowance, Seats

logger = structlog.get_logger(__name__)

EVERYBODY = Q()
KEPT = timedelta(days=93)  # of months that are over


def recount_plans(*, now: datetime, pace: Pace, whose: Q = EVERYBODY) -> Counter[str]:
    """Recount the seats of every organization (`whose`: of those of them), and its events of months that may still be
    used; forget months that are long over. Counts `seats` and `events` that were wrong. `now`: real time.

    One transaction each; ended anywhere, the next run does all again. Must not be called in a transaction. Locks:
    one counter at a time, and only when its rows are counted.
    """
    EventAllowance.objects.filter(month__lt=(now - KEPT).date()).delete()
    wrong: Counter[str] = Counter()
    for _, (name, what) in zip(pace.chunks(), _everything(now, whose), strict=False):
        wrong[name] += abs(_recounted(what, now))
    return wrong


def _everything(now: datetime, whose: Q) -> Iterator[tuple[str, tuple[UUID, str] | Month]]:
    for organization, kind in (
        Seats.objects.filter(whose).order_by("pk").values_list("organization_id", "kind")
    ):
        yield "seats", (organization, kind)
    months = EventAllowance.objects.filter(whose, month__gte=(now - timedelta(days=33)).date().replace(day=1))
    for row in months.order_by("pk"):
        if not row.leases.exists() or row.leases.filter(expires_at__lt=now - GRACE).exists():
            yield "events", Month(row.organization_id, row.kind, row.month)


def _recounted(what: tuple[UUID, str] | Month, now: datetime) -> int:
    try:
        if isinstance(what, Month):
            return recount(what, now)
        with transaction.atomic():
            return recount_seats(*what)
    except Exception:  # whatever it is, it must not keep other tenants waiting
        logger.exception("plans.organization_failed", organization_id=str(what[0]))
        return 0
