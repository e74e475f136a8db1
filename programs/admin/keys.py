"""API keys: made, shown once, revoked."""

import secrets
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.errors import DomainError
from programs.actions.keys import SCOPES, create_key, revoke_key
from programs.admin.base import actor_of, form_errors, may, require, required_environment
from programs.admin.detail import DetailAdmin
from programs.admin.widgets import check_boxes, date_time, select, text_input
from programs.models import ApiKey
from programs.queries.staff import Role

_NOT_OF_A_SERVER = ("config:", "audit:", "webhooks:", "sandbox:")
_OF_A_SERVER = [scope for scope in SCOPES if scope != "*" and not scope.startswith(_NOT_OF_A_SERVER)]
_PRESETS = [
    ("A server, all but what is set up and the audit trail", urlencode({"scopes": _OF_A_SERVER}, doseq=True)),
    ("Figures alone", urlencode({"scopes": ["analytics:read"]}, doseq=True)),
]
FORM = "key_form"  # in the session: the one form that may make a key


class KeyForm(forms.Form):
    name = forms.CharField(
        max_length=200, widget=text_input(), help_text="Which server, app or person uses it."
    )
    kind = forms.ChoiceField(
        choices=[
            (ApiKey.Kind.SECRET, "Secret, for your servers"),
            (ApiKey.Kind.PUBLISHABLE, "Publishable, for apps and web pages"),
        ],
        required=False,
        initial=ApiKey.Kind.SECRET,
        widget=select(),
        help_text="Everybody may see a publishable key: all that it does is to read the public configuration of "
        "challenges, metrics and inventory (GET /api/loyalty/config).",
    )
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        required=False,
        choices=[(scope, f"{words} ({scope})") for scope, words in SCOPES.items()],
        widget=check_boxes(),
    )
    expires_at = forms.DateTimeField(
        label="Ends", required=False, widget=date_time(), help_text="Empty: until it is revoked."
    )

    def clean(self) -> dict[str, Any]:
        """A publishable key has no scopes: what was ticked before its kind was chosen is dropped."""
        sent: dict[str, Any] = super().clean() or {}
        sent["kind"] = sent.get("kind") or ApiKey.Kind.SECRET
        if sent["kind"] == ApiKey.Kind.PUBLISHABLE:
            sent["scopes"] = []
        elif "scopes" in sent and not sent["scopes"]:
            self.add_error("scopes", "Choose at least one thing that its holder may do.")
        return sent

    def clean_expires_at(self) -> Any:
        ends = self.cleaned_data["expires_at"]
        if ends and ends <= timezone.now():
            raise forms.ValidationError("Choose an instant in the future.")
        return ends


@admin.register(ApiKey)
class ApiKeyAdmin(DetailAdmin[ApiKey]):
    reader = Role.OWNER.value
    detail_template = "key.html"
    explanation = (
        "Your servers call the API with a secret key of this environment, apps with a publishable one."
    )
    first_step = "Add one; it is shown once."
    list_display = ("name", "kind_of", "starts_with", "may_do", "last_used_at", "expires_at", "state")
    list_filter = ("kind",)
    sortable_by = ()
    search_fields = ("name", "prefix")

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return may(request, self.reader)

    @admin.display(description="Begins with")
    def starts_with(self, key: ApiKey) -> SafeString:
        return format_html("<code>{}…</code>", key.prefix)

    @admin.display(description="Kind")
    def kind_of(self, key: ApiKey) -> SafeString:
        return format_html('<span class="lc-tag lc-key-{}">{}</span>', key.kind, key.get_kind_display())

    @admin.display(description="Scopes")
    def may_do(self, key: ApiKey) -> str:
        if key.kind == ApiKey.Kind.PUBLISHABLE:
            return "public configuration"
        return ", ".join("everything" if scope == "*" else scope for scope in key.scopes)

    @admin.display(description="State")
    def state(self, key: ApiKey) -> SafeString:
        name = state_of(key)
        return format_html('<span class="lc-tag lc-{}">{}</span>', name, name.capitalize())

    def get_urls(self) -> list[URLPattern]:
        return [self.object_page("revoke", self.revoke, self.reader), *super().get_urls()]

    def detail(self, request: HttpRequest, found: ApiKey) -> dict[str, Any]:
        return {
            "scopes": [(scope, SCOPES.get(scope, scope)) for scope in found.scopes],
            "state": state_of(found),
        }

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The answer to the post shows the secret; it is stored nowhere (the admin
        forbids browsers to keep its pages), so it can't be shown again."""
        require(request, self.reader)
        environment = required_environment(request)
        usual = {"name": request.GET.get("name", ""), "scopes": request.GET.getlist("scopes")}
        form = KeyForm(request.POST or None, initial=usual)
        if request.method == "POST" and not self._first_use(request):
            messages.error(request, "This form was sent already; the key that it made is in the list.")
            return HttpResponseRedirect(self.url("changelist"))
        if request.method == "POST" and form.is_valid():
            try:
                made = create_key(environment=environment, actor=actor_of(request), **form.cleaned_data)
            except DomainError as error:
                form_errors(form, error)
            else:
                shown = {"object": made.key, "secret": made.secret}
                return self.page(request, "key_secret.html", "Your new key", **shown)
        request.session[FORM] = secrets.token_urlsafe(16)
        return self.page(
            request, "key_form.html", "New API key", form=form, token=request.session[FORM], presets=_PRESETS
        )

    def _first_use(self, request: HttpRequest) -> bool:
        """Reloading the page that shows a secret sends its form again, and must not make a second key."""
        return bool(request.POST.get("token", "") == request.session.pop(FORM, None))

    def revoke(self, request: HttpRequest, key: ApiKey) -> HttpResponse:
        if request.method != "POST":
            return self.page(request, "key_revoke.html", f"Revoke {key.name}", object=key)
        revoke_key(environment=required_environment(request), key=key, actor=actor_of(request))
        messages.success(request, f"{key.name} is revoked; calls with it are refused within seconds.")
        return HttpResponseRedirect(self.url("changelist"))


def state_of(key: ApiKey) -> str:
    """`active`, `expired` or `revoked`."""
    if key.revoked_at:
        return "revoked"
    return "expired" if key.expires_at and key.expires_at <= timezone.now() else "active"
