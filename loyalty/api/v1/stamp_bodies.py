"""What a stamp program's set-up may say, and which settings of the engine that means."""

from collections.abc import Mapping
from typing import Any

from audit.errors import InvalidRequest
from loyalty.api.common.fields import Body, Choice, Instant, Integer, JsonObject, Pattern, Text
from loyalty.api.v1.earning_rules import MAX_JSON
from loyalty.api.v1.picture_fields import PictureOrAddress, picture_of
from loyalty.api.v1.reward_bodies import in_wire_words
from loyalty.api.v1.stamp_shapes import MINOR
from programs.models import Environment, Picture, StampProgram
from programs.models.stamp_programs import MAX_REWARD, MAX_THRESHOLD

STAMP_PROGRAM_ID = r"^lp_[A-Za-z0-9_-]{1,60}\Z"

# The engine's settings as callers name them; what stands in one, such as `item_where.all[0]`, goes along.
_WIRE = {
    "public_id": "id",
    "item_where": "items",
    "reward_kind": "reward.type",
    "reward_amount": "reward.amount",
    "title": "display.title",
    "image_url": "display.image",
    "picture": "display.image",
    "logo_url": "display.logo",
    "logo": "display.logo",
    "summary": "display.summary",
    "description": "display.description",
    "terms": "display.terms",
    "reward_text": "display.reward",
}
# Which settings a picture of `display` means: an uploaded one, or an address.
_PICTURES = {"image": ("picture", "image_url"), "logo": ("logo", "logo_url")}


class StampRewardBody(Body):
    type = Choice(
        choices=StampProgram.RewardKind.choices,
        help_text="refund: the lowest price on the full card. fixed-reward: `amount`.",
    )
    amount = Integer(required=False, min_value=1, max_value=MAX_REWARD, help_text=f"Of fixed-reward. {MINOR}")


class StampDisplayBody(Body):
    title = Text(max_length=200, help_text="The headline on the card.")
    image = PictureOrAddress(
        required=False,
        allow_null=True,
        help_text="An https address, or JPEG, PNG, WebP or GIF as a data URL, which is kept here.",
    )
    logo = PictureOrAddress(required=False, allow_null=True, help_text="Likewise.")
    summary = Text(required=False, max_length=500, allow_blank=True)
    description = Text(required=False, max_length=2000, allow_blank=True)
    terms = Text(required=False, max_length=5000, allow_blank=True)
    reward = Text(
        required=False, max_length=200, allow_blank=True, help_text="The reward in words: 1 Free Coffee."
    )


class StampProgramChanges(Body):
    name = Text(required=False, max_length=200)
    status = Choice(choices=StampProgram.Status.choices, required=False, help_text="draft, if absent.")
    starts_at = Instant(required=False, allow_null=True, help_text="Not before then.")
    ends_at = Instant(required=False, allow_null=True, help_text="Not from then on.")
    threshold = Integer(
        required=False, min_value=1, max_value=MAX_THRESHOLD, help_text="So many stamps are a reward."
    )
    condition = JsonObject(
        required=False,
        max_bytes=MAX_JSON,
        help_text="Which purchases stamp the card: docs/conditions.md; {}: every one.",
    )
    items = JsonObject(
        required=False,
        max_bytes=MAX_JSON,
        help_text="Which of a purchase's lines count, by item.*: docs/conditions.md; {}: every one.",
    )
    stamps_per = Choice(
        choices=StampProgram.StampsPer.choices,
        required=False,
        help_text="One a purchase, one a piece, or one a local day; purchase, if absent.",
    )
    currency = Pattern(
        r"^[A-Z]{3}\Z",
        required=False,
        help_text="Of the prices, and of the reward; purchases in another one don't count. Fixed once it is made.",
    )
    reward = StampRewardBody(required=False)
    display = StampDisplayBody(required=False)


class StampProgramBody(StampProgramChanges):
    id = Pattern(STAMP_PROGRAM_ID, required=False, help_text="Chosen, such as lp_coffee, or made for you.")
    program = Text(required=False, max_length=64, help_text="Code or id; default, if absent.")
    name = Text(max_length=200)
    threshold = Integer(min_value=1, max_value=MAX_THRESHOLD, help_text="So many stamps are a reward.")
    currency = Pattern(
        r"^[A-Z]{3}\Z",
        help_text="Of the prices, and of the reward; purchases in another one don't count. It stays.",
    )
    reward = StampRewardBody()
    display = StampDisplayBody()


def settings_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that a body changes, without its pictures. Nested objects count whole: what they leave out is
    unset. Raises InvalidRequest for an amount that the reward has no use for."""
    found = {name: body[name] for name in _PLAIN if name in body}
    if "items" in body:
        found["item_where"] = body["items"]
    if "reward" in body:
        found |= _reward(body["reward"])
    if "display" in body:
        display = body["display"]
        texts = {name: display.get(name, "") for name in ("title", "summary", "description", "terms")}
        found |= texts | {"reward_text": display.get("reward", "")}
    return found


_PLAIN = ("name", "status", "starts_at", "ends_at", "threshold", "condition", "stamps_per", "currency")


def _reward(reward: Mapping[str, Any]) -> dict[str, Any]:
    if reward["type"] == StampProgram.RewardKind.REFUND and "amount" in reward:
        detail = "A refund pays the lowest price on the card; leave it out."
        raise InvalidRequest.field("reward.amount", "invalid", detail)
    return {"reward_kind": reward["type"], "reward_amount": reward.get("amount")}


def pictures_of(display: Mapping[str, Any], environment: Environment, host: str) -> dict[str, Any]:
    """The settings that a display's pictures mean; an uploaded one is stored. The address of a picture that is kept
    here, as answers give it, means that picture. `host`: this engine's own.

    Raises InvalidRequest naming the picture, for one that can't be read, and for an address without https."""
    found: dict[str, Any] = {}
    for name, (kept, address) in _PICTURES.items():
        given = display.get(name)
        picture = _picture(given, environment, host, f"display.{name}")
        found |= {kept: picture, address: given if given and picture is None else ""}
    return found


def _picture(given: str | bytes | None, environment: Environment, host: str, field: str) -> Picture | None:
    found = picture_of(given, environment, host, field)
    if found is None and given and not str(given).lower().startswith("https://"):
        raise InvalidRequest.field(field, "invalid", "Give an https address.")
    return found


def in_stamp_words(refusal: InvalidRequest) -> InvalidRequest:
    """The refusal with the fields as callers name them: `item_where.all[0]` is `items.all[0]`."""
    return in_wire_words(refusal, _WIRE)
