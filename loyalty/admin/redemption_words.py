"""How the console writes redemptions, their codes, and what a reward is worth."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.html import format_html
from django.utils.safestring import SafeString

from loyalty.models import Redemption, RewardCode
from loyalty.rules.redeeming import value_of
from programs.admin.reward_words import money_words, percent_words
from programs.currencies import digits_of
from programs.models import InventoryItem, Metric, Reward, Tier

STATUSES = {"pending": "Waiting", "fulfilled": "Fulfilled", "cancelled": "Cancelled", "failed": "Failed"}
CODES = {"issued": "Not used yet", "used": "Used", "expired": "Expired", "void": "Void"}
_COLOURS = {
    "pending": "hold-open",
    "fulfilled": "hold-captured",
    "failed": "revoked",
    "issued": "hold-open",
    "used": "hold-captured",
    "expired": "expired",
}
_KEPT = 3  # letters at the end of a masked code


def status_tag(status: str) -> SafeString:
    return _tag(status, STATUSES)


def code_tag(status: str) -> SafeString:
    return _tag(status, CODES)


def _tag(status: str, words: dict[str, str]) -> SafeString:
    colour = _COLOURS.get(status, "none")
    return format_html('<span class="lc-tag lc-{}">{}</span>', colour, words.get(status, status))


def code_shown(code: RewardCode, *, whole: bool) -> str:
    """The code for who may hand it on; else its end alone, enough to compare with one that is told."""
    if code.code is None:
        return "(erased)"
    return code.code if whole else masked(code.code)


def masked(code: str) -> str:
    """The end of a code."""
    return f"•••••{code[-_KEPT:]}"


def worth(kind: str, amount: Decimal | None, percent: Decimal | None, currency: str) -> str:
    """ "10% off", "£5 back"; empty where neither is set."""
    if percent is not None:
        return f"{percent_words(percent)} {'back' if kind == Reward.Kind.CASHBACK else 'off'}"
    if amount is None:
        return ""
    ending = {"discount": " off", "cashback": " back"}.get(kind, "")
    return f"{money_words(amount, currency)}{ending}"


def worth_of(redemption: Redemption) -> str:
    """What it was worth when it was bought."""
    return worth(
        redemption.kind, redemption.discount_amount, redemption.discount_percent, redemption.currency
    )


def offer_in_words(reward: Reward) -> str:
    """What a reward is worth, as it is offered: "10% off", "£1 to £20 off", "500 Coins"; empty for a thing.

    Reads what the reward gives, which a snapshot's has with it."""
    rate = reward.value_per_point
    if rate is not None and reward.kind == Reward.Kind.METRIC:
        return f"{rate.normalize():f} {reward.gives_metric} a point"
    if rate is not None:
        digits = digits_of(reward.currency)
        low, high = (
            money_words(value_of(points or 0, rate, digits), reward.currency)
            for points in (reward.min_points, reward.max_points)
        )
        return f"{low} to {high} {'back' if reward.kind == Reward.Kind.CASHBACK else 'off'}"
    if reward.gives_points:
        return f"{reward.gives_points:,} {reward.gives_metric}"
    if reward.gives_tier:
        return f"the tier {reward.gives_tier}"
    if reward.gives_item:
        return f"{reward.gives_item} of {reward.gives_item.inventory_set}"
    return worth(reward.kind, reward.discount_amount, reward.discount_percent, reward.currency)


def gives_in_words(gives: dict[str, Any]) -> str:
    """Of what a redemption changes beside: "500 Coins", "the tier Gold", "Wallpaper of Badges"; empty for
    nothing. At most one statement."""
    if "points" in gives:
        metric = Metric.objects.filter(pk=UUID(gives["metric"])).first()
        return f"{gives['points']:,} {metric or 'points'}"
    if "tier" in gives:
        tier = Tier.objects.filter(pk=UUID(gives["tier"])).first()
        return f"the tier {tier or '(removed)'}"
    if "item" in gives:
        item = InventoryItem.objects.select_related("inventory_set").filter(pk=UUID(gives["item"])).first()
        return f"{item} of {item.inventory_set}" if item else "an item"
    return ""
