"""The rows of a member's trail with what they name, for their page: a bounded number of statements for a page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from audit.ids import parse_public
from audit.models import AuditEvent
from loyalty.models import (
    Achievement,
    AdjustmentRequest,
    Event,
    Hold,
    ItemChange,
    LedgerEntry,
    Member,
    Redemption,
    StampCollection,
    StampReward,
)
from loyalty.queries.member_trail import Asked, trail_of
from loyalty.queries.timeline import Line, with_causes
from loyalty.queries.trail_objects import OBJECTS
from programs.models import MilestoneSet, TierLadder

EVENT = "event.recorded"


@dataclass(frozen=True, slots=True)
class TrailLine:
    """One line. `thing`: the object that the row names (a redemption, a hold, …), where it still exists; `ledger`: of
    points, the entry with its cause; `event`: the tenant's event behind it, or that it is; `gave`: of a line about an
    event, its entries; `request`: of an adjustment, the request that was approved; `other`: another member."""

    row: AuditEvent
    thing: Any = None
    ledger: Line | None = None
    event: Event | None = None
    gave: list[LedgerEntry] = field(default_factory=list)
    request: AdjustmentRequest | None = None
    other: Member | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """One page; `next` is the id to go on before, None at the end."""

    lines: list[TrailLine]
    next: UUID | None


def timeline_of(*, member: Member, asked: Asked, limit: int = 25) -> Timeline:
    """A page of all that happened to the member, newest first; a bounded number of statements, whatever there is."""
    page = trail_of(member=member, asked=asked, limit=limit)
    return Timeline(_lines(member, page.rows), page.next)


# By object type: what a line says of its object. Entries and events have their own place on the line.
_THINGS: Mapping[str, QuerySet[Any]] = {
    "redemption": Redemption.objects.select_related("metric"),
    "hold": Hold.objects.select_related("account__metric"),
    "stamp_collection": StampCollection.objects.select_related("stamp_program"),
    "stamp_reward": StampReward.objects.select_related("stamp_program"),
    "achievement": Achievement.objects.select_related("challenge", "mission"),
    "item_change": ItemChange.objects.select_related("item__inventory_set"),
    "adjustment_request": AdjustmentRequest.objects.select_related("metric"),
    "milestoneset": MilestoneSet.objects.prefetch_related("milestones"),
    "tierladder": TierLadder.objects.select_related("program").prefetch_related("tiers"),
}


def _keys(rows: Sequence[AuditEvent], object_type: str) -> dict[UUID, UUID]:
    """By row of that type, the key of the object that it names."""
    prefix = OBJECTS[object_type].prefix
    keys = {
        row.id: parse_public(prefix, row.object_id) if prefix else _uuid(row.object_id)
        for row in rows
        if row.object_type == object_type
    }
    return {row: key for row, key in keys.items() if key}


def _lines(member: Member, rows: Sequence[AuditEvent]) -> list[TrailLine]:
    things = _things(rows)
    ledger = _ledger(rows)
    events = _events(member, rows)
    gave = _gave(member, [event for row in rows if row.verb == EVENT and (event := events.get(row.event_id))])
    requests = _requests(ledger.values())
    others = _others(member, rows)
    return [
        TrailLine(
            row=row,
            thing=things.get(row.id),
            ledger=ledger.get(row.id),
            event=events.get(row.event_id),
            gave=gave.get(row.event_id, []) if row.verb == EVENT else [],
            request=requests.get(ledger[row.id].entry.pk) if row.id in ledger else None,
            other=others.get(row.id),
        )
        for row in rows
    ]


def _things(rows: Sequence[AuditEvent]) -> dict[UUID, Model]:
    """By row; two statements at most for each type of object on the page."""
    found: dict[UUID, Model] = {}
    for object_type, objects in _THINGS.items():
        keys = _keys(rows, object_type)
        known = objects.in_bulk(set(keys.values()))
        found |= {row: known[key] for row, key in keys.items() if key in known}
    return found


def _ledger(rows: Sequence[AuditEvent]) -> dict[UUID, Line]:
    keys = _keys(rows, "ledgerentry")
    if not keys:
        return {}
    entries = LedgerEntry.objects.select_related("account__metric").in_bulk(keys.values())
    lines = {line.entry.pk: line for line in with_causes(list(entries.values()))}
    return {row: lines[key] for row, key in keys.items() if key in lines}


def _events(member: Member, rows: Sequence[AuditEvent]) -> dict[str | None, Event]:
    """By the tenant's id. What the rules said of one is read only where the line is about it."""
    about = [row.event_id for row in rows if row.verb == EVENT and row.event_id]
    behind = {row.event_id for row in rows if row.event_id} - set(about)
    of_tenant = Event.objects.filter(environment_id=member.environment_id).defer("data", "facts")
    found = list(of_tenant.filter(event_id__in=about)) if about else []
    if behind:
        found += of_tenant.defer("explanation").filter(event_id__in=behind)
    return {event.event_id: event for event in found}


def _gave(member: Member, events: Sequence[Event]) -> dict[str | None, list[LedgerEntry]]:
    """What these events put into the member's ledger; one statement."""
    found: dict[str | None, list[LedgerEntry]] = {}
    if events:
        names = {event.pk: event.event_id for event in events}
        entries = LedgerEntry.objects.filter(event__in=names, member=member.pk)
        for entry in entries.select_related("account__metric").order_by("pk"):
            assert entry.event_id  # noqa: S101 - they were chosen by it
            found.setdefault(names[entry.event_id], []).append(entry)
    return found


def _requests(lines: Iterable[Line]) -> dict[UUID, AdjustmentRequest]:
    """By entry: the request that it was approved by; one statement, none without adjustments."""
    adjusted = [line.entry.pk for line in lines if line.entry.type == LedgerEntry.Type.ADJUSTED]
    if not adjusted:
        return {}
    requests = AdjustmentRequest.objects.filter(entry__in=adjusted)
    return {request.entry_id: request for request in requests if request.entry_id}


def _others(member: Member, rows: Sequence[AuditEvent]) -> dict[UUID, Member]:
    """Who had referred the member; who was merged into them, or goes on for them. One statement at most."""
    keys: dict[UUID, UUID] = {}
    names: dict[UUID, str] = {}
    for row in rows:
        if row.verb == "referral.created" and (key := _uuid((row.after or {}).get("referrer"))):
            keys[row.id] = key
        elif row.verb == "member.merged" and row.member_id != member.pk and row.member_id:
            keys[row.id] = row.member_id
        elif row.verb == "member.merged" and (name := (row.after or {}).get("member_id")):
            names[row.id] = str(name)
    if not keys and not names:
        return {}
    wanted = Q(pk__in=set(keys.values())) | Q(external_id__in=set(names.values()))
    known = Member.objects.filter(wanted, environment=member.environment_id)
    by_key = {one.pk: one for one in known if one.status != Member.Status.ERASED}
    by_name = {one.external_id: one for one in by_key.values()}
    found = {row: by_key.get(key) for row, key in keys.items()}
    found |= {row: by_name.get(name) for row, name in names.items()}
    return {row: one for row, one in found.items() if one}


def _uuid(text: Any) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
