"""Events and what they caused."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from audit.errors import NotFound
from loyalty.models import Event, LedgerEntry, Referral, TierChange
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
    """The event by the tenant's own id, with its effects; two statements. Raises NotFound."""
    events = Event.objects.filter(environment_id=environment.id, event_id=event_id)
    event = events.select_related("member").first()
    if event is None:
        raise NotFound(f"There is no event {event_id!r} in this environment.")
    return RecordedEvent(event, event.member.external_id, entries_of(event), duplicate=False)


def entries_of(event: Event) -> list[LedgerEntry]:
    """The ledger entries that an event caused, in the order that they were made."""
    caused = LedgerEntry.objects.filter(event=event).select_related("account__metric")
    return list(caused.order_by("id"))
