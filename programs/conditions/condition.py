"""A parsed condition, ready to be asked. The package's docstring describes the grammar."""

from collections.abc import Iterator
from dataclasses import dataclass

from .explaining import Failure, why_not
from .facts import Facts
from .faults import ConditionError, Fault
from .fields import Field, Kind, Root, Scope, parse_field
from .nodes import Group, Items, Json, Leaf, Node, Not, Op
from .operands import ops_for
from .parsing import Parser
from .words import sentence


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to a condition; `failed` says why it is false, and is None when it is true."""

    matched: bool
    failed: Failure | None = None

    def to_json(self) -> Json:
        return {"matched": self.matched, "failed": self.failed.to_json() if self.failed else None}


_MATCHED = Verdict(True)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on an event and its member. Compiled once, asked often; safe to share by threads."""

    root: Node | None

    def matches(self, facts: Facts) -> bool:
        """Whether the condition is true. Never raises."""
        return self.root is None or self.root.holds(facts)

    def evaluate(self, facts: Facts) -> Verdict:
        """Whether the condition is true and, if not, what decided it. Never raises."""
        if self.root is None or self.root.holds(facts):
            return _MATCHED
        return Verdict(False, why_not(self.root, facts))

    def to_json(self) -> Json:
        """The normalised JSON; parsing it gives an equal condition."""
        return self.root.to_json() if self.root else {}


@dataclass(frozen=True, slots=True)
class ItemCondition:
    """A condition on one line item, for awards per item: its fields are `item.*` alone."""

    root: Node | None

    def matches(self, item: object) -> bool:
        """Whether the condition is true of one element of `data.items`. Never raises."""
        return self.root is None or self.root.holds(item)

    def to_json(self) -> Json:
        """The normalised JSON; parsing it gives an equal condition."""
        return self.root.to_json() if self.root else {}


def parse(raw: object) -> Condition:
    """The condition that stored or submitted JSON spells; None and {} are always true.
    Raises ConditionError, and nothing else, whatever the JSON."""
    return Condition(_root(raw, "event"))


def parse_item(raw: object) -> ItemCondition:
    """The same for a condition on one line item."""
    return ItemCondition(_root(raw, "item"))


def validate(raw: object, *, scope: Scope = "event") -> list[Fault]:
    """What is wrong with a condition, at most 20 faults; an empty list if nothing is. Never raises."""
    parser = Parser()
    parser.root(raw, scope)
    return parser.faults


def canonical(raw: object, *, scope: Scope = "event") -> Json:
    """The normalised JSON to store: keys in one order, weekdays as numbers, bounds as exact text,
    `match` always present on fields of `data.items[]`; {} if always true. Raises ConditionError."""
    root = _root(raw, scope)
    return root.to_json() if root else {}


def describe(raw: object, *, currency: str | None = None, scope: Scope = "event") -> str:
    """The condition in words, "always" if empty; with a currency (ISO 4217) amounts of money show it.
    Raises ConditionError."""
    return sentence(_root(raw, scope), currency)


def fields_used(condition: Condition | ItemCondition) -> set[str]:
    """The names of all fields read, those of line items as `data.items[].…`."""
    return {
        field.name if field.root is not Root.ITEM else "data.items[]." + ".".join(field.keys)
        for field in _fields(condition.root)
    }


def event_types_counted(condition: Condition) -> set[str]:
    """The event types whose `member.event_count` must be known to evaluate the condition."""
    return {field.keys[0] for field in _fields(condition.root) if field.root is Root.EVENT_COUNT}


def field_named(name: str, *, scope: Scope = "event") -> tuple[Kind, tuple[Op, ...]] | None:
    """For the console's rows: what kind of field this is and the ops to offer for it; None: no field."""
    field = parse_field(name, scope)
    return (field.kind, ops_for(field.kind)) if field else None


def _root(raw: object, scope: Scope) -> Node | None:
    parser = Parser()
    root = parser.root(raw, scope)
    if parser.faults:
        raise ConditionError(parser.faults)
    return root


def _fields(node: Node | None) -> Iterator[Field]:
    match node:
        case Leaf():
            yield node.field
        case Group():
            for child in node.children:
                yield from _fields(child)
        case Not():
            yield from _fields(node.child)
        case Items():
            yield from _fields(node.where)
