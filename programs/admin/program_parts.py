"""A program seen whole: what belongs to it, each kind with its objects, and where the next is made."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

from programs.admin.base import may
from programs.admin.plan_features import is_hidden
from programs.admin.rule_words import sentence_of
from programs.models import (
    Challenge,
    EarningRule,
    InventorySet,
    Metric,
    MilestoneSet,
    Program,
    Reward,
    StampProgram,
    TierLadder,
)

_MOST = 6


@dataclass(frozen=True, slots=True)
class Item:
    """`status`: its code and its words, or None; `words`: what it is in a few words."""

    name: str
    url: str
    status: tuple[str, str] | None = None
    words: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """One kind. `more`: there are others in the list; `add_url` None: the role may not make one."""

    title: str
    purpose: str
    items: list[Item]
    more: bool
    list_url: str
    add_url: str | None
    add_words: str


_KINDS: list[tuple[str, str, type[Model], str, str]] = [
    (
        "Metrics",
        "What is counted: points, and whatever else has a balance.",
        Metric,
        "program",
        "Add a metric",
    ),
    ("Earning rules", "Which events earn what.", EarningRule, "program", "Add a rule"),
    ("Rewards", "What members get for their points.", Reward, "program", "Add a reward"),
    ("Tiers", "Levels that members reach, with what they give.", TierLadder, "program", "Set up tiers"),
    ("Stamp programs", "Cards that purchases fill.", StampProgram, "program", "Add a stamp program"),
    ("Challenges", "Goals with missions and a reward.", Challenge, "program", "Add a challenge"),
    (
        "Milestones",
        "Thresholds on a metric that are told when crossed.",
        MilestoneSet,
        "metric__program",
        "Add a set",
    ),
    ("Inventory", "Things that members own.", InventorySet, "program", "Add a set"),
]


def parts_of(request: HttpRequest, program: Program) -> list[Part]:
    """All kinds that the plan holds; a statement each."""
    environment = program.environment
    return [
        _part(request, program, *kind)
        for kind in _KINDS
        if not is_hidden(environment, f"{_page(kind[2])}_changelist")
    ]


def _part(
    request: HttpRequest,
    program: Program,
    title: str,
    purpose: str,
    model: type[Model],
    via: str,
    add_words: str,
) -> Part:
    rows = model._default_manager.filter(**{via: program})
    if model is EarningRule:
        rows = rows.select_related("metric")
    found = list(rows.order_by("pk")[: _MOST + 1])
    page = _page(model)
    usual = urlencode({"program": str(program.pk)}) if via == "program" else ""
    one_is_all = model is TierLadder and found
    may_add = may(request, "operator") and not one_is_all
    add_url = f"{reverse(f'admin:{page}_add')}?{usual}" if may_add else None
    return Part(
        title,
        purpose,
        [_item(page, row) for row in found[:_MOST]],
        len(found) > _MOST,
        reverse(f"admin:{page}_changelist"),
        add_url,
        add_words,
    )


def _item(page: str, row: Any) -> Item:
    status = (row.status, row.get_status_display()) if hasattr(row, "get_status_display") else None
    words = sentence_of(row) if isinstance(row, EarningRule) else ""
    return Item(str(row), reverse(f"admin:{page}_change", args=[row.pk]), status, words)


def _page(model: type[Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}"
