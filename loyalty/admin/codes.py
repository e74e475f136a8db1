"""The codes of a reward: how many are left, who has which, and the file of those that nobody has."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.utils import timezone

from audit.errors import DomainError
from loyalty.actions.code_downloads import note_download
from loyalty.actions.codes import remove_codes
from loyalty.admin.csv_files import csv_answer
from loyalty.admin.redemption_words import CODES, code_shown
from loyalty.admin.shared import uuid_or_none
from loyalty.models import CodeUpload, Redemption, RewardCode
from loyalty.queries.code_lists import STATUSES, code_counts, codes_of
from loyalty.queries.redemptions import code_status
from loyalty.queries.taken import MANY, codes_left, in_words
from programs.admin.base import TenantAdmin, actor_of, may, required_environment
from programs.admin.detail import Crumb
from programs.models import Reward
from programs.queries.environments import now_in

_PAGE = 50
_UPLOADS = 10
_TITLES = CODES | {"available": "Left in the pool"}


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A code as it is listed; `shown`: masked for who may not hand it on."""

    code: RewardCode
    shown: str
    status: str
    words: str
    redemption: Redemption | None


def codes_page(page: TenantAdmin[Reward], request: HttpRequest, reward: Reward) -> HttpResponse:
    now = now_in(required_environment(request))
    term = request.GET.get("q", "").strip()
    counts = code_counts(reward=reward, now=now)
    status = _chosen(request, counts)
    after = uuid_or_none(request.GET.get("after"))
    found = codes_of(reward=reward, now=now, **({"code": term} if term else {"status": status}))
    codes = _page_of(found, after, is_rising=status == "available" and not term)
    context = {
        "object": reward,
        "original": Crumb(reward, str(reward)),
        "tabs": [(name, _TITLES[name], _counted(name, counts[name])) for name in STATUSES],
        "status": status,
        "term": term,
        "rows": [_row(request, code, now) for code in codes[:_PAGE]],
        "is_first": after is None,
        "next": codes[_PAGE - 1].pk if len(codes) > _PAGE else None,
        "is_pool": reward.code_source == Reward.CodeSource.POOL,
        "left": _counted("available", counts["available"]) if counts["available"] else "",
        "uploads": uploads_of(reward),
        "may_operate": may(request, "operator"),
    }
    return page.page(request, "reward_codes.html", f"Codes of {reward}", **context)


def uploads_of(reward: Reward) -> list[CodeUpload]:
    """The latest, without their contents and those that were only looked at."""
    rows = CodeUpload.objects.filter(reward=reward).exclude(status=CodeUpload.Status.PREVIEW)
    return list(rows.defer("content", "problems")[:_UPLOADS])


def codes_csv(_page: TenantAdmin[Reward], request: HttpRequest, reward: Reward) -> StreamingHttpResponse:
    """Those that nobody has yet, in the order in which they are issued; the trail says who took them."""
    environment = required_environment(request)
    note_download(environment=environment, reward=reward, actor=actor_of(request))
    rows = codes_of(reward=reward, now=now_in(environment), status="available").order_by("id")
    # The file is written when the page's time zone has been left.
    lines = _left(rows, timezone.get_current_timezone())
    return csv_answer(f"{reward.public_id}-codes-left", ["code", "added_at"], lines)


def remove_page(page: TenantAdmin[Reward], request: HttpRequest, reward: Reward) -> HttpResponse:
    """Asks first; a post removes those that nobody has yet."""
    environment = required_environment(request)
    codes_url = page.url("codes", reward.pk)
    if request.method != "POST":
        left = codes_left([reward.pk], most=None)[reward.pk]
        context = {"object": reward, "original": Crumb(reward, str(reward)), "left": left}
        return page.page(request, "reward_remove_codes.html", f"Remove codes of {reward}", **context)
    try:
        removed = remove_codes(
            environment=environment, reward=reward, actor=actor_of(request), now=now_in(environment)
        )
    except DomainError as error:
        messages.error(request, error.detail)
    else:
        messages.success(request, f"{removed:,} code{'' if removed == 1 else 's'} removed.")
    return HttpResponseRedirect(codes_url)


def _counted(status: str, count: int) -> str:
    """Of the codes left the exact number, which operators order new ones by: 100,000+ above that alone."""
    if status != "available":
        return in_words(count)
    return f"{MANY:,}+" if count > MANY else f"{count:,}"


def _left(rows: Any, zone: tzinfo) -> Iterator[list[str]]:
    for code, added_at in rows.values_list("code", "added_at").iterator(5000):
        yield [code, added_at.astimezone(zone).isoformat(timespec="seconds")]


def _chosen(request: HttpRequest, counts: dict[str, int]) -> str:
    """The tab that was asked for, else the first that holds anything."""
    asked = request.GET.get("status")
    if asked in STATUSES:
        return asked
    return next((name for name in STATUSES if counts[name]), STATUSES[0])


def _page_of(rows: QuerySet[RewardCode], after: UUID | None, *, is_rising: bool) -> list[RewardCode]:
    """One more than a page shows. Rising: in the order in which they are issued; else the latest first."""
    rows = rows.select_related("redemption__member").order_by("id" if is_rising else "-id")
    if after is not None:
        rows = rows.filter(pk__gt=after) if is_rising else rows.filter(pk__lt=after)
    return list(rows[: _PAGE + 1])


def _row(request: HttpRequest, code: RewardCode, now: datetime) -> CodeRow:
    status = code_status(code, now)
    whole = may(request, "operator" if status == "available" else "support")
    return CodeRow(code, code_shown(code, whole=whole), status, _TITLES[status], code.redemption)
