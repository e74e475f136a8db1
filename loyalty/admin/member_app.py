"""The member app: how the members' own app reaches this environment, and what members may report themselves."""

import re
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from audit.errors import DomainError, FieldError, InvalidRequest
from loyalty.admin.reportable import reportable_types
from programs.actions.member_apps import member_app_of, save_member_app
from programs.admin.base import TenantAdmin, actor_of, form_errors, may, require, required_environment
from programs.admin.detail import Crumb
from programs.admin.widgets import text_area, text_input
from programs.models import ApiKey, Environment, MemberApp
from programs.queries.staff import Role


class MemberAppForm(forms.Form):
    public_host = forms.CharField(
        label="Public host",
        required=False,
        max_length=253,
        widget=text_input(
            placeholder="club.example.com", autocomplete="off", spellcheck="false", inputmode="url"
        ),
        help_text="A name of your own that leads to this server, which must answer to it (ALLOWED_HOSTS of its"
        " settings). By it the app reads the configuration without a key. Empty: with a publishable key or a member"
        " token alone.",
    )
    origins = forms.CharField(
        required=False,
        widget=text_area(
            rows=3, placeholder="https://www.example.com", autocomplete="off", spellcheck="false"
        ),
        label="Web pages that may call",
        help_text="One origin a line: https:// and the host, without a path; of an app in a web view its own, such as"
        " capacitor://localhost. An app that is no web page needs none.",
    )
    others = forms.CharField(
        label="Other event types",
        required=False,
        widget=text_area(rows=2, placeholder="workout_finished", autocomplete="off", spellcheck="false"),
        help_text="One a line, for types that nothing uses and nobody sent yet.",
    )

    def clean_origins(self) -> list[str]:
        return _lines(self.cleaned_data["origins"])

    def clean_others(self) -> list[str]:
        return _lines(self.cleaned_data["others"])


@admin.register(MemberApp)
class MemberAppAdmin(TenantAdmin[MemberApp]):
    writer = Role.OPERATOR.value

    def get_queryset(self, request: HttpRequest) -> QuerySet[MemberApp]:
        return super().get_queryset(request).select_related("environment")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """There is one at most, so its page stands in for the list."""
        require(request, self.reader)
        found = member_app_of(required_environment(request))
        if not found._state.adding:
            return HttpResponseRedirect(self.url("change", found.pk))
        return (
            HttpResponseRedirect(self.url("add")) if may(request, "operator") else self._edit(request, found)
        )

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        require(request, "operator")
        found = member_app_of(required_environment(request))
        if not found._state.adding and request.method != "POST":
            return HttpResponseRedirect(self.url("change", found.pk))
        return self._edit(request, found)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        require(request, self.reader if request.method == "GET" else "operator")
        found = self.get_object(request, object_id)
        return self.not_found(request, object_id) if found is None else self._edit(request, found)

    def _edit(self, request: HttpRequest, app: MemberApp) -> HttpResponse:
        environment = required_environment(request)
        sent = request.POST if request.method == "POST" else None
        form = MemberAppForm(
            sent, initial={"public_host": app.public_host, "origins": "\n".join(app.origins)}
        )
        ticked = sent.getlist("event_types") if sent is not None else app.event_types
        if sent is not None and form.is_valid():
            try:
                _save(request, environment, form, ticked)
            except DomainError as error:
                form_errors(form, _by_type(error, [*form.cleaned_data["others"], *ticked]))
            else:
                messages.success(request, "The member app is saved.")
                return HttpResponseRedirect(self.url("changelist"))
        context: dict[str, Any] = {
            "app": app,
            "form": form if may(request, "operator") else None,
            "types": reportable_types(environment, ticked),
            "example": example_of(request, environment, app),
            "may_own": may(request, "owner"),
        }
        if not app._state.adding:
            context |= {"object": app, "original": Crumb(app, "Member app")}
        return self.page(request, "member_app.html", "Member app", **context)


def example_of(request: HttpRequest, environment: Environment, app: MemberApp) -> dict[str, Any]:
    """Calls that can be copied: by the public host where there is one, else with a publishable key."""
    keys = ApiKey.objects.filter(environment=environment, kind=ApiKey.Kind.PUBLISHABLE, revoked_at=None)
    key = keys.order_by("-created_at").first()
    here = f"{request.scheme}://{request.get_host()}"
    base = here if app.public_host in (None, request.get_host()) else f"https://{app.public_host}"
    token = f"{key.prefix}…" if key else f"pk_{environment.kind}_…"
    return {"base": base, "key": None if app.public_host else token, "has_key": key is not None}


def _save(
    request: HttpRequest, environment: Environment, form: MemberAppForm, ticked: list[str]
) -> MemberApp:
    """Raises DomainErrors."""
    return save_member_app(
        environment=environment,
        actor=actor_of(request),
        changes={
            "public_host": form.cleaned_data["public_host"],
            "origins": form.cleaned_data["origins"],
            "event_types": [*form.cleaned_data["others"], *ticked],
        },
    )


def _by_type(error: DomainError, types: list[str]) -> DomainError:
    """The same refusal, with the event type that each fault is about."""
    faults = []
    for fault in error.errors:
        place = re.fullmatch(r"event_types\[(\d+)\]", fault.field)
        about = f"“{types[int(place[1])]}”: " if place else ""
        name = "others" if fault.field.startswith("event_types") else fault.field
        faults.append(FieldError(name, fault.code, f"{about}{fault.detail}"))
    return InvalidRequest(error.detail, errors=faults)


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.replace(",", "\n").splitlines() if line.strip()]
