"""A shop with tiers, and what its members' rows say."""

from datetime import datetime
from typing import Any

from loyalty.ledger.evaluation import Evaluated, evaluate_due
from loyalty.models import MemberTier, TierChange
from loyalty.queries.tiers import tiers_of
from programs.models import TierLadder
from tests.factories import make_actor, make_ladder, reload
from tests.loyalty.earning.desk import Desk
from tests.loyalty.ledger.till import day

LEVELS = (("silver", "100", "1.5"), ("gold", "300", "2"))


class Club(Desk):
    """One point a pound; levels at 100 and 300 points of 30 rolling days, unless told otherwise."""

    def ladder(self, *levels: Any, **changes: Any) -> TierLadder:
        return make_ladder(self.environment, *(levels or LEVELS), **{"days": 30, **changes})

    def evaluate(self, **options: Any) -> Evaluated:
        """One chunk of the job, today."""
        environment = reload(self.environment)
        return evaluate_due(environment=environment, actor=make_actor(), now=day(self.today), **options)

    def status(self, member: str = "ada") -> Any:
        """Its TierStatus, as read today."""
        environment = reload(self.environment)
        (found,) = tiers_of(environment=environment, member_id=self.key(member), now=day(self.today))
        return found

    def read(self, member: str = "ada") -> str | None:
        level = self.status(member).level
        return str(level.code) if level else None

    def row(self, member: str = "ada") -> MemberTier:
        return MemberTier.objects.get(member=self.key(member))

    def changes(self, member: str = "ada") -> list[tuple[str, str | None, str | None, int, datetime]]:
        """Kind, from, to, progress and when of each change that was written, oldest first."""
        rows = TierChange.objects.filter(member=self.key(member)).order_by("id")
        return [(r.kind, r.from_code, r.to_code, int(r.progress), r.occurred_at) for r in rows]
