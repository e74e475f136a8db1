from collections.abc import Iterator
from typing import Any

import pytest

from loyalty_engine_client import Client
from programs.models import Environment
from tests import factories
from tests.sdk.fake import Fake, fake_server
from tests.sdk.live import Live, live_server


@pytest.fixture
def fake() -> Iterator[Fake]:
    with fake_server() as server:
        yield server


@pytest.fixture
def waits() -> list[float]:
    """The seconds that `client` would have slept between attempts."""
    return []


@pytest.fixture
def client(fake: Fake, waits: list[float]) -> Iterator[Client]:
    with Client("sk_test", base_url=fake.url, sleep=waits.append) as made:
        yield made


@pytest.fixture
def live(committed: None) -> Iterator[Live]:
    with live_server() as server:
        yield server


@pytest.fixture
def key(committed_environment: Environment) -> str:
    """A key of `committed_environment` that may do everything."""
    return factories.make_key(committed_environment)


@pytest.fixture
def loyalpro(live: Live, key: str) -> Iterator[Any]:
    """The Python library beside the engine."""
    with Client(key, base_url=live.url, retry_delay=0.01) as made:
        yield made
