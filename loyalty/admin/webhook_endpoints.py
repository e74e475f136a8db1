"""Webhook endpoints: who is told what happened, the secret shown once, a test, and what to do about one that fails."""

import secrets
from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.errors import DomainError
from audit.ids import public
from audit.models import WebhookEndpoint
from loyalty.admin.webhook_form import EndpointForm, endpoint_fields
from loyalty.admin.webhook_words import endpoint_state, endpoint_tag, in_words, types_in_words
from loyalty.queries.webhook_lists import deliveries_of, waiting_for
from programs.actions import webhook_endpoints as actions
from programs.admin.base import actor_of, form_errors, may, require, required_environment
from programs.admin.detail import Crumb, DetailAdmin
from programs.queries.staff import Role

FORM = "webhook_form"  # in the session: the one form that may show a secret
_LATEST = 10


class StateFilter(SimpleListFilter):
    """Archived ones are shown where that is asked for."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Iterable[tuple[str, str]]:
        return [
            ("enabled", "Enabled"),
            ("failing", "Failing"),
            ("disabled", "Disabled"),
            ("archived", "Archived"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == "archived":
            return queryset.filter(archived_at__isnull=False)
        rows = queryset.filter(archived_at=None)
        if self.value() == "failing":
            return rows.filter(status="enabled", failing_since__isnull=False)
        return rows.filter(status=self.value()) if self.value() in ("enabled", "disabled") else rows


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(DetailAdmin[WebhookEndpoint]):
    detail_template = "webhook_endpoint.html"
    explanation = (
        "A webhook endpoint is an address of yours that is told what happens here, as it happens, signed."
    )
    first_step = "Add one with a URL of your server; its secret is shown once."
    list_display = ("where", "description", "told_of", "state", "last_success", "failing_since")
    list_filter = (StateFilter,)
    search_fields = ("url", "description")
    search_help_text = "A part of the URL or of the description"
    ordering = ("-id",)
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookEndpoint]:
        return super().get_queryset(request).defer("secret", "previous_secret")

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return may(request, Role.OPERATOR.value)

    @admin.display(description="URL")
    def where(self, endpoint: WebhookEndpoint) -> SafeString:
        return format_html('<span class="lc-url">{}</span>', endpoint.url)

    @admin.display(description="Told of")
    def told_of(self, endpoint: WebhookEndpoint) -> str:
        return types_in_words(endpoint.event_types)

    @admin.display(description="State")
    def state(self, endpoint: WebhookEndpoint) -> SafeString:
        return endpoint_tag(endpoint)

    @admin.display(description="Last success")
    def last_success(self, endpoint: WebhookEndpoint) -> Any:
        return endpoint.last_success_at or "never"

    def get_urls(self) -> list[URLPattern]:
        own = [
            self.object_page(name, view, Role.OPERATOR.value)
            for name, view in {
                "edit": self.edit,
                "rotate": self.rotate,
                "disable": self.disable,
                "enable": self.enable,
                "archive": self.archive,
                "test": self.test,
            }.items()
        ]
        return [*own, *super().get_urls()]

    def detail_title(self, found: WebhookEndpoint) -> str:
        return found.description or found.url

    def detail(self, request: HttpRequest, found: WebhookEndpoint) -> dict[str, Any]:
        rows = deliveries_of(required_environment(request), endpoint=found.pk).order_by("-id")
        return {
            "public_id": public("whe", found.pk),
            "state": endpoint_state(found),
            "tag": endpoint_tag(found),
            "told_of": types_in_words(found.event_types),
            "latest": [in_words(row) for row in rows[:_LATEST]],
            "waiting": waiting_for(found),
            "rotating": bool(found.previous_until and found.previous_until > timezone.now()),
            "may_operate": may(request, Role.OPERATOR.value),
        }

    # -- made and changed

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """The answer to the post shows the secret; no other page does."""
        require(request, Role.OPERATOR.value)
        form = EndpointForm(request.POST or None)
        if request.method == "POST" and not self._first_use(request):
            messages.error(request, "This form was sent already; the endpoint that it made is in the list.")
            return HttpResponseRedirect(self.url("changelist"))
        if request.method == "POST" and form.is_valid():
            try:
                actions.look_up(form.cleaned_data["url"])
                made = actions.create_endpoint(
                    environment=required_environment(request),
                    actor=actor_of(request),
                    now=timezone.now(),
                    **endpoint_fields(form),
                )
            except DomainError as error:
                form_errors(form, error, {"event_types": "others"})
            else:
                return self._with_secret(request, made, "Your new endpoint")
        token = self._token(request)
        return self.page(request, "webhook_form.html", "New webhook endpoint", form=form, token=token)

    def edit(self, request: HttpRequest, endpoint: WebhookEndpoint) -> HttpResponse:
        form = EndpointForm(request.POST or None, initial=EndpointForm.initial_of(endpoint))
        if request.method == "POST" and form.is_valid():
            try:
                actions.look_up(form.cleaned_data["url"])
                actions.update_endpoint(**self._named(request, endpoint), changes=endpoint_fields(form))
            except DomainError as error:
                form_errors(form, error, {"event_types": "others"})
            else:
                messages.success(request, "The endpoint is saved.")
                return self._back(endpoint)
        shown = {"form": form, "object": endpoint, "original": self._crumb(endpoint)}
        return self.page(request, "webhook_form.html", "Edit the endpoint", **shown)

    def rotate(self, request: HttpRequest, endpoint: WebhookEndpoint) -> HttpResponse:
        shown = {"object": endpoint, "original": self._crumb(endpoint)}
        if request.method == "POST" and not self._first_use(request):
            messages.error(request, "This form was sent already; nothing was rotated a second time.")
            return self._back(endpoint)
        if request.method == "POST":
            try:
                return self._with_secret(
                    request, actions.rotate_secret(**self._named(request, endpoint)), "The new secret"
                )
            except DomainError as error:
                messages.error(request, error.detail)
                return self._back(endpoint)
        return self.page(
            request, "webhook_rotate.html", "Rotate the secret", token=self._token(request), **shown
        )

    def archive(self, request: HttpRequest, endpoint: WebhookEndpoint) -> HttpResponse:
        if request.method != "POST":
            shown = {"object": endpoint, "original": self._crumb(endpoint)}
            return self.page(request, "webhook_archive.html", "Archive the endpoint", **shown)
        actions.archive_endpoint(**self._named(request, endpoint))
        messages.success(request, f"{endpoint.url} is archived; nothing more is sent there.")
        return HttpResponseRedirect(self.url("changelist"))

    def disable(self, request: HttpRequest, endpoint: WebhookEndpoint) -> HttpResponse:
        done = "Disabled: nothing is sent until it is enabled; what waits goes on waiting."
        return self._do(request, endpoint, done, status="disabled")

    def enable(self, request: HttpRequest, endpoint: WebhookEndpoint) -> HttpResponse:
        return self._do(request, endpoint, "Enabled: what waited is sent now.", status="enabled")

    def test(self, request: HttpRequest, endpoint: WebhookEndpoint) -> HttpResponse:
        """On to the test's own page, which says how it went."""
        if request.method != "POST":
            return self._back(endpoint)
        try:
            made = actions.send_test(**self._named(request, endpoint))
        except DomainError as error:
            messages.error(request, error.detail)
            return self._back(endpoint)
        messages.success(request, "A test event is on its way.")
        return HttpResponseRedirect(reverse("admin:audit_webhookdelivery_change", args=[made.pk]))

    # -- what they share

    def _do(self, request: HttpRequest, endpoint: WebhookEndpoint, done: str, **changes: Any) -> HttpResponse:
        if request.method == "POST":
            try:
                actions.update_endpoint(**self._named(request, endpoint), changes=changes)
                messages.success(request, done)
            except DomainError as error:
                messages.error(request, error.detail)
        return self._back(endpoint)

    def _named(self, request: HttpRequest, endpoint: WebhookEndpoint) -> dict[str, Any]:
        """What each action takes; real time, also in a sandbox whose clock is set."""
        return {
            "environment": required_environment(request),
            "endpoint": endpoint,
            "actor": actor_of(request),
            "now": timezone.now(),
        }

    def _with_secret(self, request: HttpRequest, made: actions.NewEndpoint, title: str) -> HttpResponse:
        shown = {"object": made.endpoint, "secret": made.secret}
        return self.page(request, "webhook_secret.html", title, **shown)

    def _token(self, request: HttpRequest) -> str:
        request.session[FORM] = secrets.token_urlsafe(16)
        return str(request.session[FORM])

    def _first_use(self, request: HttpRequest) -> bool:
        """Reloading the page that shows a secret sends its form again, and must not make another."""
        return bool(request.POST.get("token", "") == request.session.pop(FORM, None))

    def _crumb(self, endpoint: WebhookEndpoint) -> Crumb:
        return Crumb(endpoint, self.detail_title(endpoint))

    def _back(self, endpoint: WebhookEndpoint) -> HttpResponse:
        return HttpResponseRedirect(self.url("change", endpoint.pk))
