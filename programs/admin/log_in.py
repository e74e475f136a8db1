"""The way into the console: the password, then the code of who has a second factor; and what is said on the way
(docs/console.md).

Between the two pages nobody is logged in: the session only remembers, for five minutes, whose password was right.
"""

import time
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from axes.handlers.proxy import AxesProxyHandler
from axes.helpers import get_cool_off
from axes.models import AccessAttempt
from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME, authenticate, login
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.contrib.auth.views import LoginView
from django.db.models import Max
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django_otp import login as carry_second_factor
from unfold.forms import AuthenticationForm

from audit.errors import DomainError
from audit.record import Actor
from programs.actions.second_factors import check_code
from programs.admin.base import form_errors
from programs.admin.widgets import text_input
from programs.log_in_limits import failures_of_address, is_address_locked
from programs.log_ins import ENDED
from programs.queries.second_factors import factor_of

_HALF_WAY = "password_was_right"  # in the session of somebody who is not logged in
_SECONDS_FOR_CODE = 5 * 60
_LONGEST_NAME = 150  # letters, of a user


class CodeForm(forms.Form):
    code = forms.CharField(
        max_length=30,
        widget=text_input(
            autocomplete="one-time-code", autofocus=True, spellcheck="false", autocapitalize="off"
        ),
        help_text="The six digits that your app shows now. Without your phone: one of your recovery codes.",
    )


class PasswordStep(AuthenticationForm):
    """A name longer than any counts as one that nobody has: what counts attempts keeps no longer ones."""

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        return name[: _LONGEST_NAME + 1]


class LogIn(LoginView):
    """The first page. Who has a second factor is sent on to the second, and not logged in."""

    template_name = "console/log_in.html"
    authentication_form = PasswordStep
    next_page = "admin:index"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        ended = ENDED.get(self.request.GET.get("ended", ""))
        frame = admin.site.each_context(self.request)
        return {**frame, **super().get_context_data(**kwargs), "title": "Log in", "ended": ended}

    def get_redirect_url(self, request: HttpRequest | None = None) -> str:
        return page_asked_for(request or self.request)

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        if factor_of(user) is None:
            return super().form_valid(form)
        self.request.session.flush()
        self.request.session[_HALF_WAY] = {
            "user": user.pk,
            "hash": user.get_session_auth_hash(),
            "at": int(time.time()),
            "next": self.get_success_url(),
        }
        return HttpResponseRedirect(reverse("admin:log_in_code"))


@method_decorator((never_cache, csrf_protect, sensitive_post_parameters("code")), name="__call__")
class CodePage:
    """The second page."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = half_way(request)
        if user is None:
            request.session.pop(_HALF_WAY, None)
            return HttpResponseRedirect(f"{reverse('admin:login')}?ended=code")
        form = CodeForm(request.POST or None)
        if is_locked(request, user.get_username()):
            return locked_out(request, None, {"username": user.get_username()})
        if request.method == "POST" and form.is_valid():
            try:
                factor = check_code(user=user, code=form.cleaned_data["code"], actor=_actor(request, user))
            except DomainError as error:
                form_errors(form, error)
                if error.errors[0].code == "invalid":
                    count_failure(request, user.get_username(), "second factor")
            else:
                return self._enter(request, user, factor)
        context = {**admin.site.each_context(request), "title": "Second factor", "form": form}
        return TemplateResponse(request, "console/log_in_code.html", context)

    def _enter(self, request: HttpRequest, user: User, factor: Any) -> HttpResponse:
        target = request.session[_HALF_WAY]["next"]
        request.session.flush()
        login(request, user, backend=settings.AUTHENTICATION_BACKENDS[-1])
        carry_second_factor(request, factor)
        return HttpResponseRedirect(target)


def page_asked_for(request: HttpRequest) -> str:
    """What `next` names; nothing where that is another site's, or the way out, which opens by a button alone."""
    target: str = request.POST.get(REDIRECT_FIELD_NAME, request.GET.get(REDIRECT_FIELD_NAME, ""))
    is_ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return target if is_ours and urlsplit(target).path != reverse("admin:logout") else ""


