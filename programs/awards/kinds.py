"""The kinds of award, as figures."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal, TypeAlias

from programs.conditions import ItemCondition
from programs.conditions.values import plain

Each = Literal["quantity", "line", "amount"]

EVERY_LINE = ItemCondition(None)


@dataclass(frozen=True, slots=True)
class FixedAward:
    """The same points for each event; 1 to 10^15."""

    points: int

    def to_json(self) -> dict[str, Any]:
        return {"kind": "fixed", "points": self.points}


@dataclass(frozen=True, slots=True)
class PerAmountAward:
    """`rate` points for each *full* `step` of the amount in `field`, `data.…`. Both above zero."""

    rate: Decimal
    step: Decimal = Decimal(1)
    field: str = "data.amount"

    @property
    def keys(self) -> tuple[str, ...]:
        """The way to the amount inside the event's data."""
        return tuple(self.field.split(".")[1:])

    def to_json(self) -> dict[str, Any]:
        return {"kind": "per_amount", "field": self.field, "rate": plain(self.rate), "step": plain(self.step)}


@dataclass(frozen=True, slots=True)
class PerItemAward:
    """`points` for each piece, each line, or each *full* `step` of the amounts together, of the line items
    that `where` is true of. `step` counts for amounts only. Points and step are above zero."""

    each: Each
    points: Decimal
    where: ItemCondition = EVERY_LINE
    step: Decimal = Decimal(1)

    def to_json(self) -> dict[str, Any]:
        step = {"step": plain(self.step)} if self.each == "amount" else {}
        points = {"kind": "per_item", "each": self.each, "points": plain(self.points)}
        return {**points, **step, "where": self.where.to_json()}


@dataclass(frozen=True, slots=True)
class MultiplierAward:
    """Earned points of the rule's program and metric times `factor`, above 1 and at most 1,000."""

    factor: Decimal

    def to_json(self) -> dict[str, Any]:
        return {"kind": "multiplier", "factor": plain(self.factor)}


@dataclass(frozen=True, slots=True)
class ReferralAward:
    """Once for each referred member: points to `member` and to their `referrer`; not both are zero."""

    member: int
    referrer: int

    def to_json(self) -> dict[str, Any]:
        return {"kind": "referral", "member": self.member, "referrer": self.referrer}


Award: TypeAlias = FixedAward | PerAmountAward | PerItemAward | MultiplierAward | ReferralAward
