"""How /v1 shows challenges, how far members are, milestones, coupons, and what an event did to challenges."""

from collections.abc import Iterable, Mapping
from typing import Any

from loyalty.api.common.rendering import instant
from loyalty.api.v1.reward_rendering import Address, media
from loyalty.queries.challenges import MemberChallenge
from programs.conditions.values import plain
from programs.models import Challenge, ChallengeReward, Coupon, MemberApp, MilestoneSet, Mission


def challenge(found: Challenge) -> dict[str, Any]:
    """As it is set up; missions and rewards prefetched."""
    return {
        "id": str(found.public_id),
        "program": found.program.code,
        "title": found.title,
        "subtitle": found.subtitle,
        "status": found.status,
        "starts_at": instant(found.starts_at),
        "ends_at": instant(found.ends_at),
        "per": found.per,
        "mission_order": found.mission_order,
        "place": found.place,
        "show_in_profile": found.show_in_profile,
        "show_in_rail": found.show_in_rail,
        "show_time": found.show_time,
        "notification": _notification(found),
        "missions": [_mission(one) for one in found.missions.all() if one.removed_at is None],
        "rewards": [_reward(one) for one in found.rewards.all()],
        "created_at": instant(found.created_at),
        "updated_at": instant(found.updated_at),
    }


def _notification(found: Challenge | Mission) -> dict[str, str]:
    return {
        "display": found.notification_display,
        "title": found.notification_title,
        "message": found.notification_message,
    }


def _mission(found: Mission) -> dict[str, Any]:
    return {
        "id": str(found.public_id),
        "title": found.title,
        "type": found.type,
        "event_type": found.event_type,
        "condition": found.condition,
        "measure": found.measure,
        "field": found.field,
        "target": plain(found.target),
        "notification": _notification(found),
    }


def _reward(found: ChallengeReward) -> dict[str, Any]:
    if found.metric:
        return {"type": found.kind, "metric": found.metric.code, "quantity": found.quantity}
    item = found.item
    if found.kind == ChallengeReward.Kind.COUPON:
        return {"type": found.kind, "coupon": item and item.public_id}
    return {
        "type": found.kind,
        "set": item and item.inventory_set.public_id,
        "item": item and item.public_id,
    }


def member_challenge(found: MemberChallenge) -> dict[str, Any]:
    return {
        "id": str(found.challenge.public_id),
        "title": found.challenge.title,
        "period": found.period,
        "status": "completed" if found.completed_at else "open",
        "completed_at": instant(found.completed_at),
        "missions": [
            {
                "id": str(one.mission.public_id),
                "title": one.mission.title,
                "progress": plain(one.progress),
                "target": plain(one.mission.target),
                "completed_at": instant(one.completed_at),
            }
            for one in found.missions
        ],
    }


def milestone_set(found: MilestoneSet) -> dict[str, Any]:
    return {
        "id": found.public_id,
        "metric": found.metric.code,
        "title": found.title,
        "milestones": [
            {"id": one.public_id, "title": one.title, "media": one.media, "threshold": one.threshold}
            for one in found.milestones.all()
        ],
        "created_at": instant(found.created_at),
    }


def coupon(found: Coupon, address: Address) -> dict[str, Any]:
    return {
        "id": found.item.public_id,
        "title": found.item.title,
        "media": media(found.item, address),
        "link": found.link,
        "coupon_id": found.coupon_id,
        "coupon_type": found.coupon_type,
        "code": found.code,
        "code_pattern": found.code_pattern,
        "show_on_notification": found.show_on_notification,
        "created_at": instant(found.created_at),
    }


def member_app(found: MemberApp) -> dict[str, Any]:
    return {
        "public_host": found.public_host,
        "origins": found.origins,
        "event_types": found.event_types,
    }


# -- of an event; name by name, since the database keeps names in an order of its own

_COUNTED = ("challenge", "mission", "period", "amount", "progress", "target")
_WHICH = ("challenge", "mission", "title", "period")
_REWARD = ("type", "metric", "asked", "given", "set", "item")
_VERDICT = ("challenge", "mission", "challenge_title", "title", "outcome", "reason", "failed", "amount")


def changes(kept: Mapping[str, Any] | None) -> dict[str, Any]:
    """What an event counted, completed and revoked, from its figures."""
    told = (kept or {}).get("challenges") or {}
    return {
        "counted": [{name: one[name] for name in _COUNTED} for one in told.get("counted", ())],
        **{
            what: [{"id": one["id"], **_achieved(one)} for one in told.get(what, ())]
            for what in ("completed", "revoked")
        },
    }


def effects(kept: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """What an event completed or revoked, one by one."""
    told = (kept or {}).get("challenges") or {}
    return [
        {"kind": "challenge", "action": action, "achievement": one["id"], **_achieved(one)}
        for action in ("completed", "revoked")
        for one in told.get(action, ())
    ]


def _achieved(told: Mapping[str, Any]) -> dict[str, Any]:
    rewards = [{name: one[name] for name in _REWARD if name in one} for one in told["rewards"]]
    return {"achieved": told["kind"], **{name: told[name] for name in _WHICH}, "rewards": rewards}


def verdicts(kept: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """What each mission made of an event, from its explanation; of a refund there is nothing to judge."""
    return [{name: one[name] for name in _VERDICT} for one in _judged(kept)]


def _judged(kept: Mapping[str, Any] | None) -> Iterable[Mapping[str, Any]]:
    return (kept or {}).get("challenges") or ()


def reasons(kept: Mapping[str, Any] | None, figures: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """A sentence for each mission that judged an event, or, from its figures, that a refund changed."""
    if "refund" not in (kept or {}):
        return [_said(one, one["outcome"], one["reason"]) for one in _judged(kept)]
    told = (figures or {}).get("challenges") or {}
    return [*map(_taken_back, told.get("counted", ())), *map(_reopened, told.get("revoked", ()))]


def _said(one: Mapping[str, Any], outcome: str, reason: str) -> dict[str, Any]:
    return {
        "rule": None,
        "outcome": outcome,
        "reason": reason,
        "challenge": one["challenge"],
        "mission": one["mission"],
    }


def _taken_back(counted: Mapping[str, Any]) -> dict[str, Any]:
    amount: str = counted["amount"]
    moved = f"{amount[1:]} of its progress is taken back" if amount[0] == "-" else f"{amount} counts again"
    left = f"{counted['progress']} of {counted['target']}"
    return _said(counted, "refunded", f"{moved[:1].upper()}{moved[1:]}; it stands at {left}.")


def _reopened(revoked: Mapping[str, Any]) -> dict[str, Any]:
    what = f"The {revoked['kind']} “{revoked['title']}” is no longer complete"
    given = "; what it gave is taken back" if revoked["rewards"] else ""
    return _said(revoked, "revoked", f"{what}{given}.")
