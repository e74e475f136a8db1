"""A stamp program as a form: money in the currency's own unit, pictures as files or addresses."""

from decimal import Decimal
from typing import Any, Final

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone

from audit.errors import DomainError
from programs.actions.configure import clean
from programs.actions.pictures import MOST_BYTES
from programs.actions.stamp_programs import check_stamp_program
from programs.admin.base import form_errors
from programs.admin.configured import ConfiguredForm
from programs.admin.json_fields import JsonField, condition_of
from programs.admin.rule_form import by_row, refuse_unfilled
from programs.admin.rule_widgets import ConditionWidget
from programs.admin.stamp_words import major
from programs.admin.widgets import date_time, number_input, select, text_area, text_input
from programs.conditions.values import plain
from programs.currencies import digits_of
from programs.models import StampProgram

MODEL_FIELDS = (
    *("name", "program", "threshold", "stamps_per", "condition", "item_where", "currency", "reward_kind"),
    *("starts_at", "ends_at", "title", "summary", "description", "terms", "reward_text"),
    *("image_url", "logo_url"),
)
PICTURES: Final = (("picture", "image"), ("logo", "logo"))
"""The model's fields of uploaded pictures, each with the beginning of its inputs' names."""
_LABELS = {
    "threshold": "Stamps for a reward",
    "stamps_per": "How many stamps",
    "condition": "Which purchases",
    "item_where": "Which lines",
    "reward_kind": "A full card pays",
    "starts_at": "From",
    "ends_at": "Until",
    "reward_text": "Reward in words",
}
_HELP = {
    "name": "For you and your staff.",
    "threshold": "",
    "condition": "",
    "item_where": "",
    "currency": "Three letters, such as GBP. Purchases in another one don’t stamp the card.",
    "starts_at": "In the project's time zone. Empty: at once.",
    "ends_at": "In the project's time zone. Empty: without end.",
    "reward_text": "1 Free Coffee. Empty: what it pays.",
}
_ONCE = {
    "program": "It stays as it was made.",
    "currency": "It stays as it was made: stamps hold prices in it.",
}


def _file(what: str) -> forms.FileField:
    accepted = {"accept": "image/png,image/jpeg,image/webp,image/gif", "class": "lc-file"}
    return forms.FileField(
        label=what,
        required=False,
        widget=forms.FileInput(attrs=accepted),
        help_text=f"PNG, JPEG, WebP or GIF, at most {MOST_BYTES // 2**20} MB.",
    )


def _address(about: str) -> forms.URLField:
    return forms.URLField(
        label="or its address",
        required=False,
        max_length=500,
        assume_scheme="https",
        widget=text_input(inputmode="url", autocomplete="off"),
        help_text=about,
    )


