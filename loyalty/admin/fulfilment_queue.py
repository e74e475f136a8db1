"""What waits for staff to hand it over: oldest first, ticked off in bulk."""

from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse

from loyalty.admin.bulk_fulfilment import bulk_page
from loyalty.admin.shared import uuid_or_none
from loyalty.queries.redemptions import redemptions_of
from programs.admin.base import TenantAdmin, may, require, required_environment
from programs.queries.environments import now_in

PAGE = 50


def queue_page(page: TenantAdmin[Any], request: HttpRequest) -> HttpResponse:
    """GET: the queue. POST: what was ticked is shown with what will happen, then done."""
    require(request, "support" if request.method == "POST" else "analyst")
    if request.method == "POST":
        return bulk_page(page, request)
    rows = redemptions_of(environment=required_environment(request), status="pending").order_by("id")
    counts = rows.order_by().values_list("reward__public_id", "reward__name").annotate(n=Count("pk"))
    rewards = sorted(counts, key=lambda row: str(row[1]))
    chosen = next((row[0] for row in rewards if row[0] == request.GET.get("reward")), None)
    after = uuid_or_none(request.GET.get("after"))
    shown = rows.filter(reward__public_id=chosen) if chosen else rows
    found = list((shown.filter(pk__gt=after) if after else shown)[: PAGE + 1])
    return page.page(
        request,
        "fulfilment_queue.html",
        "Fulfilment queue",
        rows=found[:PAGE],
        next=found[PAGE - 1].pk if len(found) > PAGE else None,
        is_first=after is None,
        rewards=rewards,
        total=sum(row[2] for row in rewards),
        chosen=chosen,
        may_help=may(request, "support"),
        now=now_in(required_environment(request)),
    )
