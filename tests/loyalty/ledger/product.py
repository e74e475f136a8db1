"""The ledger under test, driven by its own actions and read back as plain figures, to be laid beside the model."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db.models import Sum

from loyalty.actions.events import record_event
from loyalty.actions.holds import cancel_capture, capture_hold, hold_points, release_hold
from loyalty.actions.merging import merge_members
from loyalty.actions.points import adjust, award, spend
from loyalty.actions.reversals import preview_reversal, reverse
from loyalty.actions.transfers import transfer
from loyalty.ledger.checks import violations
from loyalty.ledger.reversals import Reversal
from loyalty.ledger.settlement import settle_due
from loyalty.models import Account, LedgerEntry, Lot, Member, Uncovered, member_key
from loyalty.queries.balances import balances_of_many, open_lots_of
from programs.models import Environment
from tests.factories import make_actor, make_metric, reload

LotFigures = tuple[int, int, datetime, str]  # remaining, held, available_at, expires_at


@dataclass
class Stored:
    """One account as it is stored."""

    total: int
    pending: int
    held: int
    lifetime: dict[str, int]
    next_due_at: datetime | None
    sequence: int
    lots: list[LotFigures]
    debts: list[int]
    shortfalls: list[int]


class Product:
    """`now` is the environment's time, passed to every action."""

    def __init__(self, environment: Environment, now: datetime) -> None:
        self.environment = reload(environment)
        self.now = now
        self.by: dict[str, Any] = {"actor": make_actor()}
        self.names: dict[UUID, str] = {}
        self.codes: dict[UUID, str] = {}

    def _call(self) -> dict[str, Any]:
        return {"environment": self.environment, "now": self.now, **self.by}

    def configure(self, code: str, **changes: Any) -> None:
        metric = make_metric(self.environment, code, **changes)
        self.codes[metric.id] = code
        self.environment = reload(self.environment)

    def key(self, member: str) -> UUID:
        key = member_key(self.environment.namespace, member)
        self.names[key] = member
        return key

    # -- what callers do; each answers the entry, hold or reversal that the action answers

    def earn(
        self,
        member: str,
        points: int,
        *,
        kind: str = "earned",
        metric: str = "points",
        expires_at: datetime | None = None,
    ) -> LedgerEntry:
        call = {**self._call(), "member": member, "points": points, "metric": metric}
        if kind == "adjusted":
            return adjust(reason="correction", note="By the tests", **call)
        return award(reason=None, type=kind, expires_at=expires_at, **call)

    def report(self, member: str, points: int, occurred_at: datetime) -> list[LedgerEntry]:
        """A purchase in the past, under a rule of one point for each unit of its amount."""
        recorded = record_event(
            event_id=uuid4().hex,
            type="purchase",
            member=member,
            data={"amount": str(points)},
            occurred_at=occurred_at,
            **self._call(),
        )
        return [entry for entry in recorded.entries if entry.type == "earned"]

    def spend(
        self, member: str, points: int, *, kind: str = "redeemed", metric: str = "points"
    ) -> LedgerEntry:
        call = {**self._call(), "member": member, "metric": metric}
        if kind == "adjusted":
            return adjust(points=-points, reason="correction", note="By the tests", **call)
        return spend(points=points, reason=None, **call)

    def transfer(self, sender: str, receiver: str, points: int, *, metric: str) -> list[UUID]:
        done = transfer(
            sender=sender, receiver=receiver, points=points, reason=None, metric=metric, **self._call()
        )
        return [done.sent.id, done.received.id]

    def hold(self, member: str, points: int, expires_at: datetime, *, metric: str) -> UUID:
        made = hold_points(member=member, points=points, expires_at=expires_at, metric=metric, **self._call())
        return made.id

    def capture(self, hold: UUID, points: int | None) -> LedgerEntry:
        return capture_hold(hold=hold, points=points, **self._call()).entry

    def release(self, hold: UUID) -> None:
        release_hold(hold=hold, **self._call())

    def preview(self, entry: UUID, points: int | None) -> Reversal:
        return preview_reversal(entry=entry, points=points, **self._call())

    def reverse(self, entry: UUID, points: int | None) -> Reversal:
        return reverse(entry=entry, points=points, reason=None, **self._call())

    def cancel_capture(self, hold: UUID, points: int | None) -> Reversal:
        return cancel_capture(hold=hold, points=points, **self._call())

    def merge(self, member: str, into: str) -> Member:
        return merge_members(member=member, into=into, reason=None, **self._call())

    def settle(self) -> None:
        while settle_due(environment=self.environment, now=self.now, **self.by).accounts:
            pass

    # -- what is there afterwards

    def stored(self) -> dict[tuple[str, str], Stored]:
        """By member and metric; three statements."""
        scope = {"environment_id": self.environment.id}
        lots: defaultdict[UUID, list[LotFigures]] = defaultdict(list)
        for lot in Lot.objects.filter(**scope).exclude(remaining=0, held=0).order_by():
            shown = (lot.remaining, lot.held, lot.available_at, str(lot.expires_at))
            lots[lot.account_id].append(shown)
        uncovered: defaultdict[tuple[UUID, str], list[int]] = defaultdict(list)
        for row in Uncovered.objects.filter(open__gt=0, **scope).order_by("id"):
            uncovered[row.account_id, row.kind].append(row.open)
        return {
            (self.names[account.member_id], self.codes[account.metric_id]): Stored(
                total=account.total,
                pending=account.pending,
                held=account.held,
                lifetime={
                    name: getattr(account, name) for name in ("earned", "redeemed", "expired", "adjusted")
                },
                next_due_at=account.next_due_at,
                sequence=account.sequence,
                lots=sorted(lots[account.id]),
                debts=uncovered[account.id, "debt"],
                shortfalls=uncovered[account.id, "shortfall"],
            )
            for account in Account.objects.filter(**scope).order_by()
        }

    def read(self, members: Sequence[str]) -> dict[tuple[str, str], tuple[int, int, int, int, int]]:
        """Total, pending, held, balance and debt as a read answers now, also if nothing has been settled."""
        keys = {self.key(member): member for member in members}
        found = balances_of_many(environment=self.environment, member_ids=list(keys), now=self.now)
        return {
            (keys[member], one.metric.code): (one.total, one.pending, one.held, one.balance, one.debt)
            for member, balances in found.items()
            for one in balances
        }

    def read_lots(self, member: str, metric: str) -> list[LotFigures]:
        """The open lots as a read answers now, also if nothing has been settled."""
        found = open_lots_of(member_id=self.key(member), now=self.now)
        lots = next((lots for key, lots in found.items() if self.codes[key] == metric), [])
        return sorted((lot.remaining, lot.held, lot.available_at, str(lot.expires_at)) for lot in lots)

    def reversed(self) -> dict[UUID, int]:
        """What has been reversed of each entry, nominally."""
        rows = LedgerEntry.objects.filter(environment_id=self.environment.id, type="reversed", nominal__gt=0)
        sums = rows.order_by().values("reverses").annotate(sum=Sum("nominal"))
        return {row["reverses"]: row["sum"] for row in sums if row["reverses"]}

    def violations(self) -> list[str]:
        return [str(one) for one in violations(environment=self.environment)]
