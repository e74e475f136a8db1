"""Examples of the OpenAPI document about challenges, milestones, coupons and the members' app."""

from typing import Any

_SILENT = {"display": "none", "title": "", "message": ""}
_MISSIONS: list[dict[str, Any]] = [
    {
        "id": "019a9f0c-5c7d-7a3e-8b1f-2c4d5e6f7a01",
        "title": "Come by three times",
        "type": "visit",
        "event_type": "visit",
        "condition": {},
        "measure": "count",
        "field": "",
        "target": "3",
        "notification": _SILENT,
    },
    {
        "id": "019a9f0c-5c7d-7a3e-8b1f-2c4d5e6f7a02",
        "title": "Spend £50",
        "type": "",
        "event_type": "purchase",
        "condition": {"all": [{"field": "data.currency", "op": "eq", "value": "GBP"}]},
        "measure": "sum",
        "field": "data.amount",
        "target": "50",
        "notification": {"display": "toast", "title": "Well shopped", "message": "£50 are spent."},
    },
]
CHALLENGE_REQUEST: dict[str, Any] = {
    "title": "Spring regular",
    "status": "active",
    "per": "month",
    "missions": [
        {"title": "Come by three times", "type": "visit", "event_type": "visit", "target": 3},
        {name: value for name, value in _MISSIONS[1].items() if name not in ("id", "type")},
    ],
    "rewards": [{"type": "metric", "metric": "points", "quantity": 100}],
}
CHALLENGE: dict[str, Any] = {
    "id": "019a9f0c-5c7d-7a3e-8b1f-2c4d5e6f7a00",
    "program": "default",
    "title": "Spring regular",
    "subtitle": "",
    "status": "active",
    "starts_at": None,
    "ends_at": None,
    "per": "month",
    "mission_order": "any",
    "place": 0,
    "show_in_profile": True,
    "show_in_rail": True,
    "show_time": True,
    "notification": _SILENT,
    "missions": _MISSIONS,
    "rewards": [
        {"type": "metric", "metric": "points", "quantity": 100},
        {"type": "inventory_item", "set": "wallpapers", "item": "wallpaper_sunset"},
        {"type": "coupon", "coupon": "free_tea"},
    ],
    "created_at": "2026-01-15T10:30:00Z",
    "updated_at": "2026-01-15T10:30:00Z",
}
NEW_CHALLENGE = CHALLENGE | {"rewards": CHALLENGE["rewards"][:1]}
MEMBER_CHALLENGES: dict[str, Any] = {
    "member_id": "cus_abc123",
    "data": [
        {
            "id": CHALLENGE["id"],
            "title": "Spring regular",
            "period": "month:2026-01",
            "status": "open",
            "completed_at": None,
            "missions": [
                {
                    "id": _MISSIONS[0]["id"],
                    "title": "Come by three times",
                    "progress": "3",
                    "target": "3",
                    "completed_at": "2026-01-20T08:00:00Z",
                },
                {
                    "id": _MISSIONS[1]["id"],
                    "title": "Spend £50",
                    "progress": "12.5",
                    "target": "50",
                    "completed_at": None,
                },
            ],
        }
    ],
}
MILESTONE_SET_REQUEST: dict[str, Any] = {
    "id": "levels",
    "metric": "points",
    "title": "Levels",
    "milestones": [
        {"id": "bronze", "title": "Bronze", "threshold": 100},
        {"id": "silver", "title": "Silver", "media": "https://shop.example/silver.png", "threshold": 500},
    ],
}
MILESTONE_SET: dict[str, Any] = {
    **MILESTONE_SET_REQUEST,
    "milestones": [{"media": "", **each} for each in MILESTONE_SET_REQUEST["milestones"]],
    "created_at": "2026-01-01T09:30:00Z",
}
COUPON_REQUEST: dict[str, Any] = {
    "id": "free_tea",
    "title": "A free tea",
    "link": "https://shop.example/tea",
    "code_pattern": "TEA-########",
    "show_on_notification": True,
}
COUPON: dict[str, Any] = {
    "id": "free_tea",
    "title": "A free tea",
    "media": "",
    "link": "https://shop.example/tea",
    "coupon_id": "",
    "coupon_type": "",
    "code": "",
    "code_pattern": "TEA-########",
    "show_on_notification": True,
    "created_at": "2026-01-01T09:30:00Z",
}
MEMBER_APP: dict[str, Any] = {
    "public_host": "club.shop.example",
    "origins": ["https://shop.example", "http://localhost:3000"],
    "event_types": ["visit", "quiz.done"],
}
COUNTED: dict[str, Any] = {
    "challenge": CHALLENGE["id"],
    "mission": _MISSIONS[1]["id"],
    "period": "month:2026-01",
    "amount": "59.9",
    "progress": "50",
    "target": "50",
}
_WHICH: dict[str, Any] = {
    "achieved": "challenge",
    "challenge": CHALLENGE["id"],
    "mission": None,
    "title": "Spring regular",
    "period": "month:2026-01",
    "rewards": [{"type": "metric", "metric": "points", "asked": 100, "given": 100}],
}
ACHIEVEMENT = {"id": "ach_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b", **_WHICH}
EFFECT = {"kind": "challenge", "action": "completed", "achievement": ACHIEVEMENT["id"], **_WHICH}
CHANGES = {"counted": [COUNTED], "completed": [ACHIEVEMENT], "revoked": []}
VERDICT: dict[str, Any] = {
    "challenge": CHALLENGE["id"],
    "mission": _MISSIONS[1]["id"],
    "challenge_title": "Spring regular",
    "title": "Spend £50",
    "outcome": "counted",
    "reason": "It counts with 59.9.",
    "failed": None,
    "amount": "59.9",
}
REASON: dict[str, Any] = {
    "rule": None,
    "outcome": "counted",
    "reason": "It counts with 59.9.",
    "challenge": CHALLENGE["id"],
    "mission": _MISSIONS[1]["id"],
}
