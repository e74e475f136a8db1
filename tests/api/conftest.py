"""What tests of the API share."""

import pytest

from loyalty.api.common import warm


@pytest.fixture
def warm_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key stays warm for as long as a test takes, however slow the machine: statements can be counted."""
    monkeypatch.setattr(warm, "CACHE_SECONDS", 3600)
