"""What is kept for a time only is deleted in chunks, by any number of workers."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.ids import new_id
from loyalty.actions import retention
from loyalty.actions.pace import Pace
from loyalty.models import IdempotencyRecord
from programs.models import Environment

Together = Callable[..., list[Any]]


def make_records(environment: Environment, count: int, at: datetime) -> None:
    IdempotencyRecord.objects.bulk_create(
        IdempotencyRecord(
            environment_id=environment.pk,
            key=f"k{new_id()}",
            fingerprint=b"f",
            status=201,
            answer="{}",
            created_at=at,
        )
        for _ in range(count)
    )


@pytest.mark.django_db
@pytest.mark.parametrize("avoided", ["", "hashjoin", "hashagg", "hashjoin hashagg mergejoin material sort"])
def test_answers_are_kept_for_thirty_days_and_deleted_in_chunks_by_every_plan(
    environment: Environment, avoided: str
) -> None:
    with connection.cursor() as cursor:
        for way in avoided.split():
            cursor.execute(f"SET LOCAL enable_{way} = off")
    now = timezone.now()
    month = timedelta(days=30)
    IdempotencyRecord.objects.filter(created_at__lt=now - month).delete()
    make_records(environment, 25, now - month - timedelta(seconds=1))
    make_records(environment, 3, now - month)
    make_records(environment, 2, now)
    with CaptureQueriesContext(connection) as queries:
        deleted = retention.delete_idempotency_records(now=now, pace=Pace(rest=0), chunk=10)
    assert deleted == 25
    assert len(queries) == 3  # 10, 10, 5
    kept = IdempotencyRecord.objects.filter(environment_id=environment.pk)
    assert Counter(record.created_at for record in kept) == {now - month: 3, now: 2}
    assert retention.delete_idempotency_records(now=now, pace=Pace(rest=0)) == 0


def test_two_deletions_at_once_delete_each_record_once(
    committed_environment: Environment, together: Together
) -> None:
    now = timezone.now()

    def delete(number: int) -> int:
        return retention.delete_idempotency_records(now=now, pace=Pace(rest=0), chunk=7)

    delete(0)  # what tests of the past have left
    make_records(committed_environment, 500, now - timedelta(days=31))
    assert sum(together(delete, 4)) + delete(0) == 500
    assert not IdempotencyRecord.objects.filter(environment_id=committed_environment.pk).exists()


def test_a_deletion_that_is_ended_has_kept_its_chunks(committed_environment: Environment) -> None:
    environment, now = committed_environment, timezone.now()
    make_records(environment, 30, now - timedelta(days=31))
    stopping = threading.Event()
    pace = Pace(stopping=stopping, rest=0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stopping, "wait", lambda seconds: stopping.set())
        assert retention.delete_idempotency_records(now=now, pace=pace, chunk=10) == 10
    assert IdempotencyRecord.objects.filter(environment_id=environment.pk).count() == 20
    assert retention.delete_idempotency_records(now=now, pace=Pace(rest=0), chunk=10) == 20
