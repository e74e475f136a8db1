"""The database's side of a month's allowance of events: what is taken of it, and by which leases (domain.md 10).

`taken` is never less than what is recorded, so never more than allowed is. It counts whole leases; what they did not
use comes back by their own process, or by a recount when they are over.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, QuerySet, Sum
from django.db.models.functions import Greatest

from audit.record import Actor
from loyalty.ledger.counting_alone import count_alone
from loyalty.queries.plan_usage import events_recorded
from programs.actions.plan_limits import warn_if_near
from programs.models import Environment, EventAllowance, EventLease

LIMIT = "events_per_month"
LEASE = timedelta(minutes=1)
GRACE = timedelta(minutes=5)  # after a lease's end, until nobody can be recording an event of it any more
_SHARE = (
    32  # a lease is this part of what is left, so that processes don't keep the last ones from each other
)
_MOST = 1000


class Month(NamedTuple):
    """An organization's environments of one kind, in one local month, named by its first day."""

    organization: UUID
    kind: str
    first: date

    @property
    def whose(self) -> tuple[UUID, str]:
        return self.organization, self.kind


@dataclass(frozen=True, slots=True)
class Leased:
    """`events`: how many; `taken`: those of the month in all, with these."""

    events: int
    taken: int


def month_of(environment: Environment, now: datetime) -> Month:
    """The month of a real instant in the project's zone. A sandbox's clock has no say: a plan is a matter of the
    real world."""
    local = now.astimezone(ZoneInfo(environment.project.time_zone))
    return Month(environment.project.organization_id, environment.kind, local.date().replace(day=1))


def block_size(left: int, wanted: int) -> int:
    """Of how many a lease is: what is wanted at once, else a part of what is left; never more than is left."""
    return max(0, min(left, max(wanted, min(_MOST, left // _SHARE))))


def lease(
    *, environment: Environment, month: Month, wanted: int, back: int, allowed: int, now: datetime
) -> Leased:
    """Lease a block until LEASE from now, and give `back` what is left of an older one.

    One statement, and a transaction of its own, of four. Warns at 80 %. Locks: the month's allowance.
    """
    if _needs_recount(month, wanted - back, allowed, now):
        recount(month, now)
    with transaction.atomic():
        row = _lock(month)
        before, row.taken = row.taken, max(0, row.taken - back)
        size = block_size(allowed - row.taken, wanted)
        row.taken += size
        row.save(update_fields=["taken"])
        if size:
            EventLease.objects.create(allowance=row, events=size, expires_at=now + LEASE)
            _warn(environment, month, before, row.taken, allowed)
    return Leased(size, row.taken)


def take_directly(month: Month, wanted: int, allowed: int, now: datetime) -> Leased:
    """Take as many in the caller's transaction, without a lease. Locks: the month's allowance."""
    if _needs_recount(month, wanted, allowed, now):
        recount(month, now, wait=False)  # who counts may be waiting for a row that this transaction has
    row = _lock(month)
    granted = max(0, min(wanted, allowed - row.taken))
    row.taken += granted
    if granted:
        row.save(update_fields=["taken"])
    return Leased(granted, row.taken)


def settle_directly(
    environment: Environment, month: Month, taken: Leased, *, used: int, allowed: int
) -> None:
    """Give back what was taken directly and not used; one statement, none where all was. Warns at 80 %."""
    if unused := taken.events - used:
        _rows(month).update(taken=Greatest(F("taken") - unused, 0))
    before = taken.taken - taken.events
    _warn(environment, month, before, before + used, allowed)


@transaction.atomic
def recount(month: Month, now: datetime, *, wait: bool = True) -> int:
    """Bring what is taken to what is recorded and still leased; answers by how much it was wrong. One transaction; the
    month is counted before its allowance is locked. Without `wait` 0, where somebody else is counting. Locks: the
    count, then the month's allowance."""
    asked = _rows(month).first()
    if asked is None or not count_alone(asked.pk, wait=wait):
        return 0
    # In this order: what is leased, taken or recorded meanwhile makes what was lost look smaller, never larger.
    seen = _rows(month).get(pk=asked.pk)
    live = seen.leases.filter(expires_at__gte=now - GRACE)
    leased = live.aggregate(all=Sum("events"))["all"] or 0
    recorded = events_recorded(seen.organization_id, seen.kind, seen.month)
    # What a lease has used already is in both; so while there is one, not all that was lost is known.
    lost = max(0, seen.taken - recorded - leased)
    row = _rows(month).select_for_update().get(pk=seen.pk)
    row.leases.filter(expires_at__lt=now - GRACE).delete()
    before, row.taken = row.taken, max(recorded, row.taken - lost)
    if row.taken != before:
        row.save(update_fields=["taken"])
    return row.taken - before


def _rows(month: Month) -> QuerySet[EventAllowance]:
    return EventAllowance.objects.filter(organization=month.organization, kind=month.kind, month=month.first)


def _lock(month: Month) -> EventAllowance:
    row: EventAllowance | None
    while (row := _rows(month).select_for_update().first()) is None:
        made = EventAllowance(
            organization_id=month.organization,
            kind=month.kind,
            month=month.first,
            taken=events_recorded(month.organization, month.kind, month.first),
        )
        EventAllowance.objects.bulk_create([made], ignore_conflicts=True)
    return row


def _needs_recount(month: Month, wanted: int, allowed: int, now: datetime) -> bool:
    """Whether too little is left, while leases are over of which something may come back. One statement."""
    full = _rows(month).filter(taken__gt=allowed - wanted)
    return full.filter(leases__expires_at__lt=now - GRACE).exists()


def _warn(environment: Environment, month: Month, before: int, taken: int, allowed: int) -> None:
    warn_if_near(
        environment=environment,
        limit=LIMIT,
        before=before,
        used=taken,
        allowed=allowed,
        period=f"{month.first:%Y-%m}",
        actor=Actor.system("plan"),
    )
