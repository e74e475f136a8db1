import pytest

from programs.models import Environment
from tests.loyalty.stamps.cafe import Cafe


@pytest.fixture
def cafe(environment: Environment) -> Cafe:
    return Cafe(environment)
