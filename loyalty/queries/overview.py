"""The console's first page: what is set up, and the figures of a period."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from loyalty.models import Account, Event, LedgerEntry, Lot
from loyalty.queries.history import transactions_of
from loyalty.queries.members import members_of
from loyalty.queries.windows import windows_of
from programs.models import ApiKey, EarningRule, Environment, Metric, Program

PERIODS = (7, 30, 90)
_LATEST = 10


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the first run; `page` names the console page where it is done."""

    title: str
    detail: str
    done: bool
    page: str


@dataclass(frozen=True, slots=True)
class MetricFigures:
    """Points of one metric: flows of the period, and what is outstanding now."""

    metric: Metric
    issued: int
    redeemed: int
    expired: int
    adjusted: int
    outstanding: int


@dataclass(frozen=True, slots=True)
class Figures:
    members: int
    new_members: int
    active_members: int
    events: int
    metrics: list[MetricFigures]


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


def figures(*, environment: Environment, now: datetime, days: int) -> Figures:
    """Figures of the last `days` days up to `now`, the environment's time; a few statements."""
    since = now - timedelta(days=days)
    members = members_of(environment)
    entries = LedgerEntry.objects.filter(
        environment_id=environment.pk, occurred_at__gt=since, occurred_at__lte=now
    )
    flows = _flows(entries)
    outstanding = _outstanding(environment, now)
    return Figures(
        members=members.count(),
        new_members=members.filter(created_at__gt=since, created_at__lte=now).count(),
        active_members=entries.aggregate(n=Count("member_id", distinct=True))["n"],
        events=Event.objects.filter(
            environment_id=environment.pk, occurred_at__gt=since, occurred_at__lte=now
        ).count(),
        metrics=[
            MetricFigures(
                metric,
                *flows.get(metric.pk, (0, 0, 0, 0)),
                outstanding=outstanding.get(metric.pk, 0),
            )
            for metric in Metric.objects.filter(environment=environment)
        ],
    )


def _flows(entries: QuerySet[LedgerEntry]) -> dict[UUID, tuple[int, int, int, int]]:
    """By metric: issued, redeemed, expired, adjusted. A reversal counts where its original did."""

    def net(*types: str) -> Sum:
        own = Q(type__in=types)
        reversal = Q(type="reversed", reverses__type__in=types)
        paid_shortfall = Q(type="reversed", reverses__type="reversed", reverses__reverses__type__in=types)
        return Sum("points", filter=own | reversal | paid_shortfall, default=0)

    rows = entries.values_list("account__metric_id").annotate(
        issued=net("earned", "bonus"),
        redeemed=net("redeemed"),
        expired=net("expired"),
        adjusted=net("adjusted"),
    )
    return {
        metric: (issued, -redeemed, -expired, adjusted)
        for metric, issued, redeemed, expired, adjusted in rows
    }


def _outstanding(environment: Environment, now: datetime) -> dict[UUID, int]:
    """What members hold, less what has expired though its entry is not written yet.

    One statement: two would each see a state of their own, and count what a write between them has expired twice.
    """
    accounts = Account.objects.filter(environment_id=environment.pk).order_by()
    lapsed = Lot.objects.filter(
        remaining__gt=0,
        expires_at__lte=now,
        account__environment_id=environment.pk,  # the account's: its index serves, and next_due_at narrows
        account__next_due_at__lte=now,
    ).order_by()
    totals = accounts.values_list("metric_id").annotate(n=Sum("total"))
    lost = lapsed.values_list("account__metric_id").annotate(n=-Sum("remaining"))
    found: dict[UUID, int] = {}
    for metric, points in totals.union(lost, all=True):
        found[metric] = found.get(metric, 0) + int(points)
    return found


def latest_activity(*, environment: Environment) -> list[LedgerEntry]:
    """The newest ledger entries."""
    return list(transactions_of(environment, windows_of(environment)).order_by("-id")[:_LATEST])
