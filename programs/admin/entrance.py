"""The doors of the console: log-in, a user's own log-in page, and who is sent there first."""

from collections.abc import Callable
from copy import copy
from functools import update_wrapper
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, path, reverse
from django.views.decorators.cache import never_cache

from programs.admin import own_log_in, security  # noqa: F401 - security notes log-ins in the trail
from programs.admin.base import current_environment
from programs.admin.log_in import (
    CodePage,
    LogIn,
    count_failure,
    is_locked,
    led,
    locked_out,
    page_of_form,
    to_log_in,
)
from programs.admin.own_password import OwnPassword, must_choose, to_choice

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite
else:
    from unfold.sites import UnfoldAdminSite as AdminSite

# What somebody may open who must set up a second factor before anything else.
_ALWAYS = {"security", "second_factor_begin", "second_factor_confirm", "log_out_elsewhere", "password_change"}
_ALWAYS |= {"logout", "jsi18n", "switch_environment", "recovery_codes", "second_factor_remove"}
_BEFORE_CHOICE = {"password_change", "logout", "jsi18n"}  # with a password that an owner made


class GuardedSite(AdminSite):
    """An admin site whose log-in asks for second factors, and says why one has to log in again."""

    def get_urls(self) -> list[URLPattern | URLResolver]:
        pages = {
            "security": ("security/", own_log_in.own_log_in),
            "second_factor_begin": ("security/second-factor/", own_log_in.begin),
            "second_factor_confirm": ("security/second-factor/confirm/", own_log_in.confirm),
            "second_factor_remove": ("security/second-factor/remove/", own_log_in.remove),
            "recovery_codes": ("security/recovery-codes/", own_log_in.recovery_codes),
            "log_out_elsewhere": ("security/log-out/", own_log_in.log_out_elsewhere),
        }
        own = [path(route, self.admin_view(view), name=name) for name, (route, view) in pages.items()]
        return [path("login/code/", CodePage(), name="log_in_code"), *own, *super().get_urls()]

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        if request.method == "GET" and self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        return never_cache(LogIn.as_view(extra_context=extra_context))(request)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Wrong old passwords count as failed log-ins do."""
        if request.method == "POST" and is_locked(request, request.user.get_username()):
            return locked_out(request, None, {"username": request.user.get_username()})
        frame = self._frame_of_nobody(request) if must_choose(request) else self.each_context(request)
        context = {**frame, **(extra_context or {})}
        response = OwnPassword.as_view(extra_context=context)(request)
        if request.method == "POST" and response.status_code != 302 and _is_old_password_wrong(response):
            count_failure(request, request.user.get_username(), "old password")
        return response

    def _frame_of_nobody(self, request: HttpRequest) -> dict[str, Any]:
        """As at the log-in: without menu, search and switcher, and what they would ask the database."""
        nobodys = copy(request)
        nobodys.user = AnonymousUser()
        return self.each_context(nobodys)

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """Who is not logged in is sent to the log-in, whoever has a password that an owner made to the choice of
        another, and whoever sees no project without a second factor to its set-up."""
        inner = super().admin_view(view, cacheable)

        @never_cache
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if not self.has_permission(request) and request.path != reverse("admin:logout"):
                return to_log_in(request)
            if must_choose(request) and _page_of(request) not in _BEFORE_CHOICE:
                return led(request, to_choice(request), "Choose a password of your own first.")
            if _must_set_up(request):  # not 401: the page at hand may be the set-up itself, and has a search
                return led(request, reverse("admin:security"), "Set up a second factor first.", status=403)
            return inner(request, *args, **kwargs)

        return update_wrapper(guarded, view)


def _is_old_password_wrong(response: Any) -> bool:
    """No other fault of the field counts as a guess: it may be left out, or changed by an owner meanwhile."""
    return bool(response.context_data["form"].has_error("old_password", "password_incorrect"))


def lacks_second_factor(request: HttpRequest) -> bool:
    """Whether a project of the user's is hidden until they set one up."""
    return bool(getattr(request.user, "lacks_second_factor", False))


def _must_set_up(request: HttpRequest) -> bool:
    return (
        lacks_second_factor(request)
        and _page_of(request) not in _ALWAYS
        and current_environment(request) is None
    )


def _page_of(request: HttpRequest) -> str | None:
    return request.resolver_match.url_name if request.resolver_match else None


def forgery(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django names the reason
    """In place of Django's page for a form without its token, which is mostly one that was open across a log-in."""
    context = {
        **admin.site.each_context(request),
        "title": "Open the page anew",
        "page": page_of_form(request),
    }
    return render(request, "console/forgery.html", context, status=403)
