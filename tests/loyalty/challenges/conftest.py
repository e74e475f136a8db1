"""After every test with these fixtures `check_ledger` finds nothing."""

from collections.abc import Iterator

import pytest

from programs.models import Environment
from tests.loyalty.challenges.camp import Camp, assert_sound


def opened(environment: Environment) -> Iterator[Camp]:
    made = Camp(environment)
    yield made
    assert_sound(made)


@pytest.fixture
def field(environment: Environment) -> Iterator[Camp]:
    yield from opened(environment)


@pytest.fixture
def open_field(committed_environment: Environment) -> Iterator[Camp]:
    """One that threads with connections of their own may enter."""
    yield from opened(committed_environment)
