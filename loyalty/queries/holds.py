"""Holds as they stand now: one whose time is up has expired, even if no job has run (domain.md 3.3)."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from audit.errors import NotFound
from audit.ids import public
from loyalty.models import Hold, HoldLot, LedgerEntry
from programs.models import Environment


def holds_of(
    *, environment: Environment, now: datetime, member_id: UUID | None = None, status: str | None = None
) -> QuerySet[Hold]:
    """The holds of an environment or of one member, with member and metric; keyset by `id`.

    One that a merge has moved is there once: as the hold that goes on in its place.
    """
    holds = Hold.objects.filter(environment_id=environment.id).exclude(status=Hold.Status.MOVED)
    if member_id:
        holds = holds.filter(member_id=member_id)
    if status:
        holds = holds.filter(stands(status, now))
    return holds.select_related("member", "account__metric")


def find_hold(*, environment: Environment, hold: UUID) -> Hold:
    """The hold, or the one that goes on in its place after a merge; one statement, and one a merge.

    Raises NotFound; also for another environment's.
    """
    holds = Hold.objects.filter(environment_id=environment.id).select_related("member", "account__metric")
    found = holds.filter(pk=hold).first()
    while found is not None and found.moved_to is not None:
        found = holds.filter(pk=found.moved_to).first()
    if found is None:
        raise NotFound(f"There is no hold {public('hold', hold)} in this environment.")
    return found


def status_of(hold: Hold, now: datetime) -> tuple[str, datetime | None]:
    """Its status at `now`, and when it was closed: a lapse counts before it is settled."""
    if hold.status == Hold.Status.OPEN and hold.expires_at <= now:
        return Hold.Status.EXPIRED.value, hold.expires_at
    return hold.status, hold.closed_at


def captured_holds_of(*, member_id: UUID, limit: int = 5) -> list[Hold]:
    """The latest captured holds, whose capture may have to be cancelled."""
    rows = Hold.objects.filter(member_id=member_id, status=Hold.Status.CAPTURED)
    return list(rows.select_related("account__metric").order_by("-closed_at", "-id")[:limit])


def lots_of_hold(hold: Hold) -> list[HoldLot]:
    """Which lots it stands (or stood) on, in the order of spending."""
    return list(HoldLot.objects.filter(hold=hold).select_related("lot__entry").order_by("id"))


def entries_of_hold(hold: Hold) -> list[LedgerEntry]:
    """What the hold put into the ledger: its capture, and what cancelled that."""
    after = LedgerEntry.objects.filter(account_id=hold.account_id, sequence__gt=hold.account_sequence)
    captures = list(after.filter(hold_id=hold.pk, type="redeemed").values_list("pk", flat=True))
    rows = after.filter(Q(pk__in=captures) | Q(reverses__in=captures))
    return list(rows.select_related("account__metric").order_by("sequence"))


def stands(status: str, now: datetime) -> Q:
    if status == Hold.Status.OPEN:
        return Q(status=Hold.Status.OPEN, expires_at__gt=now)
    if status == Hold.Status.EXPIRED:
        return Q(status=Hold.Status.EXPIRED) | Q(status=Hold.Status.OPEN, expires_at__lte=now)
    return Q(status=status)
