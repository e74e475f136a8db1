"""A till that reports purchases and refunds too, and reads what they left."""

from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.actions.events import record_event
from loyalty.models import (
    Account,
    Event,
    EventCount,
    LedgerEntry,
    Lot,
    Member,
    MemberTier,
    Referral,
    RuleBudget,
    RuleUsage,
    TierChange,
    TierProgress,
    Uncovered,
    member_key,
)
from loyalty.queries.events import RecordedEvent
from programs.models import EarningRule
from tests.factories import make_rule
from tests.loyalty.ledger.till import Till, day

TABLES = (
    Account,
    Event,
    EventCount,
    LedgerEntry,
    Lot,
    MemberTier,
    Referral,
    RuleBudget,
    RuleUsage,
    TierChange,
    TierProgress,
    Uncovered,
)


class Desk(Till):
    """Purchases happen today unless `on` says on which day; days are those of `till.day`."""

    def rule(self, name: str, **options: Any) -> EarningRule:
        """A rule that is in force from today on."""
        return make_rule(self.environment, name=name, published_at=day(self.today), **options)

    def buy(
        self,
        event_id: str,
        amount: str | None = None,
        member: str = "ada",
        *,
        on: float | None = None,
        event_type: str = "purchase",
        **data: Any,
    ) -> RecordedEvent:
        sold = data if amount is None else {"amount": amount, **data}
        at = None if on is None else day(on)
        return self.do(
            record_event, event_id=event_id, type=event_type, member=member, data=sold, occurred_at=at
        )

    def refund(
        self,
        purchase: str,
        amount: str | None = None,
        member: str = "ada",
        *,
        event_id: str = "",
        **data: Any,
    ) -> RecordedEvent:
        """Of all that is left, where no amount is given."""
        named = (
            {"purchase": purchase, **data}
            if amount is None
            else {"purchase": purchase, "amount": amount, **data}
        )
        number = Event.objects.filter(environment_id=self.environment.id).count()
        event_id = event_id or f"refund-{number}"
        return self.do(record_event, event_id=event_id, type="refund", member=member, data=named)

    # -- what is stored

    def key(self, member: str) -> UUID:
        return member_key(self.environment.namespace, member)

    def total(self, member: str = "ada", metric: str = "points") -> int:
        """Of all that was written; 0 where nothing was."""
        found = Account.objects.filter(member=self.key(member), metric__code=metric).first()
        return found.total if found else 0

    def usage(self, member: str = "ada") -> dict[tuple[str, str], tuple[int, int]]:
        """Points and times by rule and period, where there are any."""
        rows = RuleUsage.objects.filter(member=self.key(member)).select_related("rule")
        return {
            (row.rule.name, row.period): (row.points, row.times) for row in rows if row.points or row.times
        }

    def spent(self) -> dict[str, int]:
        """Points by rule with a budget."""
        rows = RuleBudget.objects.filter(environment_id=self.environment.id).select_related("rule")
        return {row.rule.name: row.spent for row in rows if row.spent}

    def progress(self, member: str = "ada") -> dict[str, int]:
        """By day, where there is any."""
        rows = TierProgress.objects.filter(member=self.key(member)).order_by("day")
        return {row.day.isoformat(): int(row.figure) for row in rows if row.figure}

    def level(self, member: str = "ada") -> str | None:
        """As last written."""
        row = MemberTier.objects.filter(member=self.key(member)).select_related("tier").first()
        return row.tier.code if row and row.tier else None

    def everything(self) -> list[Any]:
        """All that a refusal must leave as it is."""
        here = self.environment.id
        rows = [list(table.objects.filter(environment_id=here).order_by("pk").values()) for table in TABLES]
        return [*rows, list(Member.objects.filter(environment=self.environment).order_by("pk").values())]


def at(number: float) -> datetime:
    return day(number)
