"""How two figures of a report compare."""

from decimal import ROUND_HALF_EVEN, Decimal

_PLACES = Decimal("0.0001")


def rate_of(part: int, whole: int) -> Decimal | None:
    """1 is all, to four places; None where there is no whole: 0, or below it."""
    return share_of(part, whole) if whole > 0 else None


def share_of(part: int, whole: int) -> Decimal:
    """The same of a whole that is known to be above zero."""
    return (Decimal(part) / whole).quantize(_PLACES, ROUND_HALF_EVEN)
