"""What an explanation says besides what is stored with its event: the member's levels of then, what is left of
the points now, and what a refund took back of a referrer. One way for the API and the console."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from loyalty.models import Event, LedgerEntry, Lot, Referral
from loyalty.queries.balances import open_lots_of
from loyalty.rules import lots as lot_rules
from programs.models import Program
from programs.queries.snapshots import Snapshot

REFUND_OF_REFERRED = "Refund of a referred purchase"  # the reason of the referrer's entries


@dataclass(frozen=True, slots=True)
class LevelThen:
    """The member's level in a program before the event; `code` None: none. It multiplied earned points."""

    program: Program | None
    code: str | None
    title: str
    multiplier: str


@dataclass(frozen=True, slots=True)
class LotNow:
    """What an entry put in, in points, and what is left of it as the account's next write would settle it."""

    points: int
    remaining: int
    held: int
    pending: bool
    available_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class RewardTakenBack:
    """The referral that the refunded purchase had completed, and the referrer's entries of the refund."""

    referral: Referral
    entries: list[LedgerEntry]


def levels_then(event: Event, config: Snapshot) -> list[LevelThen]:
    """The member's level in each program that has a ladder, as it was kept with the event; no statement.
    Empty of a refund, and once retention has erased it."""
    programs = {str(program.id): program for program in config.programs}
    return [
        LevelThen(programs.get(program_id), level["code"], level["title"], level["multiplier"])
        for program_id, level in (event.facts or {}).get("levels", {}).items()
    ]


def lots_now(entries: Iterable[LedgerEntry], now: datetime) -> dict[UUID, list[LotNow]]:
    """By entry: the lots that it put in, the first to expire first. What has come due by `now` is counted,
    though it is not written yet. One statement, and those of `open_lots_of` for each member with lots."""
    owners = {entry.id: entry.member_id for entry in entries}
    rows = list(Lot.objects.filter(entry__in=owners).order_by("expires_at", "id")) if owners else []
    standing = {
        lot.id: lot
        for member_id in {owners[row.entry_id] for row in rows}
        for of_metric in open_lots_of(member_id=member_id, now=now).values()
        for lot in of_metric
    }
    found: dict[UUID, list[LotNow]] = {}
    for row in rows:
        found.setdefault(row.entry_id, []).append(_lot(row, standing.get(row.id), now))
    return found


def reward_taken_back(event: Event) -> RewardTakenBack | None:
    """What the refund took from who had referred the member, or None; no statement for other events, three
    at most. The referrer's ledger can't name another member's event, so it is found by request and order."""
    if event.purchase_id is None:
        return None
    referral = Referral.objects.filter(event=event.purchase_id, referrer_entry_id__isnull=False).first()
    if referral is None:
        return None
    following = Event.objects.filter(purchase=event.purchase_id, pk__gt=event.pk).order_by("pk")
    until = following.values_list("pk", flat=True).first()
    entries = LedgerEntry.objects.filter(
        reverses=referral.referrer_entry_id,
        reason=REFUND_OF_REFERRED,
        trace_id=event.trace_id,
        pk__gt=event.pk,
        **({"pk__lt": until} if until else {}),
    )
    found = list(entries.select_related("account__metric").order_by("pk"))
    return RewardTakenBack(referral, found) if found else None


def _lot(row: Lot, standing: lot_rules.Lot | None, now: datetime) -> LotNow:
    return LotNow(
        points=row.points,
        remaining=standing.remaining if standing else 0,
        held=standing.held if standing else 0,
        pending=row.available_at > now,
        available_at=row.available_at,
        expires_at=row.expires_at,
    )
