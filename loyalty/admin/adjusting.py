"""Adjusting a member's points by hand: enter, see the effect, confirm (domain.md 9.3)."""

import hashlib
import json
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from audit.errors import DomainError
from audit.ids import new_id, public
from loyalty.actions.points import ADJUSTMENT_REASONS, MAX_POINTS, adjust
from loyalty.errors import Replay
from loyalty.ledger.idempotency import Idempotency
from loyalty.models import LedgerEntry, Member
from loyalty.queries.balances import balances_of
from programs.admin.base import actor_of, form_errors, required_environment
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
    """Three posts of one form: entered, seen (`effect`), confirmed. The token is minted with the effect."""
    environment = required_environment(request)
    form = AdjustForm(request.POST or None, environment=environment)
    step = request.POST.get("step", "")
    if step == "confirm" and not request.POST.get("token"):
        step = "effect"
    if request.method == "POST" and step != "back" and form.is_valid():
        if step == "confirm" and _confirmed(request, environment, member, form):
            return HttpResponseRedirect(page.url("change", member.pk))
        effect = None if form.errors else _effect(environment, member, form)
        if effect and not form.errors:
            context = {"effect": effect, "token": new_id().hex}
            return page.page(
                request, "adjust_confirm.html", f"Adjust {member}", form=form, object=member, **context
            )
    if step == "back":
        form = AdjustForm(initial=request.POST.dict(), environment=environment)
    return page.page(request, "adjust.html", f"Adjust {member}", form=form, object=member)


def _effect(environment: Environment, member: Member, form: AdjustForm) -> dict[str, Any] | None:
    """What can be spent before and after; a refusal that is certain already becomes a form error."""
    points = form.cleaned_data["points"]
    balances = balances_of(environment=environment, member_id=member.pk, now=now_in(environment))
    balance = next(b for b in balances if b.metric.code == form.cleaned_data["metric"])
    if points < 0 and balance.balance + points < 0:
        form.add_error("points", f"Only {balance.balance:,} can be spent; nothing below zero can be taken.")
        return None
    return {
        "metric": balance.metric,
        "points": points,
        "reason": ADJUSTMENT_REASONS[form.cleaned_data["reason"]],
        "before": balance.balance,
        "after": balance.balance + (0 if points > 0 and balance.metric.vesting_days else points),
        "pending_before": balance.pending,
        "pending_after": balance.pending + (points if points > 0 and balance.metric.vesting_days else 0),
    }


def _confirmed(request: HttpRequest, environment: Environment, member: Member, form: AdjustForm) -> bool:
    """Adjust once for the token, however often it is posted."""
    content = form.cleaned_data
    try:
        entry = adjust(
            environment=environment,
            member=str(member),
            points=content["points"],
            reason=content["reason"],
            note=content["note"],
            metric=content["metric"],
            actor=actor_of(request),
            now=now_in(environment),
            idempotency=_once(request, member, content),
        )
    except Replay:
        messages.info(request, "This adjustment was made already; it was not made again.")
        return True
    except DomainError as error:
        form_errors(form, error)
        return False
    messages.success(request, f"Adjusted by {entry.points:+,}; the total is now {entry.balance_after:,}.")
    return True


def _once(request: HttpRequest, member: Member, content: dict[str, Any]) -> Idempotency:
    who = {"member": str(member.pk), "user": request.user.get_username()}
    fingerprint = hashlib.sha256(json.dumps(content | who, sort_keys=True).encode()).digest()

    def answer(entry: LedgerEntry) -> tuple[int, str]:
        return 200, json.dumps({"transaction": public("txn", entry.pk)})

    return Idempotency(
        scope="console",
        key=request.POST["token"][:64].replace("\0", ""),
        fingerprint=fingerprint,
        answer=answer,
    )
