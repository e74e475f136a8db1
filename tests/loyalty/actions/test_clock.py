"""The sandbox's test clock (domain.md 12)."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from audit.errors import InvalidRequest
from audit.models import AuditEvent
from loyalty.actions.clock import set_clock
from loyalty.actions.points import award
from loyalty.errors import ServiceUnavailable
from loyalty.models import LedgerEntry, Member
from programs.models import Environment
from programs.queries.environments import now_in
from tests.conftest import Api
from tests.factories import give, make_actor, make_environment, reload

LONG_AGO = datetime.fromisoformat("1997-01-01T00:00:00+00:00")


def test_an_empty_sandbox_may_be_set_to_any_instant(environment: Environment) -> None:
    for clock in (LONG_AGO, LONG_AGO - timedelta(days=1), None):
        set_clock(environment=environment, clock=clock, actor=make_actor())
        assert reload(environment).clock == clock


def test_once_there_are_members_the_clock_only_goes_forward(environment: Environment) -> None:
    set_clock(environment=environment, clock=LONG_AGO, actor=make_actor())
    give(environment, 5, now=LONG_AGO)
    with pytest.raises(InvalidRequest) as refusal:
        set_clock(environment=environment, clock=LONG_AGO - timedelta(seconds=1), actor=make_actor())
    assert refusal.value.errors[0].field == "now"
    assert reload(environment).clock == LONG_AGO
    set_clock(environment=environment, clock=LONG_AGO + timedelta(days=1), actor=make_actor())
    set_clock(environment=environment, clock=None, actor=make_actor())
    assert abs(now_in(reload(environment)) - timezone.now()) < timedelta(minutes=1)


def test_a_live_environment_has_no_test_clock(db: None) -> None:
    live = make_environment("live")
    with pytest.raises(InvalidRequest):
        set_clock(environment=live, clock=LONG_AGO, actor=make_actor())
    assert reload(live).clock is None


def test_setting_the_clock_is_audited_once(environment: Environment) -> None:
    for _ in range(2):
        set_clock(environment=reload(environment), clock=LONG_AGO, actor=make_actor())
    event = AuditEvent.objects.get(environment_id=environment.id, verb="environment.clock_set")
    assert (event.before, event.after) == ({"clock": None}, {"clock": LONG_AGO.isoformat()})


def test_history_can_be_replayed_at_its_own_time(environment: Environment, api: Api) -> None:
    assert api.post("/v1/sandbox/clock", {"now": "1997-01-01T00:00:00Z"}).status_code == 200
    rule = {"name": "Visit", "event_type": "visit", "award": {"kind": "fixed", "points": 10}}
    made = api.post("/v1/earning-rules", rule).json()
    api.post(f"/v1/earning-rules/{made['id']}/publish")
    assert api.patch("/v1/metrics/points", {"expiry": "days", "expiry_count": 30}).status_code == 200
    event = {"event_id": "v1", "type": "visit", "member_id": "ada", "data": {}}
    answer = api.post("/v1/events", event).json()
    assert answer["event"]["occurred_at"] == "1997-01-01T00:00:00Z"
    api.post("/v1/sandbox/clock", {"now": "1997-01-30T23:59:59Z"})
    assert api.get("/v1/customers/ada").json()["points_balance"] == 10
    api.post("/v1/sandbox/clock", {"now": "1997-01-31T00:00:00Z"})
    assert api.get("/v1/customers/ada").json()["points_balance"] == 0
    assert LedgerEntry.objects.filter(environment_id=environment.id).count() == 1


def test_a_first_member_does_not_come_from_a_time_that_is_no_more(environment: Environment) -> None:
    """The request read the clock; it was set before the member was made."""
    stale = reload(environment)
    set_clock(environment=environment, clock=LONG_AGO, actor=make_actor())
    with pytest.raises(ServiceUnavailable):
        award(environment=stale, member="ada", points=5, reason=None, actor=make_actor(), now=timezone.now())
    assert not Member.objects.filter(environment=environment).exists()


@pytest.mark.parametrize("year", [1899, 9001])
def test_the_clock_stays_within_the_calendar(environment: Environment, year: int) -> None:
    with pytest.raises(InvalidRequest):
        set_clock(environment=environment, clock=LONG_AGO.replace(year=year), actor=make_actor())
    assert reload(environment).clock is None
