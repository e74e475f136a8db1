"""Where time has brought something about that no write has settled yet (domain.md 3.3)."""

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce

from loyalty.models import Account
from programs.models import Challenge, Environment, Program, StampProgram


def environments_due(*, now: datetime) -> list[Environment]:
    """Environments in which a lot vests or expires, or a hold lapses, by their own now; one statement.

    A sandbox's own now is its test clock where one is set; `now` is real time. Archived ones are left out.
    """
    # The first of each, by index: "is there any" would be answered by a scan of all accounts.
    of_its_own = Account.objects.filter(environment_id=OuterRef("pk"), next_due_at__isnull=False)
    first = Subquery(of_its_own.order_by("next_due_at").values("next_due_at")[:1])
    return list(
        Environment.objects.filter(archived_at__isnull=True)
        .alias(first_due_at=first)
        .filter(first_due_at__lte=Coalesce("clock", Value(now)))
        .select_related("project")
        .order_by("pk")
    )


def environments_with_lowered_thresholds() -> list[Environment]:
    """Environments that have a stamp program whose threshold was ever changed; one statement. Archived ones are
    left out."""
    changed = StampProgram.objects.filter(environment=OuterRef("pk"), thresholds__len__gt=1)
    found = Environment.objects.filter(Exists(changed), archived_at__isnull=True)
    return list(found.select_related("project").order_by("pk"))


def edited_challenges(*, now: datetime) -> list[tuple[UUID, UUID, int, bool]]:
    """Challenges whose edits are to be looked into at `now` (real time): each with its environment first, the number
    of its edits, and whether any was not looked into at all; one statement.

    Only those that are in force, by their environment's own now. Archived environments are left out.
    """
    own_now = Coalesce("environment__clock", Value(now))
    in_force = Q(status=Challenge.Status.ACTIVE, program__status=Program.Status.ACTIVE)
    for dates in ("", "program__"):
        in_force &= Q(**{f"{dates}starts_at__isnull": True}) | Q(**{f"{dates}starts_at__lte": own_now})
        in_force &= Q(**{f"{dates}ends_at__isnull": True}) | Q(**{f"{dates}ends_at__gt": own_now})
    is_due = Q(changes__gt=F("settled")) | Q(look_again_at__lte=now)
    edited = Challenge.objects.filter(is_due, in_force, environment__archived_at__isnull=True)
    rows = edited.order_by("pk").values_list("environment_id", "pk", "changes", "settled")
    return [(environment, pk, changes, changes > settled) for environment, pk, changes, settled in rows]
