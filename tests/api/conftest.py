"""What tests of the API share."""

import pytest

from loyalty.api.common import throttling, warm
from tests.api.world import Owner, make_owner


@pytest.fixture
def warm_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key stays warm for as long as a test takes, however slow the machine: statements can be counted."""
    monkeypatch.setattr(warm, "CACHE_SECONDS", 3600)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that the limiter sees; 20 s into a minute."""
    now = [60_000_020.0]
    monkeypatch.setattr(throttling, "time", lambda: now[0])
    return now


@pytest.fixture(scope="module")
def _made_owner(module_data: None) -> Owner:
    return make_owner()


@pytest.fixture(scope="module")
def _made_neighbour(module_data: None) -> Owner:
    return make_owner()


@pytest.fixture
def owner(_made_owner: Owner, db: None, fresh_snapshots: None) -> Owner:
    """A tenant with data everywhere, made once a module; what a test changes of it is undone after the test."""
    return _made_owner


@pytest.fixture
def neighbour(_made_neighbour: Owner, db: None, fresh_snapshots: None) -> Owner:
    """Another such tenant."""
    return _made_neighbour
