"""What an event did to stamp cards, as its page shows it (domain.md 4.1, 7).

It is stored, so it may be older than this code, or written by a later one: nothing in it is taken for granted.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import formats, timezone

from audit.ids import parse_public
from loyalty.models import Event, StampReward
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
    "issued": "issued",
    "revoked": "revoked",
    "standing": "paid already, so it stands",
}

Standing = Mapping[UUID, tuple[str, datetime | None, datetime | None]]
"""Of each reward its status now, when it was paid, when it was revoked."""


@dataclass(frozen=True, slots=True)
class Given:
    """A reward that the event issued (and what has become of it since), revoked or left standing."""

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
    """A card for each that the purchase was judged for, or that the refund moved. One statement, none where no
    reward was issued."""
    names = {one.public_id: one.name for one in config.stamp_programs}
    moves = {str(one.get("stamp_collection")): one for one in _listed(event.figures)}
    verdicts = list(_listed(event.explanation)) or list(moves.values())
    now = _standing(event, moves.values())
    return [_told(one, moves.get(str(one.get("stamp_collection")), {}), names, now) for one in verdicts]


def _standing(event: Event, moves: Iterable[dict[str, Any]]) -> Standing:
    issued = {key for each in moves for key, _ in _named(each, "issued")}
    if not issued:
        return {}
    rows = StampReward.objects.filter(environment_id=event.environment_id, pk__in=issued)
    found = rows.values_list("pk", "status", "paid_at", "revoked_at")
    return {key: (status, paid_at, revoked_at) for key, status, paid_at, revoked_at in found}


def _listed(stored: Any) -> Iterator[dict[str, Any]]:
    found = stored.get("stamps") if isinstance(stored, dict) else None
    yield from (one for one in (found if isinstance(found, list) else []) if isinstance(one, dict))


def _told(
    verdict: dict[str, Any], moves: dict[str, Any], names: Mapping[str, str], now: Standing
) -> CardTold:
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
        rewards=list(_rewards(moves, now)),
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
    if isinstance(owed := moves.get("owed"), int) and owed:
        parts.append(f"it owes {owed:,} to paid rewards")
    return f"{'; '.join(parts)}." if parts else ""


def _rewards(moves: dict[str, Any], now: Standing) -> Iterator[Given]:
    for name, became in _BECAME.items():
        for key, one in _named(moves, name):
            amount = one.get("amount")
            if isinstance(amount, int):
                since = _since(now[key]) if name == "issued" and key in now else became
                yield Given(key, f"{amount_words(amount, str(one.get('currency', '')))} {since}")


def _named(moves: dict[str, Any], name: str) -> Iterator[tuple[UUID, dict[str, Any]]]:
    found = moves.get(name)
    for one in found if isinstance(found, list) else []:
        key = parse_public("sr", str(one.get("id"))) if isinstance(one, dict) else None
        if key:
            yield key, one


def _since(standing: tuple[str, datetime | None, datetime | None]) -> str:
    """What has become of a reward that was issued: "paid on 21 Nov 2026"."""
    status, paid_at, revoked_at = standing
    at = paid_at or revoked_at
    if at is None:
        return "to be paid"
    return f"{status} on {formats.date_format(timezone.localtime(at), 'DATE_FORMAT')}"
