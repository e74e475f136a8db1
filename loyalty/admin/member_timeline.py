"""The timeline of the member page: which lines are asked for by the address, and the lines in words."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.http import HttpRequest
from django.utils import timezone

from loyalty.admin.as_of import Standing
from loyalty.admin.reversing import may_be_reversed
from loyalty.admin.shared import uuid_or_none
from loyalty.admin.trail_words import Told, told
from loyalty.admin.windowed import windows_at
from loyalty.models import Member
from loyalty.queries.member_trail import KINDS, Asked
from loyalty.queries.trail_lines import Timeline, TrailLine, timeline_of
from loyalty.rules.days import FIRST_YEAR, LAST_YEAR, midnight
from programs.admin.widgets import day_input


class PeriodForm(forms.Form):
    """From the beginning of one day to the end of another, in the project's zone; both may be left out."""

    since = forms.DateField(label="From", required=False, widget=day_input())
    until = forms.DateField(label="To", required=False, widget=day_input())

    def clean(self) -> dict[str, date | None]:
        found = {name: self.cleaned_data.get(name) for name in ("since", "until")}
        for name, day in found.items():
            if day and not FIRST_YEAR <= day.year <= LAST_YEAR:
                self.add_error(name, "Choose a day in the years 1900 to 9000.")
        if found["since"] and found["until"] and found["until"] < found["since"]:
            self.add_error("until", "Choose a day that is not before the first.")
        return found


@dataclass(frozen=True, slots=True)
class Shown:
    """A line with its words; of the ledger's lines `told` is None. `may_reverse`: whether *Reverse* is offered."""

    line: TrailLine
    told: Told | None
    may_reverse: bool


@dataclass(frozen=True, slots=True)
class Tab:
    """A kind of lines to choose."""

    label: str
    query: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class TimelineShown:
    """One page of the timeline. `newest` and `older` are queries of the address, empty where there is nothing."""

    page: Timeline
    lines: list[Shown]
    tabs: list[Tab]
    form: PeriodForm
    kept: list[tuple[str, str]]
    """What the form of the period carries along."""
    newest: str
    older: str
    without_period: str
    is_filtered: bool

    @property
    def next(self) -> UUID | None:
        return self.page.next


def timeline_shown(
    request: HttpRequest, member: Member, standing: Standing, *, may_reverse: bool
) -> TimelineShown:
    """What the address asks for: `kind`, `since`, `until` (days), `before` (a line), at the moment of `standing`. What
    can't be read is left out, and a bad day is said on the form."""
    form = PeriodForm(request.GET)
    days = form.cleaned_data if form.is_valid() else {}
    asked = _asked(request, days, standing)
    page = timeline_of(member=member, asked=asked)
    moment = {name: request.GET[name] for name in ("as_of", "by") if standing.at and name in request.GET}
    period = {name: day.isoformat() for name, day in days.items() if day}
    chosen = {"kind": asked.kind} if asked.kind else {}
    at = moment | period | chosen
    return TimelineShown(
        page=page,
        lines=[_shown(line, member, may_reverse=may_reverse) for line in page.lines],
        tabs=_tabs(moment | period, asked.kind),
        form=form,
        kept=list((moment | chosen).items()),
        newest=_query(at) if asked.before else "",
        older=_query(at | {"before": str(page.next)}) if page.next else "",
        without_period=_query(moment | chosen),
        is_filtered=bool(period or chosen or asked.before),
    )


def _asked(request: HttpRequest, days: dict[str, Any], standing: Standing) -> Asked:
    kind, zone = request.GET.get("kind"), timezone.get_current_timezone()
    since, until = days.get("since"), days.get("until")
    return Asked(
        kind=kind if kind in KINDS else None,
        since=since and midnight(since, zone),
        until=until and midnight(until + timedelta(days=1), zone),
        before=uuid_or_none(request.GET.get("before")),
        occurred_by=standing.occurred_by,
        recorded_by=standing.recorded_by,
        windows=windows_at(request),
    )


def _shown(line: TrailLine, member: Member, *, may_reverse: bool) -> Shown:
    if line.ledger is None:
        return Shown(line, told(line), may_reverse=False)
    return Shown(line, None, may_reverse and may_be_reversed(line.ledger, member))


def _tabs(kept: dict[str, str], chosen: str | None) -> list[Tab]:
    every = [Tab("Everything", _query(kept), chosen is None)]
    return every + [
        Tab(label, _query(kept | {"kind": name}), chosen == name) for name, (label, _verbs) in KINDS.items()
    ]


def _query(parts: dict[str, str]) -> str:
    return f"?{urlencode(parts)}#timeline"
