"""As-of (domain.md 3.9): at any instant of a random history the ledger answers what the model held then.

Business time is the environment's clock, recorded time is real; the two run at different paces here, and some
purchases are reported days after they happened. The expected figures come from playing the history again up to
the instant, and adding what was reported later for earlier.
"""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
import time_machine
from django.db import transaction

from audit.errors import InvalidRequest
from loyalty.actions.clock import set_clock
from loyalty.queries.balances import balances_as_of
from programs.models import Environment
from tests.factories import make_actor, make_environment, make_rule, reload
from tests.loyalty.ledger.model import Refused, World
from tests.loyalty.ledger.product import Product
from tests.loyalty.ledger.wallets import Entry, Hold, Lot, Metric, Wallet

REAL = datetime.fromisoformat("2026-06-01T12:00:00+00:00")
LONG_AGO = datetime.fromisoformat("2019-03-01T09:00:00+00:00")
MEMBERS = ("ada", "bob", "cyd")
INSTANTS = 50
STEPS, MERGED_AT, CLOCK_ENDS_AT = 90, 50, 75
VESTING_DAYS, EXPIRY_DAYS = 2, 6

Figures = tuple[int, int, int, int, int]  # total, pending, held, balance, shortfall
Lots = list[tuple[int, int, datetime, str]]  # remaining, held, available_at, expires_at


@dataclass
class Step:
    """Something that was done: when by real time, when by the environment's, and how to do it again."""

    recorded_at: datetime
    clock: datetime
    verb: str
    values: dict[str, Any]
    late: tuple[str, Lot] | None = None  # an earn dated before its recording: whose, and its lot


@dataclass
class Tape:
    """A model on which steps can be played, also again from the beginning. Entries and holds by number."""

    world: World
    entries: list[Entry] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)

    def play(self, verb: str, **values: Any) -> None:
        world = self.world
        match verb:
            case "earn" | "spend":
                self.entries.append(getattr(world, verb)(**values))
            case "hold":
                self.holds.append(world.hold(**values))
            case "transfer" | "merge":
                getattr(world, verb)(**values)
            case "reverse":
                world.reverse(self.entries[values["number"]], values["points"])
            case "capture":
                world.capture(self.holds[values["number"]], values["points"])
            case "release":
                world.release(self.holds[values["number"]])
            case "cancel_capture":
                world.cancel_capture(self.holds[values["number"]], values["points"])


