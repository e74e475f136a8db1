"""What the console shows of holds beside `queries.holds`: their lots, their entries, what was captured."""

from uuid import UUID

from django.db.models import Q

from loyalty.models import Hold, HoldLot, LedgerEntry


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
