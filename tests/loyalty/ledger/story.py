"""A ledger with every kind of row, made through the product's own actions."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from loyalty.actions.erasing import erase_member
from loyalty.actions.holds import cancel_capture, capture_hold, hold_points, release_hold
from loyalty.actions.merging import merge_members
from loyalty.actions.points import adjust, spend
from loyalty.actions.reversals import reverse
from loyalty.actions.transfers import transfer
from loyalty.models import Account, Hold, LedgerEntry, Lot, LotUse, Uncovered
from programs.models import Environment, Metric
from tests.factories import give, make_actor, make_metric, make_rule, reload, report


class Story:
    """What happens to members of one environment. Each step is a call of the product, a minute after
    the one before."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.now = timezone.now()
        if not Metric.objects.filter(environment=environment, code="miles").exists():
            make_rule(environment, published_at=self.now - timedelta(days=365))
            make_metric(environment, "miles", negative_balance="clip")

    def do(self, action: Any, **options: Any) -> Any:
        self.now += timedelta(minutes=1)
        common = {"environment": reload(self.environment), "actor": make_actor(), "now": self.now}
        return action(**{**common, **options})

    def give(self, points: int, member: str = "ada", **options: Any) -> LedgerEntry:
        self.now += timedelta(minutes=1)
        return give(self.environment, points, member, **{"now": self.now, **options})

    def spend(self, points: int, member: str = "ada", **options: Any) -> Any:
        return self.do(spend, member=member, points=points, reason="Mug", **options)

    def hold(self, points: int, member: str = "ada", **options: Any) -> Any:
        return self.do(hold_points, member=member, points=points, **options)

    def capture(self, hold: Hold, points: int | None = None) -> Any:
        return self.do(capture_hold, hold=hold.pk, points=points).entry

    def cancel(self, hold: Hold, points: int | None = None) -> Any:
        return self.do(cancel_capture, hold=hold.pk, points=points).entry

    def release(self, hold: Hold) -> Any:
        return self.do(release_hold, hold=hold.pk)

    def reverse(self, entry: LedgerEntry, points: int | None = None) -> Any:
        return self.do(reverse, entry=entry.pk, points=points, reason="Returned").entry

    def transfer(self, points: int, sender: str, receiver: str, **options: Any) -> Any:
        return self.do(transfer, sender=sender, receiver=receiver, points=points, reason="Gift", **options)

    def adjust(self, points: int, member: str = "ada", **options: Any) -> Any:
        return self.do(adjust, member=member, points=points, reason="goodwill", note="Sorry: 😀", **options)

    def merge(self, member: str, into: str) -> None:
        self.do(merge_members, member=member, into=into, reason=None)

    def erase(self, member: str) -> None:
        self.do(erase_member, member=member)

    def report(self, event_id: str = "order-1", member: str = "ada", amount: str = "59.90") -> LedgerEntry:
        self.now += timedelta(minutes=1)
        report(self.environment, event_id, member=member, data={"amount": amount}, now=self.now)
        return LedgerEntry.objects.get(event__event_id=event_id, event__environment_id=self.environment.id)

    def later(self, **span: int) -> datetime:
        """Time passes. Answers the instant that is now."""
        self.now += timedelta(**span)
        return self.now

    def account(self, member: str = "ada", metric: str = "points") -> Account:
        return Account.objects.get(
            member__environment=self.environment, member__external_id=member, metric__code=metric
        )

    def lot(self, entry: LedgerEntry) -> Lot:
        return Lot.objects.get(entry=entry)

    def use(self, entry: LedgerEntry) -> LotUse:
        return LotUse.objects.get(entry=entry)

    def uncovered(self, entry: LedgerEntry) -> Uncovered:
        return Uncovered.objects.get(entry=entry)
