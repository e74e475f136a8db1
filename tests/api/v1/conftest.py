"""What tests of /v1 share."""

import pytest

from programs.models import Environment
from tests import factories
from tests.api.v1.days import done
from tests.conftest import Api

LEVELS = [
    {"code": "silver", "title": "Silver", "threshold": 250},
    {"code": "gold", "title": "Gold", "threshold": 750},
]


@pytest.fixture
def shop(api: Api, environment: Environment) -> Api:
    """A program with tiers, another metric and a set of items."""
    factories.make_metric(environment, "coins")
    done(api.post("/v1/tiers", {"id": "tl_club", "period": "lifetime", "levels": LEVELS}))
    items = [{"id": "badge_1", "title": "First"}, {"id": "badge_2", "title": "Second"}]
    done(api.post("/v1/inventory-sets", {"id": "badges", "title": "Badges", "items": items}))
    return api
