"""When an adjustment needs a second person, and what waits for one (domain.md 9.3)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Abs

from audit.errors import NotFound
from audit.record import Actor
from loyalty.errors import ApprovalRequired
from loyalty.models import Account, AdjustmentRequest, LedgerEntry, Member
from programs.models import Environment, Metric
from programs.queries.snapshots import snapshot

WINDOW = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Need:
    """Why a second person is needed: `limit` points in `WINDOW`, of which `adjusted` were moved already."""

    limit: int
    adjusted: int

    @property
    def words(self) -> str:
        above = f"Adjustments of more than {self.limit:,} points need a second person"
        if self.adjusted:
            return f"{above}, and you have moved {self.adjusted:,} of this member's in the last 24 hours."
        return f"{above}."

    def refusal(self) -> ApprovalRequired:
        detail = f"{self.words} Ask for approval in the console."
        return ApprovalRequired(detail, limit=self.limit, adjusted=self.adjusted)


def approval_needed(
    *,
    environment: Environment,
    member_id: UUID,
    metric: Metric,
    points: int,
    actor: Actor,
    at: datetime,
) -> Need | None:
    """Whether this actor needs another for `points` (signed) of this member at `at`, real time; None: no.

    What the actor has given and taken within 24 hours counts, as it was, without its sign; what a second person
    approved does not. Exact where the account is locked. No statement where the program has no limit.
    """
    limit = limit_of(environment, metric)
    if limit is None:
        return None
    if abs(points) > limit:
        return Need(limit, 0)
    adjusted = _adjusted_lately(member_id, metric, actor, at - WINDOW)
    return Need(limit, adjusted) if adjusted + abs(points) > limit else None


def limit_of(environment: Environment, metric: Metric) -> int | None:
    """The most points of this metric that one person may adjust by; None: any."""
    for program in snapshot(environment).programs:
        if program.pk == metric.program_id:
            return program.adjustment_limit
    return None


def _adjusted_lately(member_id: UUID, metric: Metric, actor: Actor, since: datetime) -> int:
    """Of whoever was merged into the member too. Two statements."""
    family = Member.objects.filter(Q(pk=member_id) | Q(redirect_to=member_id))
    accounts = Account.objects.filter(member__in=family.values("pk"), metric=metric)
    entries = LedgerEntry.objects.filter(
        account__in=list(accounts.values_list("pk", flat=True)),
        type=LedgerEntry.Type.ADJUSTED,
        actor_kind=actor.kind,
        actor_id=actor.id,
        recorded_at__gt=since,
    )
    approved = AdjustmentRequest.objects.filter(member__in=family.values("pk"), entry__isnull=False)
    mine = entries.exclude(pk__in=approved.values("entry"))
    return mine.aggregate(points=Sum(Abs("points"), default=0))["points"]  # type: ignore[no-any-return]


def requests_of(environment: Environment) -> QuerySet[AdjustmentRequest]:
    """The environment's requests with what a page says of them."""
    rows = AdjustmentRequest.objects.filter(environment_id=environment.pk)
    return rows.select_related("member", "metric")


def pending_requests(environment: Environment) -> QuerySet[AdjustmentRequest]:
    """Those that wait, oldest first."""
    return requests_of(environment).filter(status=AdjustmentRequest.Status.PENDING).order_by("id")


def pending_count(*, environment: Environment, most: int = 100) -> int:
    """How many adjustments wait for a second person; counted up to `most`, so that a long queue costs no more."""
    waiting = AdjustmentRequest.Status.PENDING
    rows = AdjustmentRequest.objects.filter(environment_id=environment.pk, status=waiting)
    return rows.order_by()[:most].count()


def find_request(*, environment: Environment, request: UUID) -> AdjustmentRequest:
    """Raises NotFound."""
    found = requests_of(environment).filter(pk=request).first()
    if found is None:
        raise NotFound("There is no such request in this environment.")
    return found