def half_way(request: HttpRequest) -> User | None:
    """Whose password was right a moment ago, and still is theirs."""
    known = request.session.get(_HALF_WAY)
    if not known or time.time() - known["at"] > _SECONDS_FOR_CODE:
        return None
    user = User.objects.filter(pk=known["user"], is_active=True, is_staff=True).first()
    if user is None or not constant_time_compare(known["hash"], user.get_session_auth_hash()):
        return None
    return user


def is_password_right(request: HttpRequest, password: str) -> bool:
    """Asked again before something that must not be done by whoever sits down at an open console. Wrong ones count
    as failed log-ins do."""
    found = authenticate(request, username=request.user.get_username(), password=password)
    return found is not None and found.pk == request.user.pk


def to_log_in(request: HttpRequest) -> HttpResponse:
    """To the log-in, and back to the page at hand afterwards; what was sent with a form is not kept, and that is
    said."""
    ended = getattr(request, "log_in_ended", None)
    target = request.get_full_path()
    if request.method != "GET":
        ended, target = "form", page_of_form(request)
    asked = {REDIRECT_FIELD_NAME: target} | ({"ended": ended} if ended else {})
    return led(request, f"{reverse('admin:login')}?{urlencode(asked)}", "You were logged out.")


def led(request: HttpRequest, address: str, why: str, *, status: int = 401) -> HttpResponse:
    """To the page that comes first. A script of a page is told `why` instead: with 401 it loads that page anew."""
    if request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        return JsonResponse({"detail": why}, status=status)
    return HttpResponseRedirect(address)


def page_of_form(request: HttpRequest) -> str:
    """Where the form stood: its own address, unless the browser says where."""
    referer = request.headers.get("Referer", "")
    if url_has_allowed_host_and_scheme(referer, allowed_hosts={request.get_host()}) and "://" in referer:
        parts = urlsplit(referer)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path
    return request.get_full_path()


def locked_out(request: HttpRequest, _response: Any, credentials: dict[str, Any] | None) -> HttpResponse:
    """In place of any answer to who failed too often: until when. The same whether there is such a user."""
    until = _locked_until(request, (credentials or {}).get("username"))
    minutes = max(-(-int((until - timezone.now()).total_seconds()) // 60), 1)
    context = {
        **admin.site.each_context(request),
        "title": "Too many attempts",
        "minutes": minutes,
        "until": until,
    }
    answer = render(request, "console/locked_out.html", context, status=429)
    answer["Retry-After"] = str(minutes * 60)
    answer["Cache-Control"] = "no-store"
    return answer


def _locked_until(request: HttpRequest, username: str | None) -> datetime:
    ip: Any = getattr(request, "axes_ip_address", None)
    attempts = AccessAttempt.objects.filter(username=username, ip_address=ip)
    if is_address_locked(request):
        attempts = failures_of_address(request)
    last = attempts.aggregate(last=Max("attempt_time"))["last"] or timezone.now()
    found: datetime = last + get_cool_off(request)
    return found


def is_locked(request: HttpRequest, username: str) -> bool:
    """Whether that name failed too often from this address."""
    return not AxesProxyHandler.is_allowed(request, {"username": username})


def count_failure(request: HttpRequest, username: str, step: str) -> None:
    """What was wrong at another step counts beside wrong passwords (django-axes), and stands in the trail."""
    request.login_step = step  # type: ignore[attr-defined]
    user_login_failed.send(__name__, credentials={"username": username}, request=request)


def _actor(request: HttpRequest, user: User) -> Actor:
    return Actor("staff", user.get_username(), request.trace_id, request.client_ip)  # type: ignore[attr-defined]
