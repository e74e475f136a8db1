"""The member page at an instant of the past (domain.md 3.9)."""

from dataclasses import dataclass
from datetime import datetime

from django import forms
from django.http import HttpRequest
from django.utils import timezone

from audit.errors import DomainError
from loyalty.models import Member
from loyalty.queries.balances import Balance, balances_as_of, balances_of
from loyalty.queries.first_lots import OpenLots, first_of, first_open_lots
from loyalty.rules.days import FIRST_YEAR, LAST_YEAR
from programs.admin.widgets import date_time, select
from programs.models import Environment
from programs.queries.environments import now_in

BUSINESS, RECORDED = "business", "recorded"
_LOTS_SHOWN = 50
_DATES_SHOWN = 4


class AsOfForm(forms.Form):
    """When to look at; by business time (what had happened) or recorded time (what was known)."""

    as_of = forms.DateTimeField(label="Balance at", widget=date_time())
    by = forms.ChoiceField(
        label="Counting",
        choices=[(BUSINESS, "what had happened by then"), (RECORDED, "what was known then")],
        widget=select(),
        required=False,
    )

    def clean_as_of(self) -> datetime:
        at: datetime = self.cleaned_data["as_of"]
        if not FIRST_YEAR <= at.year <= LAST_YEAR:
            raise forms.ValidationError("Choose a moment in the years 1900 to 9000.")
        return at


@dataclass(frozen=True, slots=True)
class Standing:
    """A member's holdings, now or at an instant of the past."""

    wallets: list[tuple[Balance, OpenLots]]
    """Each metric's balance, and its open lots: the first in the order of spending."""
    at: datetime | None = None
    """None: now."""
    by: str = BUSINESS

    @property
    def occurred_by(self) -> datetime | None:
        return self.at if self.by == BUSINESS else None

    @property
    def recorded_by(self) -> datetime | None:
        return self.at if self.by == RECORDED else None


def standing_of(request: HttpRequest, environment: Environment, member: Member) -> tuple[Standing, AsOfForm]:
    """What the page shows, and its form; a refused instant is said on the form, and now is shown."""
    now, shown = now_in(environment), {"limit": _LOTS_SHOWN, "dates": _DATES_SHOWN}
    asked = AsOfForm(request.GET if "as_of" in request.GET else None)
    if asked.is_bound and asked.is_valid():
        at, by = asked.cleaned_data["as_of"], asked.cleaned_data["by"] or BUSINESS
        try:
            then = balances_as_of(
                environment=environment,
                member_id=member.pk,
                now=now,
                as_of=at if by == BUSINESS else None,
                recorded_as_of=at if by == RECORDED else None,
            )
            return Standing([(one, first_of(one.lots, **shown)) for one in then], at, by), asked
        except DomainError as error:
            latest = timezone.localtime(now if by == BUSINESS else None)
            ahead = f"That is still to come: it is {latest.day} {latest:%b %Y, %H:%M:%S}. Choose an earlier moment."
            asked.add_error("as_of", ahead if at > latest else error.detail)
    balances = balances_of(environment=environment, member_id=member.pk, now=now)
    lots = first_open_lots(member_id=member.pk, now=now, **shown)
    return Standing([(one, lots.get(one.metric.pk, OpenLots())) for one in balances]), asked
