"""A staff user's own page: their second factor, its recovery codes, and where they are logged in
(`/console/security/`, docs/console.md)."""

from collections.abc import Callable
from typing import Any

import segno
from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django_otp import login as carry_second_factor

from audit.errors import DomainError
from audit.secrets_at_rest import Unreadable
from programs.actions.second_factors import (
    begin_second_factor,
    confirm_second_factor,
    log_out_everywhere,
    make_recovery_codes,
    remove_second_factor,
)
from programs.admin.base import actor_of, form_errors, staff_user
from programs.admin.log_in import CodeForm, is_password_right
from programs.admin.widgets import text_input
from programs.log_ins import carry_round, logged_in_since
from programs.models import SecondFactor
from programs.queries.second_factors import (
    address_of_secret,
    factor_of,
    pending_factor,
    recovery_codes_left,
    words_of_secret,
)
from programs.queries.staff import projects_that_ask

_TRUSTED_FOR = 10 * 60  # seconds after a log-in in which a first set-up asks for no password


class PasswordForm(forms.Form):
    password = forms.CharField(
        label="Your password",
        max_length=200,
        strip=False,
        widget=text_input(type="password", autocomplete="current-password"),
    )


class FirstCodeForm(CodeForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = "The six digits that the app shows now."


def own_log_in(request: HttpRequest) -> HttpResponse:
    """The page that the others begin at."""
    user = staff_user(request)
    context = {
        "factor": factor_of(user),
        "codes_left": recovery_codes_left(user),
        "asking": projects_that_ask(user),
        "lasts_hours": settings.SESSION_COOKIE_AGE / 3600,
        "idle_hours": settings.SESSION_IDLE_SECONDS / 3600,
    }
    return _page(request, "own_log_in.html", "Your log-in", **context)


def begin(request: HttpRequest) -> HttpResponse:
    """A new secret; one that is in use goes on until the new one is confirmed."""
    is_first = factor_of(staff_user(request)) is None
    if is_first and request.method == "POST" and logged_in_since(request) < _TRUSTED_FOR:
        begin_second_factor(user=staff_user(request))
        return HttpResponseRedirect(reverse("admin:second_factor_confirm"))

    def done(user: User) -> HttpResponse:
        begin_second_factor(user=user)
        return HttpResponseRedirect(reverse("admin:second_factor_confirm"))

    what = {
        "lead": "A new QR code is shown next. The old second factor counts until the new one is confirmed.",
        "button": "Go on",
    }
    if is_first:
        what["lead"] = "A QR code is shown next."
    return _by_password(request, "Set up a second factor", what, done)


def confirm(request: HttpRequest) -> HttpResponse:
    """The QR code, and the first code that proves that the app has it."""
    user = staff_user(request)
    waiting = pending_factor(user)
    if waiting is None:
        messages.info(request, "There is no set-up to go on with. Begin here.")
        return HttpResponseRedirect(reverse("admin:security"))
    form = FirstCodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            factor, codes, number = confirm_second_factor(
                user=user, code=form.cleaned_data["code"], actor=actor_of(request)
            )
        except DomainError as error:
            form_errors(form, error)
        else:
            request.session.cycle_key()
            carry_second_factor(request, factor)
            carry_round(request, number)
            return _codes_page(request, codes, "Your second factor is set up")
    try:
        shown = _shown(request, waiting)
    except Unreadable:
        messages.error(request, "The secret can't be read any more; begin again.")
        return HttpResponseRedirect(reverse("admin:security"))
    return _page(request, "second_factor.html", "Set up a second factor", form=form, **shown)


def recovery_codes(request: HttpRequest) -> HttpResponse:
    def done(user: User) -> HttpResponse:
        return _codes_page(
            request, make_recovery_codes(user=user, actor=actor_of(request)), "New recovery codes"
        )

    what = {
        "lead": "Ten new codes are shown next, once. The ones from before count no more.",
        "button": "Make ten new codes",
    }
    return _by_password(request, "New recovery codes", what, done)


def remove(request: HttpRequest) -> HttpResponse:
    def done(user: User) -> HttpResponse:
        number = remove_second_factor(user=user, actor=actor_of(request))
        carry_second_factor_no_more(request)
        if number is not None:
            carry_round(request, number)
        messages.success(request, "The second factor is removed. You log in by the password alone.")
        return HttpResponseRedirect(reverse("admin:security"))

    asking = [project.name for project in projects_that_ask(staff_user(request))]
    lead = "You will log in by the password alone. You are logged out everywhere else."
    if asking:
        lead += f" You will not see {_listed(asking)} until you set one up again: it is asked for there."
    what = {"lead": lead, "button": "Remove the second factor", "weight": "lc-danger"}
    return _by_password(request, "Remove the second factor", what, done)


def log_out_elsewhere(request: HttpRequest) -> HttpResponse:
    """This log-in goes on, as the only one."""
    if request.method == "POST":
        carry_round(request, log_out_everywhere(user=staff_user(request), actor=actor_of(request)))
        messages.success(request, "You are logged out everywhere else.")
    return HttpResponseRedirect(reverse("admin:security"))


def carry_second_factor_no_more(request: HttpRequest) -> None:
    request.session.pop("otp_device_id", None)
    request.session.cycle_key()


def _by_password(
    request: HttpRequest, title: str, what: dict[str, str], done: Callable[[User], HttpResponse]
) -> HttpResponse:
    """A page that asks for the password first."""
    form = PasswordForm(request.POST if "password" in request.POST else None)
    if form.is_bound and form.is_valid():
        if is_password_right(request, form.cleaned_data["password"]):
            try:
                return done(staff_user(request))
            except DomainError as error:
                form_errors(form, error)
        else:
            form.add_error("password", "This is not your password.")
    return _page(request, "by_password.html", title, form=form, what=what)


def _codes_page(request: HttpRequest, codes: list[str], title: str) -> HttpResponse:
    return _page(request, "recovery_codes.html", title, codes=codes)


def _shown(request: HttpRequest, waiting: SecondFactor) -> dict[str, Any]:
    account = f"{request.user.get_username()}@{request.get_host()}"
    issuer = str(settings.UNFOLD["SITE_TITLE"])
    return {
        "picture": _qr(address_of_secret(waiting, issuer=issuer, account=account)),
        "secret": words_of_secret(waiting),
        "account": account,
        "issuer": issuer,
    }


def _qr(text: str) -> SafeString:
    """Black on white, also in the dark: cameras don't read the inverse. Drawn here; nobody else sees the secret."""
    drawn = segno.make(text, error="m", micro=False)
    return mark_safe(  # noqa: S308 - our own drawing: paths and numbers
        drawn.svg_inline(
            scale=5, border=4, dark="#000", light="#fff", svgclass="lc-qr", title="QR code", omitsize=True
        )
    )


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _page(request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
    whole = {**admin.site.each_context(request), "title": title, **context}
    return TemplateResponse(request, f"console/{template}", whole)
