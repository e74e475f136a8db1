"""What tests of /publisher.v1 share."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from loyalty.actions.clock import set_clock
from loyalty.models import StampCollection
from programs.actions.stamp_programs import save_stamp_program
from programs.models import Environment, Program, StampProgram
from tests import factories

DOCUMENTED_AT = datetime(2024, 1, 15, 10, 30, tzinfo=UTC)
COFFEE = {
    "public_id": "lp_abc123",
    "name": "Coffee Rewards",
    "title": "Buy 5, Get 1 Free",
    "image_url": "https://cdn.example.com/coffee-card.png",
    "logo_url": "https://cdn.example.com/logo.png",
    "summary": "Collect 5 stamps and get your next coffee free",
    "description": "Purchase any coffee to earn a stamp...",
    "terms": "Valid at participating locations...",
    "reward_text": "1 Free Coffee",
    "threshold": 5,
    "reward_kind": "refund",
}
TEA = {
    "public_id": "lp_tea",
    "name": "Tea Rewards",
    "title": "Every second tea",
    "threshold": 2,
    "reward_kind": "fixed-reward",
    "reward_amount": 500,
}


@pytest.fixture
def then(environment: Environment) -> Environment:
    """The sandbox at the document's own instant."""
    return set_clock(environment=environment, clock=DOCUMENTED_AT, actor=factories.make_actor())


def make_program(environment: Environment, **changes: Any) -> StampProgram:
    """A stamp program made at the document's own instant, in GBP."""
    made = StampProgram(environment=environment, public_id=changes.pop("public_id"))
    owner = Program.objects.get(environment=environment, code="default")
    return save_stamp_program(
        environment=factories.reload(environment),
        stamp_program=made,
        actor=factories.make_actor(),
        now=DOCUMENTED_AT,
        changes={"program": owner, "status": "active", "currency": "GBP", **changes},
    )


@pytest.fixture
def card(environment: Environment) -> StampCollection:
    """Ada's card, full after two purchases; every pound earns a point too."""
    factories.make_rule(environment, published_at=timezone.now() - timedelta(days=1))
    return factories.make_card(environment, make_program(environment, **TEA))
