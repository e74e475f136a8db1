"""The console: one admin site, in one chosen environment at a time (console.md)."""

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.templatetags.static import static
from django.urls import NoReverseMatch, Resolver404, URLPattern, URLResolver, path, resolve, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST
from django.views.defaults import permission_denied

from config.navigation import pages_named
from loyalty.admin.first_steps import steps_for
from loyalty.admin.job_pages import jobs_shown
from loyalty.admin.liability import liability_csv, liability_shown
from loyalty.admin.overview import overview_shown, report_csv
from loyalty.admin.project_adding import may_add
from loyalty.queries.search import SHOWN_OF_EACH, find_anything
from programs.admin.base import SESSION_KEY, TenantAdmin, current_environment, may, require
from programs.admin.entrance import GuardedSite, lacks_second_factor
from programs.admin.plan_features import is_hidden, refuse_hidden
from programs.models import Environment
from programs.queries.staff import environments_for

if TYPE_CHECKING:
    from collections.abc import Callable


class ConsoleSite(GuardedSite):
    """Pages that know no tenants (of Django and of third parties) are not let in."""

    index_title = "Overview"
    empty_value_display = "–"
    enable_nav_sidebar = True

    def register(
        self, model_or_iterable: Any, admin_class: type[ModelAdmin[Any]] | None = None, **options: Any
    ) -> None:
        if admin_class is not None and issubclass(admin_class, TenantAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        own = [
            path("environment/", self.admin_view(self.switch), name="switch_environment"),
            path("find/", self.admin_view(self.find), name="find"),
            path("jobs/", self.admin_view(self.jobs), name="jobs"),
            path("overview/<slug:slug>.csv", self.admin_view(report_csv), name="report_csv"),
            path("liability/", self.admin_view(self.liability), name="liability"),
            path("liability/<slug:slug>.csv", self.admin_view(liability_csv), name="liability_csv"),
        ]
        return [*own, *super().get_urls()]

    def admin_view(self, view: "Callable[..., Any]", cacheable: bool = False) -> Any:
        """Every page is rendered in the zone of the current project."""

        def in_zone(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if any("\x00" in value for values in request.GET.lists() for value in values[1]):
                raise BadRequest("The address holds a character that can't be stored.")
            environment = current_environment(request) if self.has_permission(request) else None
            if environment and self._opened_elsewhere(request, environment):
                return HttpResponseRedirect(reverse("admin:index"))
            refuse_hidden(request, environment)
            with timezone.override(ZoneInfo(environment.project.time_zone) if environment else None):
                response = view(request, *args, **kwargs)
                return response.render() if isinstance(response, SimpleTemplateResponse) else response

        return super().admin_view(in_zone, cacheable)

    def _opened_elsewhere(self, request: HttpRequest, environment: Environment) -> bool:
        """Whether the form was opened before another tab switched; told to the user, and nothing is done."""
        opened_in = request.POST.get("_environment", str(environment.pk))
        is_switch = (
            request.resolver_match is not None and request.resolver_match.url_name == "switch_environment"
        )
        if opened_in == str(environment.pk) or is_switch:
            return False
        text = f"Nothing was saved: this form was opened in another environment, and you are now in {environment}."
        messages.error(request, text)
        return True

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        if not self.has_permission(request):
            return context
        environment = current_environment(request)
        return context | {
            "console_environment": environment,
            "console_environments": environments_for(request.user),
            "console_lacks_second_factor": lacks_second_factor(request),
            "console_may_operate": may(request, "operator"),
            "console_steps": steps_for(request, environment) if environment else [],
            "is_overview": request.path == reverse("admin:index"),
            "environment_title_prefix": f"{environment.kind.upper()} ·" if environment else "",
        }

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        environment = current_environment(request)
        context = {**self.each_context(request), "title": "Overview", **(extra_context or {})}
        if environment is None:
            context["console_may_add_first"] = may_add(request)
            return TemplateResponse(request, "console/no_project.html", context)
        return TemplateResponse(
            request, "console/overview.html", context | overview_shown(request, environment)
        )

    def liability(self, request: HttpRequest) -> TemplateResponse:
        """What the program owes, month by month."""
        shown = liability_shown(request)
        return TemplateResponse(
            request, "console/liability.html", {**self.each_context(request), "title": "Liability", **shown}
        )

    def app_index(self, request: HttpRequest, app_label: str, extra_context: Any = None) -> Any:
        """The console is arranged by task, not by Django's apps."""
        return HttpResponseRedirect(reverse("admin:index"))

    def switch(self, request: HttpRequest) -> HttpResponse:
        return switch_environment(request)

    def find(self, request: HttpRequest) -> HttpResponse:
        """Search by any id or code, without a script; a single hit is opened."""
        term = request.GET.get("q", "").strip()
        hits = _hits(current_environment(request), term)
        if len(hits) == 1:
            return HttpResponseRedirect(hits[0]["link"])
        context = {**self.each_context(request), "title": "Search", "term": term, "hits": hits} | {
            "more_members": sum(hit["noun"] == "loyalty_member" for hit in hits) >= SHOWN_OF_EACH
        }
        return TemplateResponse(request, "console/find.html", context)

    def jobs(self, request: HttpRequest) -> HttpResponse:
        """What runs in the background, and how it went."""
        require(request, "analyst")
        context = {**self.each_context(request), "title": "Background jobs", **jobs_shown()}
        return TemplateResponse(request, "console/jobs.html", context)

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The command palette (Ctrl+K). Unfold's own keeps answers per user, across environments."""
        term = request.GET.get("s", "").strip()
        hits = [*pages_named(request, term), *_hits(current_environment(request), term)] if term else []
        shown = [{key: str(hit[key]) for key in ("title", "description", "link", "icon")} for hit in hits]
        return JsonResponse({"hits": shown})


@require_POST
def switch_environment(request: HttpRequest) -> HttpResponse:
    """Choose an environment; one that the user may not see is a 404."""
    allowed = {str(environment.pk): environment for environment in environments_for(request.user)}
    chosen = allowed.get(request.POST.get("environment", ""))
    if chosen is None:
        raise Http404
    request.session[SESSION_KEY] = str(chosen.pk)
    return HttpResponseRedirect(_same_list(request))


def _same_list(request: HttpRequest) -> str:
    """The page to stay on: an object of the old environment is not in the new one, its list is."""
    target = request.POST.get("next", "")
    index = reverse("admin:index")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        return index
    try:
        name = resolve(target.partition("?")[0]).url_name or ""
        listed = "_".join(name.split("_")[:2])
        return index if name == "index" else reverse(f"admin:{listed}_changelist")
    except (Resolver404, NoReverseMatch):
        return index


# -- what config.settings.UNFOLD names


def icon(_request: HttpRequest) -> str:
    return static("console/icon.svg")


def _hits(environment: Environment | None, term: str) -> list[dict[str, Any]]:
    found = find_anything(environment=environment, term=term) if environment else []
    pages = ((hit, f"{hit.noun}_change") for hit in found)
    return [
        hit._asdict() | {"link": reverse(f"admin:{page}", args=[hit.key])}
        for hit, page in pages
        if not is_hidden(environment, page)
    ]


def not_allowed(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The 403 page of the console: in the console's frame for who is signed in, plain for anybody else."""
    if not getattr(request, "user", None) or not request.user.is_authenticated:
        return permission_denied(request, exception)
    context = {**admin.site.each_context(request), "title": "Not allowed", "sentence": str(exception)}
    return render(request, "console/not_allowed.html", context, status=403)
