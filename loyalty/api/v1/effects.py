"""What an event caused, as /v1 shows it: of one, and of many at once."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from uuid import UUID

from audit.ids import public
from loyalty.api.v1 import challenge_rendering, rendering, stamp_rendering
from loyalty.models import LedgerEntry, TierChange
from loyalty.queries.events import RecordedEvent
from loyalty.queries.history import names_of
from programs.models import Environment
from programs.queries.snapshots import Snapshot, snapshot

Names = Mapping[UUID, str | None]

_NO_RULE = "No rule for events of type {type} was in force when it happened."
_NOTHING_EARNED = "The purchase had earned nothing, so there is nothing to take back."


def recorded(found: RecordedEvent, environment: Environment) -> dict[str, Any]:
    """An event, its effects and the reasons; one statement more where it reached a referrer."""
    return _recorded(found, others_of([found]), snapshot(environment)) | {"duplicate": found.duplicate}


def recorded_all(found: Iterable[RecordedEvent], environment: Environment) -> Iterator[dict[str, Any]]:
    """The same for many, in at most one statement; without `duplicate`."""
    found = list(found)
    names, config = others_of(found), snapshot(environment)
    return (_recorded(one, names, config) for one in found)


def _recorded(found: RecordedEvent, names: Names, config: Snapshot) -> dict[str, Any]:
    return {
        "event": rendering.event(found.event, found.member),
        "effects": effects_of(found, names, config),
        "reasons": reasons_of(found),
    }


def others_of(found: Iterable[RecordedEvent]) -> Names:
    """The external ids of those whom the events reached besides their own members."""
    ids = {
        entry.member_id for one in found for entry in one.entries if entry.member_id != one.event.member_id
    }
    ids |= {one.referral.referrer_id for one in found if one.referral}
    return names_of(ids) if ids else {}


def effects_of(found: RecordedEvent, names: Names, config: Snapshot) -> list[dict[str, Any]]:
    effects = [
        {
            "kind": "points",
            "transaction": transaction_of(entry, found, names),
            "rule_revision": entry.rule_revision_id and public("rev", entry.rule_revision_id),
        }
        for entry in found.entries
    ]
    effects += [{"kind": "tier", **tier_change(change, config)} for change in found.changes]
    if found.referral:
        effects.append(
            {
                "kind": "referral",
                "customer_id": found.member,
                "referrer_id": names.get(found.referral.referrer_id),
            }
        )
    effects += [{"kind": "stamps", **change} for change in stamp_rendering.changes(found.event.figures)]
    return effects + challenge_rendering.effects(found.event.figures)


def transaction_of(entry: LedgerEntry, found: RecordedEvent, names: Names) -> dict[str, Any]:
    """An entry that the event caused, in the ledger of its member or of who referred them."""
    own = entry.member_id == found.event.member_id
    if entry.event_id == found.event.id:
        entry.event = found.event  # else its name would be read once for each entry
    member = found.member if own else names.get(entry.member_id)
    return rendering.transaction(entry, member, entry.account.metric.code)


def tier_change(change: TierChange, config: Snapshot) -> dict[str, Any]:
    return {
        "program": rendering.program_of(change.ladder_id, config),
        "from": change.from_code,
        "to": change.to_code,
        "change": change.kind,
    }


def reasons_of(found: RecordedEvent) -> list[dict[str, Any]]:
    """A sentence for each rule of the event's type, and for what befell the event as a whole; of a refund
    one for each account, since no rule judges it; then one for each stamp card and each mission. Empty once
    retention has blanked it."""
    kept = found.event.explanation
    if kept is None:
        return []
    others = stamp_rendering.reasons(kept) + challenge_rendering.reasons(kept, found.event.figures)
    if "refund" in kept:
        sides = [_side_in_words(side) for side in kept["refund"]["sides"]]
        if not sides and not others:
            sides = [_NOTHING_EARNED]
        return [_of_event("refunded", words) for words in sides] + others
    reasons = [
        {"rule": verdict["name"], "outcome": verdict["outcome"], "reason": verdict["reason"]}
        for verdict in kept["verdicts"]
    ]
    return (reasons or [_of_event("no_rule", _NO_RULE.format(type=found.event.type))]) + others


def _of_event(outcome: str, reason: str) -> dict[str, Any]:
    return {"rule": None, "outcome": outcome, "reason": reason}


def _side_in_words(side: Mapping[str, Any]) -> str:
    whom = "its referrer " if side["recipient"] == "referrer" else ""
    before = _taken(side["before"] + side["by_hand"], "had been")
    now = _taken(side["reversed"], "is" if abs(side["reversed"]) < 2 else "are")
    return (
        f"The purchase had earned {whom}{side['earned']} {side['metric']}; what is left of it earns "
        f"{side['recomputed']}. {before[0].upper()}{before[1:]} before; {now} now."
    )


def _taken(points: int, verb: str) -> str:
    if points == 0:
        return f"nothing {verb} taken back"
    return f"{abs(points)} {verb} {'taken back' if points > 0 else 'given again'}"
