import pytest

from programs.models import Environment
from tests.loyalty.ledger.story import Story


@pytest.fixture
def story(environment: Environment) -> Story:
    return Story(environment)
