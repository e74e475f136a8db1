"""A back-test: `python -m benchmarks.trying EVENTS` stores so many past events and tries a draft on them; JSON.

As the worker does it, but without its rests. Three rules: the draft has a cap, another a condition.
"""

import argparse
import json
import os
import sys
import time
from datetime import timedelta

import django

MEMBERS = 1000
DAYS = 90


def main() -> None:
    parser = argparse.ArgumentParser("python -m benchmarks.trying")
    parser.add_argument("environment")
    parser.add_argument("events", type=int)
    chosen = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    sys.stdout.write(json.dumps(measure(chosen.environment, chosen.events)) + "\n")


def measure(environment_id: str, events: int) -> dict[str, float]:
    """Store the events, try the draft of the first rule: how many, and in how many seconds."""
    from django.db import connection, transaction  # noqa: PLC0415 - Django is set up by now
    from django.utils import timezone  # noqa: PLC0415

    from audit.record import Actor  # noqa: PLC0415
    from benchmarks.rows import KEY  # noqa: PLC0415
    from loyalty.actions.back_tests import run_back_test, start_back_test  # noqa: PLC0415
    from loyalty.actions.pace import Pace  # noqa: PLC0415
    from loyalty.models import BackTest  # noqa: PLC0415
    from programs.models import EarningRule  # noqa: PLC0415
    from programs.queries.environments import environment_by_id  # noqa: PLC0415

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(KEY)
        cursor.execute(_events(environment_id, events))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) loyalty_event")
    environment = environment_by_id(environment_id)  # type: ignore[arg-type]
    now = timezone.now()
    rule = EarningRule.objects.get(environment=environment, name="A point a pound")
    EarningRule.objects.filter(pk=rule.pk).update(caps=[{"per": "day", "points": 100}])
    test = start_back_test(
        environment=environment,
        rule=rule,
        begins_at=now - timedelta(days=500 + DAYS + 1),
        ends_at=now - timedelta(days=500 - 1),
        actor=Actor.system("benchmark"),
        now=now,
    )
    began = time.monotonic()
    run_back_test(back_test=test.pk, pace=Pace(rest=0))
    seconds = time.monotonic() - began
    found = BackTest.objects.get(pk=test.pk)
    if found.done != events:
        raise RuntimeError(f"{found.done} of {events} events were tried: {found.error}")
    return {"events": events, "seconds": seconds}


def _events(environment_id: str, events: int) -> str:
    """In time order, over members in turn, none of whom are new."""
    values = {
        "id": "pg_temp.key(at, 'past' || n)",
        "environment_id": f"'{environment_id}'::uuid",
        "member_id": "member_id",
        "event_id": "'past-' || n",
        "type": "'purchase'",
        "occurred_at": "at",
        "recorded_at": "at",
        "data": """jsonb_build_object('amount', (n % 15000 / 100.0)::numeric(12, 2)::text, 'currency', 'GBP')""",
        "explanation": """'{"verdicts": []}'""",
        "facts": """'{"age_days": 100, "attributes": {}, "event_counts": {}}'""",
        "digest": "sha256(convert_to(n::text, 'UTF8'))",
        "actor_kind": "'system'",
        "actor_id": "'benchmark'",
        "trace_id": "'seed'",
    }
    source = f"""(
        SELECT n, member.id AS member_id,
            date_trunc('hour', now()) - interval '500 days' - interval '{DAYS} days'
                + n * interval '{DAYS} days' / {events} AS at
        FROM generate_series(1, {events}) AS n
        JOIN (
            SELECT id, row_number() OVER (ORDER BY id) AS place, count(*) OVER () AS members
            FROM (SELECT id FROM loyalty_member WHERE environment_id = '{environment_id}' LIMIT {MEMBERS}) AS chosen
        ) AS member ON member.place = n % member.members + 1
    ) AS planned ORDER BY at"""
    from benchmarks.rows import insert  # noqa: PLC0415 - Django is set up by now
    from loyalty.models import Event  # noqa: PLC0415

    return insert(Event, values, source)


if __name__ == "__main__":
    main()
