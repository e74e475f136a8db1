"""What the lists of this package have in common."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

from django import forms
from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.ids import first_id_at
from loyalty.models import Member
from loyalty.queries.suggestions import event_types
from loyalty.rules.days import FIRST_YEAR, LAST_YEAR, midnight
from programs.admin.base import current_environment
from programs.admin.tables import signed
from programs.models import Metric

if TYPE_CHECKING:
    from django.contrib.admin import DateFieldListFilter as RangeDateFilter
else:
    from unfold.contrib.filters.admin import RangeDateFilter

__all__ = [
    "DateRange",
    "EventTypeFilter",
    "MetricFilter",
    "RecordedRange",
    "member_link",
    "signed",
    "uuid_or_none",
]


def uuid_or_none(text: str | None) -> UUID | None:
    """What an address says, where it is a UUID."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def member_link(member: Member) -> SafeString:
    return format_html(
        '<a href="{}">{}</a>', reverse("admin:loyalty_member_change", args=[member.pk]), member
    )


class DateRange(RangeDateFilter):
    """From the beginning of one day to the end of another, in the project's zone."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        for lookup, at in self.bounds():
            queryset = queryset.filter(**{f"{self.field_path}__{lookup}": at})
        return queryset

    def bounds(self) -> Iterator[tuple[Literal["gte", "lt"], datetime]]:
        """Of the days that were given, with the look-up that each is."""
        zone = timezone.get_current_timezone()
        if (first := self._given("from")) is not None:
            yield "gte", midnight(first, zone)
        if (last := self._given("to")) is not None:
            yield "lt", midnight(last + timedelta(days=1), zone)

    def _given(self, end: str) -> date | None:
        day = _day(self.used_parameters.get(f"{self.field_path}_{end}"))
        return day if day is not None and FIRST_YEAR <= day.year <= LAST_YEAR else None


class RecordedRange(DateRange):
    """The same of an instant at which the row's id was made too: the order of the list narrows it."""

    slack = timedelta(hours=1)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows = super().queryset(request, queryset)
        for lookup, at in self.bounds():
            slack = -self.slack if lookup == "gte" else self.slack
            rows = rows.filter(**{f"pk__{lookup}": first_id_at(at + slack)})
        return rows


class MetricFilter(SimpleListFilter):
    """The metrics of the current environment."""

    title = "metric"
    parameter_name = "metric"
    field = "account__metric_id"
    metrics: list[Metric]

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        self.metrics = list(Metric.objects.filter(environment=current_environment(request)))
        return [(metric.code, metric.title) for metric in self.metrics]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """By the metric's key; all rows are of the only one that there is."""
        if not self.value():
            return queryset
        chosen = [metric.pk for metric in self.metrics if metric.code == self.value()]
        is_all = bool(chosen) and len(self.metrics) == 1
        return queryset if is_all else queryset.filter(**{f"{self.field}__in": chosen})


class EventTypeFilter(SimpleListFilter):
    """The event types received in the current environment."""

    title = "type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        environment = current_environment(request)
        return [(name, name) for name in event_types(environment)] if environment else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(type=self.value()) if self.value() else queryset


def _day(text: Any) -> date | None:
    try:
        day: date | None = forms.DateField(required=False).clean(text)
    except forms.ValidationError:
        return None
    return day
