"""Which purchases stamp a card, and how often (domain.md 7). Pure.

* By purchase and by day one stamp, by quantity one for each whole piece of the lines that count. The price of a
  line's piece is its `unit_price` or `amount` / `quantity`, whichever is lower; a purchase without lines is one
  piece, or `data.quantity` pieces, of `data.amount` together. No piece costs more than the whole purchase.
* What costs nothing stamps nothing. Where no price is known, cards that pay one back are not stamped.
* A purchase that names no currency is taken to be in the program's; one that names what is no currency is not.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import ROUND_DOWN, ROUND_FLOOR, Decimal
from operator import attrgetter, itemgetter
from typing import Any, Literal, Protocol
from uuid import UUID

from loyalty.rules.arithmetic import EXACT, MAX_AMOUNT
from programs.conditions import (
    Condition,
    Facts,
    Failure,
    ItemCondition,
    event_types_counted,
    fields_used,
    parse,
    parse_item,
)
from programs.conditions.values import number, plain, show
from programs.conditions.words import sentence

PURCHASE = "purchase"
MAX_STAMPS = 10_000
"""So many a purchase and card: more pieces than that are no member's."""
MAX_AT_ONCE = 20_000
"""So many on all cards of a request: they are in memory together, and their members wait."""

Outcome = Literal[
    "stamped",
    "not_in_force",
    "other_currency",
    "condition_failed",
    "no_line_matches",
    "nothing_bought",
    "no_price",
    "stamped_that_day",
]
_NONE = UUID(int=0)
_ONE = Decimal(1)
_PLACES = Decimal("0.000001")
_NOTICED = Decimal("0.0001")
_ATTRIBUTES = "member.attributes."
_LONGEST_ASKED = 300  # characters: it is kept with each purchase


