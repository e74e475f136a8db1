"""Examples of the OpenAPI document."""

from typing import Any

TRANSACTION: dict[str, Any] = {
    "id": "txn_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b",
    "type": "earned",
    "points": 100,
    "balance_after": 600,
    "reason": "Purchase",
    "metadata": {"order_id": "order_12345", "amount": 10000},
    "created_at": "2026-01-31T12:00:00Z",
    "occurred_at": "2026-01-31T12:00:00Z",
    "customer_id": "cus_abc123",
    "metric": "points",
    "sequence": 7,
    "event_id": None,
    "reverses": None,
    "actor": {"kind": "api_key", "id": "sk_sandbox_a1b2c3"},
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
}
SPEND = TRANSACTION | {
    "type": "redeemed",
    "points": -200,
    "balance_after": 400,
    "reason": "Voucher",
    "metadata": None,
}
REDEMPTION = SPEND | {"reward_id": None, "code": None, "discount_amount": None}
ADJUSTMENT = TRANSACTION | {"type": "adjusted", "reason": "goodwill", "metadata": {"note": "Parcel was late"}}
BALANCE: dict[str, Any] = {
    "metric": "points",
    "balance": 500,
    "total": 500,
    "pending": 0,
    "held": 0,
    "debt": 0,
    "lifetime": {"earned": 700, "redeemed": 200, "expired": 0},
    "expiring": [{"points": 200, "expires_at": "2026-12-31T23:59:59Z"}],
}
BALANCES = {"member_id": "cus_abc123", "as_of": "2026-01-31T12:00:00Z", "data": [BALANCE]}
CUSTOMER: dict[str, Any] = {
    "id": "cus_abc123",
    "member_id": "cus_abc123",
    "status": "active",
    "attributes": {"country": "NG"},
    "points_balance": 500,
    "balances": [BALANCE],
    "created_at": "2026-01-01T09:30:00Z",
}
EVENT: dict[str, Any] = {
    "id": "evt_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b",
    "event_id": "order-12345",
    "type": "purchase",
    "member_id": "cus_abc123",
    "occurred_at": "2026-01-31T12:00:00Z",
    "created_at": "2026-01-31T12:00:00.215331Z",
    "data": {"amount": "59.90", "currency": "GBP"},
}
RECORDED = {
    "event": EVENT,
    "effects": [
        {
            "kind": "points",
            "transaction": TRANSACTION
            | {"points": 59, "event_id": "order-12345", "reason": "1 point per £1"},
        }
    ],
    "duplicate": False,
}
PROGRAM: dict[str, Any] = {
    "id": "prg_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b",
    "code": "default",
    "name": "Default program",
    "status": "active",
    "starts_at": None,
    "ends_at": None,
    "retention_days": None,
    "created_at": "2026-01-01T09:30:00Z",
}
METRIC: dict[str, Any] = {
    "code": "points",
    "program": "default",
    "title": "Points",
    "media": "",
    "default_value": 0,
    "minimum": None,
    "maximum": None,
    "expiry": "months",
    "expiry_count": 12,
    "expiry_date": None,
    "expiry_month_end": True,
    "vesting_days": 0,
    "negative_balance": "debt",
    "rounding": "down",
    "created_at": "2026-01-01T09:30:00Z",
}
RULE: dict[str, Any] = {
    "id": "rul_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b",
    "program": "default",
    "metric": "points",
    "name": "1 point per £1",
    "event_type": "purchase",
    "condition": {"all": [{"field": "data.amount", "op": "gte", "value": "10"}]},
    "award": {"kind": "per_amount", "field": "data.amount", "rate": "1", "step": "1"},
    "priority": 0,
    "status": "published",
    "revision": 1,
    "effective_from": "2026-01-01T09:30:00Z",
    "created_at": "2026-01-01T09:30:00Z",
}
ENVIRONMENT = {
    "id": "019a9f0c-5c7d-7a3e-8b1f-2c4d5e6f7a8b",
    "project": "Online shop",
    "kind": "sandbox",
    "time_zone": "Europe/London",
    "clock": "2026-01-31T12:00:00Z",
}
AUDIT_EVENT: dict[str, Any] = {
    "id": "aud_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b",
    "verb": "points.adjusted",
    "object": {"type": "ledgerentry", "id": "txn_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b"},
    "actor": {"kind": "staff", "id": "amira"},
    "organization_id": "019a9f0c-5c7d-7a3e-8b1f-2c4d5e6f7a8b",
    "project_id": "019a9f0c-5c7d-7a3e-8b1f-2c4d5e6f7a8c",
    "environment_id": "019a9f0c-5c7d-7a3e-8b1f-2c4d5e6f7a8d",
    "event_id": None,
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    "before": {"balance": 500},
    "after": {"points": 100, "balance": 600, "reason": "goodwill"},
    "ip": "203.0.113.7",
    "occurred_at": "2026-01-31T12:00:00Z",
    "recorded_at": "2026-01-31T12:00:00Z",
}


def page(row: Any) -> dict[str, Any]:
    return {"data": [row], "has_more": False, "next_cursor": None}
