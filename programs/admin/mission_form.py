"""Missions and rewards of a challenge as rows of its form, each with a key of its own: inputs that are fixed once it
is live are not sent back, so that rows can't be told apart by their order."""

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from decimal import Decimal
from typing import Any

from django import forms
from django.db.models import QuerySet

from programs.admin.json_fields import JsonField, condition_of
from programs.admin.rule_form import by_row, refuse_unfilled
from programs.admin.rule_widgets import ConditionWidget
from programs.admin.widgets import number_input, select, text_area, text_input
from programs.conditions.values import plain
from programs.models import ChallengeReward, Environment, InventoryItem, Metric, Mission

NOTIFIED = ("notification_display", "notification_title", "notification_message")
FIXED_ONCE_LIVE = ("event_type", "measure", "field")
NOTICE_LABELS = {
    "notification_display": "Shown as",
    "notification_title": "Its title",
    "notification_message": "Its message",
}
NOTICE_HELP = {
    "notification_title": "Title and message empty: the app finds words of its own.",
    "notification_message": "",
}
_MISSION_LABELS = {
    "title": "Title",
    "type": "Kind, for the app",
    "event_type": "Event type",
    "condition": "Which events count",
    "measure": "What is counted",
    "field": "Of the field",
    "target": "Target",
}


def notice_widgets() -> dict[str, forms.Widget]:
    return {
        "notification_display": select(),
        "notification_title": text_input(),
        "notification_message": text_area(rows=2),
    }


