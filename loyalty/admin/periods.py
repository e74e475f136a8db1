"""The period that a page of figures is asked for, in its address, and the one before it: whole days of the project's
zone."""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django import forms
from django.http import QueryDict

from loyalty.rules.days import FIRST_YEAR, LAST_YEAR
from programs.admin.widgets import day_input

PRESETS = {
    "7": "7 days",
    "30": "30 days",
    "90": "90 days",
    "month": "This month",
    "last-month": "Last month",
}
USUAL = "30"
LONGEST = timedelta(days=3 * 366)


@dataclass(frozen=True, slots=True)
class Period:
    """From the first day to the last, both of them included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    def __str__(self) -> str:
        """ "1 Feb to 28 Feb 2026", "31 Dec 2025 to 2 Jan 2026", "3 Mar 2026"."""
        if self.first == self.last:
            return day_words(self.first)
        begin = (
            f"{self.first.day} {self.first:%b}"
            if self.first.year == self.last.year
            else day_words(self.first)
        )
        return f"{begin} to {day_words(self.last)}"


@dataclass(frozen=True, slots=True)
class Chosen:
    """`preset`: its key; empty where the days were chosen one by one. `form` says what is wrong with those."""

    preset: str
    period: Period
    before: Period
    form: "DaysForm"

    @property
    def query(self) -> dict[str, str]:
        """What an address says of it."""
        if self.preset:
            return {"period": self.preset}
        return {"first": f"{self.period.first}", "last": f"{self.period.last}"}


class DaysForm(forms.Form):
    """Days of one's own choice; sent in the address, so that the page can be kept and passed on."""

    first = forms.DateField(label="From", widget=day_input())
    last = forms.DateField(label="To, this day included", widget=day_input())

    def clean(self) -> dict[str, Any]:
        sent = super().clean() or {}
        first, last = sent.get("first"), sent.get("last")
        if first and last:
            if first > last:
                self.add_error("first", "The first day is not after the last.")
            elif first.year < FIRST_YEAR or last.year > LAST_YEAR:
                self.add_error("first", f"Choose days from {FIRST_YEAR} on.")
            elif last - first > LONGEST:
                self.add_error("first", "Choose three years at most.")
        return sent


def chosen(sent: QueryDict, *, today: date) -> Chosen:
    """What the address asks for: `period`, a preset, or `first` and `last`. What makes no sense is said at the form,
    and the usual period is shown. Days to come are left out."""
    asks_for_days = "first" in sent or "last" in sent
    if not asks_for_days:
        key = sent.get("period", USUAL)
        return _preset(key if key in PRESETS else USUAL, today)
    form = DaysForm(sent)
    if form.is_valid():
        first, last = form.cleaned_data["first"], min(form.cleaned_data["last"], today)
        if first <= last:
            period = Period(first, last)
            return Chosen("", period, _as_long_before(period), form)
        form.add_error("first", "That day is still to come.")
    return _preset(USUAL, today, form)


def fault_of(sent: QueryDict, form: forms.Form) -> str:
    """What is wrong with the days, in a sentence; empty: nothing. For files: a page shows the usual period and says so
    at the form, in a file nobody sees that it is another."""
    asks_for_days = "first" in sent or "last" in sent
    if not asks_for_days and sent.get("period", USUAL) not in PRESETS:
        return "There is no such period."
    faults = (f"{form[name].label}: {errors[0]}" for name, errors in form.errors.items())
    return next(faults, "")


def month_of(day: date) -> Period:
    """The whole month in which a day lies."""
    return Period(day.replace(day=1), day.replace(day=_length(day)))


def month_before(day: date) -> Period:
    return month_of(day.replace(day=1) - timedelta(days=1))


def day_words(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def short_days(days: Sequence[date]) -> list[str]:
    """For what stands below a chart: "3 Mar", and "3 Mar 26" where the days are of more years than one."""
    year = "" if days[0].year == days[-1].year else " %y"
    return [f"{day.day} {day:%b{year}}" for day in days]


def _preset(key: str, today: date, form: DaysForm | None = None) -> Chosen:
    if key == "month":
        period, before = Period(today.replace(day=1), today), month_before(today)
        before = Period(before.first, min(before.last, before.first + (period.last - period.first)))
    elif key == "last-month":
        period = month_before(today)
        before = month_before(period.first)
    else:
        period = Period(today - timedelta(days=int(key) - 1), today)
        before = _as_long_before(period)
    return Chosen(key, period, before, form or DaysForm(initial={"first": period.first, "last": period.last}))


def _as_long_before(period: Period) -> Period:
    last = period.first - timedelta(days=1)
    return Period(last - (period.last - period.first), last)


def _length(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]
