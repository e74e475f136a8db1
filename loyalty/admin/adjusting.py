"""Adjusting a member's points by hand: enter, see the effect, confirm (domain.md 9.3)."""

from functools import partial
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse

from audit.errors import InvalidRequest
from loyalty.actions.points import ADJUSTMENT_REASONS, MAX_POINTS, adjust
from loyalty.admin.confirming import Content, Deed, confirm_page
from loyalty.ledger.idempotency import Idempotency
from loyalty.models import Member
from loyalty.queries.balances import balances_of
from programs.admin.base import actor_of, required_environment
from programs.admin.detail import DetailAdmin
from programs.admin.widgets import number_input, select, text_area
from programs.models import Environment, Metric
from programs.queries.environments import now_in


class AdjustForm(forms.Form):
    metric = forms.ChoiceField(widget=select())
    points = forms.IntegerField(
        min_value=-MAX_POINTS,
        max_value=MAX_POINTS,
        widget=number_input(),
        help_text="50 gives fifty points, -50 takes fifty.",
    )
    reason = forms.ChoiceField(choices=[("", "Choose…"), *ADJUSTMENT_REASONS.items()], widget=select())
    note = forms.CharField(
        max_length=1000, widget=text_area(rows=3), help_text="Why, for whoever reads the audit trail."
    )

    def __init__(self, *args: Any, environment: Environment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        metrics = Metric.objects.filter(environment=environment)
        self.fields["metric"].choices = [(metric.code, metric.title) for metric in metrics]  # type: ignore[attr-defined]

    def clean_points(self) -> int:
        points: int = self.cleaned_data["points"]
        if points == 0:
            raise forms.ValidationError("Give a number above or below zero.")
        return points


def adjust_page(page: DetailAdmin[Member], request: HttpRequest, member: Member) -> HttpResponse:
    """Enter, see the effect, confirm."""
    environment = required_environment(request)

    def act(content: Content, once: Idempotency) -> str:
        entry = adjust(
            environment=environment,
            member=str(member),
            points=content["points"],
            reason=content["reason"],
            note=content["note"],
            metric=content["metric"],
            actor=actor_of(request),
            now=now_in(environment),
            idempotency=once,
        )
        return f"Adjusted by {entry.points:+,}; the total is now {entry.balance_after:,}."

    deed = Deed(
        name="adjust",
        title=f"Adjust {member}",
        form=partial(AdjustForm, environment=environment),
        effect=partial(_effect, environment, member),
        act=act,
        after=page.url("change", member.pk),
        repeated="This adjustment was made already; it was not made again.",
    )
    return confirm_page(page, request, member, deed)


def _effect(environment: Environment, member: Member, content: Content) -> dict[str, Any]:
    """What can be spent before and after. Raises a refusal that is certain already."""
    points = content["points"]
    balances = balances_of(environment=environment, member_id=member.pk, now=now_in(environment))
    balance = next(b for b in balances if b.metric.code == content["metric"])
    if points < 0 and balance.balance + points < 0:
        raise InvalidRequest.field(
            "points",
            "too_many",
            f"Only {max(0, balance.balance):,} can be spent; nothing below zero can be taken.",
        )
    vests_later = points > 0 and balance.metric.vesting_days
    return {
        "metric": balance.metric,
        "points": points,
        "reason": ADJUSTMENT_REASONS[content["reason"]],
        "before": balance.balance,
        "after": balance.balance + (0 if vests_later else points),
        "pending_before": balance.pending,
        "pending_after": balance.pending + (points if vests_later else 0),
    }