class _RowForm(forms.ModelForm[Any]):
    """A row makes its object as far as it goes; `save_challenge` judges it."""

    key: str

    use_required_attribute = False  # a row that nobody begins is sent empty

    def __init__(self, *args: Any, key: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.key = key

    def _post_clean(self) -> None:
        opts = self._meta
        self.instance = forms.models.construct_instance(self, self.instance, opts.fields, opts.exclude)

    def add_error(self, field: str | None, error: Any) -> None:
        known = field is None or field in self.fields or isinstance(error, dict)
        super().add_error(field if known else None, error if known else f"{field}: {error}")

    @property
    def may_stay_empty(self) -> bool:
        """Nobody has begun the row: none of its fields has to be filled in."""
        return self.empty_permitted and not (self.is_bound and self.has_changed())

    def faults(self) -> list[str]:
        """What is wrong or missing, each with its field's name."""
        return [
            f"{self.fields[name].label}: {text}" if name in self.fields else str(text)
            for name, texts in self.errors.items()
            for text in texts
        ]


class MissionForm(_RowForm):
    note = ""
    """Why its events can't come in."""

    class Meta:
        model = Mission
        fields = ("title", "type", "event_type", "condition", "measure", "field", "target", *NOTIFIED)
        field_classes = {"condition": JsonField}
        labels = _MISSION_LABELS | NOTICE_LABELS
        help_texts = NOTICE_HELP | {
            "type": "A word such as photo. Empty: the event type.",
            "event_type": "",
            "condition": "",
            "field": "A number, such as data.amount.",
        }
        widgets = notice_widgets() | {
            "title": text_input(),
            "type": text_input(autocomplete="off"),
            "event_type": text_input(list="lc-event-types", autocomplete="off"),
            "condition": ConditionWidget("mission", attrs={"rows": 4}),
            "measure": select(),
            "field": text_input(list="lc-fields", autocomplete="off"),
            "target": number_input(inputmode="decimal"),
        }

    def __init__(self, *args: Any, is_live: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in (_MISSION_LABELS | NOTICE_LABELS).items():
            self.fields[name].label = label
        self.fields["condition"].required = self.fields["field"].required = False
        self.fields["condition"].show_hidden_initial = False  # else an untouched row looks begun
        self.fields["field"].shown_when = f"{self.add_prefix('measure')}:sum"  # type: ignore[attr-defined]
        if isinstance(self.initial.get("target"), Decimal):
            self.initial["target"] = plain(self.initial["target"])
        self.is_fixed = is_live and not self.instance._state.adding
        if self.is_fixed:
            for name in FIXED_ONCE_LIVE:
                self.fields[name].disabled = True

    def clean(self) -> dict[str, Any]:
        """No row of the condition is left half filled; a number of events has no field."""
        sent: dict[str, Any] = super().clean() or {}
        refuse_unfilled(self, "condition")
        if sent.get("measure") == Mission.Measure.COUNT:
            sent["field"] = ""
        return sent

    def add_error(self, field: str | None, error: Any) -> None:
        name, _, path = (field or "").partition(".")
        if name == "condition" and isinstance(error, str):
            field, error = name, by_row(f"{path}: {error}" if path else error)
        super().add_error(field, error)

    @property
    def has_notice(self) -> bool:
        return str(self["notification_display"].value()) != Mission.Display.NONE

    def as_mission(self) -> dict[str, Any]:
        """As `save_challenge` takes it."""
        names = self._meta.fields or ()
        found = {name: getattr(self.instance, name) for name in names} | {
            "condition": condition_of(self.instance.condition)
        }
        return found | {
            "id": None if self.instance._state.adding else str(self.instance.public_id),
        }


class ChallengeRewardForm(_RowForm):
    kind = forms.ChoiceField(
        label="Gives",
        choices=ChallengeReward.Kind.choices,
        initial=ChallengeReward.Kind.METRIC,
        widget=select(),
    )
    coupon = forms.ModelChoiceField(
        label="Coupon", queryset=InventoryItem.objects.none(), required=False, widget=select()
    )

    class Meta:
        model = ChallengeReward
        fields = ("kind", "metric", "quantity", "item")
        labels = {"quantity": "How many", "metric": "Of the metric", "item": "Item"}
        widgets = {"quantity": number_input()}

    def __init__(self, *args: Any, choices: "Choices", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, rows, label in choices.offered():
            field: Any = self.fields[name]
            field.queryset, field.widget, field.required = rows, select(), False
            field.widget.choices = [("", "Choose one"), *((str(row.pk), label(row)) for row in rows)]
        if self.instance.kind == ChallengeReward.Kind.COUPON and not self.instance._state.adding:
            self.initial.update({"coupon": self.instance.item_id, "item": None})
        kind = self.add_prefix("kind")
        for name, when in (
            ("metric", "metric"),
            ("quantity", "metric"),
            ("item", "inventory_item"),
            ("coupon", "coupon"),
        ):
            self.fields[name].shown_when = f"{kind}:{when}"  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Only what the chosen kind takes; what it needs is asked for."""
        sent: dict[str, Any] = super().clean() or {}
        kind, coupon = sent.get("kind"), sent.get("coupon")
        is_metric = kind == ChallengeReward.Kind.METRIC
        sent["item"] = {"coupon": coupon, "inventory_item": sent.get("item")}.get(str(kind))
        if not is_metric:
            sent |= {"metric": None, "quantity": None}
        needed = {"metric": ("metric", "quantity"), "inventory_item": ("item",), "coupon": ("item",)}
        for name in needed.get(str(kind), ()):
            shown = "coupon" if kind == ChallengeReward.Kind.COUPON else name
            if sent.get(name) is None and shown not in self.errors:
                self.add_error(shown, "Say how many." if name == "quantity" else "Choose one.")
        return sent

    def add_error(self, field: str | None, error: Any) -> None:
        if field == "item" and self.cleaned_data.get("kind") == ChallengeReward.Kind.COUPON:
            field = "coupon"
        super().add_error(field, error)

    def as_reward(self) -> dict[str, Any]:
        """As `save_challenge` takes it."""
        return {name: getattr(self.instance, name) for name in ("kind", "metric", "quantity", "item")}


class Choices:
    """What of an environment a challenge can give; read once for all rows."""

    def __init__(self, environment: Environment) -> None:
        items = InventoryItem.objects.filter(environment=environment).select_related("inventory_set")
        self.metrics: QuerySet[Metric] = Metric.objects.filter(environment=environment)
        self.items: QuerySet[InventoryItem] = items.filter(coupon=None)
        self.coupons: QuerySet[InventoryItem] = items.filter(coupon__isnull=False)

    def offered(self) -> list[tuple[str, QuerySet[Any], Callable[[Any], str]]]:
        """Of each look-up its rows, and what each of them is called."""
        return [
            ("metric", self.metrics, lambda metric: str(metric.title)),
            ("item", self.items, lambda item: f"{item.title} ({item.inventory_set.title})"),
            ("coupon", self.coupons, lambda item: str(item.title)),
        ]


def keys_sent(sent: Any, name: str, is_key: Callable[[str], bool]) -> list[str]:
    """The keys of the rows in their order, each once."""
    return list(dict.fromkeys(key for key in sent.getlist(name) if is_key(key)))


def mission_forms(sent: Any, stored: Sequence[Mission], *, is_live: bool) -> list[MissionForm]:
    """A form for each mission that was sent, or for each that is stored where nothing was."""
    known: Mapping[str, Mission] = {mission.public_id.hex: mission for mission in stored}
    if sent is None:
        return [_mission_form(None, key, mission, is_live) for key, mission in known.items()]
    keys = keys_sent(sent, "mission_row", lambda key: key in known or _is_new(key))
    return [_mission_form(sent, key, known.get(key), is_live) for key in keys]


def _mission_form(sent: Any, key: str, mission: Mission | None, is_live: bool) -> MissionForm:
    prefix = f"mission-{key}"
    return MissionForm(
        sent, key=key, prefix=prefix, instance=copy(mission), is_live=is_live, empty_permitted=mission is None
    )


def blank_mission(key: str) -> MissionForm:
    return _mission_form(None, key, None, is_live=False)


def reward_forms(sent: Any, stored: Sequence[ChallengeReward], choices: Choices) -> list[ChallengeRewardForm]:
    """The same for what it gives."""
    known: Mapping[str, ChallengeReward] = {reward.pk.hex: reward for reward in stored}
    if sent is None:
        return [_reward_form(None, key, reward, choices) for key, reward in known.items()]
    keys = keys_sent(sent, "reward_row", lambda key: key in known or _is_new(key))
    return [_reward_form(sent, key, known.get(key), choices) for key in keys]


def _reward_form(
    sent: Any, key: str, reward: ChallengeReward | None, choices: Choices
) -> ChallengeRewardForm:
    prefix = f"reward-{key}"
    return ChallengeRewardForm(
        sent, key=key, prefix=prefix, instance=copy(reward), choices=choices, empty_permitted=reward is None
    )


def blank_reward(key: str, choices: Choices) -> ChallengeRewardForm:
    return _reward_form(None, key, None, choices)


def _is_new(key: str) -> bool:
    return key[:1] == "n" and key[1:].isascii() and key[1:].isdigit() and len(key) < 8
