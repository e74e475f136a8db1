"""What a challenge's set-up may say, and which settings of the engine that means."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from audit.errors import FieldError, InvalidRequest, NotFound
from loyalty.actions.points import find_metric
from loyalty.api.common.fields import (
    Body,
    Choice,
    Figure,
    Flag,
    Instant,
    Integer,
    Items,
    JsonObject,
    Pattern,
    Text,
)
from loyalty.api.v1.earning_rules import MAX_JSON
from programs.actions.challenge_missions import MAX_MISSIONS
from programs.actions.challenge_rewards import MAX_REWARDS
from programs.actions.configure import refusal_of
from programs.event_types import EVENT_TYPE
from programs.models import Challenge, ChallengeReward, InventoryItem, Mission
from programs.models.challenges import COUPONS
from programs.models.metrics import MAX_POINTS
from programs.queries.snapshots import Snapshot

UUID = r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z"
_MAX_PLACE = 10**6
_PLAIN = (
    "title",
    "subtitle",
    "status",
    "starts_at",
    "ends_at",
    "per",
    "mission_order",
    "place",
    "show_in_profile",
    "show_in_rail",
    "show_time",
)


class NotificationBody(Body):
    display = Choice(choices=Mission.Display.choices, required=False, help_text="none, if absent.")
    title = Text(required=False, max_length=200, allow_blank=True)
    message = Text(required=False, max_length=1000, allow_blank=True)


class MissionBody(Body):
    id = Pattern(
        UUID,
        required=False,
        help_text="Chosen, or made for you. A mission is known by it when the list is sent anew; without one by its "
        "event_type, measure, field and title.",
    )
    title = Text(max_length=200)
    type = Text(required=False, max_length=100, allow_blank=True, help_text="A word for the app.")
    event_type = Pattern(EVENT_TYPE, help_text="Fixed once the challenge is no draft.")
    condition = JsonObject(
        required=False,
        max_bytes=MAX_JSON,
        help_text="Which events count: docs/conditions.md; {}: every one of the type.",
    )
    measure = Choice(
        choices=Mission.Measure.choices,
        required=False,
        help_text="count: the events; sum: what `field` adds up to. count, if absent; fixed likewise.",
    )
    field = Text(
        required=False,
        max_length=200,
        allow_blank=True,
        help_text="Of a sum, such as data.amount; fixed likewise.",
    )
    target = Figure(help_text="Of a count a whole number.")
    notification = NotificationBody(required=False)


class ChallengeRewardBody(Body):
    type = Choice(choices=ChallengeReward.Kind.choices)
    metric = Text(required=False, max_length=50, help_text="Of metric, with quantity.")
    quantity = Integer(required=False, min_value=1, max_value=MAX_POINTS)
    set = Text(required=False, max_length=64, help_text="Of inventory_item, with item.")
    item = Text(required=False, max_length=64)
    coupon = Text(required=False, max_length=64, help_text="Of coupon: its id.")


class ChallengeChanges(Body):
    title = Text(required=False, max_length=200)
    subtitle = Text(required=False, max_length=500, allow_blank=True)
    status = Choice(choices=Challenge.Status.choices, required=False, help_text="draft, if absent.")
    starts_at = Instant(required=False, allow_null=True, help_text="Not before then.")
    ends_at = Instant(required=False, allow_null=True, help_text="Not from then on.")
    per = Choice(choices=Challenge.Per.choices, required=False, help_text="ever, if absent.")
    mission_order = Choice(choices=Challenge.Order.choices, required=False, help_text="any, if absent.")
    place = Integer(required=False, min_value=-_MAX_PLACE, max_value=_MAX_PLACE)
    show_in_profile = Flag(required=False, help_text="true, if absent; likewise the next two.")
    show_in_rail = Flag(required=False)
    show_time = Flag(required=False)
    notification = NotificationBody(required=False)
    missions = Items(
        MissionBody(), max_length=MAX_MISSIONS, required=False, help_text="All of them, in their order."
    )
    rewards = Items(ChallengeRewardBody(), max_length=MAX_REWARDS, required=False, help_text="All of them.")


class ChallengeBody(ChallengeChanges):
    id = Pattern(UUID, required=False, help_text="Chosen, or made for you.")
    program = Text(required=False, max_length=64, help_text="Code or id; default, if absent.")
    title = Text(max_length=200)


def settings_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """The challenge's own settings that a body changes. A notification counts whole."""
    found = {name: body[name] for name in _PLAIN if name in body}
    return found | (_notification(body["notification"]) if "notification" in body else {})


