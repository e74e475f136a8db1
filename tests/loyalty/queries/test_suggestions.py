"""What the console offers: event types that were really sent before what members made up, and a sample event."""

from django.utils import timezone

from audit.record import Actor
from loyalty.actions.reporting import report_action
from loyalty.queries.suggestions import event_types, latest_event
from programs.models import Environment
from tests.factories import make_challenge, reload, report


def test_what_members_make_up_crowds_nothing_out(environment: Environment) -> None:
    report(environment, "w1", type="walk_done", data={})
    report(environment, "s1", type="survey", data={})
    make_challenge(environment, missions=[{"title": "Visit", "event_type": "visit", "target": 2}])
    here = reload(environment)
    claimed = [f"!{number:03}" for number in range(30)]
    for name in claimed:
        report_action(
            environment=here,
            member="ada",
            action=name,
            data={},
            actor=Actor("member", "ada", "trace"),
            now=timezone.now(),
        )
    assert event_types(here) == [*claimed[:20], "survey", "walk_done"]
    report(here, "m1", type="!029", data={})  # a server sends it after all
    assert event_types(here) == [*claimed[:20], "!029", "survey", "walk_done"]


def test_of_events_of_one_instant_the_sample_is_the_last_that_was_recorded(environment: Environment) -> None:
    now = timezone.now()
    for number in range(5):
        report(environment, f"order-{number}", now=now)
    found = latest_event(environment, "purchase")
    assert found is not None
    assert found.event_id == "order-4"