@dataclass(frozen=True, slots=True)
class StampRule:
    """What of a stamp program decides over a purchase. `needs_price`: its reward pays a price back."""

    condition: Condition
    where: ItemCondition
    per: str
    currency: str
    needs_price: bool
    program_id: UUID = _NONE
    asks_attributes: frozenset[str] = field(init=False, compare=False, repr=False)
    asks_counts: frozenset[str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        put, used = object.__setattr__, fields_used(self.condition)  # the class is frozen
        attributes = (name.removeprefix(_ATTRIBUTES) for name in used if name.startswith(_ATTRIBUTES))
        put(self, "asks_attributes", frozenset(name.split(".")[0] for name in attributes))
        put(self, "asks_counts", frozenset(event_types_counted(self.condition)))

    @classmethod
    def of(
        cls, *, condition: object, where: object, per: str, currency: str, needs_price: bool, program_id: UUID
    ) -> "StampRule":
        """From conditions as they are stored. Raises ConditionError."""
        return cls(parse(condition), parse_item(where), per, currency, needs_price, program_id)

    def to_json(self) -> dict[str, Any]:
        """As it is kept with a purchase that it stamped, for its refunds."""
        return {
            "condition": self.condition.to_json(),
            "where": self.where.to_json(),
            "per": self.per,
            "currency": self.currency,
            "needs_price": self.needs_price,
            "program_id": str(self.program_id),
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "StampRule":
        return cls.of(
            condition=kept["condition"],
            where=kept["where"],
            per=kept["per"],
            currency=kept["currency"],
            needs_price=kept["needs_price"],
            program_id=UUID(kept["program_id"]),
        )


@dataclass(frozen=True, slots=True)
class Piece:
    """One stamp to be: the purchase's line, from 1 (None: the purchase as a whole), and what one piece costs."""

    line: int | None
    unit_price: Decimal | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """`pieces` to stamp, none unless `stamped`; `reason` is a sentence."""

    outcome: Outcome
    reason: str
    pieces: tuple[Piece, ...] = ()
    failed: Failure | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "outcome": self.outcome,
            "reason": self.reason,
            "failed": self.failed.to_json() if self.failed else None,
            "stamps": len(self.pieces),
        }


class Bought(Protocol):
    """A line of a purchase: its place from 1, its pieces, and what one of them costs."""

    @property
    def place(self) -> int: ...

    @property
    def quantity(self) -> Decimal: ...

    @property
    def unit_price(self) -> Decimal | None: ...


@dataclass(frozen=True, slots=True)
class _Line:
    place: int
    quantity: Decimal
    unit_price: Decimal | None


def judge(rule: StampRule, facts: Facts, currency: str | None, *, left: Sequence[Bought] = ()) -> Judgement:
    """What a purchase stamps on one card. `currency`: the purchase's, None where it names none; `left`: of a refunded
    one what is left of each of its lines. Never raises, whatever the event's data."""
    if currency and currency != rule.currency:
        return Judgement(
            "other_currency", f"The purchase is in {currency}; the card takes purchases in {rule.currency}."
        )
    if not currency and facts.data.get("currency"):
        named = show(facts.data["currency"])
        words = f"The purchase's currency, {named}, is no ISO 4217 code; the card takes {rule.currency}."
        return Judgement("other_currency", words)
    verdict = rule.condition.evaluate(facts)
    if verdict.failed:
        words = f"The condition is not met: {verdict.failed.words}."
        return Judgement("condition_failed", words, failed=verdict.failed)
    amount = _amount(facts.data.get("amount"))
    if amount is not None and amount <= 0:
        return Judgement(
            "nothing_bought", f"The amount is {plain(amount)}; what costs nothing stamps nothing."
        )
    lines = [_paid(line, amount) for line in _lines(rule, facts, amount, left)]
    if not lines:
        return Judgement("no_line_matches", _no_line_words(rule, facts))
    return _by_lines(rule, lines)


def _no_line_words(rule: StampRule, facts: Facts) -> str:
    """Why no line counts: what the card asks of one."""
    if rule.where.root is None:
        return "None of the purchase's lines counts for the card."
    asked = sentence(rule.where.root, rule.currency)
    asked = asked if len(asked) <= _LONGEST_ASKED else f"{asked[: _LONGEST_ASKED - 1]}…"
    none = "None of the purchase's lines counts" if facts.lines else "The purchase has no lines"
    return f"{none}: the card asks for lines where {asked}."


def _by_lines(rule: StampRule, lines: Sequence[_Line]) -> Judgement:
    bought = [
        line for line in lines if line.quantity > 0 and (line.unit_price is None or line.unit_price > 0)
    ]
    if not bought:
        return Judgement(
            "nothing_bought",
            "Nothing that the card counts was bought, or it was for nothing; that stamps nothing.",
        )
    if rule.needs_price:
        bought = [line for line in bought if line.unit_price is not None]
        if not bought:
            return Judgement("no_price", "No price is known, and the card pays one back.")
    return _by_quantity(bought) if rule.per == "quantity" else _by_purchase(bought, rule.per)


def _by_purchase(lines: Sequence[_Line], per: str) -> Judgement:
    prices = [line.unit_price for line in lines if line.unit_price is not None]
    words = "One stamp for the purchase." if per == PURCHASE else "One stamp for the day."
    return Judgement("stamped", words, (Piece(None, min(prices, default=None)),))


def _by_quantity(lines: Sequence[_Line]) -> Judgement:
    pieces: list[Piece] = []
    total = 0
    for line in lines:
        count = int(line.quantity.to_integral_value(ROUND_FLOOR))
        total += count
        room = MAX_STAMPS - len(pieces)
        pieces += [Piece(line.place, line.unit_price)] * min(count, room)
    if not pieces:
        return Judgement("nothing_bought", "Less than one whole piece was bought; stamps are for whole ones.")
    if total > MAX_STAMPS:
        return Judgement(
            "stamped", f"{MAX_STAMPS} stamps for {total} pieces: a purchase gives no more.", tuple(pieces)
        )
    words = "One stamp for one piece." if total == 1 else f"{total} stamps for {total} pieces."
    return Judgement("stamped", words, tuple(pieces))


def _lines(rule: StampRule, facts: Facts, amount: Decimal | None, left: Sequence[Bought]) -> Iterator[_Line]:
    """The lines that count; of a purchase without lines itself, if no line is asked for."""
    if not facts.lines:
        if rule.where.root is None:
            quantity = _quantity(facts.data.get("quantity"))
            yield _Line(1, quantity, _price(facts.data.get("unit_price"), amount, quantity))
        return
    for index, item in enumerate(facts.lines):
        if isinstance(item, dict) and rule.where.matches(item):
            if left:
                known = left[index]
                yield _Line(known.place, known.quantity, _down(known.unit_price))
                continue
            quantity = _quantity(item.get("quantity"))
            price = _price(item.get("unit_price"), _amount(item.get("amount")), quantity)
            yield _Line(index + 1, quantity, price)


def _quantity(raw: Any) -> Decimal:
    """Pieces; one where none are told, none where they are no number from 0 to 10^12."""
    if raw is None:
        return Decimal(1)
    found = number(raw)
    return found if found is not None and 0 <= found <= MAX_AMOUNT else Decimal(0)


def _price(raw: Any, amount: Decimal | None, quantity: Decimal) -> Decimal | None:
    """For one piece, or what there is of one."""
    prices = []
    if (price := _amount(raw)) is not None:
        prices.append(EXACT.multiply(price, quantity) if 0 < quantity < 1 else price)
    if amount is not None and quantity > 0:
        prices.append(EXACT.divide(amount, max(quantity, _ONE)))
    return _down(min(prices, default=None))


def _down(price: Decimal | None) -> Decimal | None:
    """With six places, rounded down, so that no more is paid back than was paid."""
    return None if price is None else price.quantize(_PLACES, rounding=ROUND_DOWN, context=EXACT)


def _paid(line: _Line, amount: Decimal | None) -> _Line:
    """No piece costs more than the whole purchase."""
    if amount is None or line.unit_price is None or line.unit_price <= amount:
        return line
    return replace(line, unit_price=_down(amount))


def _amount(raw: Any) -> Decimal | None:
    found = number(raw)
    return found if found is not None and abs(found) <= MAX_AMOUNT else None


def not_in_force(reason: str) -> Judgement:
    """Of a purchase that the program does not reach; `reason` is a sentence."""
    return Judgement("not_in_force", reason)


def stamped_that_day(day: date) -> Judgement:
    return Judgement("stamped_that_day", f"Another purchase of {day.isoformat()} has stamped the card.")


def replacing(stamps: int, of: int) -> str:
    """What is added to the reason where stamps take the place of refunded ones; empty where none does."""
    if not stamps:
        return ""
    who = "It takes" if of == 1 else f"{stamps} of them {'takes' if stamps == 1 else 'take'}"
    whose = "one that was refunded" if stamps == 1 else "ones that were refunded"
    return f" {who} the place of {whose} after the reward was paid."


def in_window(starts_at: datetime | None, ends_at: datetime | None, at: datetime) -> bool:
    return (starts_at is None or starts_at <= at) and (ends_at is None or at < ends_at)


@dataclass(frozen=True, slots=True)
class HeldStamp:
    """A stamp of a purchase: whether it was returned, and its price."""

    number: int
    line: int | None
    returned: bool
    unit_price: Decimal | None = None


def difference(
    stamps: Sequence[HeldStamp], again: Judgement, *, by_price: bool = False
) -> tuple[list[int], list[tuple[int, Decimal | None]]]:
    """The numbers of the stamps that a refund takes back, and of those that it gives anew, with their price: what the
    purchase minus its refunds stamps, line by line, and never more than it did.

    Given anew is what was returned before, where a smaller purchase stamps more; and `by_price` what is taken back
    since its piece costs less by now."""
    wanted = Counter(piece.line for piece in again.pieces)
    prices = {piece.line: piece.unit_price for piece in again.pieces if by_price}
    back, anew = [], []
    for line in {stamp.line for stamp in stamps}:
        own = sorted((stamp for stamp in stamps if stamp.line == line), key=attrgetter("number"))
        live = [stamp for stamp in own if not stamp.returned]
        keep, price = wanted.get(line, 0), prices.get(line)
        cheaper = [stamp for stamp in live[:keep] if _is_lower(price, stamp.unit_price)]
        gone = [stamp for stamp in own if stamp.returned][: max(0, keep - len(live))]
        back += [stamp.number for stamp in [*cheaper, *live[keep:]]]
        anew += [(stamp.number, price) for stamp in cheaper]
        anew += [
            (stamp.number, price if _is_lower(price, stamp.unit_price) else stamp.unit_price)
            for stamp in gone
        ]
    return sorted(back), sorted(anew, key=itemgetter(0))


def _is_lower(price: Decimal | None, than: Decimal | None) -> bool:
    """By what any currency has coins for, not by what was rounded."""
    return price is not None and than is not None and than - price > _NOTICED


def in_proportion(stamps: Sequence[HeldStamp], keep: int) -> list[int]:
    """The numbers of those to take back, the last first to go, so that `keep` of them stay."""
    live = sorted(stamp.number for stamp in stamps if not stamp.returned)
    return live[keep:]
