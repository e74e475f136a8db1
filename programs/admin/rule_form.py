"""An earning rule as a form: every kind of award by its own inputs, all checked as the engine checks it."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict

from programs.actions.configure import clean
from programs.actions.rules import check_rule
from programs.admin.configured import ConfiguredForm
from programs.admin.json_fields import JsonField, condition_of, read_sent
from programs.admin.rule_widgets import CapsWidget, ConditionWidget, ScheduleWidget, whole
from programs.admin.widgets import date_time, number_input, select, text_input
from programs.models import EarningRule

AWARD_KINDS = {
    "fixed": "The same points for each event",
    "per_amount": "Points per amount",
    "per_item": "Points per line item",
    "multiplier": "Multiplies what other rules give",
    "referral": "Both sides of a referral",
}
ITEM_COUNTS = {
    "quantity": "piece (the line's quantity)",
    "line": "line",
    "amount": "full amount of the lines",
}


# Where a fault lies in a condition's JSON: all[1].any[0].value, or value of a condition that is one row.
_PATH = re.compile(
    r"(?:(?:all|any)\[(\d+)\](?:\.(?:all|any)\[(\d+)\])?\.?)?(?:field|op|value|match)?(?:\[\d+\])?: "
)

_DEEPEST_ROW = 2  # groups that rows show; what is deeper was written as JSON


def by_row(fault: str) -> str:
    """The fault with its row, counted as people do, instead of the path: `Condition 2.1: …`."""
    path = _PATH.match(fault)
    if not path:
        return fault
    rows = [str(int(index or 0) + 1) for index in path.groups() if index] or ["1"]
    return f"Condition {'.'.join(rows)}: {fault[path.end() :]}"


def refuse_unfilled(form: forms.BaseForm, *names: str) -> None:
    """Mark each row of these conditions that was begun and left half filled."""
    for name in names:
        for fault in _unfilled(form.cleaned_data.get(name)):
            form.add_error(name, fault)


def _unfilled(node: Any, path: str = "", depth: int = 0) -> Iterator[str]:
    if not isinstance(node, dict) or depth > _DEEPEST_ROW:
        return
    for key in ("all", "any"):
        children = node.get(key)
        for index, child in enumerate(children if isinstance(children, list) else []):
            yield from _unfilled(child, f"{path}{key}[{index}].", depth + 1)
    value = node.get("value")
    if node.get("field") == "":
        yield f"{path}field: Choose a field."
    elif value == "" or (isinstance(value, list) and "" in value):
        yield f"{path}value: Give a value."


def _as_sent(text: Any) -> Any:
    return text or None


def _nothing_is_zero(text: Any) -> Any:
    return whole(text) or 0


# Of each kind of award: the key in its JSON, the form's field, and how the one is read from the other.
_INPUTS: dict[str, dict[str, tuple[str, Callable[[Any], Any]]]] = {
    "fixed": {"points": ("award_points", whole)},
    "per_amount": {
        "field": ("award_field", _as_sent),
        "rate": ("award_rate", _as_sent),
        "step": ("award_step", _as_sent),
    },
    "per_item": {
        "each": ("award_each", _as_sent),
        "points": ("award_item_points", _as_sent),
        "step": ("award_item_step", _as_sent),
        "where": ("award_where", condition_of),
    },
    "multiplier": {"factor": ("award_factor", _as_sent)},
    "referral": {
        "member": ("award_member", _nothing_is_zero),
        "referrer": ("award_referrer", _nothing_is_zero),
    },
}


def award_of(sent: Mapping[str, Any]) -> dict[str, Any]:
    """The award that the inputs say, as JSON; what was left empty is left out."""
    kind = sent.get("award_kind")
    inputs = _INPUTS.get(str(kind), {})
    found = {key: read(sent.get(name)) for key, (name, read) in inputs.items()}
    if kind == "per_item" and found["each"] != "amount":
        found["step"] = None
    return {"kind": kind} | {key: value for key, value in found.items() if value is not None}


def definition_from(sent: Any) -> dict[str, Any]:
    """What is on the screen, as a revision's definition. Raises ValueError saying which JSON is none, and why."""
    values = dict(sent.items())
    for name, title in (("condition", "The condition"), ("award_where", "The lines' condition")):
        try:
            values[name] = condition_of(read_sent(values.get(name) or ""))
        except ValueError as error:
            raise ValueError(f"{title}: {error}") from error
    widgets = {"caps": CapsWidget(), "schedule": ScheduleWidget()}
    return {
        "event_type": values.get("event_type") or "event",
        "condition": values["condition"],
        "award": award_of(values),
        "entry_type": values.get("entry_type") or EarningRule.EntryType.EARNED.value,
        "exclusive_group": values.get("exclusive_group") or "",
        "budget": whole(values.get("budget")),
        "starts_at": _instant(values.get("starts_at")),
        "ends_at": _instant(values.get("ends_at")),
    } | {name: widget.value_from_datadict(sent, MultiValueDict(), name) for name, widget in widgets.items()}


