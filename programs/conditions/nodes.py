"""A condition taken apart. Each node carries its compiled test beside what it was made of.

`holds` asks a source: Facts, or one line item inside `{"items": …, "where": …}`. `path` is where the
node stands in the stored JSON. Equality ignores `holds`: two nodes are equal if they say the same.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from .fields import Field

Quantifier = Literal["any", "all"]
Scalar: TypeAlias = str | bool | int | float
Value: TypeAlias = Scalar | list[Scalar]
Op = Literal[
    "eq", "ne", "in", "not_in", "gt", "gte", "lt", "lte", "contains", "starts_with", "exists", "between"
]
Holds = Callable[[Any], bool]
Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A comparison. `value` is as stored; `accepts` judges one value of the field, None if missing;
    `read` gets it from its source: the event, or one line for a field of `data.items[]`."""

    path: str
    field: Field
    op: Op
    value: Value
    match: Quantifier | None
    read: Callable[[Any], Any] = dataclasses.field(compare=False, repr=False)
    accepts: Callable[[Any], bool] = dataclasses.field(compare=False, repr=False)
    holds: Holds = dataclasses.field(compare=False, repr=False)

    def to_json(self) -> Json:
        leaf: Json = {"field": self.field.name, "op": self.op, "value": self.value}
        return leaf | {"match": self.match} if self.match else leaf


@dataclass(frozen=True, slots=True)
class Group:
    """`all` or `any` of its children, of which there is at least one."""

    path: str
    quantifier: Quantifier
    children: "tuple[Node, ...]"
    holds: Holds = dataclasses.field(compare=False, repr=False)

    def to_json(self) -> Json:
        return {self.quantifier: [child.to_json() for child in self.children]}


@dataclass(frozen=True, slots=True)
class Not:
    """The opposite of its child; so true where the child is false because a field is missing."""

    path: str
    child: "Node"
    holds: Holds = dataclasses.field(compare=False, repr=False)

    def to_json(self) -> Json:
        return {"not": self.child.to_json()}


@dataclass(frozen=True, slots=True)
class Items:
    """Several conditions on the same line item, for any line or for all. False without lines."""

    path: str
    quantifier: Quantifier
    where: "Node"
    holds: Holds = dataclasses.field(compare=False, repr=False)

    def to_json(self) -> Json:
        return {"items": self.quantifier, "where": self.where.to_json()}


Node: TypeAlias = Leaf | Group | Not | Items
