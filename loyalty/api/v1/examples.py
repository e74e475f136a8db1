"""Examples of the OpenAPI document."""

from typing import Any

from loyalty.api.v1 import challenge_examples, stamp_examples

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
    "nominal": None,
    "requested": None,
    "shortfall": None,
    "counterpart": None,
    "hold_id": None,
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
PLAIN_SPEND = SPEND | {"reward_id": None, "code": None, "discount_amount": None}
ADJUSTMENT = TRANSACTION | {"type": "adjusted", "reason": "goodwill", "metadata": {"note": "Parcel was late"}}
PIECE: dict[str, Any] = {
    "transaction_id": "txn_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b",
    "points": 70,
    "earned_at": "2026-01-31T12:00:00Z",
    "available_at": "2026-01-31T12:00:00Z",
    "expires_at": "2026-03-02T12:00:00Z",
}
REVERSED = SPEND | {
    "id": "txn_019a9f0c5c7d7a3e8b1f2c4d5e6f7a90",
    "type": "reversed",
    "points": 120,
    "balance_after": 150,
    "reason": "Order cancelled",
    "reverses": "txn_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8f",
    "nominal": 120,
    "sequence": 8,
}
REVERSAL = REVERSED | {
    "taken": [],
    "given_back": [PIECE, PIECE | {"points": 50, "expires_at": "2026-02-10T12:00:00Z"}],
    "already_expired": 0,
    "debt": 0,
    "reversible": 0,
    "caused": [
        TRANSACTION
        | {
            "id": "txn_019a9f0c5c7d7a3e8b1f2c4d5e6f7a91",
            "type": "expired",
            "points": -50,
            "balance_after": 100,
            "reason": "Expired",
            "metadata": None,
            "sequence": 9,
            "actor": {"kind": "system", "id": "expiry"},
        }
    ],
    "points_balance": 100,
}
SENT = TRANSACTION | {
    "id": "txn_019a9f0c5c7d7a3e8b1f2c4d5e6f7a90",
    "type": "transferred",
    "points": -100,
    "reason": "Family gift",
    "metadata": None,
    "counterpart": {"transaction_id": "txn_019a9f0c5c7d7a3e8b1f2c4d5e6f7a91", "customer_id": "cus_def456"},
}
RECEIVED = SENT | {
    "id": "txn_019a9f0c5c7d7a3e8b1f2c4d5e6f7a91",
    "points": 100,
    "balance_after": 100,
    "customer_id": "cus_def456",
    "sequence": 1,
    "counterpart": {"transaction_id": "txn_019a9f0c5c7d7a3e8b1f2c4d5e6f7a90", "customer_id": "cus_abc123"},
}
TRANSFER = {"sent": SENT, "received": RECEIVED}
HOLD: dict[str, Any] = {
    "id": "hold_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b",
    "status": "open",
    "customer_id": "cus_abc123",
    "metric": "points",
    "points": 200,
    "captured": 0,
    "reason": "Checkout",
    "metadata": {"cart": "c-77"},
    "created_at": "2026-01-31T12:00:00Z",
    "occurred_at": "2026-01-31T12:00:00Z",
    "expires_at": "2026-01-31T12:15:00Z",
    "closed_at": None,
    "actor": {"kind": "api_key", "id": "sk_sandbox_a1b2c3"},
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
}
RELEASED = HOLD | {"status": "released", "closed_at": "2026-01-31T12:05:00Z"}
CAPTURE = {
    "hold": HOLD | {"status": "captured", "captured": 150, "closed_at": "2026-01-31T12:05:00Z"},
    "transaction": SPEND | {"points": -150, "reason": "Checkout", "hold_id": HOLD["id"]},
}
BALANCE: dict[str, Any] = {
    "metric": "points",
    "balance": 500,
    "total": 500,
    "pending": 0,
    "held": 0,
    "debt": 0,
    "shortfall": 0,
    "lifetime": {"earned": 700, "redeemed": 200, "expired": 0, "adjusted": 0, "transferred": 0},
    "expiring": [{"points": 200, "expires_at": "2026-12-31T23:59:59Z"}],
}
LOT: dict[str, Any] = {
    "transaction_id": "txn_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b",
    "points": 300,
    "remaining": 200,
    "held": 0,
    "pending": False,
    "earned_at": "2026-01-01T09:30:00Z",
    "available_at": "2026-01-01T09:30:00Z",
    "expires_at": "2026-12-31T23:59:59Z",
}
BALANCES = {
    "member_id": "cus_abc123",
    "as_of": "2026-01-31T12:00:00Z",
    "recorded_as_of": None,
    "data": [BALANCE | {"lots": [LOT]}],
}
MEMBER: dict[str, Any] = {
    "id": "cus_abc123",
    "member_id": "cus_abc123",
    "status": "active",
    "attributes": {"country": "NG"},
    "created_at": "2026-01-01T09:30:00Z",
}
TIER: dict[str, Any] = {
    "program": "default",
    "tier": "silver",
    "title": "Silver",
    "since": "2026-01-31T12:00:00Z",
    "valid_until": "2027-01-31T00:00:00Z",
    "in_grace": False,
    "progress": "309",
    "next": {"tier": "gold", "title": "Gold", "threshold": "750", "missing": "441"},
}
CUSTOMER = MEMBER | {"points_balance": 500, "balances": [BALANCE], "tiers": [TIER]}
MERGED = MEMBER | {"id": "cus_def456", "member_id": "cus_def456", "merged_id": "cus_abc123"}
ERASED = {"status": "erased"}
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
            "rule_revision": "rev_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b",
        },
        {"kind": "tier", "program": "default", "from": None, "to": "silver", "change": "reached"},
        {"kind": "stamps", **stamp_examples.STAMP_CHANGE},
        challenge_examples.EFFECT,
    ],
    "reasons": [
        {"rule": "1 point per £1", "outcome": "awarded", "reason": "The condition is met: 59 points."},
        {
            "rule": "Weekend bonus",
            "outcome": "outside_schedule",
            "reason": "The rule applies on weekends; this was a Wednesday.",
        },
        {
            "rule": None,
            "outcome": "stamped",
            "reason": "One stamp for one piece.",
            "stamp_program": "lp_coffee",
        },
        challenge_examples.REASON,
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
    "adjustment_limit": None,
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
    "unit_value": "0.01",
    "unit_currency": "GBP",
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
    "entry_type": "earned",
    "priority": 0,
    "exclusive_group": "",
    "caps": [{"per": "day", "points": 1000}],
    "budget": None,
    "starts_at": None,
    "ends_at": None,
    "schedule": {},
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
