"""A reward as a form: of each kind, cost and code what it needs; checked as the engine checks it."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from audit.errors import DomainError
from programs.actions.configure import clean
from programs.actions.pictures import MOST_BYTES
from programs.actions.rewards import check_reward
from programs.admin.base import form_errors
from programs.admin.configured import ConfiguredForm
from programs.admin.json_fields import JsonField, condition_of
from programs.admin.reward_words import Stock
from programs.admin.rule_form import by_row, refuse_unfilled
from programs.admin.rule_widgets import ConditionWidget, whole
from programs.admin.widgets import date_time, number_input, select, text_area, text_input
from programs.code_patterns import DEFAULT_PATTERN
from programs.conditions.values import plain
from programs.models import InventoryItem, Reward, Tier

MODEL_FIELDS = (
    *("name", "description", "program", "metric", "kind"),
    *("cost_kind", "points", "min_points", "max_points", "step_points", "value_per_point"),
    *("discount_amount", "discount_percent", "currency"),
    *("gives_metric", "gives_points", "gives_tier", "gives_item"),
    *("starts_at", "ends_at", "condition", "limit_times", "limit_per"),
    *("code_source", "code_pattern", "code_valid_days", "returns_codes", "fulfilment"),
)
_LABELS = {
    "metric": "Paid in",
    "cost_kind": "How much",
    "points": "Points",
    "min_points": "At least",
    "max_points": "At most",
    "step_points": "In steps of",
    "value_per_point": "Each point is worth",
    "discount_amount": "Amount",
    "discount_percent": "Percent",
    "gives_metric": "Gives points of",
    "gives_points": "How many",
    "gives_tier": "Lifts to the tier",
    "gives_item": "Gives the item",
    "starts_at": "From",
    "ends_at": "Until",
    "condition": "Who may have it",
    "limit_times": "At most so many times a member",
    "limit_per": "Per",
    "code_source": "Where codes come from",
    "code_pattern": "Pattern",
    "code_valid_days": "Valid for so many days",
    "returns_codes": "A cancellation gives the code back to the pool",
    "fulfilment": "Handed out",
}
_HELP = {
    "kind": "Tiers, items and points are given by the engine; all else is handed out by you.",
    "metric": "",
    "points": "0: it is free.",
    "step_points": "500 with at least 500 allows 500, 1,000, 1,500 and so on.",
    "value_per_point": "In money, or in points of the metric that it gives.",
    "discount_amount": "Give an amount or a percentage, not both.",
    "discount_percent": "",
    "currency": "Three letters, such as GBP.",
    "gives_metric": "Of cashback: empty pays money, by your staff.",
    "starts_at": "In the project's time zone. Empty: at once.",
    "ends_at": "In the project's time zone. Empty: without end.",
    "limit_times": "Empty: as often as they like.",
    "condition": "",
    "code_pattern": "Each # becomes a letter or a digit.",
    "code_valid_days": "Counted from when a member gets it; empty: for ever.",
    "returns_codes": "Otherwise the code is void.",
    "fulfilment": "By your staff: it waits in the fulfilment queue until somebody marks it as done.",
}
_NUMBERS = ("points", "min_points", "max_points", "step_points", "gives_points", "limit_times")
_DECIMALS = ("value_per_point", "discount_amount", "discount_percent")

# By which choices a field is shown; of others `check_reward` drops what was typed.
_SHOWN_WHEN = {
    "cost_kind": "kind:discount,cashback,metric",
    "points": "cost_kind:fixed",
    "min_points": "cost_kind:variable",
    "max_points": "cost_kind:variable",
    "step_points": "cost_kind:variable",
    "value_per_point": "cost_kind:variable",
    "discount_amount": "kind:discount,cashback cost_kind:fixed",
    "discount_percent": "kind:discount cost_kind:fixed",
    "currency": "kind:discount,cashback",
    "gives_metric": "kind:metric,cashback",
    "gives_points": "kind:metric cost_kind:fixed",
    "gives_tier": "kind:tier_upgrade",
    "gives_item": "kind:inventory_item",
    "code_pattern": "code_source:generated",
    "code_valid_days": "code_source:generated,pool",
    "returns_codes": "code_source:pool",
}
_MONEY = ("discount_amount", "discount_percent", "currency")
_WITH_MONEY = (Reward.Kind.DISCOUNT, Reward.Kind.CASHBACK)


class RewardForm(ConfiguredForm):
    points = forms.IntegerField(required=False, widget=number_input())
    starts_at = forms.DateTimeField(required=False, widget=date_time())
    ends_at = forms.DateTimeField(required=False, widget=date_time())
    stock = forms.IntegerField(
        label="How many there are",
        required=False,
        min_value=0,
        widget=number_input(),
        help_text="All together, counted from when a limit was first set. Empty: no limit.",
    )
    picture_file = forms.FileField(
        label="Picture",
        required=False,
        widget=forms.FileInput(
            attrs={"accept": "image/png,image/jpeg,image/webp,image/gif", "class": "lc-file"}
        ),
        help_text=f"PNG, JPEG, WebP or GIF, at most {MOST_BYTES // 2**20} MB.",
    )
    remove_picture = forms.BooleanField(label="Without a picture", required=False)

    class Meta:
        model = Reward
        fields = MODEL_FIELDS
        field_classes = {"condition": JsonField}
        labels = _LABELS
        help_texts = _HELP
        widgets = {
            "name": text_input(),
            "description": text_area(rows=3),
            "condition": ConditionWidget(scope="reward", attrs={"rows": 6}),
            "kind": select(),
            "cost_kind": select(),
            "limit_per": select(),
            "code_source": select(),
            "fulfilment": select(),
            "currency": text_input(maxlength=3, autocapitalize="characters", autocomplete="off"),
            "code_pattern": text_input(autocomplete="off", spellcheck="false"),
            "code_valid_days": number_input(),
            **{name: number_input() for name in _NUMBERS},
            **{name: number_input(inputmode="decimal") for name in _DECIMALS},
        }

    class Media:
        js = ("console/reward.js",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in _LABELS.items():
            self.fields[name].label = label
        for name in ("points", "program", "metric", "starts_at", "ends_at"):
            self.fields[name].help_text = _HELP.get(name, "")
        self.fields["condition"].required = False
        self._offer_tiers_and_items()
        if not self.instance._state.adding:
            for name in ("program", "metric"):
                self.fields[name].disabled = True
        elif not self.initial.get("code_pattern"):
            self.initial["code_pattern"] = DEFAULT_PATTERN
        for name in _DECIMALS:
            if isinstance(self.initial.get(name), Decimal):
                self.initial[name] = plain(self.initial[name])
        self._show_by_choice()

    def _offer_tiers_and_items(self) -> None:
        """What of this environment can be given, and an input for what each tier pays."""
        tiers = Tier.objects.filter(environment=self.environment).select_related("ladder__program")
        if not self.instance._state.adding:
            tiers = tiers.filter(ladder__program=self.instance.program)
        self.tiers = list(tiers)
        items = InventoryItem.objects.filter(environment=self.environment).select_related("inventory_set")
        for name, rows in (("gives_tier", tiers), ("gives_item", items)):
            choices: Any = self.fields[name]
            choices.queryset, choices.widget, choices.empty_label = rows, select(), "Choose one"
            choices.widget.choices = choices.choices
        costs = self.instance.tier_points if isinstance(self.instance.tier_points, dict) else {}
        for tier in self.tiers:
            self.fields[_input(tier)] = forms.CharField(
                label=tier.title, required=False, widget=number_input(placeholder="the same")
            )
            self.initial[_input(tier)] = costs.get(tier.code, "")

    def tier_inputs(self) -> list[tuple[str, forms.BoundField]]:
        """The inputs of what tiers pay, each with the program of its ladder."""
        return [(str(tier.ladder.program_id), self[_input(tier)]) for tier in self.tiers]

    def clean(self) -> dict[str, Any]:
        """The money of a kind that it was is not that of the kind that it becomes; no row is left half filled."""
        sent: dict[str, Any] = super().clean() or {}
        refuse_unfilled(self, "condition")
        if sent.get("kind") not in _WITH_MONEY and "kind" in self.changed_data:
            sent |= {"discount_amount": None, "discount_percent": None, "currency": ""}
        return sent

    def _show_by_choice(self) -> None:
        """Tell the page's script which choices show a field; money that a reward of another kind has stays in
        sight."""
        is_kept = self["kind"].value() not in _WITH_MONEY
        for name, when in _SHOWN_WHEN.items():
            if not (is_kept and name in _MONEY and self[name].value() not in (None, "")):
                self.fields[name].shown_when = when  # type: ignore[attr-defined]

    def add_error(self, field: str | None, error: Any) -> None:
        if field == "condition" and isinstance(error, str):
            error = by_row(error)
        if field is None or field in self.fields or isinstance(error, dict):
            super().add_error(field, error)
        else:
            super().add_error(None, f"{field}: {error}")

    def tier_points(self) -> dict[str, Any]:
        """What the tiers of the chosen program pay, by their codes; those left empty pay as all do."""
        program = self.cleaned_data.get("program")
        if program is None or self.cleaned_data.get("cost_kind") != Reward.CostKind.FIXED:
            return {}
        sent = {
            tier.code: whole(self.cleaned_data.get(_input(tier)))
            for tier in self.tiers
            if tier.ladder.program_id == program.pk
        }
        return {code: points for code, points in sent.items() if points is not None}

    def error_fields(self) -> dict[str, str]:
        names = {f"tier_points.{tier.code}": _input(tier) for tier in self.tiers}
        return names | {
            "tier_points": "points",
            "cost": "cost_kind",
            "image": "picture_file",
            "stock": "stock",
        }

    def check_instance(self) -> None:
        self.instance.tier_points = self.tier_points()
        self.instance.condition = condition_of(self.instance.condition)
        check_reward(self.instance)
        clean(self.instance)

    def changes(self) -> dict[str, Any]:
        """The fields of the reward; the picture is stored apart."""
        own = super().changes()
        return own | {"tier_points": self.instance.tier_points, "condition": self.instance.condition}

    def refuse(self, error: DomainError) -> None:
        """Show a refusal that saving alone could meet."""
        form_errors(self, error, self.error_fields())

    def faults(self) -> list[str]:
        """What is still wrong or missing, each with its field's name."""
        return [
            f"{self.fields[name].label}: {text}" if name in self.fields else str(text)
            for name, texts in self.errors.items()
            for text in texts
        ]

    def stock_shown(self, stored: Stock | None) -> Stock | None:
        """What would be left with the stock that was typed."""
        typed = self.cleaned_data.get("stock") if self.is_bound else self.initial.get("stock")
        if typed is None:
            return None
        taken = stored.taken if stored else 0
        return Stock(max(0, typed - taken), typed, taken)

    def picture_sent(self) -> "UploadedFile[bytes] | None":
        sent: UploadedFile[bytes] | None = self.cleaned_data.get("picture_file")
        return sent


def _input(tier: Tier) -> str:
    return f"tier_points_{tier.pk.hex}"
