"""Entered, seen, confirmed: a page that shows what it will do before it does it (console.md).

Three posts of one form: `effect` shows what would happen, `confirm` does it, `back` changes what was
entered. The token is minted with the effect, so a confirmation that is sent twice acts once. What was
shown comes back with the confirmation: where it no longer holds, the new effect is shown instead.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django import forms
from django.contrib import messages
from django.db import transaction
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from audit.errors import DomainError
from audit.ids import new_id
from loyalty.errors import Replay
from loyalty.ledger.idempotency import Idempotency
from programs.admin.base import TenantAdmin, form_errors, required_environment
from programs.admin.detail import Crumb, DetailAdmin

Content = dict[str, Any]
ResultT = TypeVar("ResultT")


@dataclass(frozen=True, slots=True)
class Deed:
    """What a confirmation page does.

    `name` names its templates, `console/<name>.html` and `console/<name>_confirm.html`. `effect` answers
    what the second shows; its `shown`, where given, are the figures that must still hold when confirmed.
    `act` does it and says so. Both raise DomainErrors, which become errors of the form.
    """

    name: str
    title: str
    form: Callable[..., forms.Form]
    effect: Callable[[Content], dict[str, Any]]
    act: Callable[[Content, Idempotency], str]
    after: str
    """The URL to go to, done or cancelled."""
    repeated: str
    """What to say of a confirmation that was carried out before."""
    asks: bool = True
    """Whether there is anything to enter; otherwise the effect is the first page."""


def confirm_page(page: TenantAdmin[Any], request: HttpRequest, found: Model, deed: Deed) -> HttpResponse:
    """Answer one request for the deed on `found`."""
    step = request.POST.get("step", "")
    sent: Any = request.POST if request.method == "POST" else None if deed.asks else {}
    if step == "back":
        form = deed.form(initial=request.POST.dict())
    else:
        form = deed.form(sent)
        if form.is_bound and form.is_valid():
            answer = _effect_or_done(page, request, found, deed, form)
            if answer is not None:
                return answer
    if not deed.asks:
        return HttpResponseRedirect(deed.after)
    context = {"object": found, "original": _crumb(page, found), "deed": deed}
    return page.page(request, f"{deed.name}.html", deed.title, form=form, **context)


def _effect_or_done(
    page: TenantAdmin[Any], request: HttpRequest, found: Model, deed: Deed, form: forms.Form
) -> HttpResponse | None:
    """The page of the effect, or on from there; None where it was refused (said on the form)."""
    confirmed = request.POST.get("step") == "confirm" and bool(request.POST.get("token"))
    once = once_for(request, found, deed.name, form.cleaned_data)
    try:
        if confirmed:
            once.check_stored(required_environment(request).pk)
        effect = deed.effect(form.cleaned_data)
        seen = _digest(effect.get("shown"))
        if confirmed and ("shown" not in effect or request.POST.get("seen") == seen):
            messages.success(request, deed.act(form.cleaned_data, once))
            return HttpResponseRedirect(deed.after)
        if confirmed and _done_meanwhile(request, once):
            return _repeated(request, deed)
    except Replay:
        return _repeated(request, deed)
    except DomainError as error:
        if confirmed and _done_meanwhile(request, once):
            return _repeated(request, deed)
        form_errors(form, error)
        if not deed.asks:
            messages.error(request, error.detail)
        return None
    if confirmed:
        messages.warning(request, "Something has changed since you looked. This is the effect now.")
    context = {"effect": effect, "token": new_id().hex, "seen": seen, "deed": deed}
    context |= {"object": found, "original": _crumb(page, found)}
    return page.page(request, f"{deed.name}_confirm.html", deed.title, form=form, **context)


def _done_meanwhile(request: HttpRequest, once: Idempotency) -> bool:
    """Whether the same confirmation, sent at the same time, was carried out since we first looked. Then it is why
    the effect has changed or is refused: to confirm it again would do it twice."""
    try:
        once.check_stored(required_environment(request).pk)
    except Replay:
        return True
    except DomainError:  # the token was used for something else: what was refused before stands
        return False
    return False


def _repeated(request: HttpRequest, deed: Deed) -> HttpResponse:
    messages.info(request, deed.repeated)
    return HttpResponseRedirect(deed.after)


def _crumb(page: TenantAdmin[Any], found: Model) -> Crumb:
    """The heading that the object's own page has."""
    return Crumb(found, page.detail_title(found) if isinstance(page, DetailAdmin) else str(found))


def _digest(shown: Any) -> str:
    return hashlib.sha256(json.dumps(shown, sort_keys=True, default=str).encode()).hexdigest()


def once_for(request: HttpRequest, found: Model, deed: str, content: Content) -> Idempotency:
    """The form's token as a key: the same user, object and content again is a repetition."""
    who = {"object": str(found.pk), "deed": deed, "user": request.user.get_username()}
    fingerprint = hashlib.sha256(json.dumps(content | who, sort_keys=True, default=str).encode()).digest()

    def answer(_result: Any) -> tuple[int, str]:
        return 200, json.dumps({"done": True})

    return Idempotency(
        scope="console",
        key=request.POST.get("token", "")[:64].replace("\0", ""),
        fingerprint=fingerprint,
        answer=answer,
    )


def rehearsed(act: Callable[[], ResultT]) -> ResultT:
    """What `act` would answer; all that it writes is rolled back. Raises what it raises; locks what it
    locks, for as long as it takes. What the answer needs from the database must be read inside `act`."""
    with transaction.atomic():
        try:
            return act()
        finally:
            transaction.set_rollback(True)
