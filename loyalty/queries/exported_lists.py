"""The columns of the lists that become files (docs/exports.md): texts as they are stored, instants in UTC."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import simplejson

from audit.ids import public
from audit.instants import rfc3339
from audit.models import AuditEvent, WebhookDelivery
from loyalty.models import Event, LedgerEntry, Member, Redemption, StampReward
from loyalty.queries.balances import balances_of_many
from programs.models import Environment
from programs.queries.environments import now_in
from programs.queries.snapshots import snapshot

Row = Sequence[Any]
_BALANCE = "balance:"


@dataclass(frozen=True, slots=True)
class Columns:
    """How a list is written. `order`: by which it is read, newest first, ending in `id`; `rows` of some of its
    objects under a header that was found when the file was begun."""

    order: tuple[str, ...]
    header: Callable[[Environment], list[str]]
    rows: Callable[[Environment, Sequence[Any], Sequence[str]], Iterator[Row]]


def _fixed(*names: str) -> Callable[[Environment], list[str]]:
    return lambda _environment: list(names)


def _members_header(environment: Environment) -> list[str]:
    """With what can be spent of each metric."""
    metrics = [f"{_BALANCE}{metric.code}" for metric in snapshot(environment).metrics]
    return ["member_id", "status", "created_at", *metrics, "attributes"]


def _members(environment: Environment, found: Sequence[Member], header: Sequence[str]) -> Iterator[Row]:
    keys = [row.pk for row in found]
    all_balances = balances_of_many(environment=environment, member_ids=keys, now=now_in(environment))
    codes = [name.removeprefix(_BALANCE) for name in header if name.startswith(_BALANCE)]
    for row in found:
        balances = {each.metric.code: each.balance for each in all_balances[row.pk]}
        status = "merged" if row.redirect_to_id and row.status != Member.Status.ERASED else row.status
        yield [
            row.external_id,
            status,
            rfc3339(row.created_at),
            *(balances.get(code) for code in codes),
            _json(row.attributes),
        ]


def _entries(
    _environment: Environment, found: Sequence[LedgerEntry], _header: Sequence[str]
) -> Iterator[Row]:
    events = dict(
        Event.objects.filter(pk__in={row.event_id for row in found if row.event_id}).values_list(
            "pk", "event_id"
        )
    )
    for row in found:
        yield [
            public("txn", row.pk),
            row.member.external_id,
            row.account.metric.code,
            row.type,
            row.points,
            row.balance_after,
            row.reason,
            _json(row.metadata),
            events.get(row.event_id) if row.event_id else None,
            rfc3339(row.occurred_at),
            rfc3339(row.recorded_at),
            row.actor_kind,
            row.actor_id,
            row.trace_id,
        ]


def _events(_environment: Environment, found: Sequence[Event], _header: Sequence[str]) -> Iterator[Row]:
    for row in found:
        yield [
            row.event_id,
            row.type,
            row.member.external_id,
            rfc3339(row.occurred_at),
            rfc3339(row.recorded_at),
            _plain(row.amount),
            row.currency,
            _json(row.data),
            row.actor_kind,
            row.actor_id,
            row.trace_id,
        ]


def _redemptions(
    _environment: Environment, found: Sequence[Redemption], _header: Sequence[str]
) -> Iterator[Row]:
    """Without the codes: who may read the list may not read all of them."""
    for row in found:
        yield [
            public("red", row.pk),
            row.member.external_id,
            row.reward.public_id,
            row.name,
            row.status,
            row.points,
            row.metric.code,
            _plain(row.discount_amount),
            row.currency,
            row.reason,
            rfc3339(row.occurred_at),
            _instant(row.fulfilled_at),
            _instant(row.closed_at),
            row.note,
            row.closed_reason,
            row.actor_kind,
            row.actor_id,
        ]


def _stamp_rewards(
    _environment: Environment, found: Sequence[StampReward], _header: Sequence[str]
) -> Iterator[Row]:
    for row in found:
        yield [
            public("sr", row.pk),
            row.member.external_id,
            row.stamp_program.name,
            row.kind,
            row.status,
            row.amount,
            row.currency,
            rfc3339(row.issued_at),
            _instant(row.paid_at),
            _instant(row.revoked_at),
            row.reference,
        ]


def _audit_events(
    environment: Environment, found: Sequence[AuditEvent], _header: Sequence[str]
) -> Iterator[Row]:
    members = _names(environment, found)
    for row in found:
        yield [
            public("aud", row.pk),
            row.verb,
            row.object_type,
            row.object_id,
            members.get(row.member_id),
            row.actor_kind,
            row.actor_id,
            row.ip,
            row.event_id,
            row.trace_id,
            rfc3339(row.occurred_at),
            rfc3339(row.recorded_at),
            _json(row.before),
            _json(row.after),
        ]


def _deliveries(
    environment: Environment, found: Sequence[WebhookDelivery], _header: Sequence[str]
) -> Iterator[Row]:
    """Without what the receivers answered."""
    members = _names(environment, found)
    for row in found:
        yield [
            public("whd", row.pk),
            public("whe", row.endpoint_id),
            public("aud", row.event_id),
            row.type,
            members.get(row.member_id),
            row.sequence,
            row.status,
            row.attempts,
            row.response_status,
            row.latency_ms,
            row.error,
            rfc3339(row.created_at),
            _instant(row.delivered_at),
        ]


def _names(environment: Environment, found: Sequence[Any]) -> Mapping[Any, str | None]:
    """The tenant's own ids of the members that these rows are about; one statement."""
    keys = {row.member_id for row in found if row.member_id}
    rows = Member.objects.filter(environment=environment, pk__in=keys)
    return dict(rows.values_list("pk", "external_id"))


