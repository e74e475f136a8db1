"""What runs in the background, and how it went: for everybody who looks after a project (docs/jobs.md)."""

from typing import Any

from django.utils import timezone

from loyalty.queries.jobs import JobRun, job_states, outbox, workers_alive

_OUTCOMES = {
    "succeeded": ("done", "Done"),
    "failed": ("failed", "Failed"),
    "aborted": ("failed", "Ended"),
    "doing": ("queued", "Running"),
    "todo": ("queued", "To be tried again"),
}

_NAMES = {
    "back_test": "Back-tests",
    "challenges": "Challenges that changed",
    "code_upload": "Uploads of codes",
    "deliveries": "Old webhook deliveries",
    "export": "Exports",
    "exports": "Old exports",
    "idempotency": "Old answers to repeated calls",
    "import": "Imports",
    "old_jobs": "Old runs of jobs",
    "plans": "Use of plans",
    "previews": "Old files and pictures",
    "recount": "Progress towards tiers",
    "retention": "Old history",
    "rollups": "Figures by day",
    "seals": "Seals of the audit trail",
    "stalled_jobs": "Jobs of dead workers",
    "stamps": "Stamp programs that changed",
    "sweep": "Points and holds",
    "tiers": "Tiers",
}


def jobs_shown() -> dict[str, Any]:
    """What the page of the jobs needs."""
    now = timezone.now()
    return {
        "jobs": [(_name(each.job), each, _outcome(each.last), _took(each.last)) for each in job_states(now)],
        "workers": workers_alive(),
        "outbox": outbox(now),
        "now": now,
    }


def _name(job: str) -> str:
    return _NAMES.get(job) or job.replace("_", " ").capitalize()


def _outcome(run: JobRun | None) -> tuple[str, str]:
    """A colour and a word."""
    return _OUTCOMES.get(run.outcome, ("", run.outcome.title())) if run else ("", "")


def _took(run: JobRun | None) -> str:
    if run is None or run.duration is None:
        return "–"
    seconds = run.duration.total_seconds()
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
