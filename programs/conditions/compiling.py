"""Nodes with their tests. A test is a closure over its parts, so nothing is looked up per event."""

from typing import Any

from .facts import Facts, reader
from .fields import Field, Root
from .nodes import Group, Holds, Items, Leaf, Node, Not, Op, Quantifier
from .operands import operand


def leaf(path: str, field: Field, op: Op, raw: object, match: Quantifier | None) -> Leaf:
    """A comparison of `field`. Raises Refusal for a value that the op can't take."""
    value, test = operand(field.kind, op, raw)
    read = reader(field)
    # A missing field is false for every op, ne and not_in included; only "exists: false" asks for it.
    when_missing = op == "exists" and value is False

    def accepts(actual: Any) -> bool:
        return when_missing if actual is None else test(actual)

    def holds(source: Any) -> bool:
        return accepts(read(source))

    def holds_for_lines(facts: Facts) -> bool:
        lines = facts.lines
        if not lines:
            return when_missing
        quantifier = all if match == "all" else any
        return quantifier(accepts(read(line)) for line in lines)

    check: Holds = holds_for_lines if field.root is Root.ITEMS else holds
    return Leaf(path, field, op, value, match, read, accepts, check)


def group(path: str, quantifier: Quantifier, children: tuple[Node, ...]) -> Group:
    """`all` or `any` of the children; stops at the first that decides."""
    tests = tuple(child.holds for child in children)
    if quantifier == "all":
        return Group(path, quantifier, children, lambda source: all(test(source) for test in tests))
    return Group(path, quantifier, children, lambda source: any(test(source) for test in tests))


def negation(path: str, child: Node) -> Not:
    """True where the child is false."""
    test = child.holds
    return Not(path, child, lambda source: not test(source))


def items(path: str, quantifier: Quantifier, where: Node) -> Items:
    """True if any line item, or each of at least one, satisfies `where`."""
    test = where.holds

    def holds(facts: Facts) -> bool:
        lines = facts.lines
        if quantifier == "any":
            return any(map(test, lines))
        return bool(lines) and all(map(test, lines))

    return Items(path, quantifier, where, holds)
