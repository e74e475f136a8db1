"""The change of one's own password: by one's own will, or before anything else where an owner made it."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME, update_session_auth_hash
from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse, reverse_lazy
from unfold.forms import AdminOwnPasswordChangeForm

from audit.errors import DomainError
from programs.actions.staff import choose_password
from programs.admin.base import actor_of, form_errors
from programs.admin.log_in import page_asked_for


def must_choose(request: HttpRequest) -> bool:
    """Whether somebody else knows the user's password: an owner made it."""
    return bool(getattr(request.user, "must_choose_password", False))


def to_choice(request: HttpRequest) -> str:
    """The address of the page where the user chooses a password, and from there back to the page at hand."""
    address = reverse("admin:password_change")
    if request.method != "GET" or request.path == reverse("admin:index"):
        return address
    return f"{address}?{urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})}"


class OwnPasswordForm(AdminOwnPasswordChangeForm):
    def clean(self) -> dict[str, Any]:
        """The same again is no change: who made the old one would know it still."""
        sent: dict[str, Any] = super().clean() or {}
        if sent.get("new_password1") and sent["new_password1"] == sent.get("old_password"):
            self.add_error("new_password1", "This is the old password. Choose another.")
        return sent


class OwnPassword(PasswordChangeView):
    """Old password once, new one twice."""

    form_class = OwnPasswordForm
    template_name = "registration/password_change_form.html"
    success_url = reverse_lazy("admin:password_change_done")
    request: HttpRequest

    def get_template_names(self) -> list[str]:
        return ["console/choose_password.html"] if must_choose(self.request) else [self.template_name]

    def get_form(self, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(*args, **kwargs)
        if must_choose(self.request):
            form.fields["old_password"].label = "The password that you were given"
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        title = "Choose a password of your own" if must_choose(self.request) else "Change the password"
        return {**super().get_context_data(**kwargs), "title": title}

    def form_valid(self, form: Any) -> HttpResponse:
        """This log-in goes on, as the only one."""
        was_asked = must_choose(self.request)
        password = form.cleaned_data["new_password1"]
        try:
            user = choose_password(user=form.user, password=password, actor=actor_of(self.request))
        except DomainError as error:
            form_errors(form, error)
            return self.form_invalid(form)
        update_session_auth_hash(self.request, user)
        if not was_asked:
            return HttpResponseRedirect(self.get_success_url())
        messages.success(self.request, "The password is yours alone now.")
        return HttpResponseRedirect(page_asked_for(self.request) or reverse("admin:index"))