def _instant(text: str | None) -> str | None:
    """What was typed in the current zone, as a revision keeps it; None of what is no instant."""
    try:
        found = forms.DateTimeField(required=False).clean(text)
    except forms.ValidationError:
        return None
    return found.isoformat() if found else None


class EarningRuleForm(ConfiguredForm):
    award_kind = forms.ChoiceField(label="Award", choices=list(AWARD_KINDS.items()), widget=select())
    award_points = forms.CharField(label="Points", required=False, widget=number_input())
    award_rate = forms.CharField(label="Points", required=False, widget=number_input(inputmode="decimal"))
    award_step = forms.CharField(
        label="For each full", required=False, initial="1", widget=number_input(inputmode="decimal")
    )
    award_field = forms.CharField(
        label="Of the field",
        required=False,
        initial="data.amount",
        widget=text_input(list="lc-fields"),
    )
    award_item_points = forms.CharField(
        label="Points", required=False, widget=number_input(inputmode="decimal")
    )
    award_each = forms.ChoiceField(
        label="For each", required=False, choices=list(ITEM_COUNTS.items()), widget=select()
    )
    award_item_step = forms.CharField(
        label="For each full", required=False, initial="1", widget=number_input(inputmode="decimal")
    )
    award_where = JsonField(
        label="Which lines", required=False, widget=ConditionWidget("item", attrs={"rows": 4})
    )
    award_factor = forms.CharField(label="Times", required=False, widget=number_input(inputmode="decimal"))
    award_member = forms.CharField(label="Points for the new member", required=False, widget=number_input())
    award_referrer = forms.CharField(
        label="Points for who referred them", required=False, widget=number_input()
    )
    caps = forms.Field(
        label="Caps for each member",
        required=False,
        widget=CapsWidget(),
        help_text="An award that meets a cap is cut to what is left. Weeks begin on Monday.",
    )
    starts_at = forms.DateTimeField(label="From", required=False, widget=date_time())
    ends_at = forms.DateTimeField(label="Until", required=False, widget=date_time())
    schedule = forms.Field(
        label="Days and hours",
        required=False,
        widget=ScheduleWidget(),
        help_text="In the project's time zone. No day ticked: every day. From a later hour until an earlier one "
        "runs over midnight.",
    )

    class Meta:
        model = EarningRule
        exclude = ("award",)
        field_classes = {"condition": JsonField}
        widgets = {
            "condition": ConditionWidget(attrs={"rows": 8}),
            "event_type": text_input(list="lc-event-types", autocomplete="off"),
            "entry_type": select(),
            "budget": number_input(),
        }
        help_texts = {
            "event_type": "What your server sends as the event's type, such as purchase.",
            "condition": "Without a condition, the rule applies to every event of the type.",
            "exclusive_group": "A word that several rules share, such as welcome: of those that match, the one "
            "that gives most is applied.",
            "budget": "Points for all members together; when they are given, the rule gives no more. Empty: no limit.",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        award = self.instance.award if isinstance(self.instance.award, dict) else {}
        self.initial["award_kind"] = award.get("kind") or self.initial.get("award_kind", "fixed")
        for key, (name, _) in _INPUTS.get(str(award.get("kind")), {}).items():
            if key in award:
                self.initial[name] = award[key]

    def add_error(self, field: str | None, error: Any) -> None:
        if field in ("condition", "award_where") and isinstance(error, str):
            error = by_row(error)
        super().add_error(field, error)

    def clean(self) -> dict[str, Any]:
        sent: dict[str, Any] = super().clean() or {}
        refuse_unfilled(self, "condition", "award_where")
        return sent

    def award(self) -> dict[str, Any]:
        return award_of(self.cleaned_data)

    def error_fields(self) -> dict[str, str]:
        inputs = _INPUTS.get(str(self.cleaned_data.get("award_kind")), {})
        return {"award": "award_kind"} | {f"award.{key}": name for key, (name, _) in inputs.items()}

    def check_instance(self) -> None:
        self.instance.award = self.award()
        self.instance.condition = condition_of(self.instance.condition)
        check_rule(self.instance)
        clean(self.instance)

    def changes(self) -> dict[str, Any]:
        return super().changes() | {"award": self.instance.award, "condition": self.instance.condition}
