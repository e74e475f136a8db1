"""What full stamp cards gave and nobody has paid yet: oldest first, ticked off in bulk."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse

from audit.errors import NotFound
from loyalty.admin.shared import uuid_or_none
from loyalty.admin.stamp_paying import QUEUE, bulk_pay_page, named, sums_in_words
from loyalty.admin.stamp_words import worth_of
from loyalty.models import StampReward
from loyalty.queries.members import find_member
from loyalty.queries.stamps import rewards_of
from programs.admin.base import TenantAdmin, may, require, required_environment
from programs.admin.widgets import text_input
from programs.models import Environment
from programs.queries.environments import now_in

PAGE = 50


class MemberForm(forms.Form):
    member = forms.CharField(
        label="Member id, in full", max_length=200, required=False, widget=text_input(autocomplete="off")
    )


def queue_page(page: TenantAdmin[Any], request: HttpRequest) -> HttpResponse:
    """GET: the queue, of one member with `?member=`. POST: what was ticked is shown with what will happen, then
    done."""
    require(request, "support" if request.method == "POST" else "analyst")
    if request.method == "POST":
        return bulk_pay_page(page, request)
    environment = required_environment(request)
    member = request.GET.get("member", "").strip().replace("\x00", "")
    rows = _waiting(environment, member)
    columns = ("stamp_program__public_id", "stamp_program__name", "currency")
    cards = list(rows.order_by().values_list(*columns).annotate(n=Count("pk"), sum=Sum("amount")))
    cards.sort(key=lambda row: str(row[1]))
    chosen = next((row[0] for row in cards if row[0] == request.GET.get("stamp_program")), None)
    after = uuid_or_none(request.GET.get("after"))
    shown = rows.filter(stamp_program__public_id=chosen) if chosen else rows
    found = list((shown.filter(pk__gt=after) if after else shown)[: PAGE + 1])
    counted = [row for row in cards if chosen in (None, row[0])]
    return page.page(
        request,
        "stamp_queue.html",
        QUEUE,
        **named(QUEUE),
        rows=[(row, worth_of(row)) for row in found[:PAGE]],
        next=found[PAGE - 1].pk if len(found) > PAGE else None,
        is_first=after is None,
        cards=[(key, name, count) for key, name, _, count, _ in cards],
        total=sum(row[3] for row in counted),
        worth=sums_in_words((row[2], int(row[4])) for row in counted),
        chosen=chosen,
        member=member,
        form=MemberForm(initial={"member": member}),
        of_member=urlencode({"member": member}) + "&" if member else "",
        may_help=may(request, "support"),
        now=now_in(environment),
    )


def _waiting(environment: Environment, member: str) -> QuerySet[StampReward]:
    """What is to be paid, to the member of that id alone where one is given; a merge has moved it to the survivor."""
    rows = rewards_of(environment=environment, status=StampReward.Status.ISSUED).order_by("id")
    if not member:
        return rows
    try:
        return rows.filter(member=find_member(environment=environment, member=member))
    except NotFound:
        return rows.none()
