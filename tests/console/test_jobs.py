"""The page of the background jobs: when each ran last, for how long, how it ended, and when it runs next."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from procrastinate.contrib.django import app

from audit.models import WebhookRelay
from loyalty.queries.jobs import job_states
from programs.models import Environment
from tests import factories

NOW = datetime(2031, 5, 1, 12, 30, 10, tzinfo=UTC)
ONCE = {"recount", "back_test", "code_upload"}


@pytest.fixture(autouse=True)
def queue(db: None) -> None:
    """Empty, within the test's transaction."""
    with connection.cursor() as cursor:
        for table in ("procrastinate_periodic_defers", "procrastinate_jobs", "procrastinate_workers"):
            cursor.execute(f"DELETE FROM {table}")


def ran(job: str, status: str, seconds: float | None, ended: str = "succeeded") -> None:
    """A run that began at 12:00:00."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, args, status)"
            " VALUES ('loyalty', %s, '{}', %s) RETURNING id",
            [job, status],
        )
        (key,) = cursor.fetchone()
        cursor.execute("DELETE FROM procrastinate_events WHERE job_id = %s", [key])
        events = [("started", 0.0)] if seconds is None else [("started", 0.0), (ended, seconds)]
        for type_, at in events if status != "todo" else []:
            cursor.execute(
                "INSERT INTO procrastinate_events (job_id, type, at)"
                " VALUES (%s, %s, timestamptz '2031-05-01 12:00:00Z' + make_interval(secs => %s))",
                [key, type_, at],
            )


def page(login: Any, environment: Environment, role: str = "analyst") -> str:
    text: str = login(environment, role).get("/console/jobs/").content.decode()
    return text


def rows(text: str) -> dict[str, list[str]]:
    """By job, as the operators' commands call it: last run, took, outcome, next run, in words."""
    cells = [
        re.findall(r"<td.*?>(.*?)</td>", row, re.DOTALL)
        for row in re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL)
    ]
    plain = [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row] for row in cells if row]
    return {row[0].split()[-1]: row[1:] for row in plain}


def test_each_job_has_a_line_with_its_last_run(login: Any, environment: Environment) -> None:
    ran("sweep", "succeeded", 12.34)
    ran("retention", "failed", 0.25, "failed")
    ran("tiers", "doing", None)
    ran("recount", "todo", None)
    text = page(login, environment)
    found = rows(text)
    assert set(found) == {name for name, task in app.tasks.items() if task.queue == "loyalty"} | {"outbox"}
    assert found["sweep"][:3] == ["1 May, 12:00:00", "12.3 s", "Done"]
    assert found["retention"][:3] == ["1 May, 12:00:00", "250 ms", "Failed"]
    assert found["tiers"][:3] == ["1 May, 12:00:00", "–", "Running"]
    assert found["idempotency"][:3] == ["not within three days", "–", "–"]
    assert found["recount"] == [
        "not within three days",
        "–",
        "–",
        "When a ladder is made or counts something else 1 due",
    ]
    assert "No worker runs." in text
    assert {name for name in found if f"<strong>{name}</strong>" in text} == set(), "each has a name in words"
    assert "<strong>Points and holds</strong>" in text


def test_the_timetable_says_when_a_job_runs_next() -> None:
    found = {each.job: each for each in job_states(NOW)}
    on_time = {each.task.name for each in app.periodic_registry.periodic_tasks.values()}
    assert {name for name, each in found.items() if each.next_at} == on_time
    assert {name for name, each in found.items() if not each.next_at} >= ONCE
    assert found["sweep"].next_at == datetime(2031, 5, 1, 12, 31, tzinfo=UTC)
    assert found["retention"].next_at == datetime(2031, 5, 2, 3, 23, tzinfo=UTC)
    assert found["stalled_jobs"].next_at == datetime(2031, 5, 1, 12, 30, 20, tzinfo=UTC)
    assert found["retention"].occasion == "Every night"
    assert [each.job for each in found.values() if not (each.occasion and each.purpose)] == []


def test_a_worker_and_the_outbox_are_told_alive_by_what_they_did_last(
    login: Any, environment: Environment
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now())")
    WebhookRelay.objects.update(checked_at=datetime(2026, 1, 1, tzinfo=UTC))
    text = page(login, environment)
    assert "No worker runs." not in text
    assert "1 worker running." in text
    assert rows(text)["outbox"][0] == "1 Jan, 00:00:00"
    assert rows(text)["outbox"][2].startswith("Stopped No worker looks for them")


def test_who_is_in_no_project_is_not_let_in(login: Any, environment: Environment) -> None:
    factories.make_staff()
    stranger = login(environment, "analyst")
    environment.project.memberships.all().delete()
    assert stranger.get("/console/jobs/").status_code == 403


def test_what_failed_says_what_to_do(login: Any, environment: Environment) -> None:
    assert "failed at" not in page(login, environment)
    ran("retention", "failed", 0.25, "failed")
    ran("import", "failed", 0.25, "failed")
    text = " ".join(page(login, environment).split())
    assert "2 jobs failed at their last run." in text
    assert "<strong>Old history.</strong> It is tried again by itself at its next run" in text
    assert "<strong>Imports.</strong> Its page says how far it came" in text
    assert 'href="/console/loyalty/import/">Go there' in text
