"""Putting a member's points on hold by hand; what can be spent before and after is shown first (domain.md 3.6)."""

from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html

from audit.errors import InvalidRequest
from audit.record import Actor
from loyalty.actions.holds import DEFAULT_LIFE, LONGEST_LIFE, hold_points
from loyalty.actions.points import MAX_POINTS
from loyalty.admin.confirming import Content, Deed, confirm_page, rehearsed
from loyalty.ledger.idempotency import Idempotency
from loyalty.models import Hold, Member
from loyalty.queries.balances import Balance, balances_of
from programs.admin.base import actor_of, required_environment
from programs.admin.detail import DetailAdmin
from programs.admin.widgets import number_input, select, text_area
from programs.models import Environment, Metric
from programs.queries.environments import now_in


class HoldForm(forms.Form):
    metric = forms.ChoiceField(widget=select())
    points = forms.IntegerField(
        min_value=1, max_value=MAX_POINTS, widget=number_input(), label="How many points"
    )
    days = forms.IntegerField(
        min_value=1,
        max_value=LONGEST_LIFE.days,
        initial=DEFAULT_LIFE.days,
        widget=number_input(),
        label="For how many days",
        help_text=f"1 to {LONGEST_LIFE.days}. What nobody captures by then is free again.",
    )
    reason = forms.CharField(
        max_length=500, widget=text_area(rows=2), help_text="What they are kept for, such as the order."
    )

    def __init__(self, *args: Any, environment: Environment, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        metrics = Metric.objects.filter(environment=environment)
        self.fields["metric"].choices = [(metric.code, metric.title) for metric in metrics]  # type: ignore[attr-defined]


def hold_page(page: DetailAdmin[Member], request: HttpRequest, member: Member) -> HttpResponse:
    """Enter how many, for how long and why; see what is left to spend; confirm."""
    environment = required_environment(request)
    actor = actor_of(request)

    def effect(content: Content) -> dict[str, Any]:
        return _effect(environment, member, content, now_in(environment), actor)

    def act(content: Content, once: Idempotency) -> str:
        made = _made(environment, member, content, now_in(environment), actor, once)
        link = reverse("admin:loyalty_hold_change", args=[made.pk])
        return format_html(
            '{} points are <a class="lc-link" href="{}">on hold</a>.', f"{made.points:,}", link
        )

    deed = Deed(
        name="hold_new",
        title=f"Hold points of {member}",
        form=partial(HoldForm, environment=environment),
        effect=effect,
        act=act,
        after=page.url("change", member.pk),
        repeated="These points were put on hold already; it was not done again.",
    )
    return confirm_page(page, request, member, deed)


def _made(
    environment: Environment,
    member: Member,
    content: Content,
    now: datetime,
    actor: Actor,
    once: Idempotency | None = None,
) -> Hold:
    return hold_points(
        environment=environment,
        member=str(member),
        points=content["points"],
        metric=content["metric"],
        reason=content["reason"],
        expires_at=now + timedelta(days=content["days"]),
        actor=actor,
        now=now,
        idempotency=once,
    )


def _effect(
    environment: Environment, member: Member, content: Content, now: datetime, actor: Actor
) -> dict[str, Any]:
    """What can be spent and what is held, before and after: found by doing it and taking it back."""

    def look() -> Balance:
        found = balances_of(environment=environment, member_id=member.pk, now=now)
        return next(balance for balance in found if balance.metric.code == content["metric"])

    def made() -> tuple[Hold, Balance]:
        hold = _made(environment, member, content, now, actor)
        return hold, look()

    before = look()
    if before.balance < content["points"]:
        raise InvalidRequest.field(
            "points", "too_many", f"Only {max(0, before.balance):,} can be spent, so no more can be held."
        )
    hold, after = rehearsed(made)
    return {
        "metric": before.metric,
        "until": hold.expires_at,
        "before": before,
        "after": after,
        "shown": [before.balance, before.held, after.balance, after.held],
    }
