"""Goes along the audit trail and makes a delivery of each event for each endpoint that asked for it.

An audit event is its own outbox: who writes one writes nothing else. The relay takes what is final, in the order
(epoch, transaction, id), and moves its one row's position in the transaction that makes the deliveries: each is made
exactly once, and none is passed over because an earlier transaction ended later (audit/positions.py).
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection, transaction

from audit.event_types import matches
from audit.ids import new_id
from audit.models import WebhookDelivery, WebhookEndpoint, WebhookRelay
from audit.positions import HORIZON, NOWHERE, Position, Restored, present_epoch
from audit.webhooks.claiming import ANYTHING_DUE
from audit.webhooks.tenants import Tenants

WINDOW = 1_000  # events a transaction
# About one endpoint alone, which is told by other means; and who looked, which changes nothing.
UNTOLD = frozenset({"webhookendpoint.tested", "webhookdelivery.resent", "member.viewed"})
_LAST = 2**63 - 1

_STATE = """
WITH horizon AS MATERIALIZED (SELECT HORIZON AS open)
SELECT
    EXISTS (
        SELECT FROM audit_auditevent AS event
        WHERE event.epoch = relay.epoch AND event.transaction >= relay.transaction
            AND event.transaction < horizon.open
            AND (event.transaction, event.id) > (relay.transaction, relay.event_id)
    ) OR EXISTS (SELECT FROM audit_auditevent WHERE epoch > relay.epoch),
    relay.transaction > pg_snapshot_xmax(pg_current_snapshot())
        AND NOT EXISTS (SELECT FROM audit_auditevent WHERE epoch > relay.epoch),
    ANYTHING_DUE
