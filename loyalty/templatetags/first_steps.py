"""The first run's steps, and where each is done."""

from collections.abc import Iterable

from django import template
from django.urls import reverse
from django.utils.http import urlencode

from loyalty.queries.first_steps import Step

register = template.Library()

_FIRST_RULE = {
    "name": "Points for purchases",
    "event_type": "purchase",
    "award_kind": "per_amount",
    "award_rate": "1",
    "award_step": "1",
    "award_field": "data.amount",
}
_FIRST_KEY = {"name": "My server", "scopes": "*"}
_PAGES: dict[str, tuple[str, dict[str, str]]] = {
    "project": ("programs_project_changelist", {}),
    "program": ("programs_program_change", {}),
    "program_add": ("programs_program_add", {}),
    "metric_add": ("programs_metric_add", {"code": "points", "title": "Points"}),
    "rules": ("programs_earningrule_changelist", {}),
    "rule_publish": ("programs_earningrule_publish", {}),
    "rule_add": ("programs_earningrule_add", _FIRST_RULE),
    "keys": ("programs_apikey_changelist", {}),
    "key_add": ("programs_apikey_add", _FIRST_KEY),
    "events": ("loyalty_event_changelist", {}),
    "event_add": ("loyalty_event_add", {}),
    "copy": ("programs_project_copy", {}),
}


@register.simple_tag
def step_url(step: Step) -> str:
    """Where the step is done, with what is usual filled in."""
    page, usual = _PAGES[step.page]
    url = reverse(f"admin:{page}", args=[step.key] if step.key else [])
    return f"{url}?{urlencode(usual)}" if usual else url


@register.filter
def all_done(steps: Iterable[Step]) -> bool:
    return all(step.done for step in steps)


@register.filter
def count_done(steps: Iterable[Step]) -> int:
    return sum(step.done for step in steps)


@register.simple_tag
def next_of(steps: Iterable[Step]) -> Step | None:
    """The first that is not done."""
    return next((step for step in steps if not step.done), None)