class StampProgramForm(ConfiguredForm):
    reward_kind = forms.ChoiceField(
        choices=[("refund", "The lowest price on it"), ("fixed-reward", "A fixed amount")],
        widget=select(),
        help_text="You pay it, and mark it as paid under Rewards to pay.",
    )
    reward_money = forms.DecimalField(
        label="Amount",
        required=False,
        min_value=0,
        widget=number_input(inputmode="decimal"),
        help_text="In the card's currency, such as 4.50.",
    )
    starts_at = forms.DateTimeField(required=False, widget=date_time())
    ends_at = forms.DateTimeField(required=False, widget=date_time())
    image_url = _address("https://… on your own server. Members’ apps load it; this console doesn’t.")
    logo_url = _address("https://…")
    image_file = _file("Image")
    logo_file = _file("Logo")
    remove_image = forms.BooleanField(label="Without an image", required=False)
    remove_logo = forms.BooleanField(label="Without a logo", required=False)

    class Meta:
        model = StampProgram
        fields = MODEL_FIELDS
        field_classes = {"condition": JsonField, "item_where": JsonField}
        labels = _LABELS
        help_texts = _HELP
        widgets = {
            "name": text_input(),
            "threshold": number_input(),
            "stamps_per": select(),
            "condition": ConditionWidget("purchase", attrs={"rows": 6}),
            "item_where": ConditionWidget("item", attrs={"rows": 4}),
            "currency": text_input(maxlength=3, autocapitalize="characters", autocomplete="off"),
            "title": text_input(),
            "summary": text_input(),
            "description": text_area(rows=3),
            "terms": text_area(rows=3),
            "reward_text": text_input(),
        }

    class Media:
        js = ("console/stamp.js",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in _LABELS.items():
            self.fields[name].label = label
        for name in ("starts_at", "ends_at"):
            self.fields[name].help_text = _HELP[name]
        self.fields["condition"].required = self.fields["item_where"].required = False
        if not self.instance._state.adding:
            for name, why in _ONCE.items():
                self.fields[name].disabled, self.fields[name].help_text = True, why
        if self.instance.reward_amount is not None:
            self.initial["reward_money"] = _money(self.instance)
        self.fields["reward_money"].shown_when = "reward_kind:fixed-reward"  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """No row of a condition is left half filled; an address is one that members' apps may load."""
        sent: dict[str, Any] = super().clean() or {}
        refuse_unfilled(self, "condition", "item_where")
        for _, name in PICTURES:
            address = sent.get(f"{name}_url") or ""
            if address and not address.startswith("https://"):
                self.add_error(f"{name}_url", "Give an address that begins with https://.")
            if self.file_sent(name) is not None and f"{name}_url" in self.changed_data and address:
                self.add_error(f"{name}_url", "Give a file or an address, not both.")
        return sent

    def add_error(self, field: str | None, error: Any) -> None:
        if field in ("condition", "item_where") and isinstance(error, str):
            error = by_row(error)
        super().add_error(field, error)

    def error_fields(self) -> dict[str, str]:
        return {"reward_amount": "reward_money", "image": "image_file", "logo": "logo_file"}

    def _post_clean(self) -> None:
        super()._post_clean()
        if self.errors:  # the preview shows what is there so far
            self.instance.reward_amount = self._minor()

    def check_instance(self) -> None:
        made = self.instance
        made.condition, made.item_where = condition_of(made.condition), condition_of(made.item_where)
        made.currency = (made.currency or "").strip().upper()
        made.reward_amount = self._minor()
        if made.reward_kind == StampProgram.RewardKind.FIXED and made.reward_amount is None:
            self.add_error("reward_money", self._money_fault())
            return
        made.created_at = made.created_at or timezone.now()  # the action notes its own
        made.updated_at = made.updated_at or made.created_at
        check_stamp_program(made)
        clean(made)

    def _minor(self) -> int | None:
        """What was typed, in minor units; None without an amount, and with digits that the currency has not."""
        typed: Decimal | None = self.cleaned_data.get("reward_money")
        if typed is None or self.instance.reward_kind != StampProgram.RewardKind.FIXED:
            return None
        scaled = typed.scaleb(digits_of((self.instance.currency or "").upper()))
        return int(scaled) if scaled == scaled.to_integral_value() else None

    def _money_fault(self) -> str:
        if self.cleaned_data.get("reward_money") is None:
            return "Say how much is paid."
        digits, currency = digits_of(self.instance.currency), self.instance.currency
        return f"Amounts in {currency} have {f'at most {digits}' if digits else 'no'} digits after the point."

    def changes(self) -> dict[str, Any]:
        """The fields of the stamp program; files are stored apart."""
        made = self.instance
        return super().changes() | {
            "condition": made.condition,
            "item_where": made.item_where,
            "reward_amount": made.reward_amount,
        }

    def file_sent(self, name: str) -> "UploadedFile[bytes] | None":
        sent: UploadedFile[bytes] | None = self.cleaned_data.get(f"{name}_file")
        return sent

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


def _money(stamp_program: StampProgram) -> str:
    """ "4.50", "5": as it is typed."""
    amount = major(stamp_program.reward_amount or 0, stamp_program.currency)
    digits = digits_of(stamp_program.currency)
    return plain(amount) if amount == amount.to_integral_value() else f"{Decimal(amount):.{digits}f}"
