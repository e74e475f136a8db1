"""Events and what they caused."""

from dataclasses import dataclass

from audit.errors import NotFound
from loyalty.models import Event, LedgerEntry
from programs.models import Environment


@dataclass(frozen=True, slots=True)
class RecordedEvent:
    """An event, and the ledger entries that it caused. `member`: the external id, None of an erased
    one; `duplicate`: it was recorded before."""

    event: Event
    member: str | None
    entries: list[LedgerEntry]
    duplicate: bool


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
