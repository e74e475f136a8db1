"""The console: one admin site, in one chosen environment at a time (console.md)."""

from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.contrib import admin, messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.template.response import SimpleTemplateResponse, TemplateResponse
from django.templatetags.static import static
from django.urls import NoReverseMatch, Resolver404, URLPattern, URLResolver, path, resolve, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST
from django.views.defaults import permission_denied

from loyalty.admin.job_pages import jobs_shown
from loyalty.queries.approvals import pending_count
from loyalty.queries.overview import PERIODS, checklist, figures, latest_activity
from loyalty.queries.redemptions import waiting_count
from loyalty.queries.search import find_anything
from loyalty.queries.stamp_lists import to_pay_count
from loyalty.queries.webhook_lists import troubled_endpoints
from programs.admin.base import SESSION_KEY, TenantAdmin, current_environment, may, require, role
from programs.admin.plan_features import is_hidden, refuse_hidden
from programs.admin.security import record_security
from programs.models import Environment
from programs.queries.environments import now_in
from programs.queries.staff import environments_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.admin import AdminSite
else:
    from unfold.sites import UnfoldAdminSite as AdminSite


class ConsoleSite(AdminSite):
    """Pages that know no tenants (of Django and of third parties) are not let in."""

    index_title = "Overview"
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

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        response = super().password_change(request, extra_context)
        if request.method == "POST" and response.status_code == 302:
            record_security("staff.password_changed", request, request.user.get_username(), request.user)
        return response

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
            "console_role": role(request),
            "console_may_operate": may(request, "operator"),
            "environment_title_prefix": f"{environment.kind.upper()} ·" if environment else "",
        }

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        environment = current_environment(request)
        context = {**self.each_context(request), "title": "Overview", **(extra_context or {})}
        if environment is None:
            return TemplateResponse(request, "console/no_project.html", context)
        now = now_in(environment)
        days = next((d for d in PERIODS if str(d) == request.GET.get("days")), PERIODS[1])
        context |= {
            "steps": checklist(environment=environment, now=now) if may(request, "operator") else [],
            "figures": figures(environment=environment, now=now, days=days),
            "latest": latest_activity(environment=environment),
            "troubled_endpoints": troubled_endpoints(environment, timezone.now()),
            "days": days,
            "periods": PERIODS,
            "now": now,
        }
        return TemplateResponse(request, "console/overview.html", context)

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
        context = {**self.each_context(request), "title": "Search", "term": term, "hits": hits}
        return TemplateResponse(request, "console/find.html", context)

    def jobs(self, request: HttpRequest) -> HttpResponse:
        """What runs in the background, and how it went."""
        require(request, "analyst")
        context = {**self.each_context(request), "title": "Background jobs", **jobs_shown()}
        return TemplateResponse(request, "console/jobs.html", context)

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The command palette (Ctrl+K). Unfold's own keeps answers per user, across environments."""
        term = request.GET.get("s", "").strip()
        if not term:
            return HttpResponse()
        hits = [*_pages(request, term), *_hits(current_environment(request), term)]
        return TemplateResponse(request, "console/palette.html", {"hits": hits})


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


def styles(_request: HttpRequest) -> str:
    return static("console/console.css")


def icon(_request: HttpRequest) -> str:
    return static("console/icon.svg")


def scripts(_request: HttpRequest) -> str:
    return static("console/console.js")


