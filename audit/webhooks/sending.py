"""Deliveries that are due are claimed, sent by a few threads, and what became of them is written.

A claim moves `next_attempt_at` behind a lease: whoever dies on it is followed by another worker, and the receiver may
be told twice (docs/webhooks.md). The threads touch no database: one connection serves them all.
"""

import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import timezone

from audit.models import AuditEvent, WebhookDelivery
from audit.secrets_at_rest import Unreadable
from audit.webhooks.addresses import AddressRefused
from audit.webhooks.endpoints import signers_of
from audit.webhooks.messages import body_of, message_id
from audit.webhooks.outcomes import Outcome, write
from audit.webhooks.posting import Answer, NotSent, Post, post
from audit.webhooks.schedule import GIVE_UP
from audit.webhooks.signing import headers_of
from audit.webhooks.tenants import Tenants

AT_ONCE = 32  # of one worker
AT_ONCE_TO_ONE = 8  # endpoint; to one that fails a single one, so that it holds nobody up
GATHERING = 0.02  # seconds after the first that ended, so that others are written with it

_CLAIM = """
WITH due AS (
    SELECT delivery.id, delivery.next_attempt_at,
        row_number() OVER (PARTITION BY endpoint.id ORDER BY delivery.next_attempt_at, delivery.id) AS turn
    FROM audit_webhookendpoint AS endpoint
    LEFT JOIN unnest(%(busy)s::uuid[], %(counts)s::int[]) AS busy (endpoint_id, sending)
        ON busy.endpoint_id = endpoint.id
    CROSS JOIN LATERAL (
        SELECT id, next_attempt_at FROM audit_webhookdelivery
        WHERE endpoint_id = endpoint.id AND status = 'pending' AND next_attempt_at <= %(now)s
        ORDER BY next_attempt_at, id
        LIMIT greatest(
            CASE WHEN endpoint.failing_since IS NULL THEN %(few)s ELSE 1 END - coalesce(busy.sending, 0), 0
        )
        FOR UPDATE SKIP LOCKED
    ) AS delivery
    WHERE endpoint.status = 'enabled' AND endpoint.archived_at IS NULL
)
UPDATE audit_webhookdelivery AS delivery SET
    next_attempt_at = %(lease)s,
    attempts = attempts + 1,
    first_attempt_at = coalesce(first_attempt_at, %(now)s),
    give_up_at = coalesce(give_up_at, %(give_up_at)s)
WHERE id IN (SELECT id FROM due ORDER BY turn, next_attempt_at, id LIMIT %(limit)s)
RETURNING id
"""


@dataclass(frozen=True, slots=True)
class Message:
    """One attempt, ready to be sent. `problem`: it can't be, and why."""

    delivery: UUID
    endpoint: UUID
    lease: datetime
    url: str
    body: str
    headers: Mapping[str, str]
    problem: str = ""


def lease_of(now: datetime) -> datetime:
    """Until when nobody else takes what is claimed now: twice as long as an attempt may last."""
    return now + timedelta(seconds=2 * settings.WEBHOOKS_TIMEOUT_SECONDS)


def claim(
    *, tenants: Tenants, now: datetime, limit: int = AT_ONCE, busy: Mapping[UUID, int] | None = None
) -> list[Message]:
    """Take deliveries that are due, in turns of the endpoints, and make their messages. `busy`: how many are being
    sent to an endpoint already. Five statements, one where nothing is due. Locks: the deliveries, for a moment.
    """
    busy, lease = busy or {}, lease_of(now)
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            {
                "busy": list(busy),
                "counts": list(busy.values()),
                "few": AT_ONCE_TO_ONE,
                "now": now,
                "lease": lease,
                "give_up_at": now + GIVE_UP,
                "limit": limit,
            },
        )
        keys = [row[0] for row in cursor.fetchall()]
    return _messages(keys, tenants, now, lease) if keys else []


def _messages(keys: Sequence[UUID], tenants: Tenants, now: datetime, lease: datetime) -> list[Message]:
    rows = list(WebhookDelivery.objects.filter(pk__in=keys).select_related("endpoint"))
    events = AuditEvent.objects.in_bulk({row.event_id for row in rows})
    kinds = tenants.kinds({row.environment_id for row in rows})
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
        untold = "Its environment was archived, or its plan has no webhooks."
        problem = untold if kind is None else "Its event is gone."
    else:
        member = names.get(row.member_id) if row.member_id else None
        body = body_of(event, kind=kind, member=member, sequence=row.sequence)
        try:
            signers = signers_of(row.endpoint, now)
            headers = headers_of(message=message_id(event), body=body, now=now, signers=signers)
        except Unreadable:
            problem = "Its secret can't be read: its key is missing in ENCRYPTION_KEYS."
    return Message(row.pk, row.endpoint_id, lease, row.endpoint.url, body, headers, problem)


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
    return Outcome(message.delivery, message.endpoint, message.lease, status, latency, text, error)


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
        self._sending: dict[UUID, UUID] = {}  # delivery → endpoint
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
        busy = Counter(self._sending.values())
        messages = claim(tenants=self._tenants, now=self._clock(), limit=room, busy=busy)
        for message in messages:
            self._sending[message.delivery] = message.endpoint
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
            self._sending.pop(outcome.delivery, None)
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
