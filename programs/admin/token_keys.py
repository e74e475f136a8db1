"""Keys that sign member tokens: made or registered, a secret shown once, revoked."""

import secrets
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.errors import DomainError
from programs.actions.token_keys import create_token_key, revoke_token_key
from programs.admin.base import actor_of, form_errors, may, require, required_environment
from programs.admin.detail import DetailAdmin
from programs.admin.widgets import select, text_area, text_input
from programs.models import TokenKey
from programs.queries.staff import Role

FORM = "token_key_form"  # in the session: the one form that may make a key


class TokenKeyForm(forms.Form):
    name = forms.CharField(
        max_length=200, widget=text_input(), help_text="Which server or sign-in service signs with it."
    )
    algorithm = forms.ChoiceField(
        choices=TokenKey.Algorithm.choices,
        widget=select(),
        help_text="With a secret that both sides hold, or with a key pair of which we know the public half alone.",
    )
    public_key = forms.CharField(
        required=False,
        max_length=10_000,
        widget=text_area(rows=8, spellcheck="false", autocomplete="off"),
        help_text="From BEGIN PUBLIC KEY to END PUBLIC KEY. Never the private one: nobody else needs it.",
    )


@admin.register(TokenKey)
class TokenKeyAdmin(DetailAdmin[TokenKey]):
    reader = Role.OWNER.value
    detail_template = "token_key.html"
    explanation = "Your server signs tokens with such a key; a member's own app calls the API by one."
    first_step = "Add one, or let POST /v1/members/{id}/tokens issue tokens: it makes one by itself."
    list_display = ("name", "key_id", "algorithm", "last_used_at", "state")
    sortable_by = ()
    search_fields = ("name", "kid")

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return may(request, self.reader)

    @admin.display(description="Key id (kid)")
    def key_id(self, key: TokenKey) -> SafeString:
        return format_html("<code>{}</code>", key.kid)

    @admin.display(description="State")
    def state(self, key: TokenKey) -> SafeString:
        name = state_of(key)
        return format_html('<span class="lc-tag lc-{}">{}</span>', name, name.capitalize())

    def get_urls(self) -> list[URLPattern]:
        return [self.object_page("revoke", self.revoke, self.reader), *super().get_urls()]

    def detail(self, request: HttpRequest, found: TokenKey) -> dict[str, Any]:
        return {"state": state_of(found)}

    def detail_title(self, found: TokenKey) -> str:
        return found.name

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The answer to the post shows the secret; no other page does."""
        require(request, self.reader)
        form = TokenKeyForm(request.POST or None)
        if request.method == "POST" and not self._first_use(request):
            messages.error(request, "This form was sent already; the key that it made is in the list.")
            return HttpResponseRedirect(self.url("changelist"))
        if request.method == "POST" and form.is_valid():
            made = self._made(request, form)
            if made is not None:
                return made
        request.session[FORM] = secrets.token_urlsafe(16)
        token = request.session[FORM]
        return self.page(request, "token_key_form.html", "New member token key", form=form, token=token)

    def _first_use(self, request: HttpRequest) -> bool:
        """Reloading the page that shows a secret sends its form again, and must not make a second key."""
        return bool(request.POST.get("token", "") == request.session.pop(FORM, None))

    def _made(self, request: HttpRequest, form: TokenKeyForm) -> HttpResponse | None:
        environment, actor = required_environment(request), actor_of(request)
        try:
            made = create_token_key(environment=environment, actor=actor, **form.cleaned_data)
        except DomainError as error:
            form_errors(form, error)
            return None
        if made.secret is None:
            messages.success(request, f"{made.key.name} is registered. Put its id into your tokens' headers.")
            return HttpResponseRedirect(self.url("change", made.key.pk))
        shown = {"object": made.key, "secret": made.secret}
        return self.page(request, "token_key_secret.html", "Your new key", **shown)

    def revoke(self, request: HttpRequest, key: TokenKey) -> HttpResponse:
        if request.method != "POST":
            return self.page(request, "token_key_revoke.html", f"Revoke {key.name}", object=key)
        revoke_token_key(environment=required_environment(request), key=key, actor=actor_of(request))
        messages.success(request, f"{key.name} is revoked; its tokens are refused within seconds.")
        return HttpResponseRedirect(self.url("changelist"))


def state_of(key: TokenKey) -> str:
    """`active` or `revoked`."""
    return "revoked" if key.revoked_at else "active"