class History:
    """A random history, made on the product and on the model at once; `clocked`: under a test clock."""

    def __init__(self, seed: int, environment: Environment, *, clocked: bool) -> None:
        self.chance = random.Random(seed)
        self.environment = environment
        self.policy = ("clip", "debt")[seed % 2]
        self.real = REAL
        self.clock = LONG_AGO if clocked else REAL
        # From this real instant on, the clock stood there; None: it went with real time.
        self.clocks: list[tuple[datetime, datetime | None]] = [(REAL, self.clock if clocked else None)]
        self.began = self.clock
        self.steps: list[Step] = []
        self.tape = self.blank()
        self.ids: list[Any] = []
        self.hold_ids: list[Any] = []
        if clocked:
            set_clock(environment=environment, clock=self.clock, actor=make_actor())
        make_rule(reload(environment), published_at=self.began - timedelta(days=60))
        self.product = Product(environment, self.clock)
        self.product.configure(
            "points",
            negative_balance=self.policy,
            vesting_days=VESTING_DAYS,
            expiry="days",
            expiry_count=EXPIRY_DAYS,
        )

    def blank(self) -> Tape:
        return Tape(
            World(self.began, Metric(policy=self.policy, vesting_days=VESTING_DAYS, expiry_days=EXPIRY_DAYS))
        )

    def set_clock(self, clock: datetime | None) -> None:
        set_clock(environment=self.environment, clock=clock, actor=make_actor())
        self.clocks.append((self.real, clock))
        self.clock = clock or self.real

    def make(self, steps: int, real_time: time_machine.Traveller) -> None:
        while len(self.steps) < steps:
            self.pass_time(real_time)
            verb, values = self.choose()
            try:
                self.tape.play(verb, **values)
            except Refused:
                continue
            self.steps.append(Step(self.real, self.clock, verb, values, self.late_lot(verb, values)))
            self.do(verb, **values)

    def pass_time(self, real_time: time_machine.Traveller) -> None:
        """Real time always; the environment's with it, or by the clock in leaps of its own, or not at all."""
        self.real += timedelta(seconds=self.chance.choice([1, 60, 20_000, 86_400]))
        real_time.move_to(self.real)
        if self.clocks[-1][1] is None:
            self.clock = self.real
        elif len(self.steps) == CLOCK_ENDS_AT:
            self.set_clock(None)
        elif self.chance.random() < 0.6:
            self.set_clock(self.clock + timedelta(hours=self.chance.choice([1, 6, 12, 24])))
        self.tape.world.move_to(self.clock)
        self.product.now = self.clock
        self.product.environment = reload(self.environment)

    def choose(self) -> tuple[str, dict[str, Any]]:
        chance, now = self.chance, self.clock
        member, points = chance.choice(MEMBERS), chance.randint(1, 30)
        part = chance.choice([None, 1, chance.randint(1, 30)])
        verb = chance.choice(
            ["earn"] * 5 + ["hold"] * 3 + ["spend", "transfer", "capture"] * 2 + ["reverse"] * 3
            + ["release", "cancel_capture"]
        )  # fmt: skip
        if len(self.steps) == MERGED_AT:
            return "merge", {"member": "cyd", "into": "bob"}
        if verb == "earn" and chance.random() < 0.4:
            at = now - timedelta(days=chance.choice([0.5, 1, 3, 8]))
            return verb, {"member": member, "points": points, "occurred_at": at}
        if verb == "earn":
            points *= 2
            expires_at = chance.choice([None, *(now + timedelta(days=days) for days in (-1, 1, 3, 30))])
            return verb, {"member": member, "points": points, "expires_at": expires_at}
        if verb == "hold":
            return verb, {
                "member": member,
                "points": points // 3 + 1,
                "expires_at": now + timedelta(days=points % 5 + 1),
            }
        if verb == "spend":
            return verb, {"member": member, "points": points}
        if verb == "transfer":
            return verb, {"sender": member, "receiver": chance.choice(MEMBERS), "points": points}
        there = self.open_to(verb)
        if not there:
            return "spend", {"member": member, "points": points}
        number = chance.choice(there[-12:])
        return verb, {"number": number, "points": part}

    def open_to(self, verb: str) -> list[int]:
        """The numbers of the entries or holds that this could be done to."""
        if verb == "reverse":
            return [number for number, entry in enumerate(self.tape.entries) if entry.left]
        if verb == "cancel_capture":
            return [number for number, hold in enumerate(self.tape.holds) if hold.entry and hold.entry.left]
        return [number for number, hold in enumerate(self.tape.holds) if hold.status == "open"]

    def late_lot(self, verb: str, values: dict[str, Any]) -> tuple[str, Lot] | None:
        if verb != "earn" or "occurred_at" not in values:
            return None
        at, points = values["occurred_at"], values["points"]
        vests, ends = at + timedelta(days=VESTING_DAYS), at + timedelta(days=EXPIRY_DAYS)
        lot = Lot(None, points, at, vests, ends, 0)
        return self.tape.world.survivor(values["member"]), lot

    def do(self, verb: str, **values: Any) -> None:
        product, number = self.product, values.pop("number", 0)
        match verb:
            case "earn" if "occurred_at" in values:
                self.ids.append(product.report(**values)[0].id)
            case "earn" | "spend":
                self.ids.append(getattr(product, verb)(**values).id)
            case "hold":
                self.hold_ids.append(product.hold(**values, metric="points"))
            case "transfer":
                product.transfer(**values, metric="points")
            case "merge":
                product.merge(**values)
            case "reverse":
                product.reverse(self.ids[number], values["points"])
            case "release":
                product.release(self.hold_ids[number])
            case "capture" | "cancel_capture":
                getattr(product, verb)(self.hold_ids[number], values["points"])

    # -- what was

    def clock_at(self, real: datetime) -> datetime:
        return [clock for since, clock in self.clocks if since <= real][-1] or real

    def expected(self, at: datetime | None, known: datetime | None) -> dict[str, tuple[Figures, Lots]]:
        """What was held at the business instant `at`, by what had been recorded at `known`."""
        at = at or self.clock_at(known or self.real)
        tape = self.blank()
        later: list[Step] = []
        for step in self.steps:
            if known and step.recorded_at > known:
                continue
            if step.clock > at:
                later.append(step)
                continue
            tape.world.move_to(step.clock)
            tape.play(step.verb, **step.values)
        tape.world.move_to(at)
        found = {}
        for member in MEMBERS:
            wallet = tape.world.wallets.get((member, "points")) or Wallet(member, Metric())
            lots = [lot for step in later if step.late for name, lot in [step.late] if name == member]
            found[member] = figures(wallet, [lot for lot in lots if lot.begins <= at < lot.ends_at], at)
        return found


