"""The sandbox's configuration goes to live: the whole difference is shown first (console.md)."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final, NamedTuple

from django import forms
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from loyalty.actions.copy_configuration import Copyable, copy_to_live, look_at_copy
from loyalty.admin.confirming import Content, Deed, confirm_page
from loyalty.ledger.idempotency import Idempotency
from programs.admin.base import actor_of
from programs.admin.detail import DetailAdmin
from programs.models import Project
from programs.queries.configuration import AS_DRAFTED
from programs.queries.differences import Change, Difference, OnlyThere

_NOUNS: Final = {
    "programs": "Programs",
    "metrics": "Metrics",
    "inventory_sets": "Inventory",
    "inventory_items": "Inventory items",
    "coupons": "Coupons",
    "milestone_sets": "Milestones",
    "tier_ladders": "Tiers",
    "earning_rules": "Earning rules",
    "rewards": "Rewards",
    "stamp_programs": "Stamp programs",
    "challenges": "Challenges",
    "member_app": "Member app",
}
_NOT_IN_PLAN: Final = {"adjustment_limit": "the limit of adjustments by one person"}
_FIELDS: Final = {
    "adjustment_limit": "limit of adjustments by one person",
    "ends_at": "ends",
    "in_force": "published",
    "public_id": "id",
    "retention_days": "days of history shown",
    "starts_at": "starts",
    "tier_points": "points by tier",
    "unit_currency": "currency of the worth",
    "unit_value": "worth of one in money",
}
_LONGEST = 400  # characters of one value on the page


class Line(NamedTuple):
    """One field that changes, as the page shows it."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Row:
    """One object of a group; `note`: of a new one what it will be."""

    title: str
    key: str
    note: str = ""
    lines: Sequence[Line] = ()


def copy_page(page: DetailAdmin[Any], request: HttpRequest, project: Project) -> HttpResponse:
    """What a copy would do, and the button that does it."""
    seen: list[Copyable] = []

    def effect(_content: Content) -> dict[str, Any]:
        seen[:] = [look_at_copy(project=project, actor=actor_of(request), now=timezone.now())]
        return told(seen[0])

    def act(_content: Content, once: Idempotency) -> str:
        done = copy_to_live(
            project=project,
            actor=actor_of(request),
            now=timezone.now(),
            expected=seen[0].difference.digest,
            idempotency=once,
        )
        return f"Live is configured as the sandbox is: {len(done.created)} made, {len(done.changed)} changed."

    deed = Deed(
        name="copy_to_live",
        title="Copy configuration to live",
        form=forms.Form,
        effect=effect,
        act=act,
        after=page.url("change", project.pk),
        repeated="This was copied already.",
        asks=False,
    )
    return confirm_page(page, request, project, deed)


def told(found: Copyable) -> dict[str, Any]:
    """The difference by nouns, in words."""
    difference: Difference = found.difference
    return {
        "created": _grouped(difference.created),
        "changed": _grouped(difference.changed),
        "only_there": _grouped(difference.only_there),
        "counts": [len(each) for each in (difference.created, difference.changed, difference.only_there)],
        "refusals": [fault.detail for fault in found.refusals],
        "stocks": found.stocks,
        "pools": found.pools,
        "not_in_plan": [_NOT_IN_PLAN.get(each) or _NOUNS[each].lower() for each in difference.not_in_plan],
        "may_copy": not difference.is_empty and not found.refusals,
        "shown": difference.digest,
    }


def _grouped(found: Iterable[Change | OnlyThere]) -> list[tuple[str, list[Row]]]:
    return [
        (_NOUNS[noun], [_row(one) for one in group]) for noun, group in groupby(found, lambda one: one.noun)
    ]


def _row(one: Change | OnlyThere) -> Row:
    key = "" if one.key == one.title else one.key
    if isinstance(one, OnlyThere):
        return Row(one.title, key)
    lines = [
        Line(
            _path(each.path),
            *(_in_force(value) if each.path == "in_force" else _value(value) for value in each[1:]),
        )
        for each in one.fields
    ]
    return Row(one.title, key, "" if lines else str(one.document.get("status") or ""), lines)


def _path(path: str) -> str:
    """`levels.gold.threshold` as “Levels › gold › threshold”."""
    words = _FIELDS.get(path) or " › ".join(part.replace("_", " ") for part in path.split("."))
    return words[:1].upper() + words[1:]


def _in_force(value: Any) -> str:
    if value is None:
        return "nothing"
    return "as it is drafted" if value == AS_DRAFTED else "an earlier draft"


def _value(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, str):
        text = "a picture" if value.startswith("sha256:") else value
    else:
        text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
