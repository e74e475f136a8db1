"""Coupons: items of the set `coupons` with what a member needs to use them (domain.md 8). Challenges give them."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import slugify

from audit.errors import DomainError
from programs.actions.coupons import save_coupon
from programs.admin.base import actor_of, form_errors, may, required_environment
from programs.admin.configured import ConfiguredForm, EditorAdmin
from programs.admin.detail import Crumb
from programs.admin.reward_words import example_code
from programs.admin.tables import Row
from programs.admin.widgets import select, text_input
from programs.code_patterns import DEFAULT_PATTERN
from programs.models import Challenge, Coupon
from programs.queries.environments import now_in

_KINDS = [
    ("none", "None"),
    ("same", "The same for everybody"),
    ("own", "One of its own for each member"),
]
_LABELS = {
    "coupon_type": "Kind, for the app",
    "coupon_id": "Its id in your shop",
    "code": "The code",
    "code_pattern": "Pattern",
    "show_on_notification": "Show it on the notification of the challenge that gives it",
}
_HELP = {
    "coupon_type": "A word such as discount.",
    "coupon_id": "In the system that honours it.",
    "code": "",
    "code_pattern": "Each # becomes a letter or a digit.",
}


class CouponForm(ConfiguredForm):
    title = forms.CharField(max_length=200, widget=text_input())
    public_id = forms.CharField(
        label="API id",
        required=False,
        max_length=64,
        widget=text_input(placeholder="of the title", autocomplete="off", spellcheck="false"),
        help_text="How calls name it; it stays as it is made.",
    )
    picture_url = forms.URLField(
        label="Address of its picture",
        required=False,
        max_length=500,
        assume_scheme="https",
        widget=text_input(placeholder="https://…", inputmode="url", autocomplete="off", spellcheck="false"),
    )
    link = forms.URLField(
        label="Link",
        required=False,
        max_length=500,
        assume_scheme="https",
        widget=text_input(placeholder="https://…", inputmode="url", autocomplete="off"),
        help_text="Where it can be used.",
    )
    code_kind = forms.ChoiceField(label="Code", choices=_KINDS, widget=select())

    class Meta:
        model = Coupon
        fields = ("link", "coupon_type", "coupon_id", "code", "code_pattern", "show_on_notification")
        labels = _LABELS
        help_texts = _HELP
        widgets = {
            "coupon_type": text_input(autocomplete="off"),
            "coupon_id": text_input(autocomplete="off", spellcheck="false"),
            "code": text_input(autocomplete="off", spellcheck="false"),
            "code_pattern": text_input(autocomplete="off", spellcheck="false"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in _LABELS.items():
            self.fields[name].label = label
        for name, text in _HELP.items():
            self.fields[name].help_text = text
        made = self.instance
        self.initial["code_kind"] = "same" if made.code else "own" if made.code_pattern else "none"
        if made._state.adding or not made.code_pattern:
            self.initial["code_pattern"] = DEFAULT_PATTERN
        if not made._state.adding:
            known = {
                "title": made.item.title,
                "public_id": made.item.public_id,
                "picture_url": made.item.media,
            }
            self.initial.update(known)
            self.fields["public_id"].disabled = True
            self.fields["public_id"].help_text = "It stays as it was made: members know the coupon by it."
        self.fields["code"].shown_when = "code_kind:same"  # type: ignore[attr-defined]
        self.fields["code_pattern"].shown_when = "code_kind:own"  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Of both kinds of code the chosen one alone; a picture that members' apps may load."""
        sent: dict[str, Any] = super().clean() or {}
        if not (sent.get("picture_url") or "https://").startswith("https://"):
            self.add_error("picture_url", "Give an address that begins with https://.")
        kind = sent.get("code_kind")
        for name, chosen, missing in (
            ("code", "same", "Give the code."),
            ("code_pattern", "own", "Give the pattern."),
        ):
            if kind != chosen:
                sent[name] = ""
                self.errors.pop(name, None)
            elif not sent.get(name) and name not in self.errors:
                self.add_error(name, missing)
        return sent

    def check_instance(self) -> None:
        """It is checked with its item when it is saved."""

    def changes(self) -> dict[str, Any]:
        sent = self.cleaned_data
        item = {"title": sent["title"], "media": sent["picture_url"]}
        if self.instance._state.adding:
            item["id"] = sent["public_id"] or slugify(sent["title"]) or None
        return super().changes() | item

    def refuse(self, error: DomainError) -> None:
        """Show a refusal that saving alone could meet."""
        form_errors(self, error, {"media": "picture_url", "id": "public_id"})


