import pytest

from programs.models import Environment
from tests.loyalty.tiers.club import Club


@pytest.fixture
def club(environment: Environment) -> Club:
    return Club(environment)