def missions_of(body: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """None: they stay as they are."""
    if "missions" not in body:
        return None
    return [
        {name: value for name, value in mission.items() if name != "notification"}
        | _notification(mission.get("notification", {}))
        for mission in body["missions"]
    ]


def _notification(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "notification_display": given.get("display", Mission.Display.NONE),
        "notification_title": given.get("title", ""),
        "notification_message": given.get("message", ""),
    }


def rewards_of(body: Mapping[str, Any], config: Snapshot) -> list[dict[str, Any]] | None:
    """None: they stay as they are. One statement for each item. Raises InvalidRequest naming what is not there, or
    not asked for."""
    if "rewards" not in body:
        return None
    faults: list[FieldError] = []
    found = []
    for place, given in enumerate(body["rewards"]):
        try:
            found.append(_reward(given, config))
        except InvalidRequest as refusal:
            faults += [
                FieldError(f"rewards[{place}].{each.field}", each.code, each.detail)
                for each in refusal.errors
            ]
    if faults:
        raise refusal_of(faults)
    return found


_NEEDS = {"metric": ("metric", "quantity"), "inventory_item": ("set", "item"), "coupon": ("coupon",)}


def _reward(given: Mapping[str, Any], config: Snapshot) -> dict[str, Any]:
    kind = given["type"]
    needs = _NEEDS[kind]
    faults = [FieldError(name, "required", f"A {kind} needs it.") for name in needs if name not in given]
    faults += [
        FieldError(name, "invalid", f"A {kind} has none; leave it out.")
        for name in given
        if name not in (*needs, "type")
    ]
    if faults:
        raise refusal_of(faults)
    if kind == ChallengeReward.Kind.METRIC:
        try:
            metric = find_metric(config, given["metric"], None)
        except NotFound as error:
            raise InvalidRequest.field("metric", "invalid_choice", error.detail) from error
        return {"kind": kind, "metric": metric, "quantity": given["quantity"]}
    if kind == ChallengeReward.Kind.COUPON:
        return {"kind": kind, "item": _item(COUPONS, given["coupon"], "coupon", config)}
    return {"kind": kind, "item": _item(given["set"], given["item"], "item", config)}


def _item(set_id: str, item: str, name: str, config: Snapshot) -> InventoryItem:
    rows = InventoryItem.objects.filter(
        environment_id=config.environment_id, inventory_set__public_id=set_id, public_id=item
    )
    found = rows.select_related("inventory_set").first()
    if found is None:
        where = "" if name == "coupon" else f" in an inventory set {set_id!r}"
        raise InvalidRequest.field(name, "invalid_choice", f"There is no {name} {item!r}{where} here.")
    return found


def in_challenge_words(
    refusal: InvalidRequest, rewards: Sequence[Mapping[str, Any]] | None
) -> InvalidRequest:
    """The refusal with the fields as callers name them: `missions[0].notification_title` is
    `missions[0].notification.title`."""
    if not refusal.errors:
        return refusal
    return refusal_of([FieldError(_wire(e.field, rewards), e.code, e.detail) for e in refusal.errors])


def _wire(field: str, rewards: Sequence[Mapping[str, Any]] | None) -> str:
    named = re.sub(r"(^|\.)notification_(display|title|message)\b", r"\1notification.\2", field)
    place = re.fullmatch(r"rewards\[(\d+)\]\.(kind|item)", named)
    if place is None:
        return "id" if named == "public_id" else named
    is_coupon = bool(rewards) and rewards is not None and rewards[int(place[1])]["kind"] == "coupon"
    name = "type" if place[2] == "kind" else "coupon" if is_coupon else "item"
    return f"rewards[{place[1]}].{name}"
