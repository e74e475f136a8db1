"""What full stamp cards gave and nobody has paid yet: oldest first, ticked off in bulk."""

from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse

from loyalty.admin.shared import uuid_or_none
from loyalty.admin.stamp_paying import bulk_pay_page
from loyalty.admin.stamp_words import worth_of
from loyalty.queries.stamps import rewards_of
from programs.admin.base import TenantAdmin, may, require, required_environment
from programs.queries.environments import now_in

PAGE = 50


def queue_page(page: TenantAdmin[Any], request: HttpRequest) -> HttpResponse:
    """GET: the queue. POST: what was ticked is shown with what will happen, then done."""
    require(request, "support" if request.method == "POST" else "analyst")
    if request.method == "POST":
        return bulk_pay_page(page, request)
    environment = required_environment(request)
    rows = rewards_of(environment=environment, status="issued").order_by("id")
    counts = rows.order_by().values_list("stamp_program__public_id", "stamp_program__name")
    cards = sorted(counts.annotate(n=Count("pk")), key=lambda row: str(row[1]))
    chosen = next((row[0] for row in cards if row[0] == request.GET.get("stamp_program")), None)
    after = uuid_or_none(request.GET.get("after"))
    shown = rows.filter(stamp_program__public_id=chosen) if chosen else rows
    found = list((shown.filter(pk__gt=after) if after else shown)[: PAGE + 1])
    return page.page(
        request,
        "stamp_queue.html",
        "Stamp rewards to pay",
        rows=[(row, worth_of(row)) for row in found[:PAGE]],
        next=found[PAGE - 1].pk if len(found) > PAGE else None,
        is_first=after is None,
        cards=cards,
        total=sum(row[2] for row in cards),
        chosen=chosen,
        may_help=may(request, "support"),
        now=now_in(environment),
    )
