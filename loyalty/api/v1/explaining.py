"""Why an event gave what it gave, as /v1 shows it (domain.md 4.1)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.ids import public
from loyalty.api.common.rendering import instant
from loyalty.api.v1 import rendering
from loyalty.api.v1.effects import others_of, reasons_of, tier_change, transaction_of
from loyalty.models import LedgerEntry, Lot
from loyalty.queries.balances import open_lots_of
from loyalty.queries.events import RecordedEvent
from loyalty.rules import lots as lot_rules
from programs.models import EarningRule, Environment
from programs.queries.snapshots import Snapshot, snapshot


def explanation(found: RecordedEvent, environment: Environment, now: datetime) -> dict[str, Any]:
    """The verdict of each rule in words and figures, and what became of the points, as it is `now`.

    At most seven statements, five more for a referrer.
    """
    kept = found.event.explanation or {}
    config, names = snapshot(environment), others_of([found])
    lots = _lots(found.entries, now)
    return {
        "event": rendering.event(found.event, found.member),
        "member_id": found.member,
        "levels": _levels(found, config),
        "refund": kept.get("refund"),
        "verdicts": _verdicts(kept.get("verdicts", ()), environment),
        "reasons": reasons_of(found),
        "transactions": [
            transaction_of(entry, found, names) | {"lots": lots.get(entry.id, [])} for entry in found.entries
        ],
        "tier_changes": [
            tier_change(change, config)
            | {"progress": rendering.figure(change.progress), "occurred_at": instant(change.occurred_at)}
            for change in found.changes
        ],
        "referrer_id": names.get(found.referral.referrer_id) if found.referral else None,
    }


def _verdicts(kept: Iterable[Mapping[str, Any]], environment: Environment) -> list[dict[str, Any]]:
    """As they are stored, but with the ids by which rules and revisions are known outside."""
    verdicts = list(kept)
    wanted = {UUID(verdict["rule_id"]) for verdict in verdicts}
    rules = EarningRule.objects.filter(environment=environment, pk__in=wanted) if wanted else ()
    ids = {str(rule.pk): rule.public_id for rule in rules}
    return [
        {name: value for name, value in verdict.items() if name != "revision_id"}
        | {
            "rule_id": ids.get(verdict["rule_id"]),
            "rule_revision": public("rev", UUID(verdict["revision_id"])) if verdict["revision"] else None,
            "group": verdict.get("group") or None,
        }
        for verdict in verdicts
    ]


def _levels(found: RecordedEvent, config: Snapshot) -> list[dict[str, Any]]:
    """The member's level in each program, before the event: it multiplied."""
    programs = {str(program.id): program.code for program in config.programs}
    return [
        {
            "program": programs.get(program_id),
            "tier": level["code"],
            "title": level["title"],
            "multiplier": level["multiplier"],
        }
        for program_id, level in (found.event.facts or {}).get("levels", {}).items()
    ]


def _lots(entries: Iterable[LedgerEntry], now: datetime) -> dict[UUID, list[dict[str, Any]]]:
    """By entry: what it put in and what is left of it, as the account's next write would settle it."""
    owners = {entry.id: entry.member_id for entry in entries}
    rows = list(Lot.objects.filter(entry__in=owners).order_by("expires_at", "id")) if owners else []
    members = {owners[row.entry_id] for row in rows}
    standing = {
        lot.id: lot
        for member_id in members
        for of_metric in open_lots_of(member_id=member_id, now=now).values()
        for lot in of_metric
    }
    found: dict[UUID, list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row.entry_id, []).append(_lot(row, standing.get(row.id), now))
    return found


def _lot(row: Lot, standing: lot_rules.Lot | None, now: datetime) -> dict[str, Any]:
    return {
        "points": row.points,
        "remaining": standing.remaining if standing else 0,
        "held": standing.held if standing else 0,
        "pending": row.available_at > now,
        "available_at": instant(row.available_at),
        "expires_at": instant(row.expires_at),
    }
