"""Whether what runs in the background keeps up: figures for alerts (docs/operations.md)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from audit.seals import seal_state

_STATE = """
SELECT
    (SELECT extract(epoch FROM %(now)s - checked_at) FROM audit_webhookrelay LIMIT 1),
    (
        SELECT extract(epoch FROM %(now)s - min(delivery.next_attempt_at)) FROM audit_webhookdelivery AS delivery
        JOIN audit_webhookendpoint AS endpoint ON endpoint.id = delivery.endpoint_id
        WHERE delivery.status = 'pending' AND delivery.next_attempt_at <= %(now)s AND endpoint.status = 'enabled'
    ),
    (SELECT count(*) FROM audit_webhookdelivery WHERE status = 'pending'),
    (SELECT count(*) FROM audit_webhookendpoint WHERE status = 'disabled' AND archived_at IS NULL),
    (SELECT extract(epoch FROM %(now)s - rolled_at) FROM loyalty_rollupposition LIMIT 1)
"""
_JOBS = """
SELECT job.task_name, extract(epoch FROM max(event.at) FILTER (WHERE event.type = 'succeeded')),
    count(*) FILTER (WHERE event.type IN ('failed', 'aborted') AND event.at > %(now)s - interval '1 hour')
FROM procrastinate_jobs AS job JOIN procrastinate_events AS event ON event.job_id = job.id
WHERE event.type IN ('succeeded', 'failed', 'aborted')
GROUP BY job.task_name ORDER BY job.task_name
"""


@dataclass(frozen=True, slots=True)
class Figure:
    """One gauge. `job`: of which, where it is one's."""

    name: str
    meaning: str
    value: float
    job: str | None = None


def operating_figures(*, now: datetime) -> Iterator[Figure]:
    """The gauges as they stand at `now`, real time; six statements, by indexes."""
    seals = seal_state()
    waits = (now - seals.since).total_seconds() if seals.since else 0.0
    yield Figure(
        "loyalty_seal_wait_seconds", "Age of the oldest audit event that is not sealed.", max(0.0, waits)
    )
    with connection.cursor() as cursor:
        cursor.execute(_STATE, {"now": now})
        seen, late, pending, disabled, rolled = cursor.fetchone()
        cursor.execute(_JOBS, {"now": now})
        jobs = cursor.fetchall()
    if seen is not None:  # else no worker ever did
        yield Figure("loyalty_outbox_seen_seconds", "Since a worker last looked for webhooks.", float(seen))
    yield Figure("loyalty_webhook_late_seconds", "How long the oldest due delivery waits.", float(late or 0))
    yield Figure("loyalty_webhook_pending", "Deliveries that are not delivered yet.", pending)
    yield Figure("loyalty_webhook_endpoints_disabled", "Endpoints that nothing is sent to.", disabled)
    if rolled is not None:
        yield Figure("loyalty_rollup_seen_seconds", "Since figures by day were last added up.", float(rolled))
    for job, succeeded, failed in jobs:
        yield Figure("loyalty_job_failures", "Failed runs within the last hour.", failed, job)
        if succeeded is not None:
            yield Figure(
                "loyalty_job_success_timestamp_seconds", "When the job last succeeded.", float(succeeded), job
            )
