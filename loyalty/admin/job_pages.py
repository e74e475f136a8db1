"""What runs in the background, and how it went: for everybody who looks after a project (docs/jobs.md)."""

from typing import Any

from django.urls import reverse
from django.utils import timezone

from loyalty.queries.jobs import JobRun, JobState, job_states, outbox, workers_alive

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
    "recount_plan": "Use of one plan",
    "retention": "Old history",
    "rollups": "Figures by day",
    "seals": "Seals of the audit trail",
    "stalled_jobs": "Jobs of dead workers",
    "stamps": "Stamp programs that changed",
    "sweep": "Points and holds",
    "tiers": "Tiers",
}


# What somebody has started has a page of its own, which says how far it came.
_STARTED = {
    "back_test": (
        "programs_earningrule_changelist",
        "The rule’s page says how far it came; start it again there.",
    ),
    "code_upload": (
        "programs_reward_changelist",
        "The reward’s page says how far it came; start it again there.",
    ),
    "export": ("loyalty_export_changelist", "Ask for the file again at its list."),
    "import": (
        "loyalty_import_changelist",
        "Its page says how far it came; go on there. No row counts twice.",
    ),
}


def jobs_shown() -> dict[str, Any]:
    """What the page of the jobs needs."""
    now = timezone.now()
    states = job_states(now)
    return {
        "failed": [(_name(each.job), *_advice(each)) for each in states if _has_failed(each)],
        "jobs": [(_name(each.job), each, _outcome(each.last), _took(each.last)) for each in states],
        "workers": workers_alive(),
        "outbox": outbox(now),
        "now": now,
    }


def _has_failed(state: JobState) -> bool:
    return state.last is not None and state.last.outcome in ("failed", "aborted")


def _advice(state: JobState) -> tuple[str, str | None]:
    """What to do about a job that failed, and where."""
    if state.job in _STARTED:
        page, words = _STARTED[state.job]
        return words, reverse(f"admin:{page}")
    if state.next_at is not None:
        return "It is tried again by itself at its next run; what it did not do then is done then.", None
    return "It is tried again by itself when there is next something to do.", None


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