FROM audit_webhookrelay AS relay, horizon
""".replace("HORIZON", HORIZON).replace("ANYTHING_DUE", ANYTHING_DUE)
# Answers one row at least, so that the horizon is of the same snapshot.
_EVENTS = """
WITH horizon AS MATERIALIZED (SELECT coalesce(%(horizon)s::text::xid8, HORIZON) AS open)
SELECT horizon.open::text::bigint, event.* FROM horizon LEFT JOIN LATERAL (
    SELECT id, transaction::text::bigint AS transaction, environment_id, member_id, verb, salt IS NULL AS blank
    FROM audit_auditevent
    WHERE epoch = %(epoch)s AND audit_auditevent.transaction >= %(transaction)s::text::xid8
        AND audit_auditevent.transaction < horizon.open
        AND (audit_auditevent.transaction, id) > (%(transaction)s::text::xid8, %(id)s)
    ORDER BY audit_auditevent.transaction, id LIMIT %(limit)s
) AS event ON true
""".replace("HORIZON", HORIZON)
_ENDPOINTS = """
SELECT id FROM audit_webhookendpoint
WHERE environment_id = ANY(%s) AND status = 'enabled' AND archived_at IS NULL
ORDER BY id FOR KEY SHARE SKIP LOCKED
"""
_NUMBERS = """
INSERT INTO audit_webhooksequence AS stored (id, environment_id, member_id, last)
SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::bigint[])
ON CONFLICT (environment_id, member_id) DO UPDATE SET last = stored.last + excluded.last
RETURNING environment_id, member_id, last
"""


@dataclass(frozen=True, slots=True)
class State:
    """`behind`: there are events to go along; `due`: deliveries to send."""

    behind: bool
    due: bool


class _Event(NamedTuple):
    id: UUID
    transaction: int
    environment_id: UUID | None
    member_id: UUID | None
    verb: str
    blank: bool


def state(now: datetime) -> State:
    """What there is to do; one statement. Raises Restored."""
    with connection.cursor() as cursor:
        cursor.execute(_STATE, {"now": now})
        behind, restored, due = cursor.fetchone()
    if restored:
        raise Restored(
            "This database was restored from a dump: its transactions are counted anew, and webhooks wait. Run"
            " `manage.py verify_audit --new-epoch`."
        )
    return State(behind, due)


@transaction.atomic
def relay(*, tenants: Tenants, now: datetime, limit: int = WINDOW, horizon: int | None = None) -> int:
    """Go along the next events that are final: how many; 0 also while another worker does. `now`: real time.

    `horizon`: the lowest transaction that may still be open, if that is known better. Locks: the relay's row, then the
    endpoints of the events' environments FOR KEY SHARE; it waits for none. Who changes, disables or archives an
    endpoint does not keep it from being told, and where one is moved to another environment the relay stops in front
    of that environment's events until the next look.
    """
    stored = WebhookRelay.objects.select_for_update(skip_locked=True).first()
    if stored is None:
        return 0
    position = Position(stored.epoch, int(stored.transaction), stored.event_id)
    events, ended = _next(position, limit, horizon)
    endpoints, moving = _endpoints_of(events)
    if moving:
        events = list(takewhile(lambda event: event.environment_id not in moving, events))
        ended = Position(position.epoch, events[-1].transaction, events[-1].id) if events else position
    _make(events, endpoints, tenants, now)
    stored.epoch, stored.transaction, stored.event_id = ended.epoch, str(ended.transaction), ended.id
    stored.checked_at = now
    stored.save(update_fields=["epoch", "transaction", "event_id", "checked_at"])
    return len(events)


def _next(position: Position, limit: int, horizon: int | None) -> tuple[list[_Event], Position]:
    """The events behind the position, and the position behind them."""
    over = position.epoch < present_epoch()
    sent: dict[str, Any] = {
        "epoch": position.epoch,
        "transaction": str(position.transaction),
        "id": position.id,
        "limit": limit,
        # In an epoch that is over nothing is open, and its transactions are not counted as those of today.
        "horizon": str(_LAST) if over else None if horizon is None else str(horizon),
    }
    with connection.cursor() as cursor:
        cursor.execute(_EVENTS, sent)
        rows = cursor.fetchall()
    events = [_Event(*row[1:]) for row in rows if row[1] is not None]
    if len(events) == limit:
        return events, Position(position.epoch, events[-1].transaction, events[-1].id)
    if over:
        return events, Position(position.epoch + 1)
    # Behind all that is final: a look at a large transaction's end would otherwise read all of it each time.
    return events, max(position, Position(position.epoch, int(rows[0][0]), NOWHERE))


def _make(
    events: Sequence[_Event], endpoints: Sequence[WebhookEndpoint], tenants: Tenants, now: datetime
) -> None:
    kinds = tenants.kinds({endpoint.environment_id for endpoint in endpoints}) if endpoints else {}
    endpoints = [endpoint for endpoint in endpoints if endpoint.environment_id in kinds]
    told = [(event, to) for event in sorted(events) if (to := list(_asking(event, endpoints)))]
    if not told:
        return
    numbers = _numbers([event for event, _ in told])
    WebhookDelivery.objects.bulk_create(
        [_delivery(event, endpoint, numbers, now) for event, to in told for endpoint in to],
        ignore_conflicts=True,
        batch_size=1_000,
    )


def _endpoints_of(events: Sequence[_Event]) -> tuple[list[WebhookEndpoint], set[UUID]]:
    """Those that may be told, and the environments of which one is locked as a whole: a delivery's foreign key would
    wait for it."""
    places = {event.environment_id for event in events if event.environment_id and event.verb not in UNTOLD}
    if not places:
        return [], set()
    with connection.cursor() as cursor:
        cursor.execute(_ENDPOINTS, [list(places)])
        keys = {row[0] for row in cursor.fetchall()}
    rows = WebhookEndpoint.objects.filter(
        environment_id__in=places, status=WebhookEndpoint.Status.ENABLED, archived_at__isnull=True
    ).order_by("pk")
    endpoints = list(rows)
    moving = {endpoint.environment_id for endpoint in endpoints if endpoint.pk not in keys}
    return [endpoint for endpoint in endpoints if endpoint.pk in keys], moving


def _asking(event: _Event, endpoints: Sequence[WebhookEndpoint]) -> Iterator[WebhookEndpoint]:
    if event.verb in UNTOLD:
        return
    for endpoint in endpoints:
        if endpoint.environment_id == event.environment_id and any(
            matches(pattern, event.verb) for pattern in endpoint.event_types
        ):
            yield endpoint


def _numbers(events: Sequence[_Event]) -> Mapping[UUID, int]:
    """The number of each event that is a member's, which rise with the events' ids. One statement."""
    counts = Counter(
        (event.environment_id, event.member_id)
        for event in events
        if event.environment_id and event.member_id
    )
    if not counts:
        return {}
    keys = sorted(counts, key=str)
    with connection.cursor() as cursor:
        cursor.execute(
            _NUMBERS,
            [
                [new_id() for _ in keys],
                [each[0] for each in keys],
                [each[1] for each in keys],
                [counts[k] for k in keys],
            ],
        )
        last = {(place, member): number for place, member, number in cursor.fetchall()}
    following = {key: last[key] - counts[key] for key in keys}
    numbers = {}
    for event in events:
        key = (event.environment_id, event.member_id)
        if key in following:
            following[key] += 1
            numbers[event.id] = following[key]
    return numbers


def _delivery(
    event: _Event, endpoint: WebhookEndpoint, numbers: Mapping[UUID, int], now: datetime
) -> WebhookDelivery:
    return WebhookDelivery(
        environment_id=endpoint.environment_id,
        endpoint=endpoint,
        event_id=event.id,
        type=event.verb,
        member_id=event.member_id,
        sequence=numbers.get(event.id),
        next_attempt_at=now,
        erased=event.blank and event.member_id is not None,
        created_at=now,
    )
