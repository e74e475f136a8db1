"""The console's first page: what is set up, and the figures of a period."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Q
from django.utils import timezone

from loyalty.models import Event, LedgerEntry
from loyalty.queries.history import transactions_of
from loyalty.queries.members import members_of
from loyalty.queries.windows import windows_of
from programs.models import ApiKey, EarningRule, Environment, Program

_LATEST = 10


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the first run; `page` names the console page where it is done."""

    title: str
    detail: str
    done: bool
    page: str


def checklist(*, environment: Environment, now: datetime) -> list[Step]:
    """From an empty project to the first event. `now` is the environment's time; keys end in real time."""
    rules = EarningRule.objects.filter(environment=environment)
    keys = ApiKey.objects.filter(environment=environment, revoked_at=None)
    keys = keys.filter(Q(expires_at=None) | Q(expires_at__gt=timezone.now()))
    published = rules.filter(status=EarningRule.Status.PUBLISHED)
    if published.filter(revisions__effective_from__lte=now).exists():
        rule = "A rule is published; it is in force."
    elif published.exists():
        rule = "A rule is published; it is in force from a later instant on."
    else:
        rule = "Say what earns points, then publish it."
    return [
        Step("Project", f"{environment.project} has a sandbox and a live environment.", True, "project"),
        Step(
            "Program",
            "Programs own metrics and rules; one named “default” came with the environment.",
            Program.objects.filter(environment=environment, status=Program.Status.ACTIVE).exists(),
            "program",
        ),
        Step("Earning rule", rule, published.exists(), "earningrule"),
        Step("API key", "Your server calls the API with it; an owner makes it.", keys.exists(), "apikey"),
        Step(
            "First event",
            "POST /v1/events with the key; it appears under Events with its explanation.",
            Event.objects.filter(environment_id=environment.pk).exists(),
            "event",
        ),
    ]


def members_counted(*, environment: Environment, since: datetime, before: datetime) -> tuple[int, int]:
    """How many members there are, and how many of them are new: made at `since` or later, earlier than `before`. One
    statement, that counts all members."""
    is_new = Q(created_at__gte=since, created_at__lt=before)
    found = members_of(environment).aggregate(everybody=Count("id"), new=Count("id", filter=is_new))
    return found["everybody"], found["new"]


def latest_activity(*, environment: Environment) -> list[LedgerEntry]:
    """The newest ledger entries."""
    return list(transactions_of(environment, windows_of(environment)).order_by("-id")[:_LATEST])
