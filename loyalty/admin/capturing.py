"""Capturing, releasing and cancelling the capture of a hold: each shows its effect first."""

from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from loyalty.actions.holds import Capture, cancel_capture, capture_hold, release_hold
from loyalty.admin.confirming import Content, Deed, confirm_page, rehearsed
from loyalty.admin.holding import hold_effect
from loyalty.admin.reversing import PartForm, act_of_reversing, effect_of
from loyalty.ledger.idempotency import Idempotency
from loyalty.models import Hold
from loyalty.queries.holds import entries_of_hold
from loyalty.queries.relations import relations_of
from programs.admin.base import actor_of, required_environment
from programs.admin.detail import DetailAdmin
from programs.queries.environments import now_in


def capture_page(page: DetailAdmin[Hold], request: HttpRequest, hold: Hold) -> HttpResponse:
    """Spend all or a part of what is held; the rest is released."""
    environment = required_environment(request)
    common: dict[str, Any] = {"environment": environment, "hold": hold.pk, "actor": actor_of(request)}

    def capture(content: Content, now: datetime, once: Idempotency | None = None) -> Capture:
        points, reason = content["points"], content["reason"]
        return capture_hold(points=points, reason=reason, now=now, idempotency=once, **common)

    def effect(content: Content) -> dict[str, Any]:
        now = now_in(environment)
        return hold_effect(environment=environment, hold=hold, now=now, act=partial(capture, content, now))

    def act(content: Content, once: Idempotency) -> str:
        done = capture(content, now_in(environment), once)
        rest = hold.points - done.hold.captured
        released = f" The other {rest:,} are released." if rest else ""
        return f"{done.hold.captured:,} points are captured.{released}"

    hint = f"All that is held, {hold.points:,}, or a part: the rest is released at once."
    deed = Deed(
        name="capture",
        title="Capture a hold",
        form=partial(PartForm, most=hold.points, hint=hint),
        effect=effect,
        act=act,
        after=page.url("change", hold.pk),
        repeated="This hold was captured already; it was not captured again.",
    )
    return confirm_page(page, request, hold, deed)


def release_page(page: DetailAdmin[Hold], request: HttpRequest, hold: Hold) -> HttpResponse:
    """Give all that is held back; there is nothing to enter."""
    environment = required_environment(request)
    common: dict[str, Any] = {"environment": environment, "hold": hold.pk, "actor": actor_of(request)}

    def effect(_content: Content) -> dict[str, Any]:
        now = now_in(environment)
        act = partial(release_hold, now=now, **common)
        return hold_effect(environment=environment, hold=hold, now=now, act=act)

    def act(_content: Content, once: Idempotency) -> str:
        done = release_hold(now=now_in(environment), idempotency=once, **common)
        return f"The hold of {done.points:,} points is released."

    deed = Deed(
        name="release",
        title="Release a hold",
        form=forms.Form,
        effect=effect,
        act=act,
        after=page.url("change", hold.pk),
        repeated="This hold was released already.",
        asks=False,
    )
    return confirm_page(page, request, hold, deed)


def cancel_page(page: DetailAdmin[Hold], request: HttpRequest, hold: Hold) -> HttpResponse:
    """Give back what was captured, whole or in part: a reversal of the hold's own entry."""
    environment = required_environment(request)
    entries = entries_of_hold(hold)
    related = relations_of(entries)
    left = sum(related[entry.pk].left for entry in entries)
    after = page.url("change", hold.pk)
    if not left and request.method == "GET":
        messages.warning(request, "Nothing of this hold is captured, or all of it was given back already.")
        return HttpResponseRedirect(after)
    common: dict[str, Any] = {"environment": environment, "hold": hold.pk, "actor": actor_of(request)}

    def effect(content: Content) -> dict[str, Any]:
        def act() -> dict[str, Any]:
            return effect_of(cancel_capture(points=content["points"], now=now_in(environment), **common))

        return rehearsed(act)

    deed = Deed(
        name="cancel_capture",
        title="Cancel a capture",
        form=partial(PartForm, most=left, hint=f"All that was captured and is left, {left:,}, or a part."),
        effect=effect,
        act=partial(act_of_reversing, partial(cancel_capture, **common), environment),
        after=after,
        repeated="This capture was cancelled already; nothing was given back again.",
    )
    return confirm_page(page, request, hold, deed)
