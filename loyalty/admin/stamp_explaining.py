"""What an event did to stamp cards, as its page shows it (domain.md 4.1, 7).

It is stored, so it may be older than this code, or written by a later one: nothing in it is taken for granted.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from audit.ids import parse_public
from loyalty.admin.stamp_words import STATUSES
from loyalty.models import Event
from programs.admin.stamp_words import amount_words
from programs.queries.snapshots import Snapshot

_OUTCOMES = {
    "stamped": "Stamped",
    "not_in_force": "Not in force",
    "other_currency": "Other currency",
    "condition_failed": "Did not match",
    "no_line_matches": "No line counts",
    "nothing_bought": "Nothing bought",
    "no_price": "No price known",
    "stamped_that_day": "Stamped that day",
}
_BECAME = {
    "issued": STATUSES["issued"].lower(),
    "revoked": "revoked",
    "standing": "paid already, so it stands",
}


@dataclass(frozen=True, slots=True)
class Given:
    """A reward that the event issued, revoked or left standing."""

    key: UUID
    words: str


@dataclass(frozen=True, slots=True)
class CardTold:
    """What became of one card: the verdict, and what moved, in sentences. `card`: its key; None where it is none."""

    name: str
    card: UUID | None
    label: str
    reason: str
    moved: str
    rewards: list[Given]


def stamps_told(event: Event, config: Snapshot) -> list[CardTold]:
    """A card for each that the purchase was judged for, or that the refund moved."""
    names = {one.public_id: one.name for one in config.stamp_programs}
    moves = {str(one.get("stamp_collection")): one for one in _listed(event.figures)}
    verdicts = list(_listed(event.explanation)) or list(moves.values())
    return [_told(one, moves.get(str(one.get("stamp_collection")), {}), names) for one in verdicts]


def _listed(stored: Any) -> Iterator[dict[str, Any]]:
    found = stored.get("stamps") if isinstance(stored, dict) else None
    yield from (one for one in (found if isinstance(found, list) else []) if isinstance(one, dict))


def _told(verdict: dict[str, Any], moves: dict[str, Any], names: Mapping[str, str]) -> CardTold:
    program = str(verdict.get("stamp_program") or "Stamp card")
    outcome = verdict.get("outcome")
    label = (
        _OUTCOMES.get(str(outcome), str(outcome).replace("_", " ").capitalize()) if outcome else "Returned"
    )
    return CardTold(
        name=str(verdict.get("name") or names.get(program, program)),
        card=parse_public("sc", str(verdict.get("stamp_collection"))),
        label=label,
        reason=str(verdict.get("reason") or ""),
        moved=_moved(moves),
        rewards=list(_rewards(moves)),
    )


def _moved(moves: dict[str, Any]) -> str:
    """ "1 stamp collected; 3 on the card now."."""
    counts = [(moves.get(name), name) for name in ("collected", "returned")]
    parts = [
        f"{count:,} stamp{'' if count == 1 else 's'} {name}"
        for count, name in counts
        if isinstance(count, int) and count
    ]
    if isinstance(counter := moves.get("counter"), int):
        parts.append(f"{counter:,} on the card then")
    return f"{'; '.join(parts)}." if parts else ""


def _rewards(moves: dict[str, Any]) -> Iterator[Given]:
    for name, became in _BECAME.items():
        for one in moves.get(name) or []:
            key = parse_public("sr", str(one.get("id"))) if isinstance(one, dict) else None
            amount = one.get("amount") if key else None
            if key and isinstance(amount, int):
                yield Given(key, f"{amount_words(amount, str(one.get('currency', '')))} {became}")
