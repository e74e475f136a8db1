"""What a reward's set-up may say, and which settings of the engine that means."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from audit.errors import FieldError, InvalidRequest, NotFound
from loyalty.actions.catalogue import MAX_STOCK
from loyalty.actions.points import find_metric
from loyalty.api.common.fields import (
    CHOSEN_ID,
    Body,
    Choice,
    Figure,
    Flag,
    Instant,
    Integer,
    JsonObject,
    Pattern,
    Text,
)
from loyalty.api.v1.earning_rules import MAX_JSON
from loyalty.api.v1.reward_shapes import DISCOUNT_AMOUNT
from programs.actions.configure import refusal_of
from programs.code_patterns import DEFAULT_PATTERN, FEWEST_RANDOM
from programs.models import InventoryItem, Metric, Program, Reward, Tier
from programs.models.metrics import MAX_DAYS
from programs.models.rewards import MAX_COST
from programs.queries.snapshots import Snapshot

_IMAGE = re.compile(r"data:image/[a-z0-9.+-]+;base64,([A-Za-z0-9+/]+={0,2})", re.IGNORECASE)

# The engine's settings as callers name them; what stands in one, such as `tier_points.gold`, goes along.
_WIRE = {
    "public_id": "id",
    "cost_kind": "cost.kind",
    "points": "cost.points",
    "tier_points": "cost.tier_points",
    "min_points": "cost.min",
    "max_points": "cost.max",
    "step_points": "cost.step",
    "value_per_point": "cost.value_per_point",
    "gives_metric": "gives.metric",
    "gives_points": "gives.points",
    "gives_tier": "gives.tier",
    "gives_item": "gives.item",
    "limit_times": "limit.times",
    "limit_per": "limit.per",
    "code_source": "code.source",
    "code_pattern": "code.pattern",
    "code_valid_days": "code.valid_days",
    "returns_codes": "code.returns_codes",
    "picture": "image",
}


@extend_schema_field(
    {"type": "object", "additionalProperties": {"type": "integer", "minimum": 0, "maximum": MAX_COST}}
)
class TierPoints(serializers.Field[dict[str, int], Any, Any, Any]):
    """`{"gold": 150}`: the cost by the code of a tier."""

    default_error_messages = {"invalid": "Must be a JSON object of tiers and their cost."}

    def to_internal_value(self, data: Any) -> dict[str, int]:
        if not isinstance(data, dict):
            self.fail("invalid")
        cost, faults = Integer(min_value=0, max_value=MAX_COST), {}
        for tier, points in data.items():
            try:
                cost.to_internal_value(points)
            except serializers.ValidationError as error:
                faults[tier] = error.detail
        if faults:
            raise serializers.ValidationError(faults)
        return data

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field({"type": "string", "pattern": r"^data:image/[a-z0-9.+-]+;base64,[A-Za-z0-9+/]+={0,2}$"})
class Image(serializers.Field[bytes, Any, Any, Any]):
    """A picture as a data URL."""

    default_error_messages = {"invalid": "Give a picture as data:image/png;base64,…, or null for none."}

    def to_internal_value(self, data: Any) -> bytes:
        found = _IMAGE.fullmatch(data) if isinstance(data, str) else None
        if found is None:
            self.fail("invalid")
        try:
            return base64.b64decode(found[1], validate=True)
        except binascii.Error:
            self.fail("invalid")

    def to_representation(self, value: Any) -> Any:
        return value


class CostBody(Body):
    kind = Choice(choices=Reward.CostKind.choices)
    points = Integer(
        required=False, min_value=0, max_value=MAX_COST, help_text="Of a fixed cost; 0: for nothing."
    )
    tier_points = TierPoints(required=False, help_text='{"gold": 150}: what members of these tiers pay.')
    min = Integer(required=False, min_value=1, max_value=MAX_COST, help_text="Of a variable cost.")
    max = Integer(required=False, min_value=1, max_value=MAX_COST, help_text="Of a variable cost.")
    step = Integer(
        required=False,
        min_value=1,
        max_value=MAX_COST,
        help_text="From the minimum in such steps; 1, if absent.",
    )
    value_per_point = Figure(
        required=False,
        help_text="Of a variable cost, for each point: money in major units of `currency` (0.01: £0.01), or points "
        "of the other metric.",
    )


class GivesBody(Body):
    metric = Text(required=False, max_length=50, help_text="Of metric and cashback: what is paid into.")
    points = Integer(required=False, min_value=1, max_value=MAX_COST, help_text="Of metric: how many.")
    tier = Text(required=False, max_length=50, help_text="Of tier_upgrade: a level of the reward's program.")
    set = Text(required=False, max_length=64, help_text="Of inventory_item, with item.")
    item = Text(required=False, max_length=64)


class LimitBody(Body):
    times = Integer(min_value=1, max_value=10**6)
    per = Choice(choices=Reward.Per.choices, required=False, help_text="ever, if absent.")


class CodeRulesBody(Body):
    source = Choice(choices=Reward.CodeSource.choices)  # type: ignore[assignment]
    pattern = Text(
        required=False,
        max_length=64,
        help_text=f"Of generated ones: at least {FEWEST_RANDOM} #, each a letter or digit; {DEFAULT_PATTERN}, if "
        "absent.",
    )
    valid_days = Integer(required=False, allow_null=True, min_value=1, max_value=MAX_DAYS)
    returns_codes = Flag(required=False, help_text="true, if absent.")


class RewardChanges(Body):
    metric = Text(required=False, max_length=50, help_text="What it is paid in; fixed once it is made.")
    kind = Choice(choices=Reward.Kind.choices, required=False)
    name = Text(required=False, max_length=200)
    description = Text(required=False, max_length=2000, allow_blank=True)
    image = Image(required=False, allow_null=True, help_text="JPEG, PNG, WebP or GIF, as a data URL.")
    status = Choice(choices=Reward.Status.choices, required=False, help_text="draft, if absent.")
    cost = CostBody(required=False)
    discount_amount = Figure(required=False, allow_null=True, help_text=DISCOUNT_AMOUNT)
    discount_percent = Figure(required=False, allow_null=True, help_text="Above 0, to 100.")
    currency = Pattern(r"^([A-Z]{3})?\Z", required=False, allow_null=True, allow_blank=True)
    gives = GivesBody(required=False, allow_null=True)
    starts_at = Instant(required=False, allow_null=True, help_text="Not before then.")
    ends_at = Instant(required=False, allow_null=True, help_text="Not from then on.")
    condition = JsonObject(
        required=False, max_bytes=MAX_JSON, help_text="Who may have it: docs/conditions.md; {}: everybody."
    )
    limit = LimitBody(required=False, allow_null=True, help_text="Of one member; null: none.")
    stock = Integer(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=MAX_STOCK,
        help_text="How many there are altogether, taken ones included; null: no limit.",
    )
    code = CodeRulesBody(required=False)
    fulfilment = Choice(choices=Reward.Fulfilment.choices, required=False, help_text="automatic, if absent.")


class RewardBody(RewardChanges):
    id = Pattern(CHOSEN_ID, required=False, help_text="Chosen, such as rwd_summer, or made for you.")
    program = Text(required=False, max_length=64, help_text="Code or id; default, if absent.")
    kind = Choice(choices=Reward.Kind.choices)
    name = Text(max_length=200)
    cost = CostBody()


def settings_of(body: Mapping[str, Any], config: Snapshot, program: Program) -> dict[str, Any]:
    """The reward's settings that a body changes, without its picture and stock. Nested objects count whole: what
    they leave out is unset. Raises NotFound for a metric that is not there, InvalidRequest where what it gives is
    not."""
    found = {name: body[name] for name in _PLAIN if name in body}
    if "metric" in body:
        found["metric"] = find_metric(config, body["metric"], program.code)
    if "currency" in body:
        found["currency"] = body["currency"] or ""
    if "cost" in body:
        found |= _cost(body["cost"])
    if "gives" in body:
        found |= _gives(body["gives"] or {}, config, program)
    if "limit" in body:
        limit = body["limit"] or {}
        found |= {"limit_times": limit.get("times"), "limit_per": limit.get("per", Reward.Per.EVER)}
    if "code" in body:
        found |= _code(body["code"])
    return found


_PLAIN = (
    "kind",
    "name",
    "description",
    "status",
    "discount_amount",
    "discount_percent",
    "starts_at",
    "ends_at",
    "condition",
    "fulfilment",
)


def _cost(cost: Mapping[str, Any]) -> dict[str, Any]:
    is_variable = cost["kind"] == Reward.CostKind.VARIABLE
    step = cost.get("step", 1 if is_variable else None)
    return {
        "cost_kind": cost["kind"],
        "points": cost.get("points"),
        "tier_points": cost.get("tier_points", {}),
        "min_points": cost.get("min"),
        "max_points": cost.get("max"),
        "step_points": step,
        "value_per_point": cost.get("value_per_point"),
    }


def _gives(gives: Mapping[str, Any], config: Snapshot, program: Program) -> dict[str, Any]:
    return {
        "gives_metric": _metric(gives["metric"], config) if "metric" in gives else None,
        "gives_points": gives.get("points"),
        "gives_tier": _tier(gives["tier"], config, program) if "tier" in gives else None,
        "gives_item": _item(gives, config) if gives.keys() & {"set", "item"} else None,
    }


def _metric(code: str, config: Snapshot) -> Metric:
    try:
        return find_metric(config, code, None)
    except NotFound as error:
        raise InvalidRequest.field("gives.metric", "invalid_choice", error.detail) from error


def _tier(code: str, config: Snapshot, program: Program) -> Tier:
    ladders = {ladder.pk for ladder in config.ladders if ladder.program_id == program.pk}
    levels = {tier.code: tier for tier in config.tiers if tier.ladder_id in ladders}
    if code not in levels:
        known = ", ".join(levels) or "none"
        detail = f"There is no tier {code!r} in the reward's program; there is: {known}."
        raise InvalidRequest.field("gives.tier", "invalid_choice", detail)
    return levels[code]


def _item(gives: Mapping[str, Any], config: Snapshot) -> InventoryItem:
    for name in ("set", "item"):
        if name not in gives:
            raise InvalidRequest.field(f"gives.{name}", "required", "Name the set and the item.")
    items = InventoryItem.objects.filter(
        environment_id=config.environment_id, inventory_set__public_id=gives["set"], public_id=gives["item"]
    )
    found = items.select_related("inventory_set").first()
    if found is None:
        detail = f"There is no item {gives['item']!r} in an inventory set {gives['set']!r} here."
        raise InvalidRequest.field("gives.item", "invalid_choice", detail)
    return found


def _code(code: Mapping[str, Any]) -> dict[str, Any]:
    is_generated = code["source"] == Reward.CodeSource.GENERATED
    return {
        "code_source": code["source"],
        "code_pattern": code.get("pattern", DEFAULT_PATTERN if is_generated else ""),
        "code_valid_days": code.get("valid_days"),
        "returns_codes": code.get("returns_codes", True),
    }


def in_wire_words(refusal: InvalidRequest, names: Mapping[str, str] = _WIRE) -> InvalidRequest:
    """The refusal with the fields as callers name them: `tier_points.gold` is `cost.tier_points.gold`."""
    if not refusal.errors:
        return refusal
    return refusal_of([FieldError(_wire(e.field, names), e.code, e.detail) for e in refusal.errors])


def _wire(field: str, names: Mapping[str, str]) -> str:
    head = re.match(r"[a-z_]*", field)
    name = head[0] if head else ""
    return names.get(name, name) + field[len(name) :]
