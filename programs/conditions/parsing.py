"""Stored or submitted JSON into nodes; every fault with its path. Total: any JSON, however large
or deep, gives nodes or faults, and takes time bounded by the limits here, not by its size."""

from .compiling import group, items, leaf, negation
from .faults import Fault, Refusal, join
from .fields import Field, Root, Scope, parse_field
from .nodes import Leaf, Node, Op, Quantifier
from .operands import OPS, ops_for
from .values import show

MAX_DEPTH = 5
"""Groups (all, any, not, items) inside each other."""
MAX_NODES = 200
"""Groups and comparisons of one condition together."""
MAX_FAULTS = 20
"""Faults reported at once; whoever has more starts with these."""

_SHAPES = ("all", "any", "not", "items", "field")
_KEYS = {
    "all": {"all"},
    "any": {"any"},
    "not": {"not"},
    "items": {"items", "where"},
    "field": {"field", "op", "value", "match"},
}
_EXPECTED = 'Give {"field", "op", "value"}, {"all": […]}, {"any": […]}, {"not": …} or {"items", "where"}.'


class Parser:
    """Parses one condition. `faults` fills as it goes; without any, `root` answered the nodes.

    Inside, a Refusal ends the node at hand and becomes a fault; its siblings are still looked at.
    """

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self._nodes = 0

    def root(self, raw: object, scope: Scope) -> Node | None:
        """The root node; None for the empty condition (null or {}) and where there are faults."""
        if raw is None or raw == {}:
            return None
        return self._node(raw, "", 0, scope)

    def _fault(self, path: str, refusal: Refusal) -> None:
        if len(self.faults) < MAX_FAULTS:
            self.faults.append(Fault(join(path, refusal.below), refusal.code, refusal.detail))

    def _node(self, raw: object, path: str, depth: int, scope: Scope) -> Node | None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            if self._nodes == MAX_NODES + 1:
                detail = f"The condition has more than {MAX_NODES} parts."
                self._fault(path, Refusal("too_many_nodes", detail))
            return None
        try:
            return self._build(raw, path, depth, scope)
        except Refusal as refusal:
            self._fault(path, refusal)
            return None

    def _build(self, raw: object, path: str, depth: int, scope: Scope) -> Node | None:
        if not isinstance(raw, dict):
            raise Refusal("invalid_type", f"This is {show(raw)}. {_EXPECTED}")
        shape = _shape(raw)
        if shape == "field":
            return self._leaf(raw, path, scope)
        if depth == MAX_DEPTH:
            raise Refusal("too_deep", f"Conditions may be nested {MAX_DEPTH} deep, not deeper.")
        if shape == "not":
            child = self._node(raw["not"], join(path, "not"), depth + 1, scope)
            return negation(path, child) if child else None
        if shape == "items":
            return self._items(raw, path, depth, scope)
        return self._group(raw, "all" if shape == "all" else "any", path, depth, scope)

    def _group(
        self, raw: dict[str, object], key: Quantifier, path: str, depth: int, scope: Scope
    ) -> Node | None:
        members = raw[key]
        if not isinstance(members, list):
            raise Refusal("invalid_type", f"{key} takes a list of conditions, not {show(members)}.", key)
        if not members:
            raise Refusal("empty", f"{key} needs at least one condition.", key)
        # the slice: one beyond the limit is enough to find that there are too many
        children = [
            self._node(member, f"{join(path, key)}[{index}]", depth + 1, scope)
            for index, member in enumerate(members[: MAX_NODES + 1])
        ]
        known = tuple(child for child in children if child)
        return group(path, key, known) if len(known) == len(members) else None

    def _items(self, raw: dict[str, object], path: str, depth: int, scope: Scope) -> Node | None:
        if scope == "item":
            raise Refusal("nested_items", "This is about one line item already; name its fields.")
        quantifier = _quantifier(raw["items"], "items")
        if not raw.get("where"):
            raise Refusal("missing_key", "Say what the line item must satisfy.", "where")
        where = self._node(raw["where"], join(path, "where"), depth + 1, "item")
        return items(path, quantifier, where) if where else None

    def _leaf(self, raw: dict[str, object], path: str, scope: Scope) -> Leaf | None:
        """A comparison. Its field and op are both looked at, so that both are reported at once."""
        field, op = None, None
        try:
            field = _field(raw.get("field"), scope)
        except Refusal as refusal:
            self._fault(path, refusal)
        try:
            op = _op(raw.get("op"), field)
        except Refusal as refusal:
            self._fault(path, refusal)
        if "value" not in raw:
            raise Refusal("missing_key", "The value to compare with is missing.", "value")
        if not field or not op:
            return None
        match = _match(raw, field)
        try:
            return leaf(path, field, op, raw["value"], match)
        except Refusal as refusal:
            raise Refusal(refusal.code, refusal.detail, f"value{refusal.below}") from None


def _shape(raw: dict[str, object]) -> str:
    """Which of the five kinds of node this is, by its keys."""
    shapes = [key for key in _SHAPES if key in raw]
    if not shapes and any(key in raw for key in _KEYS["field"]):
        shapes = ["field"]  # whose own check says that the field is what is missing
    if not shapes:
        raise Refusal("missing_key", _EXPECTED)
    if len(shapes) > 1:
        raise Refusal("ambiguous", f"Both {shapes[0]} and {shapes[1]} in one place; nest one in the other.")
    unknown = next((key for key in raw if key not in _KEYS[shapes[0]]), None)
    if unknown is not None:
        raise Refusal("unknown_key", f"The key {show(unknown)} is not known here.")
    return shapes[0]


def _quantifier(raw: object, key: str) -> Quantifier:
    if raw == "any":
        return "any"
    if raw == "all":
        return "all"
    raise Refusal("invalid_value", f"Give any or all, not {show(raw)}.", key)


def _field(raw: object, scope: Scope) -> Field:
    if not isinstance(raw, str):
        raise Refusal("invalid_type", f"Give the name of a field; it is {show(raw)}.", "field")
    field = parse_field(raw, scope)
    if field is None:
        known = "item.…" if scope == "item" else "event.…, data.… and member.…"
        raise Refusal("unknown_field", f"There is no field {show(raw)}; fields here are {known}", "field")
    return field


def _op(raw: object, field: Field | None) -> Op:
    op = next((op for op in OPS if op == raw), None)
    if op is None:
        raise Refusal("unknown_op", f"There is no op {show(raw)}; ops are {', '.join(OPS)}.", "op")
    if field and op not in ops_for(field.kind):
        raise Refusal("invalid_op", f"{op} makes no sense for {field.name}.", "op")
    return op


def _match(raw: dict[str, object], field: Field) -> Quantifier | None:
    if field.root is Root.ITEMS:
        return _quantifier(raw.get("match", "any"), "match")
    if "match" in raw:
        raise Refusal("unknown_key", "match belongs to fields of data.items[] only.", "match")
    return None