def figures(wallet: Wallet, late: list[Lot], at: datetime) -> tuple[Figures, Lots]:
    """The wallet's, with lots that were reported later: untouched until then."""
    more = sum(lot.remaining for lot in late)
    pending = sum(lot.remaining for lot in late if lot.available_at > at)
    shown = sorted(
        (lot.remaining, lot.held, lot.available_at, str(lot.expires_at))
        for lot in [*wallet.open_lots(), *late]
    )
    return (
        wallet.total + more,
        wallet.pending + pending,
        wallet.held,
        wallet.balance + more - pending,
        wallet.shortfall,
    ), shown


def answered(
    history: History, at: datetime | None, known: datetime | None
) -> dict[str, tuple[Figures, Lots]]:
    found = {}
    for member in MEMBERS:
        (one,) = balances_as_of(
            environment=history.product.environment,
            member_id=history.product.key(member),
            now=history.clock,
            as_of=at,
            recorded_as_of=known,
        )
        lots = sorted((lot.remaining, lot.held, lot.available_at, str(lot.expires_at)) for lot in one.lots)
        found[member] = (one.total, one.pending, one.held, one.balance, one.shortfall), lots
    return found


SEEDS = range(7, 9 + int(os.environ.get("LOYALTY_LEDGER_STEPS", "0")) // 1000)


@pytest.fixture(
    scope="module",
    params=[(clocked, seed) for clocked in (True, False) for seed in SEEDS],
    ids=lambda param: f"{'test clock' if param[0] else 'real time'}-{param[1]}",
)
def history(request: pytest.FixtureRequest, test_database: None, django_db_blocker: Any) -> Iterator[History]:
    """Made once for all questions, in a transaction that is rolled back."""
    clocked, seed = request.param
    with (
        django_db_blocker.unblock(),
        time_machine.travel(REAL, tick=False) as real_time,
        transaction.atomic(),
    ):
        made = History(seed, make_environment("sandbox" if clocked else "live"), clocked=clocked)
        made.make(STEPS, real_time)
        yield made
        transaction.set_rollback(True)


def instants(history: History, turning: list[datetime]) -> list[datetime]:
    """Some between two steps, some at which something was done, and just before."""
    between = [
        first + (second - first) * history.chance.random()
        for first, second in history.chance.sample(list(pairwise(turning)), INSTANTS // 2)
    ]
    sharp = history.chance.sample(turning[1:], INSTANTS // 4)
    chosen = between + sharp + [at - timedelta(microseconds=1) for at in sharp]
    return chosen + [turning[-1]] * (INSTANTS - len(chosen))


def business_instants(history: History) -> list[datetime]:
    return instants(history, sorted({step.clock for step in history.steps}))


def recorded_instants(history: History) -> list[datetime]:
    return instants(history, [step.recorded_at for step in history.steps])


def test_the_history_is_one_worth_asking(history: History) -> None:
    """Late earns that changed the past, debts, holds, expiries and a merge are all in it."""
    verbs = {step.verb for step in history.steps}
    assert verbs >= {"earn", "spend", "hold", "reverse", "transfer", "merge"}
    assert verbs & {"capture", "release"}
    assert sum(1 for step in history.steps if step.late) >= 5
    assert sum(wallet.lifetime["expired"] for wallet in history.tape.world.wallets.values()) > 0


def test_by_business_time_a_balance_is_what_was_held_then(history: History) -> None:
    for at in business_instants(history):
        assert answered(history, at, None) == history.expected(at, None), at


def test_by_recorded_time_a_balance_is_what_was_answered_then(history: History) -> None:
    for known in recorded_instants(history):
        assert answered(history, None, known) == history.expected(None, known), known


def test_both_times_say_what_was_known_then_of_an_earlier_instant(history: History) -> None:
    for at, known in zip(business_instants(history), recorded_instants(history), strict=True):
        assert answered(history, at, known) == history.expected(at, known), (at, known)


def test_an_entry_recorded_late_is_there_by_business_time_and_not_by_recorded_time(history: History) -> None:
    step = next(
        step for step in history.steps if step.late and step.clock - step.late[1].begins >= timedelta(1)
    )
    assert step.late
    (member, lot), before = step.late, step.recorded_at - timedelta(microseconds=1)
    (now_known, _), (then_known, _) = (
        answered(history, lot.begins, known)[member] for known in (step.recorded_at, before)
    )
    assert now_known[0] - then_known[0] == lot.remaining


def test_the_future_is_not_answered(history: History) -> None:
    soon = timedelta(seconds=1)
    for at, known in ((history.clock + soon, None), (None, history.real + soon)):
        with pytest.raises(InvalidRequest):
            answered(history, at, known)
