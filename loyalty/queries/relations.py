"""How ledger entries hang together: what takes what back, who stands on a transfer's other side."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Sum

from loyalty.models import Hold, LedgerEntry, Lot, Member, Uncovered


@dataclass(frozen=True, slots=True)
class Relations:
    """What an entry has to do with others. Of it `reversed` are, and `left` can still be, in points."""

    original: LedgerEntry | None
    other: Member | None
    reversed: int
    left: int
    pays_shortfall: bool
    """It names the entry whose shortfall it pays, and is no reversal of its own."""
    is_merge: bool
    """Of a transfer: one of the two members goes on in the other."""


def relations_of(entries: Sequence[LedgerEntry]) -> dict[UUID, Relations]:
    """By entry; at most three statements for all together, none for what no entry needs."""
    originals = LedgerEntry.objects.in_bulk([e.reverses_id for e in entries if e.reverses_id])
    sides = {e.counterpart_member_id for e in entries} | {e.member_id for e in entries if e.counterpart_id}
    members = Member.objects.in_bulk([key for key in sides if key])
    left = _left([e for e in entries if e.type in LedgerEntry.REVERSIBLE])
    found = {}
    for entry in entries:
        other = members.get(entry.counterpart_member_id) if entry.counterpart_member_id else None
        found[entry.pk] = Relations(
            original=originals.get(entry.reverses_id) if entry.reverses_id else None,
            other=other,
            reversed=abs(entry.points) - left[entry.pk] if entry.pk in left else 0,
            left=left.get(entry.pk, 0),
            pays_shortfall=entry.type == "reversed" and entry.nominal == 0,
            is_merge=other is not None and _merged(other, members[entry.member_id]),
        )
    return found


def _left(reversible: list[LedgerEntry]) -> dict[UUID, int]:
    if not reversible:
        return {}
    reversals = LedgerEntry.objects.filter(reverses__in=reversible).order_by().values_list("reverses")
    done = dict(reversals.annotate(n=Sum("nominal")))
    return {entry.pk: abs(entry.points) - int(done.get(entry.pk, 0)) for entry in reversible}


def _merged(one: Member, another: Member) -> bool:
    return one.redirect_to_id == another.pk or another.redirect_to_id == one.pk


def reversals_of(entry: LedgerEntry) -> list[LedgerEntry]:
    """The entries that take it back, or pay its shortfall; oldest first."""
    rows = LedgerEntry.objects.filter(reverses=entry).select_related("account__metric")
    return list(rows.order_by("id"))


def own_lots_of(entry: LedgerEntry) -> set[UUID]:
    """The lots that it put in, and those that go on in their place after merges."""
    latest = set(Lot.objects.filter(entry=entry).values_list("pk", flat=True))
    found = set(latest)
    while latest:
        latest = set(Lot.objects.filter(continues_id__in=latest).values_list("pk", flat=True))
        found |= latest
    return found


def uncovered_of(entry: LedgerEntry) -> list[Uncovered]:
    """What it could not take from lots, and how much of that is open."""
    return list(Uncovered.objects.filter(entry=entry).order_by("id"))


def hold_of(entry: LedgerEntry) -> Hold | None:
    """The hold that it was captured from."""
    return Hold.objects.filter(pk=entry.hold_id).first() if entry.hold_id else None


def survivor_of(member: Member) -> Member | None:
    """Of a merged member: who goes on in its place. An erased one has nobody (its successor is a secret)."""
    seen = member
    while seen.redirect_to_id and seen.status != Member.Status.ERASED:
        seen = Member.objects.get(pk=seen.redirect_to_id)
    return seen if seen.pk != member.pk else None
