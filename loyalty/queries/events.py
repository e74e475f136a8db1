"""Events and what they caused."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.errors import NotFound
from loyalty.models import Event, LedgerEntry, Referral, TierChange
from loyalty.queries.windows import check_shown, windows_of
from programs.models import Environment


@dataclass(frozen=True, slots=True)
class ReportedEvent:
    """An event as a caller reports it. `occurred_at` None: now; `program` None: all active ones."""

    event_id: str
    type: str
    member: str
    data: dict[str, Any]
    occurred_at: datetime | None = None
    program: str | None = None


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event and what it caused: ledger entries (of a referral the referrer's too), changes of tiers,
    the referral that it completed. `member`: the external id, None of an erased one; `duplicate`: it was
    recorded before."""

    event: Event
    member: str | None
    entries: list[LedgerEntry]
    duplicate: bool
    changes: list[TierChange] = field(default_factory=list)
    referral: Referral | None = None


def find_event(*, environment: Environment, event_id: str) -> RecordedEvent:
    """The event by the tenant's own id, with its effects; five statements at most. Raises NotFound."""
    events = Event.objects.filter(environment_id=environment.id, event_id=event_id)
    event = events.select_related("member").first()
    if event is None:
        raise NotFound(f"There is no event {event_id!r} in this environment.")
    (found,) = recorded_events([event], duplicate=False)
    return found


def said_before(event: Event) -> list[Event]:
    """Earlier events of the member that say the same under other ids, the first one first: perhaps one thing that was
    reported twice. At most ten; one statement."""
    rows = Event.objects.filter(member_id=event.member_id, digest=event.digest, id__lt=event.pk)
    return list(rows.order_by("id").defer("data", "explanation", "facts")[:10])


def find_shown_event(*, environment: Environment, event_id: str, now: datetime) -> RecordedEvent:
    """`find_event`; NotFound also for what is older than the history that is shown."""
    found = find_event(environment=environment, event_id=event_id)
    check_shown(windows_of(environment, now), found.event.program_id, found.event.occurred_at)
    return found


def recorded_events(events: Sequence[Event], *, duplicate: bool = True) -> list[RecordedEvent]:
    """What these events (with their members) caused; four statements at most, none without any."""
    if not events:
        return []
    keys = [event.id for event in events]
    entries: defaultdict[UUID, list[LedgerEntry]] = defaultdict(list)
    caused = LedgerEntry.objects.filter(event__in=keys).select_related("account__metric")
    for entry in caused.order_by("id"):
        entries[_key(entry.event_id)].append(entry)
    changes: defaultdict[UUID, list[TierChange]] = defaultdict(list)
    for change in TierChange.objects.filter(event__in=keys).order_by("id"):
        changes[_key(change.event_id)].append(change)
    referrals = {_key(row.event_id): row for row in Referral.objects.filter(event__in=keys)}
    rewards = _rewards(referrals.values())
    return [
        RecordedEvent(
            event=event,
            member=event.member.external_id,
            entries=[*entries[event.id], *rewards.get(event.id, ())],
            duplicate=duplicate,
            changes=changes[event.id],
            referral=referrals.get(event.id),
        )
        for event in events
    ]


def _rewards(referrals: Collection[Referral]) -> dict[UUID, list[LedgerEntry]]:
    """The referrers' entries, by the event that completed the referral."""
    keys = {row.referrer_entry_id: _key(row.event_id) for row in referrals if row.referrer_entry_id}
    if not keys:
        return {}
    entries = LedgerEntry.objects.filter(pk__in=list(keys)).select_related("account__metric")
    return {keys[entry.pk]: [entry] for entry in entries}


def _key(key: UUID | None) -> UUID:
    assert key is not None  # noqa: S101 - they were asked for by it
    return key
