"""How the console writes points, causes and links."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from loyalty.actions.points import ADJUSTMENT_REASONS
from loyalty.admin.charts.scales import words_of
from loyalty.models import Event, LedgerEntry
from programs.admin import tables
from programs.admin.list_names import list_name
from programs.models import Environment

register = template.Library()

_KINDS = {"api_key": "API key", "member": "the member", "staff": "staff", "system": "the engine"}


@register.filter
def points(value: Any) -> str:
    """1234 → 1,234."""
    return f"{value:,}" if isinstance(value, int) else str(value)


@register.filter
def figure(value: Decimal) -> str:
    """1250.000000 → 1,250; 1.2500 → 1.25."""
    return f"{value.normalize():,f}"


@register.filter
def unlocalized(value: Decimal) -> str:
    """For an attribute: 1250.5."""
    return f"{value.normalize():f}"


@register.filter
def whole(value: int) -> str:
    """-1234 → −1,234."""
    return words_of(value)


@register.filter
def change(value: int) -> str:
    """1234 → +1,234; -5 → −5; 0 → 0."""
    return f"+{value:,}" if value > 0 else words_of(value)


@register.filter
def positive(value: int) -> str:
    return f"{abs(value):,}"


@register.filter
def minus(value: int, other: int) -> int:
    return value - other


@register.filter
def signed(value: int) -> SafeString:
    return tables.signed(value)


@register.filter
def ago(instant: datetime) -> str:
    """“3 hours ago”; within the first minute “just now”."""
    since = timesince(instant)
    return "just now" if since == timesince(instant, instant) else f"{since} ago"


@register.filter
def reason(value: str | None) -> str:
    """An adjustment's code in words; every other reason as it is."""
    return ADJUSTMENT_REASONS.get(value or "", value or "")


def _who(kind: str, name: str) -> str:
    words = _KINDS.get(kind, kind)
    if kind == "system":
        return f"{words} ({name})"
    return words if kind == "member" else f"{words} {name}"


@register.filter
def actor(row: LedgerEntry | Event) -> str:
    """Who did it: "staff olga", "API key sk_live_x…", "the engine (expiry)"."""
    return _who(row.actor_kind, row.actor_id)


@register.filter
def came_through(row: LedgerEntry | Event) -> str:
    """The environment through which a call of a shared program came: "Café · LIVE"; one statement."""
    found = (
        Environment.objects.select_related("project")
        .filter(pk=row.via_environment_id or row.environment_id)
        .first()
    )
    return str(found) if found else "–"


@register.filter
def published_by(value: str) -> str:
    """ "staff:olga" → "staff olga", "system:demo" → "the engine (demo)"."""
    kind, _, name = value.partition(":")
    return _who(kind, name)


@register.filter
def page_title(part: Any, is_object: bool) -> str:
    """A page's name with a capital letter; what a tenant named stays as it is written."""
    return str(part) if is_object else list_name(str(part))
