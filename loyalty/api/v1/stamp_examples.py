"""Examples of the OpenAPI document about stamp programs, cards and stamp rewards."""

from typing import Any

_CONDITION = {"all": [{"field": "data.store", "op": "eq", "value": "Soho"}]}
_ITEMS = {"all": [{"field": "item.category", "op": "eq", "value": "coffee"}]}
STAMP_PROGRAM_REQUEST: dict[str, Any] = {
    "id": "lp_coffee",
    "name": "Coffee Rewards",
    "status": "active",
    "threshold": 5,
    "items": _ITEMS,
    "stamps_per": "quantity",
    "currency": "GBP",
    "reward": {"type": "refund"},
    "display": {
        "title": "Buy 5, Get 1 Free",
        "image": "https://cdn.example.com/coffee-card.png",
        "logo": "https://cdn.example.com/logo.png",
        "summary": "Collect 5 stamps and get your next coffee free",
        "description": "Purchase any coffee to earn a stamp...",
        "terms": "Valid at participating locations...",
        "reward": "1 Free Coffee",
    },
}
NEW_STAMP_PROGRAM: dict[str, Any] = {
    "id": "lp_coffee",
    "program": "default",
    "name": "Coffee Rewards",
    "status": "active",
    "starts_at": None,
    "ends_at": None,
    "threshold": 5,
    "condition": {},
    "items": _ITEMS,
    "stamps_per": "quantity",
    "currency": "GBP",
    "reward": {"type": "refund"},
    "display": STAMP_PROGRAM_REQUEST["display"],
    "created_at": "2026-01-15T10:30:00Z",
    "updated_at": "2026-01-15T10:30:00Z",
}
STAMP_PROGRAM = NEW_STAMP_PROGRAM | {
    "condition": _CONDITION,
    "reward": {"type": "fixed-reward", "amount": 500},
    "updated_at": "2026-01-20T08:00:00Z",
}
STAMP_COLLECTION_REQUEST = {"stamp_program": "lp_coffee", "customer_id": "cus_abc123"}
NEW_STAMP_COLLECTION: dict[str, Any] = {
    "id": "sc_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b",
    "stamp_program": "lp_coffee",
    "name": "Coffee Rewards",
    "customer_id": "cus_abc123",
    "member_id": "cus_abc123",
    "stamps": 0,
    "threshold": 5,
    "owed": 0,
    "rewards": {"issued": 0, "paid": 0, "revoked": 0},
    "created_at": "2026-01-16T09:00:00Z",
}
STAMP_COLLECTION = NEW_STAMP_COLLECTION | {
    "stamps": 3,
    "rewards": {"issued": 1, "paid": 2, "revoked": 0},
}
STAMP_REWARD: dict[str, Any] = {
    "id": "sr_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8c",
    "stamp_collection": "sc_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b",
    "stamp_program": "lp_coffee",
    "customer_id": "cus_abc123",
    "member_id": "cus_abc123",
    "type": "refund",
    "amount": 350,
    "currency": "GBP",
    "status": "issued",
    "event_id": "order-12345",
    "reference": None,
    "created_at": "2026-01-31T12:00:00Z",
    "paid_at": None,
    "revoked_at": None,
}
STAMP_REWARD_WITH_STAMPS = STAMP_REWARD | {
    "stamps": [
        {
            "event_id": "order-12001",
            "line": 1,
            "unit_price": "3.5",
            "collected_at": "2026-01-17T08:10:00Z",
        },
        {
            "event_id": "order-12345",
            "line": 2,
            "unit_price": "4.2",
            "collected_at": "2026-01-31T12:00:00Z",
        },
    ]
}
PAID_STAMP_REWARD = STAMP_REWARD_WITH_STAMPS | {
    "status": "paid",
    "reference": "PAYOUT-4711",
    "paid_at": "2026-02-01T09:00:00Z",
}
STAMP_CHANGE: dict[str, Any] = {
    "stamp_collection": "sc_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b",
    "stamp_program": "lp_coffee",
    "collected": 1,
    "replaced": 0,
    "returned": 0,
    "counter": 0,
    "owed": 0,
    "issued": [
        {
            "id": "sr_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8c",
            "type": "refund",
            "amount": 350,
            "currency": "GBP",
        }
    ],
    "revoked": [],
    "standing": [],
}
STAMP_VERDICT: dict[str, Any] = {
    "stamp_collection": "sc_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b",
    "stamp_program": "lp_coffee",
    "name": "Coffee Rewards",
    "outcome": "stamped",
    "reason": "One stamp for one piece.",
    "failed": None,
    "stamps": 1,
}
STAMP_FIGURES: dict[str, Any] = {
    "stamp_program": "lp_coffee",
    "name": "Coffee Rewards",
    "status": "active",
    "threshold": 5,
    "currency": "GBP",
    "enrolled": 40,
    "steps": [
        {"stamps": 0, "members": 12},
        {"stamps": 1, "members": 9},
        {"stamps": 2, "members": 8},
        {"stamps": 3, "members": 7},
        {"stamps": 4, "members": 4},
    ],
    "issued": 13,
    "paid": 10,
    "revoked": 1,
    "to_pay": 700,
    "paid_amount": 3500,
}
