"""What support does with one redemption: each page shows what will happen before it happens."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from audit.errors import DomainError
from loyalty.actions.fulfilment import cancel, fail, fulfil
from loyalty.actions.resending import resend_code
from loyalty.actions.tills import use_code
from loyalty.admin.confirming import Content, Deed, confirm_page
from loyalty.admin.member_redemptions import RedemptionRow
from loyalty.admin.redemption_effects import redemption_effect
from loyalty.admin.redemption_refusals import said
from loyalty.admin.redemption_words import worth_of
from loyalty.errors import RedemptionClosed
from loyalty.ledger.idempotency import Idempotency
from loyalty.models import Redemption
from loyalty.queries.redemptions import check_usable
from programs.admin.base import actor_of, required_environment
from programs.admin.detail import DetailAdmin
from programs.admin.widgets import text_area, text_input
from programs.queries.environments import now_in

Page = DetailAdmin[Redemption]
_REPEATED = "This was done already; it was not done again."


class NoteForm(forms.Form):
    note = forms.CharField(
        max_length=500,
        required=False,
        widget=text_area(rows=2),
        help_text="For example the parcel's number, or the day's shipment. It is kept with the redemption.",
    )


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=500,
        widget=text_area(rows=2),
        help_text="Why: it stands in the ledger, and the member may read it.",
    )


class PlaceForm(forms.Form):
    place = forms.CharField(
        max_length=200,
        required=False,
        widget=text_input(autocomplete="off"),
        label="Where it is used",
        help_text="A shop or a till. Whoever tries the code again is told.",
    )


class ResendForm(forms.Form):
    note = forms.CharField(
        max_length=500,
        widget=text_input(autocomplete="off"),
        label="How you send it",
        help_text="By mail, in the chat, on the phone: it stands in the trail.",
    )


def fulfil_page(page: Page, request: HttpRequest, found: Redemption) -> HttpResponse:
    """What was bought is handed over: what it gives in the engine is given now."""
    return _act_page(page, request, found, "fulfil", NoteForm, fulfil, f"{found.name} is fulfilled.")


def fail_page(page: Page, request: HttpRequest, found: Redemption) -> HttpResponse:
    """What was bought can't be handed over: all of it is given back."""
    back = f"{found.name} has failed; {found.points:,} {found.metric} are given back."
    return _act_page(page, request, found, "fail", ReasonForm, fail, back)


def cancel_page(page: Page, request: HttpRequest, found: Redemption) -> HttpResponse:
    """Give everything back: points, stock, code, and what it gave."""
    back = f"{found.name} is cancelled; {found.points:,} {found.metric} are given back."
    return _act_page(page, request, found, "cancel", ReasonForm, cancel, back)


def _act_page(
    page: Page,
    request: HttpRequest,
    found: Redemption,
    name: str,
    form: type[forms.Form],
    action: Callable[..., Redemption],
    done: str,
) -> HttpResponse:
    """Enter what the form asks for, see what the action changes, confirm."""
    environment, after = required_environment(request), page.url("change", found.pk)
    row = RedemptionRow(found, now_in(environment), whole=True)
    if request.method == "GET" and not (row.may_cancel if name == "cancel" else row.is_pending):
        messages.warning(request, row.why_not or _closed(found))
        return HttpResponseRedirect(after)

    def run(content: Content, now: datetime, once: Idempotency | None = None) -> Redemption:
        return action(
            environment=environment,
            redemption=found.pk,
            actor=actor_of(request),
            now=now,
            idempotency=once,
            **{field: value or None for field, value in content.items()},
        )

    return confirm_page(page, request, found, _deed(page, request, found, name, form, run, done))


def use_page(page: Page, request: HttpRequest, found: Redemption) -> HttpResponse:
    """Take the code as a till would."""
    environment, code = required_environment(request), found.issued_code
    if code is None or _unusable(request, found):
        return HttpResponseRedirect(page.url("change", found.pk))

    def run(content: Content, now: datetime, once: Idempotency | None = None) -> Redemption:
        place = content["place"] or None
        return use_code(
            environment=environment,
            code=str(code),
            place=place,
            actor=actor_of(request),
            now=now,
            idempotency=once,
        )

    worth = f" ({worth})" if (worth := worth_of(found)) else ""
    deed = _deed(page, request, found, "use", PlaceForm, run, f"The code {code} is used{worth}.")
    return confirm_page(page, request, found, deed)


def resend_page(page: Page, request: HttpRequest, found: Redemption) -> HttpResponse:
    """The text to copy into whatever reaches the member, and a line in the trail that it was sent."""
    environment = required_environment(request)
    if _unusable(request, found):
        return HttpResponseRedirect(page.url("change", found.pk))

    def effect(_content: Content) -> dict[str, Any]:
        check_usable(found, now_in(environment))
        return {"text": message_for(found), "shown": [str(found.issued_code)]}

    def act(content: Content, once: Idempotency) -> str:
        resend_code(
            environment=environment,
            redemption=found.pk,
            note=content["note"],
            actor=actor_of(request),
            now=now_in(environment),
            idempotency=once,
        )
        return "The trail says that the code was sent again."

    deed = Deed(
        name="redemption_resend",
        title="Resend a code",
        form=ResendForm,
        effect=partial(_in_words, found, effect),
        act=partial(_in_words, found, act),
        after=page.url("change", found.pk),
        repeated="This was noted already.",
    )
    return confirm_page(page, request, found, deed)


def message_for(redemption: Redemption) -> str:
    """What to tell the member: the reward, its worth, the code, and until when it can be used."""
    code, worth = redemption.issued_code, worth_of(redemption)
    if code is None:
        return ""
    what = f"{redemption.name} ({worth})" if worth else redemption.name
    text = f"Your code for {what}: {code}."
    if code.expires_at:
        ends = timezone.localtime(code.expires_at)
        text += f" It can be used until {ends.day} {ends:%B %Y, %H:%M}."
    return text


def _deed(
    page: Page,
    request: HttpRequest,
    found: Redemption,
    name: str,
    form: type[forms.Form],
    run: Callable[..., Redemption],
    done: str,
) -> Deed:
    environment = required_environment(request)

    def effect(content: Content) -> dict[str, Any]:
        now = now_in(environment)
        return redemption_effect(
            environment=environment,
            member=found.member,
            reward=found.reward,
            redemption=found,
            now=now,
            act=partial(run, content, now),
        )

    def act(content: Content, once: Idempotency) -> str:
        run(content, now_in(environment), once)
        return done

    return Deed(
        name=f"redemption_{name}",
        title=f"{name.capitalize()} a {'code' if name == 'use' else 'redemption'}",
        form=form,
        effect=partial(_in_words, found, effect),
        act=partial(_in_words, found, act),
        after=page.url("change", found.pk),
        repeated=_REPEATED,
    )


def _in_words(found: Redemption, do: Callable[..., Any], *arguments: Any) -> Any:
    """Do it, with refusals in the console's words."""
    try:
        return do(*arguments)
    except DomainError as error:
        raise said(error, found) from error


def _unusable(request: HttpRequest, found: Redemption) -> bool:
    """Whether its code can't be used any more; told to whoever opens the page."""
    if request.method != "GET":
        return found.issued_code is None
    try:
        check_usable(found, now_in(required_environment(request)))
    except DomainError as error:
        messages.warning(request, said(error, found).detail)
        return True
    return False


def _closed(found: Redemption) -> str:
    return said(RedemptionClosed("", redemption_status=found.status), found).detail
