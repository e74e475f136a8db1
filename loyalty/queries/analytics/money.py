"""Points in money, where a metric says what one is worth (domain.md 11)."""

from decimal import ROUND_HALF_UP, Decimal, localcontext

from programs.currencies import digits_of
from programs.models import Metric

_DIGITS = 60  # more than all points of a tenant at the highest worth


def value_of(metric: Metric, points: int) -> Decimal | None:
    """What so many points are worth, in major units of the metric's `unit_currency`, rounded half up (away from zero)
    to its minor unit: 12.50 has two digits, yen none; nothing is 0, never -0. None where the metric says no worth."""
    if metric.unit_value is None:
        return None
    with localcontext() as context:
        context.prec = _DIGITS
        minor_unit = Decimal(1).scaleb(-digits_of(metric.unit_currency))
        return (points * metric.unit_value).quantize(minor_unit, ROUND_HALF_UP) + 0  # + 0: never "-0"
