"""Examples of the OpenAPI document; those of the K42 document are its own."""

from typing import Any

PROGRAM: dict[str, Any] = {
    "id": "lp_abc123",
    "name": "Coffee Rewards",
    "qualifying_threshold": 5,
    "reward_config": {"type": "refund"},
    "display_content": {
        "title": "Buy 5, Get 1 Free",
        "image": "https://cdn.example.com/coffee-card.png",
        "logo": "https://cdn.example.com/logo.png",
        "summary": "Collect 5 stamps and get your next coffee free",
        "description": "Purchase any coffee to earn a stamp...",
        "terms": "Valid at participating locations...",
        "reward": {"formatted": "1 Free Coffee"},
    },
    "created_at": "2024-01-15T10:30:00Z",
    "updated_at": "2024-01-15T10:30:00Z",
}
PROGRAMS = {"data": [PROGRAM], "page": {"page_size": 50, "cursor": None, "more": False}}
CARD = {
    "id": "sc_0190b6d2c0a17c3e8f5d2b1a4c6e8f01",
    "loyalty_program_id": "lp_abc123",
    "created_at": "2024-01-15T10:30:00Z",
    "unredeemed_purchases": 3,
}
CARDS = {"data": [CARD], "page": {"page_size": 20, "cursor": None, "more": False}}
PURCHASE_REQUEST = {
    "id": "order-12345",
    "member_id": "m_x1y2z3",
    "amount": 650,
    "currency": "GBP",
    "occurred_at": "2026-01-31T12:00:00Z",
    "merchant": "High Street",
    "items": [
        {"line": 1, "sku": "LATTE", "description": "Latte", "quantity": 1, "unit_price": 350},
        {"line": 2, "sku": "CAKE", "description": "Carrot cake", "quantity": 1, "unit_price": 300},
    ],
}
REWARD = {
    "id": "sr_0190b6d2c0a17c3e8f5d2b1a4c6e8f05",
    "loyalty_program_id": "lp_abc123",
    "type": "refund",
    "amount": 350,
    "currency": "GBP",
}
PURCHASE = {
    "id": "order-12345",
    "member_id": "m_x1y2z3",
    "occurred_at": "2026-01-31T12:00:00Z",
    "stamps": [
        {
            "stamp_collection_id": CARD["id"],
            "loyalty_program_id": "lp_abc123",
            "stamps": 1,
            "unredeemed_purchases": 0,
        }
    ],
    "rewards": [REWARD],
}
REFUND_REQUEST = {
    "id": "refund-12345",
    "transaction_id": "order-12345",
    "amount": 650,
}
REFUND = {
    "id": "refund-12345",
    "transaction_id": "order-12345",
    "member_id": "m_x1y2z3",
    "stamps": [
        {
            "stamp_collection_id": CARD["id"],
            "loyalty_program_id": "lp_abc123",
            "stamps": 1,
            "unredeemed_purchases": 4,
        }
    ],
    "rewards_revoked": [REWARD],
    "rewards_standing": [],
    "rewards": [],
}
