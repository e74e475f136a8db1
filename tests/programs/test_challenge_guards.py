"""What the database refuses of challenges and the member app, whoever asks."""

import pytest
from django.db import IntegrityError, models, transaction

from programs.models import Environment, MemberApp, Mission
from tests.factories import make_challenge

pytestmark = pytest.mark.django_db


def refused(rows: "models.QuerySet[models.Model]", constraint: str, **changes: object) -> None:
    before = rows.values().get()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        rows.update(**changes)
    assert rows.values().get() == before


def test_events_are_counted_in_whole_numbers_and_sums_are_not(environment: Environment) -> None:
    challenge = make_challenge(environment, missions=[{"title": "Come", "event_type": "visit", "target": 2}])
    rows = Mission.objects.filter(challenge=challenge)
    refused(rows, "mission_counts_whole_events", target="2.5")
    assert rows.update(measure="sum", field="data.amount", target="2.5") == 1
    refused(rows, "mission_counts_whole_events", measure="count", field="")


def test_a_host_is_kept_in_small_letters_or_there_is_none(environment: Environment) -> None:
    app = MemberApp.objects.create(environment=environment, public_host="club.example.com:8443")
    rows = MemberApp.objects.filter(pk=app.pk)
    refused(rows, "member_app_host_lower", public_host="Club.example.com:8443")
    assert rows.update(public_host=None) == 1
