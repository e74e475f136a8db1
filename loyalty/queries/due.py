"""Where time has brought something about that no write has settled yet (domain.md 3.3)."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import Coalesce

from loyalty.models import Account
from programs.models import Environment


def environments_due(*, now: datetime) -> list[Environment]:
    """Environments in which a lot vests or expires, or a hold lapses, by their own now; one statement.

    A sandbox's own now is its test clock where one is set; `now` is real time. Archived ones are left out.
    """
    own_now = Coalesce(OuterRef("clock"), Value(now))
    due = Account.objects.filter(environment_id=OuterRef("pk"), next_due_at__lte=own_now)
    return list(
        Environment.objects.filter(Exists(due), archived_at__isnull=True)
        .select_related("project")
        .order_by("pk")
    )
