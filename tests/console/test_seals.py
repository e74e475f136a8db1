"""The state of the seals stands on the audit page (domain.md 9.1)."""

from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from audit import seals
from audit.positions import Position, present_epoch, rows_behind
from programs.models import Environment

pytestmark = pytest.mark.django_db


def test_the_audit_page_says_how_far_the_trail_is_sealed(login: Any, environment: Environment) -> None:
    client = login(environment, "analyst")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        (own,) = cursor.fetchone()
    # This test's rows alone: to seal what other tests have left would take long.
    rows = rows_behind(Position(present_epoch(), own), 100, final=False)
    own_event = next(row.pk for row in rows if row.environment_id == environment.pk)
    seals._seal(seals.newest_seal(), rows, timezone.now())
    last = seals.newest_seal()
    assert last is not None

    page = client.get("/console/audit/auditevent/").content.decode()
    head = client.get("/console/audit/auditevent/head.json")
    event = client.get(f"/console/audit/auditevent/{own_event}/change/").content.decode()

    assert "Nothing waits." in page
    assert bytes(last.hash).hex() in page
    assert head.json()["hash"] == bytes(last.hash).hex()
    assert head.json()["number"] == last.number
    assert "<dt>Seal</dt><dd>" in event
