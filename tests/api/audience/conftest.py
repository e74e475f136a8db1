"""What tests of /api/loyalty share."""

from typing import Any

import pytest

from programs.models import Environment
from tests.api.audience.club import HOST, App, Club, make_club


@pytest.fixture(autouse=True)
def public_host(settings: Any) -> None:
    settings.ALLOWED_HOSTS = [*settings.ALLOWED_HOSTS, HOST, "elsewhere.example.com"]


@pytest.fixture(scope="module")
def _made_club(module_data: None) -> Club:
    from tests import factories

    return make_club(factories.make_environment())


@pytest.fixture
def club(_made_club: Club, db: None, fresh_snapshots: None) -> Club:
    """Made once a module; what a test changes of it is undone after the test."""
    return _made_club


@pytest.fixture
def environment(club: Club) -> Environment:
    return club.environment


@pytest.fixture
def ada(club: Club) -> App:
    return club.app()
