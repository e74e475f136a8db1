"""Examples of the OpenAPI document about rewards and redemptions."""

from typing import Any

REWARD_REQUEST: dict[str, Any] = {
    "id": "rwd_xyz789",
    "kind": "discount",
    "name": "₦1,000 off",
    "cost": {"kind": "fixed", "points": 200},
    "discount_amount": 1000,
    "currency": "NGN",
    "code": {"source": "generated", "pattern": "REDEEM-########", "valid_days": 30},
    "status": "active",
}
_HEAD: dict[str, Any] = {
    "id": "rwd_xyz789",
    "program": "default",
    "metric": "points",
    "kind": "discount",
    "name": "₦1,000 off",
    "description": "",
    "image_url": "https://loyalty.example/pictures/019a9f0c-5c7d-7a3e-8b1f-2c4d5e6f7a8b.webp",
}
_WORTH: dict[str, Any] = {
    "cost": {"kind": "fixed", "points": 200, "tier_points": {"gold": 150}},
    "discount_amount": 1000,
    "discount_percent": None,
    "currency": "NGN",
    "gives": None,
    "starts_at": None,
    "ends_at": "2026-12-31T23:00:00Z",
}
REWARD: dict[str, Any] = {
    **_HEAD,
    "status": "active",
    **_WORTH,
    "condition": {"all": [{"field": "member.attributes.country", "op": "eq", "value": "NG"}]},
    "limit": {"times": 1, "per": "month"},
    "stock": 500,
    "stock_left": 488,
    "taken": 12,
    "code": {
        "source": "generated",
        "pattern": "REDEEM-########",
        "valid_days": 30,
        "returns_codes": True,
        "available": None,
    },
    "fulfilment": "automatic",
    "created_at": "2026-01-01T09:30:00Z",
}
NEW_REWARD = REWARD | {
    "image_url": None,
    "cost": {"kind": "fixed", "points": 200, "tier_points": {}},
    "ends_at": None,
    "condition": {},
    "limit": None,
    "stock": None,
    "stock_left": None,
    "taken": 0,
}
OFFER: dict[str, Any] = {
    **_HEAD,
    "points": 200,
    **_WORTH,
    "limit": {"times": 1, "per": "month", "used": 1},
    "stock_left": 488,
    "eligible": False,
    "reasons": [
        {
            "code": "member_limit_reached",
            "detail": "A member may have it once a month, and this one has had it once.",
            "limit": 1,
            "per": "month",
            "used": 1,
            "resets_at": "2026-01-31T23:00:00Z",
        }
    ],
}
REDEMPTION: dict[str, Any] = {
    "id": "red_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b",
    "customer_id": "cus_abc123",
    "member_id": "cus_abc123",
    "reward_id": "rwd_xyz789",
    "name": "₦1,000 off",
    "kind": "discount",
    "status": "fulfilled",
    "points": 200,
    "metric": "points",
    "code": "REDEEM-7K2MWPQ4",
    "code_status": "issued",
    "code_expires_at": "2026-03-02T12:00:00Z",
    "used_at": None,
    "used_place": None,
    "discount_amount": 1000,
    "discount_percent": None,
    "currency": "NGN",
    "gives": None,
    "transaction_id": "txn_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8c",
    "reason": None,
    "metadata": {"source": "app"},
    "created_at": "2026-01-31T12:00:00.215331Z",
    "occurred_at": "2026-01-31T12:00:00Z",
    "fulfilled_at": "2026-01-31T12:00:00Z",
    "closed_at": None,
    "note": None,
    "closed_reason": None,
}
REDEEMED = REDEMPTION | {"points_balance": 300}
PENDING = REDEMPTION | {
    "name": "T-shirt",
    "kind": "free_product",
    "status": "pending",
    "code": None,
    "code_status": None,
    "code_expires_at": None,
    "discount_amount": None,
    "currency": None,
    "fulfilled_at": None,
}
FULFILLED = PENDING | {
    "status": "fulfilled",
    "fulfilled_at": "2026-02-01T09:00:00Z",
    "note": "Parcel 4711",
}
FAILED = PENDING | {
    "status": "failed",
    "closed_at": "2026-02-01T09:00:00Z",
    "closed_reason": "No longer made",
}
CANCELLED = REDEMPTION | {
    "status": "cancelled",
    "code_status": "void",
    "closed_at": "2026-02-01T09:00:00Z",
    "closed_reason": "Order cancelled",
}
USED = REDEMPTION | {
    "code_status": "used",
    "used_at": "2026-02-01T09:00:00Z",
    "used_place": "Till 4, Lagos",
}
CODE: dict[str, Any] = {
    "code": "SUMMER-0001",
    "status": "used",
    "source": "pool",
    "redemption_id": "red_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b",
    "added_at": "2026-01-01T09:30:00Z",
    "issued_at": "2026-01-31T12:00:00Z",
    "expires_at": None,
    "used_at": "2026-02-01T09:00:00Z",
    "used_place": "Till 4, Lagos",
}
CODES_REQUEST = {"codes": ["SUMMER-0001", "SUMMER-0002", "SUMMER-0002"]}
CODES_ADDED: dict[str, Any] = {
    "added": 2,
    "duplicates": 1,
    "invalid": 0,
    "problems": [{"line": 3, "code": "SUMMER-0002", "problem": "It stands in the list before."}],
    "available": 2,
}
CODES_REMOVED = {"removed": 2}
INVENTORY_SET_REQUEST: dict[str, Any] = {
    "id": "wallpapers",
    "title": "Wallpapers",
    "items": [{"id": "wallpaper_sunset", "title": "Sunset", "media": "https://shop.example/sunset.jpg"}],
}
INVENTORY_SET: dict[str, Any] = {
    "id": "wallpapers",
    "program": "default",
    "title": "Wallpapers",
    "items": [{"id": "wallpaper_sunset", "title": "Sunset", "media": "https://shop.example/sunset.jpg"}],
    "created_at": "2026-01-01T09:30:00Z",
}
ANALYTICS: dict[str, Any] = {
    "from": "2026-01-01T00:00:00Z",
    "to": "2026-02-01T00:00:00Z",
    "data": [
        {
            "reward_id": "rwd_xyz789",
            "name": "₦1,000 off",
            "kind": "discount",
            "redemptions": 30,
            "members": 28,
            "points": 5800,
            "share": 0.75,
            "pending": 0,
            "fulfilled": 29,
            "cancelled": 1,
            "failed": 0,
            "codes_issued": 30,
            "codes_used": 12,
            "codes_expired": 3,
            "use_rate": 0.4,
            "time_to_use": {"median_seconds": 93600, "p90_seconds": 604800},
        }
    ],
}
