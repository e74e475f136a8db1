"""After every test here each card adds up, and so does the ledger."""

from collections.abc import Iterator

import pytest

from programs.models import Environment
from tests.loyalty.ledger.checking import check
from tests.loyalty.stamps.cafe import Cafe


def opened(environment: Environment) -> Iterator[Cafe]:
    made = Cafe(environment)
    made.open()
    yield made
    made.check()
    check(environment=str(environment.pk))


@pytest.fixture
def cafe(environment: Environment) -> Iterator[Cafe]:
    yield from opened(environment)


@pytest.fixture
def open_cafe(committed_environment: Environment) -> Iterator[Cafe]:
    """One that threads with connections of their own may enter."""
    yield from opened(committed_environment)
