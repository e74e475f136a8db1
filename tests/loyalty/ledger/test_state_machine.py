"""The ledger beside a simple model of it, through random histories: after every step they agree.

At the end of each history everything that can be undone is undone (domain.md, the test oracle).
LOYALTY_LEDGER_STEPS=50000 takes at least that many random steps in all, and says how many.
"""

import os
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from programs.models import Environment
from tests.factories import make_metric, make_rule
from tests.loyalty.ledger.machine import (
    START,
    LedgerMachine,
    UnderChangingPolicies,
    UnderClip,
    UnderDebt,
    UnderReject,
)

STEPS = int(os.environ.get("LOYALTY_LEDGER_STEPS", "0"))
PROFILE: dict[str, Any] = {
    "deadline": None,
    "database": None,
    "print_blob": True,
    "suppress_health_check": list(HealthCheck),
    "phases": [Phase.generate, Phase.shrink],
}


@pytest.fixture
def machines(committed_environment: Environment) -> None:
    """An environment that stays; each example is a transaction that is rolled back."""
    make_metric(committed_environment, "coins")
    make_rule(committed_environment, published_at=START - timedelta(days=60))
    LedgerMachine.environment = committed_environment


MACHINES = [UnderDebt, UnderClip, UnderReject, UnderChangingPolicies]


@pytest.mark.parametrize("machine", MACHINES)
def test_the_ledger_equals_its_model_through_any_history(
    machine: type[LedgerMachine], machines: None
) -> None:
    run_state_machine_as_test(
        machine, settings=settings(max_examples=4, stateful_step_count=25, derandomize=True, **PROFILE)
    )


@pytest.mark.skipif(not STEPS, reason="LOYALTY_LEDGER_STEPS is not set")
@pytest.mark.timeout(0)
@pytest.mark.parametrize("machine", MACHINES)
def test_the_ledger_equals_its_model_for_long(machine: type[LedgerMachine], machines: None) -> None:
    LedgerMachine.steps.clear()
    while LedgerMachine.steps[machine.__name__] < STEPS // len(MACHINES):
        run_state_machine_as_test(
            machine, settings=settings(max_examples=50, stateful_step_count=50, derandomize=False, **PROFILE)
        )
    print(f"\n{machine.__name__}: {LedgerMachine.steps[machine.__name__]:,} steps")  # noqa: T201


# -- histories that once told the two apart, or might, told by hand


class Story:
    """A machine whose rules are called by hand; after each, both sides are compared."""

    def __init__(self, machine: type[LedgerMachine]) -> None:
        self.machine = machine()
        self.machine.two_members_have_points(order=0)  # ada 100; bob 50, for 10 days

    def __enter__(self) -> LedgerMachine:
        self.machine.they_agree()
        return self.machine

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind:
            self.machine.sound = False
        else:
            self.machine.they_agree()
        self.machine.teardown()


def test_a_closed_hold_of_a_merged_member_is_still_refused(machines: None) -> None:
    with Story(UnderDebt) as told:
        told.hold(pick=0, share=4, lasts=5)
        told.capture(pick=0, part=None, closed=False)
        told.they_agree()
        told.merge(pick=0, into=1)
        told.they_agree()
        told.capture(pick=0, part=None, closed=True)
        told.they_agree()
        told.release(pick=0, closed=True)


def test_a_hold_on_expired_points_survives_a_merge(machines: None) -> None:
    with Story(UnderDebt) as told:
        told.hold(pick=0, share=4, lasts=30)  # bob's 50
        told.time_passes(after=10)
        told.they_agree()
        told.merge(pick=0, into=1)
        told.they_agree()
        told.capture(pick=0, part=20, closed=False)
        told.they_agree()


def test_what_arrives_pays_debt_in_spend_order(machines: None) -> None:
    with Story(UnderDebt) as told:
        told.spend(pick=1, share=4, kind="redeemed")  # ada's 100
        told.reverse(pick=2, part=6, gone=False)  # of her earn: a debt of 6
        told.they_agree()
        told.earn("bob", "points", 5, "earned", 1)
        told.transfer(pick=0, share=4, other=2, oneself=False)
        told.they_agree()
        assert [lot.remaining for lot in told.world.wallet("ada").open_lots()] == [49]


def test_a_shortfall_is_not_paid_by_what_was_spent_after_it(machines: None) -> None:
    with Story(UnderClip) as told:
        told.spend(pick=1, share=4, kind="redeemed")  # ada's 100
        told.reverse(pick=2, part=None, gone=False)  # her earn
        told.they_agree()
        told.earn("ada", "points", 50, "earned", None)
        told.spend(pick=1, share=2, kind="redeemed")
        told.reverse(pick=0, part=None, gone=False)
        told.they_agree()
        assert told.world.wallet("ada").shortfall == 100


def test_a_cancelled_capture_pays_what_fell_short_since_its_hold(machines: None) -> None:
    with Story(UnderClip) as told:
        told.hold(pick=1, share=4, lasts=5)  # ada's 100
        told.reverse(pick=1, part=None, gone=False)  # her earn
        told.capture(pick=0, part=None, closed=False)
        told.they_agree()
        told.cancel_a_capture(pick=0, part=None)
        told.they_agree()
        assert (told.world.wallet("ada").total, told.world.wallet("ada").shortfall) == (0, 0)


def test_a_hold_that_a_merge_moved_pays_any_shortfall(machines: None) -> None:
    with Story(UnderClip) as told:
        told.spend(pick=0, share=4, kind="redeemed")  # bob's 50
        told.reverse(pick=1, part=None, gone=False)  # his bonus
        told.they_agree()
        told.hold(pick=0, share=4, lasts=5)  # ada's 100
        told.merge(pick=1, into=0)
        told.they_agree()
        told.release(pick=0, closed=False)
        told.they_agree()
        assert (told.world.wallet("bob").total, told.world.wallet("bob").shortfall) == (50, 0)


def test_the_room_under_a_maximum_counts_the_debt(machines: None) -> None:
    with Story(UnderDebt) as told:
        told.spend(pick=1, share=4, kind="redeemed")  # ada's 100
        told.reverse(pick=2, part=None, gone=False)  # her earn: a debt of 100
        told.the_metrics_rules_change("points", vesting=0, expiry=None, low=None, high=100)
        told.earn("ada", "points", 250, "adjusted", None)
        told.they_agree()
        assert told.world.wallet("ada").balance == 100