_NAVIGATION: list[tuple[str | None, list[tuple[str, str, str, str]]]] = [
    (
        None,
        [
            ("Overview", "dashboard", "index", "analyst"),
            ("Members", "group", "loyalty_member_changelist", "analyst"),
        ],
    ),
    (
        "Programs",
        [
            ("Programs", "loyalty", "programs_program_changelist", "analyst"),
            ("Metrics", "token", "programs_metric_changelist", "analyst"),
            ("Earning rules", "rule", "programs_earningrule_changelist", "analyst"),
            ("Tiers", "stairs", "programs_tierladder_changelist", "analyst"),
        ],
    ),
    (
        "Rewards",
        [
            ("Catalogue", "redeem", "programs_reward_changelist", "analyst"),
            ("Fulfilment queue", "inbox", "loyalty_redemption_queue", "analyst"),
            ("Redemptions", "shopping_bag", "loyalty_redemption_changelist", "analyst"),
            ("Analytics", "monitoring", "programs_reward_figures", "analyst"),
        ],
    ),
    (
        "Stamps",
        [
            ("Stamp programs", "approval", "programs_stampprogram_changelist", "analyst"),
            ("Enrolments", "how_to_reg", "loyalty_stampcollection_changelist", "analyst"),
            ("Rewards to pay", "payments", "loyalty_stampreward_queue", "analyst"),
            ("Stamp rewards", "workspace_premium", "loyalty_stampreward_changelist", "analyst"),
        ],
    ),
    (
        "Challenges",
        [
            ("Challenges", "flag", "programs_challenge_changelist", "analyst"),
            ("Coupons", "sell", "programs_coupon_changelist", "analyst"),
            ("Milestones", "landscape", "programs_milestoneset_changelist", "analyst"),
            ("Inventory", "inventory_2", "programs_inventoryset_changelist", "analyst"),
        ],
    ),
    (
        "Activity",
        [
            ("Events", "bolt", "loyalty_event_changelist", "analyst"),
            ("Ledger", "receipt_long", "loyalty_ledgerentry_changelist", "analyst"),
            ("Holds", "lock_clock", "loyalty_hold_changelist", "analyst"),
            ("Approvals", "fact_check", "loyalty_adjustmentrequest_queue", "support"),
            ("Audit trail", "history", "audit_auditevent_changelist", "analyst"),
            ("Exports", "download", "loyalty_export_changelist", "analyst"),
        ],
    ),
    (
        "Webhooks",
        [
            ("Endpoints", "webhook", "audit_webhookendpoint_changelist", "analyst"),
            ("Deliveries", "outgoing_mail", "audit_webhookdelivery_changelist", "analyst"),
        ],
    ),
    (
        "Settings",
        [
            ("Project", "settings", "programs_project_changelist", "analyst"),
            ("API keys", "key", "programs_apikey_changelist", "owner"),
            ("Imports", "upload_file", "loyalty_import_changelist", "analyst"),
            ("Member app", "smartphone", "programs_memberapp_changelist", "analyst"),
            ("Shared programs", "share", "programs_programshare_changelist", "analyst"),
            ("Member token keys", "fingerprint", "programs_tokenkey_changelist", "owner"),
            ("Plan", "speed", "programs_plan_changelist", "analyst"),
            ("Staff", "badge", "programs_projectmembership_changelist", "owner"),
            ("Background jobs", "schedule", "jobs", "analyst"),
        ],
    ),
]


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """The sidebar, by task; only what the user's role may open, and the plan holds."""
    environment = current_environment(request)
    groups: list[dict[str, Any]] = []
    for title, entries in _NAVIGATION:
        shown = [
            {"title": name, "icon": icon, "link": reverse(f"admin:{url}")}
            for name, icon, url, least in entries
            if (may(request, least) or url == "index") and not is_hidden(environment, url)
        ]
        if shown:
            groups.append({"title": title, "separator": False, "collapsible": False, "items": shown})
    items = [item for group in groups for item in group["items"]]
    _mark_active(request, items)
    _mark_waiting(request, items)
    return groups


def _mark_active(request: HttpRequest, items: list[dict[str, Any]]) -> None:
    """One entry: that whose address the page's begins with, the longest of them; the overview's own alone."""
    index = reverse("admin:index")
    links = [item["link"] for item in items if request.path.startswith(item["link"])]
    here = max((link for link in links if link != index or request.path == index), key=len, default=None)
    for item in items:
        item["active"] = item["link"] == here


def _mark_waiting(request: HttpRequest, items: list[dict[str, Any]]) -> None:
    """How much waits for fulfilment and how much for payment, beside the queues' names."""
    environment = current_environment(request)
    if environment is None:
        return
    queues = {
        reverse("admin:loyalty_redemption_queue"): waiting_count(environment=environment),
        reverse("admin:loyalty_stampreward_queue"): to_pay_count(environment=environment),
        reverse("admin:loyalty_adjustmentrequest_queue"): pending_count(environment=environment),
    }
    for item in (item for item in items if queues.get(item["link"])):
        waiting = queues[item["link"]]
        item |= {"badge": "99+" if waiting > 99 else f"{waiting}", "badge_variant": "warning"}


def _pages(request: HttpRequest, term: str) -> list[dict[str, Any]]:
    """The pages of the sidebar whose name holds the term."""
    items = [item for group in navigation(request) for item in group["items"]]
    return [item | {"description": "Page"} for item in items if term.lower() in item["title"].lower()]


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
