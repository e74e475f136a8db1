"""What points are worth in money, in words."""

from loyalty.queries.analytics.money import value_of
from programs.models import Metric


def is_valued(metric: Metric) -> bool:
    """Whether it is said what a unit of the metric is worth."""
    return metric.unit_value is not None


def money_words(metric: Metric, points: int) -> str:
    """ "1,234.50 GBP", "−3.00 GBP"; empty of a metric without a value."""
    value = value_of(metric, points)
    return "" if value is None else f"{value:,f} {metric.unit_currency}".replace("-", "−")
