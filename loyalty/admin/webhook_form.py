"""The form of a webhook endpoint: where, and what it is told of."""

from typing import Any

from django import forms

from audit.event_types import EVENT_TYPES
from audit.models import WebhookEndpoint
from audit.models.webhooks import LONGEST_URL
from programs.admin.widgets import check_boxes, text_area, text_input

# What most receivers ask for; every other type can be written out.
KINDS = {
    "*": "Everything there is, also what is yet to come",
    "points.*": "Points earned, redeemed, expired, adjusted, reversed, transferred",
    "member.*": "Members changed, merged, erased",
    "redemption.*": "Rewards redeemed, fulfilled, cancelled",
    "tier.*": "Levels reached and lost",
    "hold.*": "Holds",
    "event.*": "Events received",
    "item.*": "Items received and lost",
    "challenge.*": "Challenges completed and changed",
    "milestone.*": "Milestones reached and lost",
    "stamp.*": "Stamps collected and returned",
    "stamp_reward.*": "Full stamp cards: their rewards",
}


class EndpointForm(forms.Form):
    url = forms.CharField(
        label="URL",
        max_length=LONGEST_URL,
        widget=text_input(
            placeholder="https://shop.example.com/loyalty-events",
            autocomplete="off",
            spellcheck="false",
            inputmode="url",
        ),
        help_text="https, at an address that everybody can reach. Each event is posted there as JSON.",
    )
    description = forms.CharField(
        max_length=200,
        required=False,
        widget=text_input(),
        help_text="Whose server it is, for your colleagues.",
    )
    kinds = forms.MultipleChoiceField(
        label="What it is told of",
        required=False,
        choices=[(pattern, f"{words} ({pattern})") for pattern, words in KINDS.items()],
        widget=check_boxes(),
    )
    others = forms.CharField(
        label="Single event types",
        required=False,
        widget=text_area(rows=3, placeholder="redemption.created", autocomplete="off", spellcheck="false"),
        help_text="One a line, as in the list below; or all of a kind, such as coupon.*",
    )

    def clean(self) -> dict[str, Any]:
        sent: dict[str, Any] = super().clean() or {}
        if not sent.get("kinds") and not sent.get("others"):
            self.add_error("kinds", "Choose at least one, or write one below.")
        return sent

    def clean_others(self) -> list[str]:
        lines = self.cleaned_data["others"].replace(",", "\n").splitlines()
        return [line.strip() for line in lines if line.strip()]

    @staticmethod
    def initial_of(endpoint: WebhookEndpoint) -> dict[str, Any]:
        return {
            "url": endpoint.url,
            "description": endpoint.description,
            "kinds": [each for each in endpoint.event_types if each in KINDS],
            "others": "\n".join(each for each in endpoint.event_types if each not in KINDS),
        }

    @property
    def catalogue(self) -> list[tuple[str, str]]:
        """Every event type and what it means."""
        return list(EVENT_TYPES.items())


def endpoint_fields(form: EndpointForm) -> dict[str, Any]:
    """What a valid form says, as the actions take it."""
    sent = form.cleaned_data
    return {
        "url": sent["url"],
        "description": sent["description"],
        "event_types": [*sent["kinds"], *sent["others"]],
    }
