"""An account has an end. Events beyond it are refused one by one, and their neighbours are not."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.errors import InvalidRequest
from loyalty.actions.events import record_batch
from loyalty.models import Account, Event
from loyalty.models.ledger import MAX_TOTAL
from loyalty.queries.events import RecordedEvent, ReportedEvent
from programs.models import Environment
from tests.factories import make_actor, make_rule, reload

pytestmark = pytest.mark.django_db


def test_events_that_no_longer_fit_are_refused_in_place_and_cost_no_statement(
    environment: Environment,
) -> None:
    award = {"kind": "per_amount", "field": "data.amount", "rate": "1000000000", "step": "1"}
    make_rule(environment, award=award)
    fitting = MAX_TOTAL // 10**15
    events = [
        ReportedEvent(f"order-{n}", "purchase", "ada", {"amount": "1000000"})
        for n in range(fitting - 1, -1, -1)
    ]
    now, actor = timezone.now(), make_actor()
    first = record_batch(environment=reload(environment), events=events, actor=actor, now=now)
    assert all(isinstance(result, RecordedEvent) for result in first)
    more = [
        ReportedEvent(f"more-{n}", "purchase", "ada", {"amount": "1000000" if n % 2 else "0"})
        for n in range(200)
    ]
    with CaptureQueriesContext(connection) as seen:
        results = record_batch(environment=reload(environment), events=more, actor=actor, now=now)
    assert [isinstance(result, InvalidRequest) for result in results] == [n % 2 == 1 for n in range(200)]
    assert len(seen) < 15
    assert Account.objects.get(environment_id=environment.id).total == MAX_TOTAL
    assert Event.objects.filter(environment_id=environment.id).count() == fitting + 100
