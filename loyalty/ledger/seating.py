"""Members take seats where the plan limits them (domain.md 10).

Locks: the seats come after members and accounts that exist, and before new members are made, so whoever holds them
waits for no member, and whoever makes a member waits for nobody but for them. A plan without the limit takes no
statement here.
"""

from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, Func, IntegerField, QuerySet, Subquery
from django.db.models.functions import Greatest

from audit.record import Actor
from loyalty.ledger.counting_alone import count_alone
from loyalty.models import Member
from programs.actions.plan_limits import warn_if_near
from programs.errors import PlanLimitExceeded
from programs.models import Environment, Seats
from programs.queries.plans import terms_of

LIMIT = "members"


@dataclass(slots=True)
class HeldSeats:
    """The seats of an organization's environments of one kind, locked until the transaction ends."""

    environment: Environment
    row: Seats
    allowed: int

    @property
    def left(self) -> int:
        """Zero or less where nobody new fits in."""
        return self.allowed - self.row.used

    def refusal(self, taken: int = 0) -> PlanLimitExceeded:
        """`taken`: seats that the transaction means to take beside those that are."""
        return PlanLimitExceeded(LIMIT, used=self.row.used + taken, allowed=self.allowed)

    def take(self, count: int) -> None:
        """One statement, and two more where 80 % are used for the first time. Raises PlanLimitExceeded."""
        if count > self.left:
            raise self.refusal()
        before = self.row.used
        self.row.used += count
        self.row.save(update_fields=["used"])
        warn_if_near(
            environment=self.environment,
            limit=LIMIT,
            before=before,
            used=self.row.used,
            allowed=self.allowed,
            actor=Actor.system("plan"),
        )

    def free(self, count: int) -> None:
        """One statement."""
        self.row.used = max(0, self.row.used - count)
        self.row.save(update_fields=["used"])


def hold_seats(environment: Environment) -> HeldSeats | None:
    """The seats, locked; None, without a statement, where the plan does not limit members. One statement, three
    where they have not been counted yet. Locks: the seats."""
    allowed = terms_of(environment).limits.get(LIMIT)
    if allowed is None:
        return None
    place = {"organization_id": environment.project.organization_id, "kind": environment.kind}
    rows = Seats.objects.select_for_update(no_key=True).filter(**place)
    while (row := rows.first()) is None:
        counted = living_members(environment.project.organization_id, environment.kind)
        Seats.objects.bulk_create([Seats(used=counted, **place)], ignore_conflicts=True)
    return HeldSeats(environment, row, allowed)


def limits_members(environment: Environment) -> bool:
    """Whether new members take seats. No statement."""
    return LIMIT in terms_of(environment).limits


def living_members(organization: UUID, kind: str) -> int:
    """How many members the organization has in its environments of that kind: neither erased nor merged away."""
    return _living(organization, kind).count()


def _living(organization: UUID, kind: str) -> QuerySet[Member]:
    return Member.objects.filter(
        environment__project__organization=organization,
        environment__kind=kind,
        environment__archived_at=None,
        redirect_to=None,
        status__in=Member.LIVING,
    )


def forget_seats(organization: UUID, kind: str) -> None:
    """Let the seats be counted anew when they are next needed; one statement. Locks: the seats."""
    Seats.objects.filter(organization=organization, kind=kind).delete()


def recount_seats(organization: UUID, kind: str) -> int:
    """By how many the seats were wrong, which they are not any more; must be called in a transaction. Nobody waits for
    the count. Locks: the count; where it was wrong, the seats."""
    row = Seats.objects.filter(organization=organization, kind=kind).first()
    if row is None or not count_alone(row.pk):
        return 0
    wrong = _wrong(row)
    if wrong:
        Seats.objects.filter(pk=row.pk).update(used=Greatest(F("used") + wrong, 0))
    return wrong


def _wrong(row: Seats) -> int:
    """Seats and members of one moment: whoever comes later changes both alike, so it stays right until it is mended.
    One statement; 0 where the seats are to be counted anew."""
    living = (
        _living(row.organization_id, row.kind)
        .order_by()
        .values(n=Func(F("pk"), function="count", output_field=IntegerField()))
    )
    seen = Seats.objects.filter(pk=row.pk).values_list("used", Subquery(living)).first()
    return seen[1] - seen[0] if seen else 0
