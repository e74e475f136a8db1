from collections.abc import Iterator

import pytest
from django.utils import timezone

from audit.models import WebhookEndpoint, WebhookRelay
from audit.positions import NOWHERE
from tests.audit.webhooks.receiver import Receiver, present_transaction, receiving


@pytest.fixture(autouse=True)
def _loopback(settings: pytest.FixtureRequest) -> None:
    settings.WEBHOOKS_ALLOW_LOOPBACK = True  # type: ignore[attr-defined]


@pytest.fixture
def relayed(db: None) -> None:
    """What other tests have left in this database is behind the relay."""
    WebhookRelay.objects.update(transaction=str(present_transaction()), event_id=NOWHERE)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def no_endpoints_left(committed: None) -> Iterator[None]:
    """A test that commits leaves no endpoint that another test would send to."""
    yield
    WebhookEndpoint.objects.filter(archived_at__isnull=True).update(archived_at=timezone.now())
