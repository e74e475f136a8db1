"""Who an easier challenge would complete, counted before it is saved."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from loyalty.actions.events import record_event
from loyalty.models import Member
from loyalty.queries.completing import Completing, completed_of, completing
from programs.models import Challenge, Environment
from tests import factories

pytestmark = pytest.mark.django_db


def _visit(environment: Environment, member: str, times: int, at: datetime, kind: str = "visit") -> None:
    for number in range(times):
        record_event(
            environment=factories.reload(environment),
            event_id=f"{member}-{kind}-{at:%d}-{number}",
            type=kind,
            member=member,
            data={},
            occurred_at=at,
            actor=factories.make_actor(),
            now=timezone.now(),
        )


def _would(challenge: Challenge, target: int, *, without: str = "") -> Completing:
    """With that target of its first mission, and without the one of that title."""
    missions = challenge.missions.exclude(title=without)
    targets = {one.pk: Decimal(target) if one.place == 0 else one.target for one in missions}
    return completing(challenge=challenge, targets=targets, now=timezone.now())


def test_counts_living_members_who_are_there_in_the_period_of_now(environment: Environment) -> None:
    challenge = factories.make_challenge(
        environment,
        per="day",
        missions=[
            {"title": "Visits", "event_type": "visit", "target": 3},
            {"title": "Photo", "event_type": "photo", "target": 1},
        ],
    )
    now = timezone.now()
    yesterday = now - timedelta(days=1)
    for member, visits, photos in (("ada", 3, 1), ("bob", 2, 1), ("cy", 2, 0), ("dee", 1, 1), ("eve", 2, 1)):
        _visit(environment, member, visits, now)
        _visit(environment, member, photos, now, "photo")
    _visit(environment, "flo", 2, yesterday)
    _visit(environment, "flo", 1, yesterday, "photo")
    Member.objects.filter(external_id="eve").update(status=Member.Status.ERASED, external_id=None)
    challenge = Challenge.objects.get(pk=challenge.pk)
    found = [_would(challenge, 2), _would(challenge, 1), _would(challenge, 3, without="Photo")]
    assert found == [Completing(1, 2), Completing(2, 3), Completing(0, 0)]
    assert _would(challenge, 2, without="Photo") == Completing(2, 2)
    assert completed_of([challenge.pk]) == {challenge.pk: 1}
