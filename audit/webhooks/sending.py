"""Deliveries that are due are claimed, sent by a few threads, and what became of them is written.

A claim holds a delivery by a lease: whoever dies on it is followed by another worker, and the receiver may be told
twice (docs/webhooks.md). The threads touch no database: one connection serves them all.
"""

import queue
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from audit.models import AuditEvent, WebhookDelivery
from audit.secrets_at_rest import Unreadable
from audit.webhooks.addresses import AddressRefused
from audit.webhooks.claiming import AT_ONCE, Place, begin_anew, places_due, take
from audit.webhooks.endpoints import signers_of
from audit.webhooks.messages import body_of, message_id
from audit.webhooks.outcomes import Outcome, write
from audit.webhooks.posting import Answer, NotSent, Post, post
from audit.webhooks.signing import headers_of
from audit.webhooks.tenants import Tenants

GATHERING = 0.02  # seconds after the first that ended, so that others are written with it


@dataclass(frozen=True, slots=True)
class Message:
    """One attempt, ready to be sent. `problem`: it can't be, and why."""

    delivery: UUID
    place: Place
    lease: datetime
    url: str
    body: str
    headers: Mapping[str, str]
    problem: str = ""


def lease_of(now: datetime) -> datetime:
    """Until when nobody else takes what is claimed now: twice as long as an attempt may last."""
    return now + timedelta(seconds=2 * settings.WEBHOOKS_TIMEOUT_SECONDS)


def claim(
    *,
    tenants: Tenants,
    now: datetime,
    limit: int = AT_ONCE,
    busy: Collection[Place] = (),
    withheld: set[UUID] | None = None,
) -> list[Message]:
    """Take deliveries that are due, in turns of the organizations, and make their messages. `busy`: the place of each
    that is being sent already. `withheld`: the environments that the last claim left alone, as their plan has no
    webhooks; it is brought up to date. Six statements, one where nothing is due. Locks: the deliveries, for a moment.
    """
    places = places_due(now)
    kinds = tenants.kinds(places) if places else {}
    withheld = set() if withheld is None else withheld
    if changed := withheld ^ {place for place in places if place not in kinds}:
        begin_anew(changed, now)
        withheld ^= changed
    lease = lease_of(now)
    keys = take(environments=kinds, now=now, lease=lease, limit=limit, busy=busy) if kinds else []
    return _messages(keys, tenants, kinds, now, lease) if keys else []


def _messages(
    keys: Sequence[UUID], tenants: Tenants, kinds: Mapping[UUID, str], now: datetime, lease: datetime
) -> list[Message]:
    rows = list(WebhookDelivery.objects.filter(pk__in=keys).select_related("endpoint"))
    events = AuditEvent.objects.in_bulk({row.event_id for row in rows})
    names = tenants.names({row.member_id for row in rows if row.member_id})
    return [_message(row, events.get(row.event_id), kinds, names, now, lease) for row in rows]


def _message(
    row: WebhookDelivery,
    event: AuditEvent | None,
    kinds: Mapping[UUID, str],
    names: Mapping[UUID, str | None],
    now: datetime,
    lease: datetime,
) -> Message:
    body, problem = "", ""
    headers: Mapping[str, str] = {}
    kind = kinds.get(row.environment_id)
    if event is None or kind is None or event.environment_id != row.environment_id:
        problem = "Its event is gone."
    else:
        member = names.get(row.member_id) if row.member_id else None
        body = body_of(event, kind=kind, member=member, sequence=row.sequence)
        try:
            signers = signers_of(row.endpoint, now)
            headers = headers_of(message=message_id(event), body=body, now=now, signers=signers)
        except Unreadable:
            problem = "Its secret can't be read: its key is missing in ENCRYPTION_KEYS."
    place = Place(row.endpoint.organization_id, row.endpoint_id)
    return Message(row.pk, place, lease, row.endpoint.url, body, headers, problem)


def attempt(message: Message, send: Post) -> Outcome:
    """Send it; what became of it. Raises nothing."""
    began = time.monotonic()
    status, text, error = None, "", message.problem
    if not error:
        try:
            answer = send(message.url, message.body, message.headers)
            status, text = answer.status, answer.text
        except (NotSent, AddressRefused) as failure:
            error = str(failure)
        except Exception as failure:  # noqa: BLE001 - an attempt must come to an end, whatever was answered
            error = f"It could not be sent: {failure!r}"
    latency = round((time.monotonic() - began) * 1000)
    return Outcome(message.delivery, message.place.endpoint, message.lease, status, latency, text, error)


def post_within_time(url: str, body: str, headers: Mapping[str, str]) -> Answer:
    """POST within the time that the settings give."""
    return post(url, body, headers, seconds=settings.WEBHOOKS_TIMEOUT_SECONDS)


class Sender:
    """What is being sent by this process. Every method is for one thread alone.

    `send` is called in threads that end with the process: nobody waits for one whose receiver hangs.
    """

    def __init__(
        self, *, tenants: Tenants, send: Post | None = None, clock: Callable[[], datetime] = timezone.now
    ) -> None:
        self._tenants, self._clock = tenants, clock
        self._send = send or post_within_time
        self._sending: dict[tuple[UUID, datetime], Place] = {}  # by delivery and lease
        self._withheld: set[UUID] = set()
        self._done: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self._unwritten: list[Outcome] = []

    @property
    def sending(self) -> int:
        """How many attempts are under way or not yet written."""
        return len(self._sending) + len(self._unwritten)

    def begin(self) -> int:
        """Claim what is due, as much as there is room for, and begin to send it: how many."""
        room = AT_ONCE - len(self._sending)
        if room <= 0:
            return 0
        messages = claim(
            tenants=self._tenants,
            now=self._clock(),
            limit=room,
            busy=self._sending.values(),
            withheld=self._withheld,
        )
        for message in messages:
            self._sending[message.delivery, message.lease] = message.place
            threading.Thread(target=self._attempt, args=(message,), daemon=True).start()
        return len(messages)

    def finish(self, seconds: float) -> int:
        """Wait so long for the first to end, and write what has ended: how many. What can't be written is kept."""
        try:
            if self._sending and not self._unwritten:
                self._unwritten.append(self._done.get(timeout=seconds))
            end = time.monotonic() + min(seconds, GATHERING)
            while len(self._unwritten) < len(self._sending):
                self._unwritten.append(self._done.get(timeout=max(end - time.monotonic(), 0)))
        except queue.Empty:
            pass
        for outcome in self._unwritten:
            self._sending.pop((outcome.delivery, outcome.lease), None)
        count = len(self._unwritten)
        if count:
            write(self._unwritten, now=self._clock())
            self._unwritten.clear()
        return count

    def send_all(self, stopping: threading.Event | None = None) -> int:
        """Send until nothing is due and nothing under way: how many attempts."""
        count = 0
        while not (stopping and stopping.is_set()) and (self.begin() or self.sending):
            count += self.finish(1.0)
        return count

    def _attempt(self, message: Message) -> None:
        self._done.put(attempt(message, self._send))
