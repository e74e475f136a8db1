"""What the reports of /v1 answer, as the OpenAPI document shows it."""

from typing import Any

from loyalty.api.v1 import examples, reward_examples, stamp_examples

_DAYS: dict[str, Any] = {
    "time_zone": "Europe/London",
    "from": "2026-01-01",
    "to": "2026-01-31",
    "as_of": "2026-02-01T09:30:00Z",
}
_MOMENTS: dict[str, Any] = {
    "from": "2026-01-01T00:00:00Z",
    "to": "2026-02-01T00:00:00Z",
    "time_zone": "Europe/London",
    "as_of": "2026-02-01T09:30:00Z",
}
_METRIC: dict[str, Any] = {
    "program": "default",
    "metric": "points",
    "unit_value": "0.01",
    "unit_currency": "GBP",
}
POINTS: dict[str, Any] = {
    **_METRIC,
    **_DAYS,
    "totals": {
        "opening": 120000,
        "issued": 50000,
        "redeemed": 18000,
        "expired": 4000,
        "reversed": -1500,
        "adjusted": 500,
        "transferred": 0,
        "reversed_issued": -2000,
        "reversed_redeemed": 500,
        "reversed_adjusted": 0,
        "closing": 147000,
        "closing_value": "1470.00",
        "net_issued": 48000,
        "net_redeemed": 17500,
        "redemption_rate": 0.3646,
        "breakage_rate": 0.0833,
        "active_members": 812,
    },
    "data": [
        {
            "day": "2026-01-01",
            "issued": 1600,
            "redeemed": 200,
            "expired": 4000,
            "reversed": 0,
            "adjusted": 0,
            "transferred": 0,
            "outstanding": 117400,
            "outstanding_value": "1174.00",
        }
    ],
}
LIABILITY: dict[str, Any] = {
    **_METRIC,
    **_DAYS,
    "outstanding": 147000,
    "outstanding_value": "1470.00",
    "pending": 1200,
    "held": 300,
    "debt": -800,
    "cohorts": [
        {"month": "2026-02", "points": 9000, "pending": 0, "held": 0, "value": "90.00"},
        {"month": "2026-03", "points": 12500, "pending": 0, "held": 300, "value": "125.00"},
        {"month": None, "points": 126300, "pending": 1200, "held": 0, "value": "1263.00"},
    ],
    "data": [{"day": "2026-01-01", "outstanding": 117400, "outstanding_value": "1174.00"}],
}
MEMBERS: dict[str, Any] = {
    **_DAYS,
    "totals": {"new": 96, "active": 812, "total": 2357},
    "data": [{"day": "2026-01-01", "new": 4, "active": 31, "total": 2265}],
}
TIERS: dict[str, Any] = {
    **_DAYS,
    "data": [
        {
            "program": "default",
            "up": 41,
            "down": 12,
            "levels": [
                {"tier": None, "title": None, "members": 1800, "members_now": 1802},
                {"tier": "silver", "title": "Silver", "members": 420, "members_now": 418},
                {"tier": "gold", "title": "Gold", "members": 137, "members_now": 137},
            ],
            "days": [{"day": "2026-01-01", "up": 2, "down": 9}],
        }
    ],
}
REWARDS: dict[str, Any] = {
    **_MOMENTS,
    "data": [
        {
            **row,
            "program": "default",
            "metric": "points",
            "points_value": "58.00",
            "days": [{"day": "2026-01-01", "redemptions": 2, "points": 400}],
        }
        for row in reward_examples.ANALYTICS["data"]
    ],
}
STAMPS: dict[str, Any] = {
    **examples.page(
        {
            **stamp_examples.STAMP_FIGURES,
            "completion_rate": 0.275,
            "days": [{"day": "2026-01-01", "joined": 3, "stamps": 14, "returned": 1, "issued": 2, "paid": 0}],
        }
    ),
    **_MOMENTS,
}
CHALLENGES: dict[str, Any] = {
    **examples.page(
        {
            "challenge_id": "5f0c7a52-0d0a-4b6c-9d3e-2f4c1a7b8e90",
            "program": "default",
            "title": "Regular",
            "status": "active",
            "started": 40,
            "missions": [
                {"mission_id": "0b8b6a0e-6f0e-4f3a-8c39-9a1f3f1f7a11", "title": "Come twice", "members": 22}
            ],
            "completed": 18,
            "completion_rate": 0.45,
        }
    ),
    "as_of": "2026-02-01T09:30:00Z",
}
