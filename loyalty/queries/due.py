"""Where time has brought something about that no write has settled yet (domain.md 3.3)."""

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from loyalty.models import Account
from programs.models import Challenge, Environment, StampProgram


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


def edited_challenges() -> list[tuple[UUID, UUID, int]]:
    """Active challenges with edits that nobody has looked into, each with its environment first and the number of its
    edits; one statement. Archived environments are left out."""
    edited = Challenge.objects.filter(
        changes__gt=F("settled"), status=Challenge.Status.ACTIVE, environment__archived_at__isnull=True
    )
    return list(edited.order_by("pk").values_list("environment_id", "pk", "changes"))
