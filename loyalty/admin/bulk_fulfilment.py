"""Fulfilling or failing what was ticked in the queue: seen first, then each row in its own transaction."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from audit.errors import DomainError
from audit.ids import new_id
from loyalty.actions.fulfilment import fail, fulfil
from loyalty.admin.confirming import once_for
from loyalty.admin.redemption_actions import NoteForm, ReasonForm
from loyalty.admin.redemption_refusals import said
from loyalty.errors import RedemptionClosed, Replay
from loyalty.models import Redemption
from loyalty.queries.redemptions import redemptions_of
from programs.admin.base import TenantAdmin, actor_of, required_environment
from programs.models import Environment
from programs.queries.environments import now_in

_MOST = 500  # rows of one bulk action


@dataclass(frozen=True, slots=True)
class Verb:
    word: str
    form: type[forms.Form]
    act: Callable[..., Redemption]
    done: str
    """What to say of many that it was done to."""


_VERBS = {
    "fulfil": Verb("Fulfil", NoteForm, fulfil, "fulfilled"),
    "fail": Verb("Fail", ReasonForm, fail, "failed, with everything given back"),
}


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one row: done | repeated | refused, or the status that somebody else gave it."""

    redemption: Redemption
    outcome: str
    words: str


def bulk_page(page: TenantAdmin[Any], request: HttpRequest) -> HttpResponse:
    """The confirmation of what is ticked, or, once confirmed, a result for each row."""
    environment, name = required_environment(request), request.POST.get("verb", "")
    verb, keys = _VERBS.get(name), _keys(request.POST.getlist("row"))
    rows = list(redemptions_of(environment=environment).filter(pk__in=keys).order_by("id"))
    if verb is None or not rows:
        messages.warning(request, "Nothing was ticked, so nothing was done. Tick rows first.")
        return HttpResponseRedirect(reverse("admin:loyalty_redemption_queue"))
    is_sent = request.POST.get("step") == "confirm" and bool(request.POST.get("token"))
    form = verb.form(request.POST if is_sent else None)
    if is_sent and form.is_valid():
        results = [_one(request, environment, verb, row, form.cleaned_data) for row in rows]
        shown: dict[str, Any] = {"results": results, "summary": summary_of(verb, results)}
        return page.page(request, "fulfilment_results.html", "Fulfilment queue", **shown)
    shown = {
        "form": form,
        "rows": rows,
        "name": name,
        "verb": verb,
        "totals": _totals(rows),
        "token": request.POST.get("token") or new_id().hex,
    }
    return page.page(request, "fulfilment_confirm.html", "Fulfilment queue", **shown)


def _one(
    request: HttpRequest, environment: Environment, verb: Verb, row: Redemption, content: dict[str, Any]
) -> Result:
    """The action on one row, in a transaction of its own; once, by the form's token and the row."""
    once = once_for(request, row, f"queue_{verb.word}", content)
    try:
        done = verb.act(
            environment=environment,
            redemption=row.pk,
            actor=actor_of(request),
            now=now_in(environment),
            idempotency=replace(once, key=f"{once.key}.{row.pk.hex}"),
            **{name: value or None for name, value in content.items()},
        )
    except Replay:
        return Result(row, "repeated", "Done already, when this form was sent before.")
    except RedemptionClosed as error:
        return Result(row, str(error.data["redemption_status"]), said(error, row).detail)
    except DomainError as error:
        return Result(row, "refused", said(error, row).detail)
    back = f"{row.points:,} {row.metric} are given back to {row.member}."
    return Result(done, "done", "Fulfilled." if done.status == "fulfilled" else back)


def summary_of(verb: Verb, results: Sequence[Result]) -> str:
    """ "8 fulfilled, 1 was cancelled meanwhile."""
    counts: dict[str, int] = {}
    for result in results:
        counts[result.outcome] = counts.get(result.outcome, 0) + 1
    done = counts.pop("done", 0)
    parts = [f"{done:,} {verb.done}" if done else f"None {verb.done}"]
    for outcome, count in counts.items():
        words = {"repeated": "done before", "refused": "refused"}.get(outcome, f"{outcome} meanwhile")
        parts.append(f"{count:,} {'was' if count == 1 else 'were'} {words}")
    return ", ".join(parts) + "."


def _totals(rows: Iterable[Redemption]) -> list[tuple[str, int, str]]:
    """Of what still waits, by reward: its name, how many, and their points in words."""
    found: dict[UUID, tuple[str, int, int, str]] = {}
    for row in rows:
        if row.status == Redemption.Status.PENDING:
            _, count, points, _ = found.get(row.reward_id, ("", 0, 0, ""))
            found[row.reward_id] = (row.reward.name, count + 1, points + row.points, str(row.metric))
    return [(name, count, f"{points:,} {metric}") for name, count, points, metric in sorted(found.values())]


def _keys(texts: Sequence[str]) -> list[UUID]:
    found = []
    for text in texts[:_MOST]:
        try:
            found.append(UUID(text))
        except ValueError:
            continue
    return found
