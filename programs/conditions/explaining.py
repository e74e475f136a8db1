"""Why a condition is false: the first part that decided it, in words (domain.md 4.1)."""

from dataclasses import dataclass
from typing import Any

from .facts import Facts
from .fields import Kind, Root
from .nodes import Group, Items, Leaf, Node, Not
from .values import reported, show
from .words import predicate, requirement, sentence, subject, value_in_words

_MOST_ALTERNATIVES = 3


@dataclass(frozen=True, slots=True)
class Failure:
    """The part that made a condition false. `path` leads to it in the stored JSON, `words` say what
    was and what was needed; `field` and `actual` (None: missing, or no single value) if it is one field."""

    path: str
    words: str
    field: str | None = None
    actual: str | int | bool | None = None

    def to_json(self) -> dict[str, str | int | bool | None]:
        return {"path": self.path, "words": self.words, "field": self.field, "actual": self.actual}


def why_not(node: Node, source: Any) -> Failure:
    """The failure of a node that does not hold for `source` (Facts, or an item inside `where`)."""
    match node:
        case Leaf():
            return _lines_leaf(node, source) if node.field.root is Root.ITEMS else _leaf(node, source)
        case Not():
            return Failure(node.path, f"excluded, because {sentence(node.child)}")
        case Items():
            return _items(node, source)
        case Group(quantifier="all"):
            return why_not(next(child for child in node.children if not child.holds(source)), source)
        case Group():
            return _none_of(node, source)


def _leaf(leaf: Leaf, source: Any) -> Failure:
    actual = leaf.read(source)
    return _compared(leaf, _name(leaf), actual)


def _compared(leaf: Leaf, name: str, actual: object) -> Failure:
    # a value of the tenant's own may be anything, so it is shown as it is and not as a date or money
    raw = leaf.field.kind is Kind.ANY or actual is None
    was = show(actual) if raw else value_in_words(leaf, actual)
    words = f"{name} is {was}, needs {requirement(leaf)}"
    return Failure(leaf.path, words, leaf.field.name, reported(actual))


def _name(leaf: Leaf) -> str:
    """The tenant's own fields by their path, as they stand in the event beside; ours in words."""
    return leaf.field.name if leaf.field.kind is Kind.ANY else subject(leaf.field)


def _lines_leaf(leaf: Leaf, facts: Facts) -> Failure:
    if not facts.lines:
        return Failure(leaf.path, "the event has no items", leaf.field.name)
    if leaf.match == "any":
        words = f"there is no item whose {subject(leaf.field)} {predicate(leaf)}"
        return Failure(leaf.path, words, leaf.field.name)
    values = ((index, leaf.read(line)) for index, line in enumerate(facts.lines))
    index, actual = next((index, value) for index, value in values if not leaf.accepts(value))
    name = ".".join((f"data.items[{index}]", *leaf.field.keys))
    return _compared(leaf, name, actual)


def _items(node: Items, facts: Facts) -> Failure:
    if not facts.lines:
        return Failure(node.path, "the event has no items")
    if node.quantifier == "any":
        return Failure(node.path, f"no item matches ({sentence(node.where)})")
    index, line = next((i, line) for i, line in enumerate(facts.lines) if not node.where.holds(line))
    failure = why_not(node.where, line)
    return Failure(failure.path, f"data.items[{index}]: {failure.words}", failure.field, failure.actual)


def _none_of(node: Group, source: Any) -> Failure:
    failures = [why_not(child, source) for child in node.children[:_MOST_ALTERNATIVES]]
    if len(node.children) == 1:
        return failures[0]
    words = "; ".join(failure.words for failure in failures)
    unlisted = len(node.children) - len(failures)
    return Failure(node.path, f"none holds: {words}" + (f"; and {unlisted} more" if unlisted else ""))
