"""Inputs of an earning rule that are more than one field: condition rows, caps, weekdays and hours.

Each reads and writes the JSON that the rule stores, so that a form's value is what is saved.
"""

import json
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from programs.conditions import OPS, Kind, field_named

OP_WORDS = {
    "eq": "is",
    "ne": "is not",
    "in": "is one of",
    "not_in": "is none of",
    "gt": "is more than",
    "gte": "is at least",
    "lt": "is less than",
    "lte": "is at most",
    "contains": "contains",
    "starts_with": "starts with",
    "exists": "is present",
    "between": "is between",
}
_EXAMPLES = {
    Kind.TEXT: "event.type",
    Kind.WEEKDAY: "event.occurred_at.weekday",
    Kind.HOUR: "event.occurred_at.hour",
    Kind.DATE: "event.occurred_at.date",
    Kind.COUNT: "member.age_days",
    Kind.ANY: "data.amount",
}
PERIODS = {"event": "event", "day": "day", "week": "week", "month": "month", "ever": "member, ever"}
UNITS = {"points": "points", "times": "times"}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def grammar() -> dict[str, Any]:
    """What the rows need to know: the ops by kind of field, in the order in which to offer them."""
    kinds = {kind.value: field_named(name) for kind, name in _EXAMPLES.items()}
    return {
        "ops": {op: OP_WORDS.get(op, op) for op in OPS},
        "kinds": {kind: found[1] for kind, found in kinds.items() if found},
    }


def whole(text: str | None) -> int | str | None:
    """A whole number as one; what is none stays text, to be refused by who knows what is asked for."""
    text = (text or "").strip()
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 20 else text or None


class _Rendered(forms.Widget):
    """A widget with a template of the console's own. What is not sent is empty, not left as it was."""

    file: str

    def more(self, value: Any) -> dict[str, Any]:
        return {}

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        context = {"name": name, "attrs": self.build_attrs(self.attrs, attrs), "value": value}
        return mark_safe(render_to_string(self.file, context | self.more(value)))  # noqa: S308 - a template's output

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False


class ConditionWidget(forms.Textarea):
    """The JSON in a text area that condition.js turns into rows; without scripts it stays what it is.
    `scope` "item": a condition on one line item."""

    class Media:
        js = ("console/condition.js", "console/rule.js")

    def __init__(self, scope: str = "event", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scope = scope

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        context = self.get_context(name, value, attrs)
        context |= {"grammar": json.dumps(grammar()), "scope": self.scope}
        return mark_safe(render_to_string("console/condition.html", context))  # noqa: S308 - a template's output


class CapsWidget(_Rendered):
    """`[{"per": "day", "points": 100}]` as rows; the empty ones at the end are for more."""

    file = "console/caps.html"
    spare = 2

    def more(self, value: Any) -> dict[str, Any]:
        caps = [cap for cap in value or [] if isinstance(cap, dict)] if isinstance(value, list) else []
        rows = [(cap.get("per"), *self._limit(cap)) for cap in caps]
        blank = ("day", "points", "")
        return {"rows": [*rows, *[blank] * self.spare], "periods": PERIODS, "units": UNITS, "blank": blank}

    def _limit(self, cap: dict[str, Any]) -> tuple[str, Any]:
        unit = "times" if "times" in cap else "points"
        return unit, cap.get(unit)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, Any]]:
        def sent(part: str) -> list[str]:
            key = f"{name}_{part}"
            return data.getlist(key) if hasattr(data, "getlist") else list(data.get(key, []))

        rows = zip(sent("per"), sent("unit"), sent("limit"), strict=False)
        return [
            {"per": per, "times" if unit == "times" else "points": whole(limit)}
            for per, unit, limit in rows
            if limit.strip()
        ]


class ScheduleWidget(_Rendered):
    """`{"weekdays": [6, 7], "hours": {"from": 9, "until": 17}}` as check boxes and two choices."""

    file = "console/schedule.html"

    def more(self, value: Any) -> dict[str, Any]:
        schedule = value if isinstance(value, dict) else {}
        hours = schedule.get("hours")
        hours = hours if isinstance(hours, dict) else {}
        chosen = schedule.get("weekdays")
        return {
            "weekdays": list(enumerate(WEEKDAYS, 1)),
            "chosen": chosen if isinstance(chosen, list) else [],
            "from": hours.get("from"),
            "until": hours.get("until"),
            "hours": [(hour, f"{hour:02}:00") for hour in range(25)],
        }

    def value_from_datadict(self, data: Any, files: Any, name: str) -> dict[str, Any]:
        days = data.getlist(f"{name}_weekdays") if hasattr(data, "getlist") else []
        begin, end = whole(data.get(f"{name}_from")), whole(data.get(f"{name}_until"))
        found: dict[str, Any] = {"weekdays": [whole(day) for day in days]} if days else {}
        if begin is not None or end is not None:
            # One of the two alone: from the day's beginning, or to its end.
            found["hours"] = {"from": 0 if begin is None else begin, "until": 24 if end is None else end}
        return found
