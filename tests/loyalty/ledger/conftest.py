import pytest

from programs.models import Environment, StampProgram
from tests.loyalty.ledger.story import Story
from tests.loyalty.stamps.cafe import Cafe


@pytest.fixture
def story(environment: Environment) -> Story:
    return Story(environment)


@pytest.fixture
def cafe(environment: Environment) -> Cafe:
    return Cafe(environment)


@pytest.fixture
def coffee(cafe: Cafe) -> StampProgram:
    """Ada has two rewards, the first one paid, and a stamp on her third card."""
    made = cafe.card(threshold=2)
    for number, amount in enumerate(("3.00", "2.50", "4.00", "4.20", "1.00"), start=1):
        cafe.buy(f"p{number}", amount)
    cafe.pay(cafe.rewards(made)[0], "Till 1")
    return made
