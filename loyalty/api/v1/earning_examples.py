"""Examples of the OpenAPI document: events, rules, tiers and referrals."""

from typing import Any

from loyalty.api.v1 import challenge_examples, examples, stamp_examples

PURCHASE = {
    "event_id": "order-12345",
    "type": "purchase",
    "member_id": "cus_abc123",
    "data": {"amount": "59.90", "currency": "GBP"},
}
REFUND = {
    "event_id": "refund-981",
    "type": "refund",
    "member_id": "cus_abc123",
    "data": {"purchase": "order-99999", "amount": "20.00"},
}
BATCH_REQUEST = {"events": [PURCHASE, REFUND]}
BATCH: dict[str, Any] = {
    "results": [
        {
            "event_id": "order-12345",
            "outcome": "applied",
            **{name: value for name, value in examples.RECORDED.items() if name != "duplicate"},
            "error": None,
        },
        {
            "event_id": "refund-981",
            "outcome": "refused",
            "event": None,
            "effects": [],
            "reasons": [],
            "error": {
                "code": "purchase_not_found",
                "title": "Purchase not found",
                "detail": "There is no purchase 'order-99999' by this member.",
                "errors": [],
            },
        },
    ]
}
VERDICT: dict[str, Any] = {
    "rule_id": "rul_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b",
    "rule_revision": "rev_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b",
    "revision": 1,
    "name": "1 point per £1",
    "metric": "points",
    "type": "earned",
    "group": None,
    "matched": True,
    "outcome": "awarded",
    "reason": "The condition is met: 73 points.",
    "failed": None,
    "points": 73,
    "steps": [
        {"stage": "base", "words": "59.9 holds 59 times 1, at 1 each", "points": "59"},
        {"stage": "multiplier", "words": "Silver multiplies by 1.25", "points": "73.75"},
        {"stage": "rounding", "words": "73.75 rounded down to 73", "points": "73"},
    ],
}
EXPLANATION: dict[str, Any] = {
    "event": examples.EVENT,
    "member_id": "cus_abc123",
    "levels": [{"program": "default", "tier": "silver", "title": "Silver", "multiplier": "1.25"}],
    "refund": None,
    "verdicts": [VERDICT],
    "reasons": [
        {name: VERDICT[other] for name, other in (("rule", "name"), ("outcome",) * 2, ("reason",) * 2)}
    ],
    "transactions": [
        examples.TRANSACTION
        | {
            "points": 73,
            "event_id": "order-12345",
            "reason": "1 point per £1",
            "lots": [
                {
                    "points": 73,
                    "remaining": 73,
                    "held": 0,
                    "pending": False,
                    "available_at": "2026-01-31T12:00:00Z",
                    "expires_at": "2027-02-01T00:00:00Z",
                }
            ],
        }
    ],
    "tier_changes": [
        {
            "program": "default",
            "from": "silver",
            "to": "gold",
            "change": "reached",
            "progress": "750",
            "occurred_at": "2026-01-31T12:00:00Z",
        }
    ],
    "referrer_id": None,
    "same_as": [],
}
DRY_RUN_REQUEST = {"type": "purchase", "member_id": "cus_abc123", "data": {"amount": "59.90"}}
EXPLANATION |= {
    "stamps": [stamp_examples.STAMP_VERDICT],
    "stamp_changes": [stamp_examples.STAMP_CHANGE],
    "challenges": [challenge_examples.VERDICT],
    "challenge_changes": challenge_examples.CHANGES,
}
DRY_RUN = EXPLANATION | {"transactions": [EXPLANATION["transactions"][0] | {"lots": []}]}
REVISION: dict[str, Any] = {
    "id": "rev_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b",
    "number": 1,
    "effective_from": "2026-01-01T09:30:00Z",
    "published_at": "2026-01-01T09:30:00Z",
    "published_by": "api_key:sk_sandbox_a1b2c3",
    "definition": {
        name: value
        for name, value in examples.RULE.items()
        if name not in ("id", "status", "revision", "effective_from", "created_at")
    },
}
LEVELS = [
    {"code": "silver", "title": "Silver", "threshold": "250", "multiplier": "1.25"},
    {"code": "gold", "title": "Gold", "threshold": "750", "multiplier": "1.5"},
]
LADDER_REQUEST = {
    "program": "default",
    "metric": "points",
    "basis": "points",
    "period": "rolling",
    "days": 365,
    "downgrade": "to_qualified",
    "levels": LEVELS,
}
LADDER: dict[str, Any] = {
    "id": "tl_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b",
    "program": "default",
    "metric": "points",
    "basis": "points",
    "event_type": "purchase",
    "currency": None,
    "period": "rolling",
    "days": 365,
    "grace_days": 0,
    "downgrade": "to_qualified",
    "active": True,
    "levels": [LEVELS[0] | {"members": 214}, LEVELS[1] | {"members": 31}],
    "created_at": "2026-01-01T09:30:00Z",
}
MEMBER_TIERS = {"member_id": "cus_abc123", "tiers": [examples.TIER]}
REFERRAL: dict[str, Any] = {
    "member_id": "cus_abc123",
    "code": "K7WQ2MXD",
    "referral": {
        "referrer_id": "cus_def456",
        "status": "pending",
        "created_at": "2026-01-31T12:00:00Z",
        "awarded_at": None,
    },
    "referred": {"pending": 0, "awarded": 2},
}
BACK_TEST: dict[str, Any] = {
    "id": "bt_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b",
    "rule_id": "rul_019a9f0c5c7d7a3e8b1f2c4d5e6f7a8b",
    "status": "done",
    "from": "2025-01-01T00:00:00Z",
    "to": "2026-01-01T00:00:00Z",
    "total": 104200,
    "done": 104200,
    "error": None,
    "created_at": "2026-01-31T12:00:00Z",
    "started_at": "2026-01-31T12:00:01Z",
    "finished_at": "2026-01-31T12:00:41Z",
    "result": {
        "metric": "points",
        "events": 104200,
        "skipped": 0,
        "members": 8123,
        "members_affected": 2210,
        "would": 2184411,
        "given": 1950023,
        "this_rule": 234388,
        "this_rule_given": 0,
        "this_rule_members": 2210,
        "outcomes": {"multiplied": 29771, "outside_schedule": 74429},
        "budget": None,
        "days": [{"day": "2025-01-01", "would": 5120, "given": 4711}],
        "most_affected": [{"customer_id": "cus_abc123", "would": 4200, "given": 2100}],
        "notes": [],
    },
}
EXPORT: dict[str, Any] = {
    "exported_at": "2026-01-31T12:00:00Z",
    "member": {
        **{name: examples.MEMBER[name] for name in ("member_id", "status", "attributes")},
        "merged": [],
    },
    "accounts": [{"member_id": "cus_abc123", "metric": "points", "balance": 500}],
    "transactions": [examples.TRANSACTION],
    "holds": [],
    "adjustment_requests": [],
    "redemptions": [],
    "items": {"owned": [], "changes": []},
    "challenges": {"progress": [], "achievements": [], "milestones": []},
    "stamp_collections": [],
    "events": [examples.EVENT],
    "event_counts": [{"member_id": "cus_abc123", "type": "purchase", "count": 7}],
    "tiers": {"levels": [], "progress": [], "changes": []},
    "usage": [],
    "referrals": {"codes": [], "came_through": [], "brought": []},
    "audit_events": [],
}
