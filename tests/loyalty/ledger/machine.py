"""The state machine: every rule does the same to the model (model.py) and to the ledger (product.py)."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar, TypeVar
from uuid import UUID

import pytest
from django.db import connection, transaction
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from audit.errors import DomainError
from loyalty.ledger.reversals import Reversal
from loyalty.models import LedgerEntry
from programs.models import Environment
from programs.queries import snapshots
from tests.loyalty.ledger.comparing import assert_same, figures, lots_of, summary
from tests.loyalty.ledger.model import Outcome, Refused, World
from tests.loyalty.ledger.product import Product, Stored
from tests.loyalty.ledger.wallets import Entry, Hold, Metric, Wallet

CHECK_EVERY = 4  # check_ledger costs about as much as all the rest
START = datetime.fromisoformat("2026-03-01T09:00:00+00:00")
MEMBERS = ("ada", "bob", "cyd", "dan")
T = TypeVar("T")
U = TypeVar("U")

members = st.sampled_from(MEMBERS)
metrics = st.sampled_from(["points", "points", "points", "coins"])
points = st.integers(1, 60)
rarely = st.integers(0, 7).map(lambda number: number == 7)
parts = st.one_of(st.none(), st.integers(1, 40))
shares = st.integers(0, 4)  # quarters of what can be spent; 0: one more than that, to be refused
picks = st.integers(0, 30)  # one of what is there, the youngest first
days = st.sampled_from([0.5, 1, 2, 5, 10, 30])


class LedgerMachine(RuleBasedStateMachine):
    """`policy`: the metrics' policy for negative balances."""

    environment: ClassVar[Environment]
    policy: ClassVar[str] = "debt"
    policy_changes: ClassVar[bool] = False
    steps: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        # A failed example must not leave its configuration in the process: its version comes again.
        snapshots._cache.pop(self.environment.id, None)
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        self.world = World(START, Metric(policy=self.policy), Metric("coins", self.policy, vesting_days=2))
        self.product = Product(self.environment, START)
        for member in MEMBERS:
            self.product.key(member)
        self.product.configure("points", negative_balance=self.policy)
        self.product.configure("coins", negative_balance=self.policy, vesting_days=2)
        self.entries: list[tuple[Entry, UUID]] = []
        self.fixed: list[UUID] = []  # entries that can't be reversed
        self.holds: list[tuple[Hold, UUID]] = []
        self.known: set[str] = set()
        self.policies = {self.policy}
        self.before: dict[tuple[str, str], Stored] = {}
        self.refused = self.transferred = False
        self.agreed = 0
        self.sound = True

    @initialize(order=picks)
    def two_members_have_points(self, order: int) -> None:
        """`order`, in which all is undone in the end: 0: spends first, as people would; else any."""
        self.order = order
        self.earn("ada", "points", 100, "earned", None)
        self.earn("bob", "points", 50, "bonus", 10)

    def both(self, expected: Callable[[], T], actual: Callable[[], U]) -> tuple[T, U] | None:
        """Do it on both sides. None where both refuse, for the same reason; then nothing may have changed."""
        self.sound = False
        refusal = None
        try:
            said = expected()
        except Refused as refused:
            refusal = refused
        if refusal is None:
            return said, actual()
        self.refused = True
        with pytest.raises(DomainError) as raised:
            actual()
        assert raised.value.code in refusal.code.split(" or ")
        data = raised.value.data
        assert {name: data.get(name) for name in refusal.data} == refusal.data
        return None

    # -- rules

    @rule(
        member=members,
        metric=metrics,
        amount=points,
        kind=st.sampled_from(["earned", "bonus", "adjusted"]),
        expires=st.one_of(st.none(), days, st.just(-1)),
    )
    def earn(self, member: str, metric: str, amount: int, kind: str, expires: float | None) -> None:
        options: dict[str, Any] = {"kind": kind, "metric": metric}
        if kind != "adjusted" and expires is not None:
            options["expires_at"] = self.world.now + timedelta(days=expires)
        done = self.both(
            lambda: self.world.earn(member, amount, **options),
            lambda: self.product.earn(member, amount, **options),
        )
        self._note(member, done)

    @rule(member=members, amount=points, ago=st.sampled_from([0, 0.5, 1, 3, 10, 29]))
    def report_a_purchase_late(self, member: str, amount: int, ago: float) -> None:
        at = self.world.now - timedelta(days=ago)
        self.sound = False
        entries = self.product.report(member, amount, at)
        self.known.add(member)
        try:
            earned = self.world.earn(member, amount, occurred_at=at)
        except Refused:  # no room under the maximum: the event is stored and gives nothing
            assert entries == []
            return
        (entry,) = entries
        self._note(member, (earned, entry))

    @rule(pick=picks, share=shares, kind=st.sampled_from(["redeemed", "adjusted"]))
    def spend(self, pick: int, share: int, kind: str) -> None:
        member, metric, amount = self._spender(pick, share)
        options = {"kind": kind, "metric": metric}
        done = self.both(
            lambda: self.world.spend(member, amount, **options),
            lambda: self.product.spend(member, amount, **options),
        )
        self._note(member, done)

    @rule(pick=picks, share=shares, other=picks, oneself=rarely)
    def transfer(self, pick: int, share: int, other: int, oneself: bool) -> None:
        sender, metric, amount = self._spender(pick, share)
        receiver = self._pick([name for name in MEMBERS if oneself or name != sender], other)
        done = self.both(
            lambda: self.world.transfer(sender, receiver, amount, metric=metric),
            lambda: self.product.transfer(sender, receiver, amount, metric=metric),
        )
        if done:
            self.transferred = True
            self.fixed += done[1]
            self.known |= {sender, receiver}

    @rule(pick=picks, share=shares, lasts=days)
    def hold(self, pick: int, share: int, lasts: float) -> None:
        member, metric, amount = self._spender(pick, share)
        until = self.world.now + timedelta(days=lasts)
        done = self.both(
            lambda: self.world.hold(member, amount, until, metric=metric),
            lambda: self.product.hold(member, amount, until, metric=metric),
        )
        if done:
            self.known.add(member)
            self.holds.append(done)

    @precondition(lambda self: self.holds)
    @rule(pick=picks, part=parts, closed=rarely)
    def capture(self, pick: int, part: int | None, closed: bool) -> None:
        hold, key = self._pick(self._holds(closed), pick)
        done = self.both(lambda: self.world.capture(hold, part), lambda: self.product.capture(key, part))
        self._note(hold.wallet.member, done)

    @precondition(lambda self: self.holds)
    @rule(pick=picks, closed=rarely)
    def release(self, pick: int, closed: bool) -> None:
        hold, key = self._pick(self._holds(closed), pick)
        self.both(lambda: self.world.release(hold), lambda: self.product.release(key))

    @precondition(lambda self: any(hold.entry for hold, _ in self.holds))
    @rule(pick=picks, part=parts)
    def cancel_a_capture(self, pick: int, part: int | None) -> None:
        self._cancel(*self._pick([pair for pair in self.holds if pair[0].entry], pick), part)

    @precondition(lambda self: self.entries)
    @rule(pick=picks, part=parts, gone=rarely)
    def reverse(self, pick: int, part: int | None, gone: bool) -> None:
        sensible = [pair for pair in self.entries if pair[0].left and not pair[0].hold]
        entry, key = self._pick(self.entries if gone else sensible or self.entries, pick)
        try:
            shown = figures(self.product.preview(key, part))
        except DomainError:
            shown = None
        done = self._reverse(entry, key, part)
        assert shown == (figures(done) if done else None)

    @precondition(lambda self: self.fixed)
    @rule(pick=picks)
    def reverse_what_is_not_reversible(self, pick: int) -> None:
        self.refused = True
        with pytest.raises(DomainError) as raised:
            self.product.reverse(self._pick(self.fixed, pick), None)
        assert raised.value.code == "not_reversible"

    @precondition(lambda self: len(self.known) > 1 and len(self.entries) > 4 * len(self.world.survivors))
    @rule(pick=picks, into=picks)
    def merge(self, pick: int, into: int) -> None:
        known = sorted(self.known)
        gone, survivor = self._pick(known, pick), self._pick(known, into)
        self.both(lambda: self.world.merge(gone, survivor), lambda: self.product.merge(gone, survivor))

    @rule(after=days)
    def time_passes(self, after: float) -> None:
        self._move_to(self.world.now + timedelta(days=after))

    @precondition(lambda self: self.world.next_due())
    @rule(early=st.booleans())
    def time_passes_until_something_is_due(self, early: bool) -> None:
        due = self.world.next_due()
        assert due
        self._move_to(max(self.world.now, due - timedelta(microseconds=early)))

    @rule()
    def the_sweep_settles(self) -> None:
        self.product.settle()

    @rule(
        metric=metrics,
        vesting=st.sampled_from([0, 0, 1, 4]),
        expiry=st.sampled_from([None, None, 3, 10]),
        low=st.sampled_from([None, 0, -25]),
        high=st.sampled_from([None, None, 100]),
    )
    def the_metrics_rules_change(
        self, metric: str, vesting: int, expiry: int | None, low: int | None, high: int | None
    ) -> None:
        rules = self.world.metrics[metric]
        rules.vesting_days, rules.expiry_days, rules.minimum, rules.maximum = vesting, expiry, low, high
        self.product.configure(
            metric,
            vesting_days=vesting,
            expiry="days" if expiry else "never",
            expiry_count=expiry,
            minimum=low,
            maximum=high,
        )

    @precondition(lambda self: self.policy_changes)
    @rule(metric=metrics, policy=st.sampled_from(["debt", "clip", "reject"]))
    def the_policy_changes(self, metric: str, policy: str) -> None:
        self.policies.add(policy)
        self.world.metrics[metric].policy = policy
        self.product.configure(metric, negative_balance=policy)

    # -- the same for both

    def _spender(self, pick: int, share: int) -> tuple[str, str, int]:
        """A member and metric with something to spend, if there is one, and how much of it to ask for."""
        rich = [key for key, wallet in self.world.wallets.items() if wallet.balance > 0]
        member, metric = self._pick(rich or [("ada", "points")], pick)
        balance = max(0, self.world.wallet(member, metric).balance)
        return member, metric, -(-balance * share // 4) or balance + 1

    def _holds(self, closed: bool) -> list[tuple[Hold, UUID]]:
        return [pair for pair in self.holds if (pair[0].status != "open") == closed] or self.holds

    def _pick(self, things: list[T], pick: int) -> T:
        return things[-1 - pick % len(things)]

    def _note(self, member: str, done: tuple[Entry, LedgerEntry] | None) -> None:
        if done:
            entry, stored = done
            assert (stored.type, stored.points) == (entry.kind, entry.points)
            self.known.add(member)
            self.entries.append((entry, stored.id))

    def _move_to(self, now: datetime) -> None:
        self.world.move_to(now)
        self.product.now = now

    def _reverse(self, entry: Entry, key: UUID, part: int | None) -> Reversal | None:
        done = self.both(lambda: self.world.reverse(entry, part), lambda: self.product.reverse(key, part))
        if done:
            self._check_reversal(entry, *done)
        return done[1] if done else None

    def _cancel(self, hold: Hold, key: UUID, part: int | None) -> None:
        done = self.both(
            lambda: self.world.cancel_capture(hold, part), lambda: self.product.cancel_capture(key, part)
        )
        if done and hold.entry:
            self._check_reversal(hold.entry, *done)

    def _check_reversal(self, entry: Entry, outcome: Outcome, done: Reversal) -> None:
        wallet = entry.wallet.home
        assert done.entry.points == outcome.points
        assert (done.already_expired, done.debt, done.shortfall) == (
            outcome.already_expired,
            outcome.debt,
            outcome.shortfall,
        )
        assert (done.left, done.balance_after) == (entry.left, wallet.balance)
        self.fixed.append(done.entry.id)

    # -- agreement

    @invariant()
    def they_agree(self) -> None:
        self.sound = False
        wallets = {
            (name, code): self.world.wallets.get((name, code)) or Wallet(name, metric)
            for name in MEMBERS
            for code, metric in self.world.metrics.items()
        }
        shown = self.product.read(MEMBERS)
        assert shown == {key: summary(wallet) for key, wallet in wallets.items()}
        stored = self.product.stored()
        for key, account in stored.items():
            if account.next_due_at is None or account.next_due_at > self.world.now:
                assert_same(wallets[key], account)
            else:
                assert self.product.read_lots(*key) == lots_of(wallets[key])
        if self.refused:
            assert stored == self.before
        undone = {key: entry.undone for entry, key in self.entries if entry.undone}
        assert self.product.reversed() == undone
        self.agreed += 1
        if self.agreed % CHECK_EVERY == 0:
            assert self.product.violations() == []
        self.before, self.refused, self.sound = stored, False, True
        self.steps[type(self).__name__] += self.agreed > 1  # the first is the beginning

    # -- the end

    def teardown(self) -> None:
        try:
            if self.sound:
                self._undo_everything()
                connection.check_constraints()
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    def _undo_everything(self) -> None:
        for hold, key in self.holds:
            if hold.status == "open":
                self.both(partial(self.world.release, hold), partial(self.product.release, key))
        self.product.settle()
        self.they_agree()
        pairs = sorted(self.entries, key=lambda pair: pair[0].points > 0)
        if self.order:
            random.Random(self.order).shuffle(pairs)
        for entry, key in pairs:
            if entry.left:
                self._undo(entry, key)
                self.they_agree()
        for entry, key in pairs[:3]:  # nothing twice; what was refused is refused again
            self._undo(entry, key)
            self.they_agree()
        assert self.product.violations() == []
        self._check_the_end()

    def _undo(self, entry: Entry, key: UUID) -> None:
        if entry.hold:
            self._cancel(*next(pair for pair in self.holds if pair[0] is entry.hold), None)
        else:
            self._reverse(entry, key, None)

    def _check_the_end(self) -> None:
        """Said of the stored rows alone. Transfers can't be undone: they are looked at together."""
        stored = self.product.stored()
        assert all(account.held == 0 for account in stored.values())
        if "reject" in self.policies:
            return
        assert all(entry.left == 0 for entry, _key in self.entries)
        for code in self.world.metrics:
            accounts = [account for (_name, metric), account in stored.items() if metric == code]
            assert sum(account.total - sum(account.shortfalls) for account in accounts) <= 0
            if not self.transferred:
                assert all(account.total <= 0 for account in accounts)
                if self.policies == {"clip"}:
                    assert [account.total for account in accounts if account.total] == []


class UnderDebt(LedgerMachine):
    policy = "debt"


class UnderClip(LedgerMachine):
    policy = "clip"


class UnderReject(LedgerMachine):
    policy = "reject"


class UnderChangingPolicies(LedgerMachine):
    policy_changes = True
