"""The sidebar: pages by task, not by table, and how much waits in the queues (console.md)."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from loyalty.queries.approvals import pending_count
from loyalty.queries.redemptions import waiting_count
from loyalty.queries.stamp_lists import to_pay_count
from programs.admin.base import current_environment, may
from programs.admin.plan_features import is_hidden

_NAVIGATION: list[tuple[str | None, list[tuple[str, str, str, str]]]] = [
    (
        None,
        [
            ("Overview", "dashboard", "index", "analyst"),
            ("Liability", "account_balance", "liability", "analyst"),
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


def pages_named(request: HttpRequest, term: str) -> list[dict[str, Any]]:
    """The pages of the sidebar whose name holds the term."""
    items = [item for group in navigation(request) for item in group["items"]]
    return [item | {"description": "Page"} for item in items if term.lower() in item["title"].lower()]