@admin.register(Coupon)
class CouponAdmin(EditorAdmin[Coupon]):
    form = CouponForm
    explanation = "A coupon is what a challenge can give to be used elsewhere: a link, a code, or both."
    first_step = "Add one; then choose it as a reward of a challenge."
    list_display = ("coupon", "code_words", "kind", "given_by", "public_id")
    search_fields = ("item__title", "item__public_id", "coupon_id", "code")
    sortable_by = ()
    fieldsets = ((None, {"fields": CouponForm.Meta.fields}),)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Coupon]:
        rows = super().get_queryset(request).select_related("item")
        return rows.prefetch_related("item__challenge_rewards__challenge")

    @admin.display(description="Coupon")
    def coupon(self, coupon: Coupon) -> str:
        return coupon.item.title

    @admin.display(description="Code")
    def code_words(self, coupon: Coupon) -> str:
        return code_words(coupon)

    @admin.display(description="Kind")
    def kind(self, coupon: Coupon) -> str:
        return coupon.coupon_type or "–"

    @admin.display(description="Given by")
    def given_by(self, coupon: Coupon) -> str:
        return ", ".join(challenge.title for challenge in givers_of(coupon)) or "no challenge yet"

    @admin.display(description="API id")
    def public_id(self, coupon: Coupon) -> SafeString:
        return format_html("<code>{}</code>", coupon.item.public_id)

    def edit(self, request: HttpRequest, found: Coupon | None) -> HttpResponse:
        form = self._form(request, found) if may(request, "operator") else None
        if (saved := self.saved(request, form, self.store)) is not None:
            return HttpResponseRedirect(self.url("change", saved.pk))
        stored = self.get_object(request, str(found.pk)) if found else None
        context: dict[str, Any] = {"form": form, "may_operate": form is not None}
        if stored is not None:
            context |= {
                "object": stored,
                "original": Crumb(stored, str(stored)),
                "rows": rows_of_coupon(stored),
                "givers": givers_of(stored),
                "code_words": code_words(stored),
            }
        return self.page(request, "coupon.html", str(stored or "New coupon"), **context)

    def _form(self, request: HttpRequest, found: Coupon | None) -> Any:
        made: Any = self.get_form(request, found, change=found is not None)
        return made(request.POST if request.method == "POST" else None, instance=found)

    def store(self, request: HttpRequest, form: CouponForm) -> Coupon:
        environment = required_environment(request)
        return save_coupon(
            environment=environment,
            coupon=form.instance,
            actor=actor_of(request),
            now=now_in(environment),
            changes=form.changes(),
        )


def code_words(coupon: Coupon) -> str:
    """ "SPRING for everybody", "one for each, such as SPRING-7KQ2"."""
    if coupon.code_pattern:
        return f"one for each member, such as {example_code(coupon.code_pattern)}"
    return f"{coupon.code}, for everybody" if coupon.code else "none"


def givers_of(coupon: Coupon) -> list[Challenge]:
    """The challenges that give it, each once."""
    found = {reward.challenge_id: reward.challenge for reward in coupon.item.challenge_rewards.all()}
    return list(found.values())


def rows_of_coupon(coupon: Coupon) -> list[Row]:
    """Part by part, for who may only read it."""
    rows = {
        "Title": coupon.item.title,
        "API id": coupon.item.public_id,
        "Link": coupon.link,
        "Kind, for the app": coupon.coupon_type,
        "Its id in your shop": coupon.coupon_id,
        "Code": code_words(coupon),
        "On the notification": "shown" if coupon.show_on_notification else "not shown",
    }
    return [Row(name, value or "–") for name, value in rows.items()]
