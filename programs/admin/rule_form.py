"""An earning rule as a form: condition rows, an award by its inputs, and both checked as the engine does."""

import json
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from programs.actions.configure import clean
from programs.actions.rules import check_rule
from programs.admin.configured import ConfiguredForm
from programs.admin.widgets import number_input, select, text_input
from programs.awards import describe_rule
from programs.conditions import OPS, FaultyConfigurationError, Kind, field_named
from programs.models import EarningRule

AWARD_KINDS = {"fixed": "The same points for each event", "per_amount": "Points per amount"}
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


def grammar() -> dict[str, Any]:
    """What the rows need to know: the ops by kind of field, in the order in which to offer them."""
    kinds = {kind.value: field_named(name) for kind, name in _EXAMPLES.items()}
    return {
        "ops": {op: OP_WORDS.get(op, op) for op in OPS},
        "kinds": {kind: found[1] for kind, found in kinds.items() if found},
    }


class ConditionWidget(forms.Textarea):
    """The JSON in a text area that console.js turns into rows; without scripts it stays what it is."""

    class Media:
        js = ("console/condition.js",)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        context = self.get_context(name, value, attrs) | {"grammar": json.dumps(grammar())}
        return mark_safe(render_to_string("console/condition.html", context))  # noqa: S308 - a template's output


class EarningRuleForm(ConfiguredForm):
    award_kind = forms.ChoiceField(label="Award", choices=list(AWARD_KINDS.items()), widget=select())
    award_points = forms.IntegerField(label="Points", required=False, widget=number_input())
    award_rate = forms.CharField(label="Points", required=False, widget=number_input(inputmode="decimal"))
    award_step = forms.CharField(
        label="For each full", required=False, initial="1", widget=number_input(inputmode="decimal")
    )
    award_field = forms.CharField(
        label="Of the field", required=False, initial="data.amount", widget=text_input(list="lc-fields")
    )

    error_fields = {
        "award": "award_kind",
        "award.kind": "award_kind",
        "award.points": "award_points",
        "award.rate": "award_rate",
        "award.step": "award_step",
        "award.field": "award_field",
    }

    class Meta:
        model = EarningRule
        exclude = ("award",)
        widgets = {
            "condition": ConditionWidget(attrs={"rows": 8}),
            "event_type": text_input(list="lc-event-types", autocomplete="off"),
        }
        help_texts = {
            "event_type": "What your server sends as the event's type, such as purchase.",
            "condition": "Without a condition, the rule applies to every event of the type.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        award = self.instance.award if isinstance(self.instance.award, dict) else {}
        for key in ("kind", "points", "rate", "step", "field"):
            if key in award:
                self.initial[f"award_{key}"] = award[key]

    def award(self) -> dict[str, Any]:
        """The award that the inputs say, as JSON."""
        given = self.cleaned_data
        if given.get("award_kind") == "fixed":
            return {"kind": "fixed", "points": given.get("award_points")}
        keys = ("field", "rate", "step")
        return {"kind": "per_amount"} | {
            key: given[f"award_{key}"] for key in keys if given.get(f"award_{key}")
        }

    def check_instance(self) -> None:
        self.instance.award = self.award()
        self.instance.condition = self.instance.condition or {}
        check_rule(self.instance)
        clean(self.instance)

    def changes(self) -> dict[str, Any]:
        return super().changes() | {"award": self.instance.award, "condition": self.instance.condition}


def sentence_of(rule: EarningRule) -> str:
    """The rule in words, or what is wrong with it."""
    try:
        return describe_rule(rule.event_type, rule.condition, rule.award, rule.metric.title)
    except FaultyConfigurationError as error:
        return str(error)


def sentence_for(sent: Any, metric_title: str) -> dict[str, Any]:
    """The same for what is on the screen and not saved. Nothing sent can make it fail."""
    try:
        raw = json.loads(sent.get("condition") or "{}")
    except (ValueError, RecursionError):
        return {"faults": ["The condition is not JSON."]}
    award: dict[str, Any] = {"kind": sent.get("award_kind")}
    if award["kind"] == "fixed":
        text = sent.get("award_points", "")
        award["points"] = (
            int(text) if text.isascii() and text.lstrip("-").isdigit() and len(text) < 20 else text
        )
    else:
        award |= {key: sent[f"award_{key}"] for key in ("field", "rate", "step") if sent.get(f"award_{key}")}
    try:
        return {"sentence": describe_rule(sent.get("event_type") or "event", raw, award, metric_title)}
    except FaultyConfigurationError as error:
        return {"faults": [fault.detail for fault in error.faults]}
