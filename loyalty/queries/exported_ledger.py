"""A member's transactions and holds for an export, each with the lots that it has to do with."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from audit.ids import public
from audit.instants import rfc3339
from loyalty.models import Hold, HoldLot, LedgerEntry, Lot, LotUse, Member, Uncovered
from loyalty.queries.history import names_of
from programs.models import EarningRuleRevision

T = TypeVar("T")


def exported_transactions(family: Sequence[Member]) -> list[dict[str, Any]]:
    """Every entry of these members, oldest first, with its lots, what it took from which lots, and what it
    could not cover; six statements."""
    entries = list(
        LedgerEntry.objects.filter(member__in=family)
        .select_related("member", "account__metric", "event")
        .defer("event__data", "event__explanation", "event__facts", "event__figures")
        .order_by("pk")
    )
    lots = _by(Lot.objects.filter(member__in=family).order_by("pk"), lambda lot: lot.entry_id)
    uses = LotUse.objects.filter(member__in=family).select_related("lot").order_by("pk")
    used = _by(uses, lambda use: use.entry_id)
    missing = _by(Uncovered.objects.filter(member__in=family).order_by("pk"), lambda row: row.entry_id)
    revisions = EarningRuleRevision.objects.select_related("rule").in_bulk(
        {entry.rule_revision_id for entry in entries if entry.rule_revision_id}
    )
    names = names_of(entry.counterpart_member_id for entry in entries if entry.counterpart_member_id)
    return [
        _entry(entry, names)
        | {
            "rule": _rule(revisions.get(entry.rule_revision_id) if entry.rule_revision_id else None),
            "lots": [_lot(lot) for lot in lots[entry.pk]],
            "uses": [_use(use) for use in used[entry.pk]],
            "uncovered": [
                {"kind": row.kind, "points": row.points, "open": row.open} for row in missing[entry.pk]
            ],
        }
        for entry in entries
    ]


def exported_holds(family: Sequence[Member]) -> list[dict[str, Any]]:
    """Every hold of these members, oldest first, with the lots that it reserved; two statements."""
    pieces = HoldLot.objects.filter(member__in=family).select_related("lot").order_by("pk")
    stands_on = _by(pieces, lambda piece: piece.hold_id)
    rows = Hold.objects.filter(member__in=family).select_related("member", "account__metric").order_by("pk")
    return [
        {
            "id": public("hold", row.pk),
            "member_id": row.member.external_id,
            "metric": row.account.metric.code,
            "status": row.status,
            "points": row.points,
            "captured": row.captured,
            "moved_to": _public("hold", row.moved_to),
            "reason": row.reason,
            "metadata": row.metadata,
            "occurred_at": rfc3339(row.occurred_at),
            "recorded_at": rfc3339(row.recorded_at),
            "expires_at": rfc3339(row.expires_at),
            "closed_at": _instant(row.closed_at),
            "lots": [
                {"transaction_id": public("txn", piece.lot.entry_id), "points": piece.points}
                for piece in stands_on[row.pk]
            ],
            "actor": {"kind": row.actor_kind, "id": row.actor_id},
            "trace_id": row.trace_id,
        }
        for row in rows
    ]


def _entry(entry: LedgerEntry, names: dict[UUID, str | None]) -> dict[str, Any]:
    other = entry.counterpart_member_id
    return {
        "id": public("txn", entry.pk),
        "member_id": entry.member.external_id,
        "metric": entry.account.metric.code,
        "sequence": entry.sequence,
        "type": entry.type,
        "points": entry.points,
        "balance_after": entry.balance_after,
        "nominal": entry.nominal,
        "reason": entry.reason,
        "metadata": entry.metadata,
        "occurred_at": rfc3339(entry.occurred_at),
        "recorded_at": rfc3339(entry.recorded_at),
        "event_id": entry.event.event_id if entry.event else None,
        "reverses": _public("txn", entry.reverses_id),
        "hold_id": _public("hold", entry.hold_id),
        "redemption_id": _public("red", entry.redemption_id),
        "counterpart": other
        and {"transaction_id": _public("txn", entry.counterpart_id), "member_id": names.get(other)},
        "actor": {"kind": entry.actor_kind, "id": entry.actor_id},
        "trace_id": entry.trace_id,
    }


def _rule(revision: EarningRuleRevision | None) -> dict[str, Any] | None:
    if revision is None:
        return None
    return {"id": revision.rule.public_id, "name": revision.rule.name, "revision": revision.number}


def _lot(lot: Lot) -> dict[str, Any]:
    return {
        "points": lot.points,
        "remaining": lot.remaining,
        "held": lot.held,
        "pending": lot.pending,
        "earned_at": rfc3339(lot.earned_at),
        "available_at": rfc3339(lot.available_at),
        "expires_at": _instant(lot.expires_at),
    }


def _use(use: LotUse) -> dict[str, Any]:
    """A lot is named by the transaction that put it in."""
    return {
        "transaction_id": public("txn", use.lot.entry_id),
        "points": use.points,
        "occurred_at": rfc3339(use.occurred_at),
    }


def _by(rows: Iterable[T], key: Callable[[T], UUID]) -> defaultdict[UUID, list[T]]:
    found = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def _public(prefix: str, key: UUID | None) -> str | None:
    return None if key is None else public(prefix, key)


def _instant(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)
