"""A till that calls the ledger's actions on a given day, and reads the stored rows back."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

from loyalty.actions.erasing import erase_member
from loyalty.actions.holds import cancel_capture, capture_hold, hold_points, release_hold
from loyalty.actions.merging import merge_members
from loyalty.actions.points import adjust, award, spend
from loyalty.actions.reversals import preview_reversal, reverse
from loyalty.actions.transfers import Transfer, transfer
from loyalty.ledger.reversals import Reversal
from loyalty.models import Account, Hold, LedgerEntry, Member, Uncovered, member_key
from loyalty.queries.balances import Balance, balances_of
from programs.models import Environment
from tests.factories import make_actor, reload

R = TypeVar("R")
START = datetime.fromisoformat("2026-03-01T09:00:00+00:00")


def day(number: float) -> datetime:
    return START + timedelta(days=number)


class Till:
    """`today` is the day on which everything happens, from 0."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.today: float = 0

    def do(self, action: Callable[..., R], **arguments: Any) -> R:
        common = {"environment": reload(self.environment), "actor": make_actor(), "now": day(self.today)}
        return action(**{**common, **arguments})

    def give(self, points: int, member: str = "ada", *, expires: float | None = None) -> LedgerEntry:
        expires_at = None if expires is None else day(expires)
        return self.do(award, member=member, points=points, reason=None, expires_at=expires_at)

    def spend(self, points: int, member: str = "ada") -> LedgerEntry:
        return self.do(spend, member=member, points=points, reason=None)

    def adjust(self, points: int, member: str = "ada") -> LedgerEntry:
        return self.do(adjust, member=member, points=points, reason="correction", note="By the tests")

    def reverse(self, entry: LedgerEntry, points: int | None = None) -> Reversal:
        return self.do(reverse, entry=entry.id, points=points, reason=None)

    def preview(self, entry: LedgerEntry, points: int | None = None) -> Reversal:
        return self.do(preview_reversal, entry=entry.id, points=points)

    def hold(self, points: int, member: str = "ada", *, until: float | None = None) -> Hold:
        return self.do(
            hold_points, member=member, points=points, expires_at=day(until) if until is not None else None
        )

    def capture(self, hold: Hold, points: int | None = None) -> LedgerEntry:
        return self.do(capture_hold, hold=hold.id, points=points).entry

    def release(self, hold: Hold) -> Hold:
        return self.do(release_hold, hold=hold.id)

    def cancel(self, hold: Hold, points: int | None = None) -> Reversal:
        return self.do(cancel_capture, hold=hold.id, points=points)

    def transfer(self, points: int, sender: str = "ada", receiver: str = "bob") -> Transfer:
        return self.do(transfer, sender=sender, receiver=receiver, points=points, reason=None)

    def merge(self, member: str, into: str) -> Member:
        return self.do(merge_members, member=member, into=into, reason=None)

    def erase(self, member: str = "ada") -> Member:
        return self.do(erase_member, member=member)

    # -- what is stored

    def account(self, member: str = "ada") -> Account:
        return Account.objects.get(member=member_key(self.environment.namespace, member))

    def balance(self, member: str = "ada") -> Balance:
        """As read today."""
        key = member_key(self.environment.namespace, member)
        return balances_of(environment=reload(self.environment), member_id=key, now=day(self.today))[0]

    def entries(self, member: str = "ada") -> list[tuple[str, int]]:
        return list(self.account(member).entries.order_by("sequence").values_list("type", "points"))

    def lots(self, member: str = "ada") -> list[tuple[int, int]]:
        """Remaining and held of each lot, in the order in which they were made."""
        return list(self.account(member).lots.order_by("id").values_list("remaining", "held"))

    def uncovered(self, member: str = "ada") -> list[tuple[str, int, int]]:
        """Kind, points and what is still open of it."""
        rows = Uncovered.objects.filter(account=self.account(member))
        return list(rows.order_by("id").values_list("kind", "points", "open"))

    def everything(self) -> list[Any]:
        """All that a refusal must leave as it is."""
        accounts = Account.objects.filter(environment_id=self.environment.id).order_by("id")
        return [
            (list(accounts.filter(pk=account.pk).values()), list(account.lots.order_by("id").values()))
            for account in accounts
        ] + list(Hold.objects.filter(environment_id=self.environment.id).order_by("id").values())
