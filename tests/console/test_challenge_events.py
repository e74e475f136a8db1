"""An event's page tells what it did to challenges."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from loyalty.admin.challenge_explaining import ChallengeTold, challenges_told
from loyalty.models import Event
from programs.models import Environment, Metric
from programs.queries.snapshots import snapshot
from tests import factories
from tests.console.challenged import active_week, happened
from tests.console.redeemed import text_of

pytestmark = pytest.mark.django_db


def _page(client: Client, event: Event) -> Any:
    return client.get(reverse("admin:loyalty_event_change", args=[event.pk]))


def _told(client: Client, event: Event) -> ChallengeTold:
    told: ChallengeTold
    (told,) = _page(client, event).context["challenges_told"]
    return told


def _missions(told: ChallengeTold) -> list[tuple[str, str, str, str]]:
    return [(one.title, one.label, one.reason, one.moved) for one in told.missions]


def test_what_an_event_counted_completed_and_a_refund_took_back(
    support: Client, environment: Environment
) -> None:
    challenge = active_week(environment)
    Metric.objects.filter(environment=environment, code="points").update(maximum=100)
    first = happened(environment, "visit-1", "visit")
    told = _told(support, first)
    assert (told.title, told.key) == ("Active week", challenge.pk)
    assert told.period.startswith("week of ")
    assert _missions(told) == [("Come three times", "Counted", "It counts.", "It stood at 1 of 3 then.")]
    assert (told.completed, told.revoked) == ([], [])

    unclear = _told(support, happened(environment, "walk-0", "walk", km="far"))
    assert [(one.label, one.moved) for one in unclear.missions] == [("No amount", "")]

    happened(environment, "visit-2", "visit")
    happened(environment, "visit-3", "visit")
    walked = happened(environment, "walk-1", "walk", km="20.5")
    told = _told(support, walked)
    assert _missions(told) == [
        ("Walk 20 km", "Counted", "It counts with 20.5.", "It stood at 20 of 20 then.")
    ]
    gifts = "100 points (of 150: no more has room), the item Crown and the coupon Free tea"
    assert told.completed == [
        "The mission “Walk 20 km” is complete.",
        f"The challenge is complete: given {gifts}.",
    ]
    text = text_of(_page(support, walked))
    assert (
        f'<a href="{reverse("admin:programs_challenge_change", args=[challenge.pk])}">Active week</a>' in text
    )
    assert gifts in text

    back = factories.report(
        environment, "refund-1", type="refund", member="ada", data={"purchase": "walk-1"}
    ).event
    told = _told(support, back)
    assert _missions(told) == [("Walk 20 km", "Taken back", "", "20.5 taken back; it stood at 0 of 20 then.")]
    assert told.revoked == [
        "The mission “Walk 20 km” is no longer complete.",
        "The challenge is no longer complete: taken back 100 points, the item Crown and the coupon Free tea.",
    ]
    assert told.completed == []


def test_an_event_tells_why_it_did_not_count(support: Client, environment: Environment) -> None:
    only_mail = {"field": "data.channel", "op": "eq", "value": "mail"}
    factories.make_challenge(
        environment,
        mission_order="sequence",
        missions=[
            {"title": "Invite", "event_type": "invite", "target": 1, "condition": only_mail},
            {"title": "Come", "event_type": "visit", "target": 1},
        ],
    )
    for event_id, event_type, label in (("i", "invite", "Did not match"), ("v", "visit", "Waits its turn")):
        told = _told(support, happened(environment, event_id, event_type, channel="sms"))
        assert [(one.label, one.moved) for one in told.missions] == [(label, "")]
        assert (
            told.missions[0].reason in _page(support, Event.objects.get(event_id=event_id)).content.decode()
        )
    nothing = happened(environment, "n", "nap")
    assert "Challenges</h3>" not in _page(support, nothing).content.decode()


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        {"challenges": 3},
        {"challenges": [3, {}]},
        {
            "challenges": {
                "counted": [{}, 3],
                "completed": [{"rewards": [{"type": "metric"}, {}]}],
                "revoked": 7,
            }
        },
        {"challenges": {"completed": [{"kind": "mission", "period": "week:x", "rewards": 3}]}},
        {"challenges": {"counted": [{"amount": 5, "period": "day:2026-11-21", "progress": None}]}},
    ],
    ids=range(7),
)
def test_whatever_is_stored_is_shown(environment: Environment, stored: Any) -> None:
    event = Event(explanation=stored, figures=stored)
    assert isinstance(challenges_told(event, snapshot(environment)), list)
