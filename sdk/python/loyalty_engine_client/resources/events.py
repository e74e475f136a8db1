"""client.events"""

from collections.abc import Sequence
from typing import Unpack

from loyalty_engine_client.resources.base import Resource, path
from loyalty_engine_client.shapes import Batch, DryRunBody, EventBody, Explanation, RecordedEvent


class Events(Resource):
    """What happened at your side, which the earning rules turn into points."""

    def send(self, *, idempotency_key: str | None = None, **body: Unpack[EventBody]) -> RecordedEvent:
        """Report an event. The same event_id again changes nothing and says `duplicate`."""
        return self._write(RecordedEvent, "POST", path("events"), body, idempotency_key)

    def send_batch(self, events: Sequence[EventBody], *, idempotency_key: str | None = None) -> Batch:
        """Report up to 1,000 events; each is applied or refused on its own."""
        return self._write(Batch, "POST", path("events", "batch"), {"events": list(events)}, idempotency_key)

    def retrieve(self, event_id: str) -> RecordedEvent:
        """An event and what it caused."""
        return self._read(RecordedEvent, path("events", event_id))

    def explain(self, event_id: str) -> Explanation:
        """Why it gave what it gave: each rule's verdict."""
        return self._read(Explanation, path("events", event_id, "explain"))

    def dry_run(self, **body: Unpack[DryRunBody]) -> Explanation:
        """What an event would give. Nothing is written."""
        return self._write(Explanation, "POST", path("events", "dry-run"), body, None)
