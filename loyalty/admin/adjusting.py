"""Adjusting a member's points by hand: enter, see the effect, confirm (domain.md 9.3)."""

from functools import partial
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html

from audit.errors import InvalidRequest
from audit.record import Actor
from loyalty.actions.approvals import request_adjustment
from loyalty.actions.points import ADJUSTMENT_REASONS, MAX_POINTS, adjust
from loyalty.admin.confirming import Content, Deed, confirm_page
from loyalty.ledger.idempotency import Idempotency
from loyalty.models import Member
from loyalty.queries.approvals import approval_needed
from loyalty.queries.balances import balances_of
from programs.admin.base import actor_of, required_environment
from programs.admin.detail import DetailAdmin
from programs.admin.widgets import number_input, select, text_area
from programs.models import Environment, Metric
from programs.queries.environments import now_in
from programs.queries.plans import require_feature


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
    environment, actor = required_environment(request), actor_of(request)

    def effect(content: Content) -> dict[str, Any]:
        shown = _effect(environment, member, content, actor)
        if shown["approval"] or request.POST.get("approval"):
            # That it asks, or no longer does, must be what the button said.
            shown["shown"] = {"approval": bool(shown["approval"])}
        return shown

    def act(content: Content, once: Idempotency) -> str:
        asked = {
            "environment": environment,
            "member": str(member),
            "points": content["points"],
            "reason": content["reason"],
            "note": content["note"],
            "metric": content["metric"],
            "actor": actor,
            "now": now_in(environment),
            "idempotency": once,
        }
        if request.POST.get("approval"):
            made = request_adjustment(**asked)
            return format_html(
                '<a class="lc-link" href="{}">Asked for</a>: it waits under Approvals until another person decides. '
                "No points were moved.",
                reverse("admin:loyalty_adjustmentrequest_change", args=[made.pk]),
            )
        entry = adjust(**asked)
        return f"Adjusted by {entry.points:+,}; the total is now {entry.balance_after:,}."

    deed = Deed(
        name="adjust",
        title=f"Adjust {member}",
        form=partial(AdjustForm, environment=environment),
        effect=effect,
        act=act,
        after=page.url("change", member.pk),
        repeated="This was done already; it was not done again.",
    )
    return confirm_page(page, request, member, deed)


def _effect(environment: Environment, member: Member, content: Content, actor: Actor) -> dict[str, Any]:
    """What can be spent before and after, and whether it takes a second person. Raises a refusal that is certain
    already."""
    points = content["points"]
    balances = balances_of(environment=environment, member_id=member.pk, now=now_in(environment))
    balance = next(b for b in balances if b.metric.code == content["metric"])
    if points < 0 and balance.balance + points < 0:
        raise InvalidRequest.field(
            "points",
            "too_many",
            f"Only {max(0, balance.balance):,} can be spent; nothing below zero can be taken.",
        )
    need = approval_needed(
        environment=environment,
        member_id=member.pk,
        metric=balance.metric,
        points=points,
        actor=actor,
        at=timezone.now(),
    )
    if need:
        require_feature(environment, "approvals")
    vests_later = points > 0 and balance.metric.vesting_days
    return {
        "approval": need,
        "metric": balance.metric,
        "points": points,
        "reason": ADJUSTMENT_REASONS[content["reason"]],
        "before": balance.balance,
        "after": balance.balance + (0 if vests_later else points),
        "pending_before": balance.pending,
        "pending_after": balance.pending + (points if vests_later else 0),
    }
