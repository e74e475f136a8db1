"""How /v1 shows things: plain functions, so that a renamed column can't change the wire."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit.ids import public
from audit.models import AuditEvent
from loyalty.api.common.rendering import instant
from loyalty.models import Event, Hold, LedgerEntry, Member
from loyalty.queries.balances import Balance
from loyalty.queries.holds import status_of
from loyalty.queries.tiers import TierStatus
from loyalty.rules.lots import Lot
from programs.actions.publish import completed
from programs.conditions.values import plain
from programs.models import EarningRule, EarningRuleRevision, Environment, Metric, Program, TierLadder
from programs.queries.snapshots import Snapshot


def transaction(
    entry: LedgerEntry,
    member: str | None,
    metric: str,
    *,
    counterpart: str | None = None,
    shortfall: int | None = None,
) -> dict[str, Any]:
    """A ledger entry: the fields of the LoyalPro document, and more.

    Rows of `queries.history` know their counterpart and shortfall; of one just made the caller says them.
    """
    reverses = entry.type == LedgerEntry.Type.REVERSED
    return {
        "id": public("txn", entry.id),
        "type": entry.type,
        "points": entry.points,
        "balance_after": entry.balance_after,
        "reason": entry.reason,
        "metadata": entry.metadata,
        "created_at": instant(entry.recorded_at),
        "occurred_at": instant(entry.occurred_at),
        "customer_id": member,
        "metric": metric,
        "sequence": entry.sequence,
        "event_id": entry.event.event_id if entry.event else None,
        "reverses": _public("txn", entry.reverses_id),
        "nominal": entry.nominal if reverses else None,
        "requested": None if reverses else entry.nominal,
        "shortfall": shortfall or getattr(entry, "shortfall_points", None),
        "counterpart": entry.counterpart_id
        and {
            "transaction_id": public("txn", entry.counterpart_id),
            "customer_id": counterpart or getattr(entry, "counterpart_name", None),
        },
        "hold_id": _public("hold", entry.hold_id),
        "actor": {"kind": entry.actor_kind, "id": entry.actor_id},
        "trace_id": entry.trace_id,
    }


def history_from(since: datetime | None) -> dict[str, Any]:
    """From when on a list shows history; nothing where it shows all."""
    return {"history_from": instant(since)} if since else {}


def own_transaction(entry: LedgerEntry, member: str | None, metric: str) -> dict[str, Any]:
    """A ledger entry as its own member sees it: not who acted, nor whom it was with, nor why staff adjusted."""
    shown = transaction(entry, member, metric)
    is_adjustment = entry.type == LedgerEntry.Type.ADJUSTED
    return shown | {
        "metadata": None if is_adjustment else entry.metadata,
        "counterpart": shown["counterpart"] and {**shown["counterpart"], "customer_id": None},
        "actor": None,
        "trace_id": None,
    }


def hold(found: Hold, member: str | None, metric: str, now: datetime) -> dict[str, Any]:
    """A hold as it stands at `now`."""
    status, closed_at = status_of(found, now)
    return {
        "id": public("hold", found.id),
        "status": status,
        "customer_id": member,
        "metric": metric,
        "points": found.points,
        "captured": found.captured,
        "reason": found.reason,
        "metadata": found.metadata,
        "created_at": instant(found.recorded_at),
        "occurred_at": instant(found.occurred_at),
        "expires_at": instant(found.expires_at),
        "closed_at": instant(closed_at),
        "actor": {"kind": found.actor_kind, "id": found.actor_id},
        "trace_id": found.trace_id,
    }


def _public(prefix: str, key: UUID | None) -> str | None:
    return None if key is None else public(prefix, key)


def balance(found: Balance) -> dict[str, Any]:
    return {
        "metric": found.metric.code,
        "balance": found.balance,
        "total": found.total,
        "pending": found.pending,
        "held": found.held,
        "debt": found.debt,
        "shortfall": found.shortfall,
        "lifetime": {
            "earned": found.earned,
            "redeemed": found.redeemed,
            "expired": found.expired,
            "adjusted": found.adjusted,
            "transferred": found.transferred,
        },
        "expiring": [{"points": points, "expires_at": instant(at)} for at, points in found.expiring],
    }


def customer(
    member: Member, balances: list[Balance], tiers: list[TierStatus], config: Snapshot
) -> dict[str, Any]:
    points = next((found.balance for found in balances if found.metric.code == "points"), 0)
    return member_alone(member) | {
        "points_balance": points,
        "balances": [balance(found) for found in balances],
        "tiers": [tier_status(found, config) for found in tiers],
    }


def lot(found: Lot, entry: UUID) -> dict[str, Any]:
    """An open lot, and the entry that put it in."""
    return {
        "transaction_id": public("txn", entry),
        "points": found.points,
        "remaining": found.remaining,
        "held": found.held,
        "pending": found.pending,
        "earned_at": instant(found.earned_at),
        "available_at": instant(found.available_at),
        "expires_at": instant(found.expires_at),
    }


def member_alone(found: Member) -> dict[str, Any]:
    return {
        "id": found.external_id,
        "member_id": found.external_id,
        "status": found.status,
        "attributes": found.attributes,
        "created_at": instant(found.created_at),
    }


def event(found: Event, member: str | None) -> dict[str, Any]:
    return {
        "id": public("evt", found.id),
        "event_id": found.event_id,
        "type": found.type,
        "member_id": member,
        "occurred_at": instant(found.occurred_at),
        "created_at": instant(found.recorded_at),
        "data": found.data,
    }


def program(found: Program) -> dict[str, Any]:
    return {
        "id": found.public_id,
        "code": found.code,
        "name": found.name,
        "status": found.status,
        "starts_at": instant(found.starts_at),
        "ends_at": instant(found.ends_at),
        "retention_days": found.retention_days,
        "adjustment_limit": found.adjustment_limit,
        "created_at": instant(found.created_at),
    }


def metric(found: Metric) -> dict[str, Any]:
    return {
        "code": found.code,
        "program": found.program.code,
        "title": found.title,
        "media": found.media,
        "default_value": found.default_value,
        "minimum": found.minimum,
        "maximum": found.maximum,
        "expiry": found.expiry,
        "expiry_count": found.expiry_count,
        "expiry_date": found.expiry_date and found.expiry_date.isoformat(),
        "expiry_month_end": found.expiry_month_end,
        "vesting_days": found.vesting_days,
        "negative_balance": found.negative_balance,
        "rounding": found.rounding,
        "unit_value": None if found.unit_value is None else plain(found.unit_value),
        "unit_currency": found.unit_currency or None,
        "created_at": instant(found.created_at),
    }


def earning_rule(found: EarningRule) -> dict[str, Any]:
    newest = found.revisions.first()
    return {
        "id": found.public_id,
        "program": found.program.code,
        "metric": found.metric.code,
        "name": found.name,
        "event_type": found.event_type,
        "condition": found.condition,
        "award": found.award,
        "entry_type": found.entry_type,
        "priority": found.priority,
        "exclusive_group": found.exclusive_group,
        "caps": found.caps,
        "budget": found.budget,
        "starts_at": instant(found.starts_at),
        "ends_at": instant(found.ends_at),
        "schedule": found.schedule,
        "status": found.status,
        "revision": newest.number if newest else None,
        "effective_from": instant(newest.effective_from) if newest else None,
        "created_at": instant(found.created_at),
    }


def revision(found: EarningRuleRevision, config: Snapshot) -> dict[str, Any]:
    """A published revision; its definition names its program and metric as the API does."""
    kept = found.definition
    return {
        "id": public("rev", found.id),
        "number": found.number,
        "effective_from": instant(found.effective_from),
        "published_at": instant(found.published_at),
        "published_by": found.published_by,
        "definition": None if kept is None else _definition(kept, config),
    }


def _definition(kept: dict[str, Any], config: Snapshot) -> dict[str, Any]:
    shown = completed(kept)
    ids = shown.pop("program_id"), shown.pop("metric_id")
    program = next((one for one in config.programs if str(one.id) == ids[0]), None)
    unit = next((one for one in config.metrics if str(one.id) == ids[1]), None)
    return shown | {"program": program and program.code, "metric": unit and unit.code}


def ladder(found: TierLadder, members: Mapping[UUID | None, int]) -> dict[str, Any]:
    """The tiers of a program; `members` on each level, by its key."""
    return {
        "id": found.public_id,
        "program": found.program.code,
        "metric": found.metric.code,
        "basis": found.basis,
        "event_type": found.event_type,
        "currency": found.currency or None,
        "period": found.period,
        "days": found.days,
        "grace_days": found.grace_days,
        "downgrade": found.downgrade,
        "active": found.is_active,
        "levels": [
            {
                "code": tier.code,
                "title": tier.title,
                "threshold": figure(tier.threshold),
                "multiplier": figure(tier.multiplier),
                "members": members.get(tier.pk, 0),
            }
            for tier in sorted(found.tiers.all(), key=lambda tier: tier.threshold)
        ],
        "created_at": instant(found.created_at),
    }


def tier_status(found: TierStatus, config: Snapshot) -> dict[str, Any]:
    """Where a member stands on one ladder."""
    level, following = found.level, found.next_level
    return {
        "program": program_of(found.ladder.id, config),
        "tier": level.code if level else None,
        "title": level.title if level else None,
        "since": instant(found.since),
        "valid_until": instant(found.valid_until),
        "in_grace": found.in_grace,
        "progress": figure(found.progress),
        "next": following
        and {
            "tier": following.code,
            "title": following.title,
            "threshold": figure(following.threshold),
            "missing": figure(found.missing or Decimal(0)),
        },
    }


def figure(amount: Decimal) -> str:
    """Points, money or events as an exact decimal: `250`, `59.9`."""
    return plain(amount)


def program_of(ladder_id: UUID, config: Snapshot) -> str | None:
    """The code of the program that a ladder belongs to."""
    program_id = next((ladder.program_id for ladder in config.ladders if ladder.id == ladder_id), None)
    return next((program.code for program in config.programs if program.id == program_id), None)


def environment(found: Environment) -> dict[str, Any]:
    return {
        "id": str(found.id),
        "project": found.project.name,
        "kind": found.kind,
        "time_zone": found.project.time_zone,
        "clock": instant(found.clock),
    }


def audit_event(found: AuditEvent) -> dict[str, Any]:
    return {
        "id": public("aud", found.id),
        "verb": found.verb,
        "object": {"type": found.object_type, "id": found.object_id},
        "actor": {"kind": found.actor_kind, "id": found.actor_id},
        "organization_id": found.organization_id and str(found.organization_id),
        "project_id": found.project_id and str(found.project_id),
        "environment_id": found.environment_id and str(found.environment_id),
        "event_id": found.event_id,
        "trace_id": found.trace_id,
        "before": found.before,
        "after": found.after,
        "ip": found.ip,
        "occurred_at": instant(found.occurred_at),
        "recorded_at": instant(found.recorded_at),
    }
