"""What a copy of one environment's configuration would change in another."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, NamedTuple

from programs.models import Environment
from programs.queries.configuration import NOUNS, Document, Documents, configuration
from programs.queries.plans import has_feature

RETIRED: Final = ("archived", "ended")
TAKES: Final = {"stamp_programs": "stamps", "challenges": "challenges"}
"""The plan's feature that a noun needs."""
_LIMIT: Final = "adjustment_limit"
"""A program's field that needs the feature `approvals`."""


class Field(NamedTuple):
    """One thing that would be another: `path` as `levels.gold.threshold`; None: not there."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Change:
    """An object to make (no `fields`) or to change. `document`: as it is to be."""

    noun: str
    key: str
    title: str
    document: Document
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class OnlyThere:
    """What the target has and the source has not; it is left alone."""

    noun: str
    key: str
    title: str


@dataclass(frozen=True, slots=True)
class Difference:
    """What a copy makes, what it changes and what it leaves alone, in the order of `NOUNS`."""

    created: tuple[Change, ...]
    changed: tuple[Change, ...]
    only_there: tuple[OnlyThere, ...]
    not_in_plan: tuple[str, ...] = ()
    """Nouns that stay as they are, since the plan has them no more; `adjustment_limit` of programs likewise."""

    @property
    def is_empty(self) -> bool:
        """Whether a copy would do nothing."""
        return not (self.created or self.changed)

    @property
    def digest(self) -> str:
        """SHA-256 in hex of all that it says: two of one digest are the same difference."""
        told = json.dumps(asdict(self), sort_keys=True, default=str)
        return hashlib.sha256(told.encode()).hexdigest()


def difference(source: Environment, target: Environment, *, retired: bool = False) -> Difference:
    """What would change in `target`, if it were configured as `source` is. What is archived or has ended there and
    does not exist in the target is left out, unless `retired`. Twice the statements of `configuration`."""
    return compared(configuration(source), configuration(target), retired=retired)


def allowed_difference(source: Environment, target: Environment) -> Difference:
    """The same, without what the plan of the target's organization has no more."""
    out = {noun for noun, feature in TAKES.items() if not has_feature(target, feature)}
    wanted, there = (
        {noun: {} if noun in out else documents for noun, documents in configuration(each).items()}
        for each in (source, target)
    )
    if not has_feature(target, "approvals") and _keep_limits(wanted["programs"], there["programs"]):
        out.add(_LIMIT)
    return replace(compared(wanted, there), not_in_plan=tuple(sorted(out)))


def _keep_limits(wanted: dict[str, Document], there: dict[str, Document]) -> bool:
    """Each program keeps the limit that the target has; whether any would have been another."""
    kept = {
        code: {**document, _LIMIT: there[code][_LIMIT] if code in there else None}
        for code, document in wanted.items()
    }
    differs = any(document[_LIMIT] != wanted[code][_LIMIT] for code, document in kept.items())
    wanted |= kept
    return differs


def compared(wanted: Documents, there: Documents, *, retired: bool = False) -> Difference:
    """What differs between two configurations. Pure."""
    created, changed = [], []
    for noun in NOUNS:
        for key, document in wanted[noun].items():
            title = _title(noun, key, document)
            stored = there[noun].get(key)
            if stored is None:
                if retired or document.get("status") not in RETIRED or noun == "programs":
                    created.append(Change(noun, key, title, document))
            elif fields := tuple(_fields(noun, stored, document)):
                changed.append(Change(noun, key, title, document, fields))
    return Difference(tuple(created), tuple(changed), tuple(_only_there(wanted, there)))


def _title(noun: str, key: str, document: Document) -> str:
    if noun == "tier_ladders":
        return f"Tiers of {key}"
    if noun == "member_app":
        return "What members may report"
    return str(document.get("name") or document.get("title") or key)


def _fields(noun: str, stored: Document, wanted: Document) -> Iterator[Field]:
    before, after = ({**each, "id": None} for each in (stored, wanted))  # an id stays as it was made
    if noun == "inventory_sets":  # members may own what only the target has
        before["items"] = {key: item for key, item in stored["items"].items() if key in wanted["items"]}
    if noun == "earning_rules" and wanted["status"] == "draft":  # takes nothing out of force
        before |= {"status": "draft", "in_force": wanted["in_force"]}
    return _differing(before, after, "")


def _differing(before: Any, after: Any, path: str) -> Iterator[Field]:
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for name in {**before, **after}:
            yield from _differing(before.get(name), after.get(name), f"{path}.{name}" if path else name)
        return
    yield Field(path, before, after)


def _only_there(wanted: Documents, there: Documents) -> Iterator[OnlyThere]:
    for noun in NOUNS:
        for key, document in there[noun].items():
            if key not in wanted[noun]:
                yield OnlyThere(noun, key, _title(noun, key, document))
            elif noun == "inventory_sets":
                for item, what in document["items"].items():
                    if item not in wanted[noun][key]["items"]:
                        yield OnlyThere(
                            "inventory_items", f"{key}/{item}", _title("inventory_items", item, what)
                        )
