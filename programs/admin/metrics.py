"""Metrics: the units of value, and their point rules."""

from django.contrib import admin

from programs.admin.configured import ConfiguredAdmin
from programs.conditions.values import plain
from programs.models import Metric


@admin.register(Metric)
class MetricAdmin(ConfiguredAdmin[Metric]):
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
