"""After every test here the ledger is right."""

from collections.abc import Iterator
from io import StringIO

import pytest
from django.core.management import call_command

from programs.models import Environment
from tests.loyalty.redemptions.shop import Shop


@pytest.fixture
def shop(environment: Environment) -> Iterator[Shop]:
    yield Shop(environment)
    _check_ledger(environment)


@pytest.fixture
def open_shop(committed_environment: Environment) -> Iterator[Shop]:
    """One that threads with connections of their own may enter."""
    yield Shop(committed_environment)
    _check_ledger(committed_environment)


def _check_ledger(environment: Environment) -> None:
    out = StringIO()
    try:
        call_command("check_ledger", environment=str(environment.pk), stdout=out)
    except SystemExit:  # which would keep pytest from taking the fixtures down
        pytest.fail(out.getvalue())
