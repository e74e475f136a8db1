"""Why an event gave what it gave, as /v1 shows it (domain.md 4.1)."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.ids import public
from loyalty.api.common.rendering import instant
from loyalty.api.v1 import challenge_rendering, rendering, stamp_rendering
from loyalty.api.v1.effects import others_of, reasons_of, tier_change, transaction_of
from loyalty.queries.events import RecordedEvent, said_before
from loyalty.queries.explanations import LevelThen, LotNow, levels_then, lots_now, reward_taken_back
from programs.models import EarningRule, Environment
from programs.queries.snapshots import snapshot


def explanation(found: RecordedEvent, environment: Environment, now: datetime) -> dict[str, Any]:
    """The verdict of each rule in words and figures, and what became of the points, as it is `now`.

    At most eight statements, five more for a referrer.
    """
    kept = found.event.explanation or {}
    if taken := reward_taken_back(found.event):
        found = replace(found, entries=[*found.entries, *taken.entries], referral=taken.referral)
    config, names = snapshot(environment), others_of([found])
    lots = lots_now(found.entries, now)
    return {
        "event": rendering.event(found.event, found.member),
        "member_id": found.member,
        "same_as": [one.event_id for one in said_before(found.event)],
        "levels": [_level(level) for level in levels_then(found.event, config)],
        "refund": kept.get("refund"),
        "verdicts": _verdicts(kept.get("verdicts", ()), environment),
        "reasons": reasons_of(found),
        "transactions": [
            transaction_of(entry, found, names) | {"lots": [_lot(lot) for lot in lots.get(entry.id, [])]}
            for entry in found.entries
        ],
        "tier_changes": [
            tier_change(change, config)
            | {"progress": rendering.figure(change.progress), "occurred_at": instant(change.occurred_at)}
            for change in found.changes
        ],
        "stamps": stamp_rendering.verdicts(kept),
        "stamp_changes": stamp_rendering.changes(found.event.figures),
        "challenges": challenge_rendering.verdicts(kept),
        "challenge_changes": challenge_rendering.changes(found.event.figures),
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


def _level(level: LevelThen) -> dict[str, Any]:
    return {
        "program": level.program.code if level.program else None,
        "tier": level.code,
        "title": level.title,
        "multiplier": level.multiplier,
    }


def _lot(lot: LotNow) -> dict[str, Any]:
    return asdict(lot) | {
        "available_at": instant(lot.available_at),
        "expires_at": instant(lot.expires_at),
    }
