"""An event as a line of its member's timeline: what it was, what it gave, and why it gave nothing."""

from collections.abc import Iterator
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join

from loyalty.admin.explaining import outcome_words
from loyalty.models import Event, LedgerEntry
from loyalty.queries.trail_lines import TrailLine
from programs.admin.stamp_words import price_words
from programs.admin.tables import signed

# What is the least interesting reason, where others stand beside it.
_DULL = (
    "not_in_force",
    "not_reached",
    "outside_window",
    "condition_failed",
    "group_lost",
    "nothing_to_multiply",
)


def event_words(line: TrailLine) -> tuple[str, str, str]:
    """The sentence, what it gave or why nothing, no note."""
    event = line.event
    if event is None:
        return "An event", "", ""
    link = reverse("admin:loyalty_event_change", args=[event.pk])
    what = format_html('<a href="{}">{}</a>{}', link, name_of(event), _money(event))
    return what, _given(line.gave) if line.gave else nothing_words(event), ""


def name_of(event: Event) -> str:
    """`article_viewed` → "Article viewed"."""
    words = event.type.replace("_", " ").replace(".", " ").strip()
    return words[:1].upper() + words[1:]


def nothing_words(event: Event) -> str:
    """Why the event gave no points: what it counted for, or the verdict that says most."""
    if event.purchase_id:
        return "took nothing back"
    if counted := sum(1 for _ in _counted(event)):
        return f"no points; it counts towards {counted} mission{'' if counted == 1 else 's'}"
    if event.explanation is None:
        return "no points; its explanation is erased"
    verdicts = list(_listed(event.explanation, "verdicts"))
    if not verdicts:
        return "no points: no rule for events of this type was in force"
    best = min(verdicts, key=lambda one: one.get("outcome") in _DULL)
    label = outcome_words(str(best.get("outcome", ""))).lower()
    others = len(verdicts) - 1
    more = f", and {others} other rule{'' if others == 1 else 's'}" if others else ""
    return f"no points: {best.get('name', 'the rule')} – {label}{more}"


def _given(entries: list[LedgerEntry]) -> str:
    return format_html(
        "gave {}",
        format_html_join(", ", "{} {}", ((signed(one.points), one.account.metric.title) for one in entries)),
    )


def _money(event: Event) -> str:
    if event.amount is None:
        return ""
    return (
        f" of {price_words(event.amount, event.currency)}" if event.currency else f" of {event.amount:,.2f}"
    )


def _counted(event: Event) -> Iterator[dict[str, Any]]:
    figures: Any = event.figures
    challenges = figures.get("challenges") if isinstance(figures, dict) else None
    return _listed(challenges, "counted")


def _listed(stored: Any, name: str) -> Iterator[dict[str, Any]]:
    found = stored.get(name) if isinstance(stored, dict) else None
    yield from (one for one in (found if isinstance(found, list) else []) if isinstance(one, dict))
