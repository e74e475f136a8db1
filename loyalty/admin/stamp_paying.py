"""Marking what full stamp cards gave as paid: one on its page, many from the queue."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from audit.errors import DomainError
from audit.ids import new_id
from loyalty.actions.stamps import MAX_REFERENCE, pay_stamp_reward
from loyalty.admin.confirming import Content, Deed, confirm_page, once_for, rehearsed
from loyalty.admin.shared import uuid_or_none
from loyalty.admin.stamp_words import said, worth_of
from loyalty.errors import Replay, StampRewardClosed
from loyalty.ledger.idempotency import Idempotency
from loyalty.models import StampReward
from loyalty.queries.stamps import rewards_of
from programs.admin.base import TenantAdmin, actor_of, required_environment
from programs.admin.detail import DetailAdmin
from programs.admin.stamp_words import amount_words
from programs.admin.widgets import text_input
from programs.queries.environments import now_in

QUEUE = "Rewards to pay"
_MOST = 500  # rows of one bulk action


class ReferenceForm(forms.Form):
    reference = forms.CharField(
        max_length=MAX_REFERENCE,
        required=False,
        widget=text_input(autocomplete="off"),
        help_text="How it was paid, such as the number of the transfer or of the payment run. It can be searched for.",
    )


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one row: done | repeated | refused, or the status that it had got meanwhile."""

    reward: StampReward
    outcome: str
    words: str


def pay_page(page: DetailAdmin[StampReward], request: HttpRequest, found: StampReward) -> HttpResponse:
    """Enter a reference, see what is marked, confirm."""
    after = page.url("change", found.pk)
    if request.method == "GET" and found.status != StampReward.Status.ISSUED:
        closed = StampRewardClosed("", reward_status=found.status)
        messages.warning(request, said(closed, found.stamp_program).detail)
        return HttpResponseRedirect(after)
    pay = partial(_pay, request, found)
    worth = worth_of(found)

    def effect(content: Content) -> dict[str, Any]:
        rehearsed(lambda: pay(content, now_in(required_environment(request))))
        return {"worth": worth, "shown": [found.amount, found.currency]}

    def act(content: Content, once: Idempotency) -> str:
        pay(content, now_in(required_environment(request)), once)
        queue = reverse("admin:loyalty_stampreward_queue")
        return format_html(
            '{} for {} is marked as paid. <a class="lc-link" href="{}">Rewards to pay</a>',
            worth,
            found.member,
            queue,
        )

    deed = Deed(
        name="stamp_reward_pay",
        title=f"Mark {worth} for {found.member} as paid",
        form=ReferenceForm,
        effect=effect,
        act=act,
        after=after,
        repeated="This was marked as paid already; it was not done again.",
    )
    return confirm_page(page, request, found, deed)


def bulk_pay_page(page: TenantAdmin[Any], request: HttpRequest) -> HttpResponse:
    """The confirmation of what is ticked, or, once confirmed, a result for each row."""
    environment = required_environment(request)
    keys = [key for text in request.POST.getlist("row")[:_MOST] if (key := uuid_or_none(text))]
    rows = list(rewards_of(environment=environment).filter(pk__in=keys).order_by("id"))
    if not rows:
        messages.warning(request, "Nothing was ticked, so nothing was done. Tick rows first.")
        return HttpResponseRedirect(request.get_full_path())
    is_sent = request.POST.get("step") == "confirm" and bool(request.POST.get("token"))
    form = ReferenceForm(request.POST if is_sent else None)
    if is_sent and form.is_valid():
        results = [_one(request, row, form.cleaned_data) for row in rows]
        told: dict[str, Any] = {"results": results, "summary": _summary(results)}
        told["reference"] = form.cleaned_data["reference"]
        return page.page(request, "stamp_pay_results.html", QUEUE, **named(QUEUE), **told)
    shown: dict[str, Any] = {
        "form": form,
        "rows": [(row, worth_of(row)) for row in rows],
        "totals": totals_of(row for row in rows if row.status == StampReward.Status.ISSUED),
        "token": request.POST.get("token") or new_id().hex,
    }
    return page.page(request, "stamp_pay_confirm.html", QUEUE, **named(QUEUE), **shown)


def named(title: str) -> dict[str, Any]:
    """A page with a name of its own in its heading, where that of its model would stand."""
    return {"opts": None, "content_title": title}


def totals_of(rows: Iterable[StampReward]) -> str:
    """ "£12.50 and $5.00": what they come to, by currency."""
    return sums_in_words((row.currency, row.amount) for row in rows)


def sums_in_words(amounts: Iterable[tuple[str, int]]) -> str:
    """Amounts in minor units, each with its currency, added up: "£12.50 and $5.00"."""
    sums: dict[str, int] = {}
    for currency, amount in amounts:
        sums[currency] = sums.get(currency, 0) + amount
    return " and ".join(amount_words(amount, currency) for currency, amount in sorted(sums.items()))


def _pay(
    request: HttpRequest,
    found: StampReward,
    content: Content,
    now: datetime,
    once: Idempotency | None = None,
) -> StampReward:
    """Mark it as it was entered. Raises what `pay_stamp_reward` does, in the console's words."""
    try:
        return pay_stamp_reward(
            environment=required_environment(request),
            reward=found.pk,
            reference=content["reference"] or None,
            actor=actor_of(request),
            now=now,
            idempotency=once,
        )
    except StampRewardClosed as error:
        raise said(error, found.stamp_program) from error


def _one(request: HttpRequest, row: StampReward, content: Content) -> Result:
    """One row, in a transaction of its own; once, by the form's token and the row."""
    once = once_for(request, row, "stamp_queue_pay", content)
    once = replace(once, key=f"{once.key}.{row.pk.hex}")
    try:
        done = _pay(request, row, content, now_in(required_environment(request)), once)
    except Replay:
        return Result(row, "repeated", "Done already, when this form was sent before.")
    except StampRewardClosed as error:
        return Result(row, str(error.data["reward_status"]), error.detail)
    except DomainError as error:
        return Result(row, "refused", error.detail)
    return Result(done, "done", f"{worth_of(done)} is marked as paid.")


def _summary(results: Sequence[Result]) -> str:
    """ "8 marked as paid (£40.00), 1 was revoked meanwhile."""
    counts: dict[str, int] = {}
    for result in results:
        counts[result.outcome] = counts.get(result.outcome, 0) + 1
    done = counts.pop("done", 0)
    total = totals_of(result.reward for result in results if result.outcome == "done")
    parts = [f"{done:,} marked as paid ({total})" if done else "None marked as paid"]
    for outcome, count in counts.items():
        words = {"repeated": "done before", "refused": "refused"}.get(outcome, f"{outcome} meanwhile")
        parts.append(f"{count:,} {'was' if count == 1 else 'were'} {words}")
    return ", ".join(parts) + "."