def _json(value: Any) -> str | None:
    if value is None or value == {}:
        return None
    return simplejson.dumps(value, use_decimal=True, ensure_ascii=False)


def _plain(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else Decimal(f"{amount:f}")


def _instant(at: datetime | None) -> str | None:
    return rfc3339(at) if at else None


_ACTOR = ("actor_kind", "actor_id")
COLUMNS: Mapping[str, Columns] = {
    "members": Columns(("-created_at", "-id"), _members_header, _members),
    "ledger": Columns(
        ("-id",),
        _fixed(
            *("id", "member_id", "metric", "type", "points", "total_after", "reason", "metadata", "event_id"),
            *("occurred_at", "recorded_at", *_ACTOR, "trace_id"),
        ),
        _entries,
    ),
    "events": Columns(
        ("-id",),
        _fixed(
            *("event_id", "type", "member_id", "occurred_at", "recorded_at", "amount", "currency", "data"),
            *(*_ACTOR, "trace_id"),
        ),
        _events,
    ),
    "redemptions": Columns(
        ("-id",),
        _fixed(
            *("id", "member_id", "reward_id", "name", "status", "points", "metric", "discount_amount"),
            *("currency", "reason", "occurred_at", "fulfilled_at", "closed_at", "note", "closed_reason"),
            *_ACTOR,
        ),
        _redemptions,
    ),
    "stamp_rewards": Columns(
        ("-id",),
        _fixed(
            *("id", "member_id", "stamp_program", "kind", "status", "amount_in_minor_units", "currency"),
            *("issued_at", "paid_at", "revoked_at", "reference"),
        ),
        _stamp_rewards,
    ),
    "audit": Columns(
        ("-id",),
        _fixed(
            *("id", "verb", "object_type", "object_id", "member_id", *_ACTOR, "ip", "event_id", "trace_id"),
            *("occurred_at", "recorded_at", "before", "after"),
        ),
        _audit_events,
    ),
    "deliveries": Columns(
        ("-id",),
        _fixed(
            *("id", "endpoint", "event", "type", "member_id", "sequence", "status", "attempts"),
            *("response_status", "latency_ms", "error", "created_at", "delivered_at"),
        ),
        _deliveries,
    ),
}
