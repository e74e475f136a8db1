"""Metrics: the units of value, and their point rules."""

from typing import ClassVar

from django.contrib import admin

from programs.admin.configured import ConfiguredAdmin, ConfiguredForm
from programs.conditions.values import plain
from programs.models import Metric


class MetricForm(ConfiguredForm):
    """Each field as a question that somebody who has never seen the engine can answer."""

    class Meta:
        labels: ClassVar = {
            "media": "Address of its picture",
            "expiry": "Points expire",
            "expiry_count": "After how many",
            "expiry_date": "On this day",
            "expiry_month_end": "Only at a month's end",
            "vesting_days": "Days until they can be spent",
            "default_value": "A new member begins with",
            "minimum": "Lowest balance",
            "maximum": "Highest balance",
            "negative_balance": "If less is left than is taken back",
            "rounding": "Fractions are rounded",
        }
        help_texts: ClassVar = {
            "code": "How rules and calls name it, such as points. Small letters, digits, hyphens.",
            "media": "Apps may show it beside the title. Empty: none.",
            "expiry_count": "Days or months, as chosen beside it.",
            "expiry_date": "Only for points that all expire on one fixed day.",
            "expiry_month_end": "They last to the end of the month in which they would expire.",
            "vesting_days": "0: at once. Until then they are shown as pending.",
            "default_value": "Given once, with the first thing that happens to a member.",
            "minimum": "0 or below: how much a member may owe. Empty: no limit.",
            "maximum": "0 or above: what would go beyond it is not given. Empty: no limit.",
            "negative_balance": "By a refund or a reversal, of points that were spent meanwhile.",
        }


@admin.register(Metric)
class MetricAdmin(ConfiguredAdmin[Metric]):
    form = MetricForm
    explanation = "A metric is what members collect: points, coins, experience."
    first_step = "Add one; its code is how calls and rules name it."
    list_display = ("title", "code", "program", "expires", "vests", "worth")
    list_select_related = ("program",)
    search_fields = ("title", "code")
    fieldsets = (
        (None, {"fields": (("title", "code"), "program", "media")}),
        (
            "Expiry",
            {"fields": (("expiry", "expiry_count"), ("expiry_date", "expiry_month_end"), "vesting_days")},
        ),
        ("Limits", {"fields": ("default_value", ("minimum", "maximum"), ("negative_balance", "rounding"))}),
        (
            "Worth in money",
            {
                "fields": (("unit_value", "unit_currency"),),
                "description": "Fill in both, and reports say what all outstanding points would cost you. Empty:"
                " reports count points alone.",
            },
        ),
    )

    @admin.display(description="Points expire")
    def expires(self, metric: Metric) -> str:
        end = ", at the month's end" if metric.expiry_month_end else ""
        if metric.expiry in (Metric.Expiry.DAYS, Metric.Expiry.MONTHS):
            return f"after {metric.expiry_count} {metric.expiry}{end}"
        if metric.expiry == Metric.Expiry.DATE and metric.expiry_date:
            return f"on {metric.expiry_date.day} {metric.expiry_date:%b %Y}{end}"
        return "never"

    @admin.display(description="Can be spent")
    def vests(self, metric: Metric) -> str:
        return f"after {metric.vesting_days} days" if metric.vesting_days else "at once"

    @admin.display(description="One is worth")
    def worth(self, metric: Metric) -> str:
        if metric.unit_value is None:
            return "–"
        return f"{plain(metric.unit_value)} {metric.unit_currency}"
