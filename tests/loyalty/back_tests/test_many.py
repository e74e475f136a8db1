"""A back-test of very many events: right, bounded in memory, and quick.

LOYALTY_BACK_TEST_EVENTS=100000 .venv/bin/python -m pytest -n 0 -s tests/loyalty/back_tests/test_many.py
prints how many events a second it tried.
"""

import os
import sys
import time
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta

import pytest

from loyalty.actions.back_tests import run_back_test
from loyalty.actions.pace import Pace
from loyalty.models import LedgerEntry
from programs.models import EarningRule, Environment
from tests.factories import make_rule
from tests.loyalty.back_tests.past import BEGIN, Past, days, run, started, store

EVENTS = int(os.environ.get("LOYALTY_BACK_TEST_EVENTS", "0"))
SMALL = 8_000
MEMBERS = 100
DAYS = 31

pytestmark = pytest.mark.django_db


def march(number: int) -> Iterator[Past]:
    """Members in turn, evenly over the days, 20 each; no rule has counted their purchases yet."""
    for n in range(number):
        at = BEGIN + timedelta(seconds=n * DAYS * 86400 / number)
        data = {"amount": "20.00", "currency": "GBP"}
        yield Past(f"m-{n % MEMBERS}", at, data, facts={"attributes": {}, "age_days": 0})


def three_rules(environment: Environment) -> EarningRule:
    """Half as much again at weekends, 5 for the first ten purchases of a member; the draft: a point a pound, at
    most 100 a member a day."""
    since = BEGIN - days(1)
    half = {"kind": "multiplier", "factor": "1.5"}
    weekend = {"field": "event.occurred_at.weekday", "op": "in", "value": [6, 7]}
    few = {"field": "member.event_count.purchase", "op": "lt", "value": 10}
    make_rule(environment, name="Weekend", award=half, condition=weekend, published_at=since)
    five = {"kind": "fixed", "points": 5}
    make_rule(environment, name="Welcome", award=five, condition=few, entry_type="bonus", published_at=since)
    return make_rule(environment, caps=[{"per": "day", "points": 100}], published=False)


def expected(number: int) -> tuple[int, int]:
    """What all three give, and the draft: counted by member and day."""
    by_day = [[0] * MEMBERS for _ in range(DAYS)]
    for n in range(number):
        by_day[n * DAYS // number][n % MEMBERS] += 1
    draft = 0
    for day, counts in enumerate(by_day):
        each = 30 if (BEGIN + timedelta(days=day)).isoweekday() > 5 else 20
        draft += sum(min(100, each * count) for count in counts)
    return draft + 5 * sum(min(10, sum(counts[m] for counts in by_day)) for m in range(MEMBERS)), draft


@pytest.mark.parametrize(
    "number",
    [
        SMALL,
        pytest.param(
            EVENTS,
            marks=[
                pytest.mark.skipif(not EVENTS, reason="takes a minute: LOYALTY_BACK_TEST_EVENTS=100000"),
                pytest.mark.timeout(1800),
            ],
        ),
    ],
)
def test_many_events_are_each_tried_once(environment: Environment, number: int) -> None:
    store(environment, march(number))
    test = started(environment, three_rules(environment))
    began = time.perf_counter()
    run_back_test(back_test=test.pk, pace=Pace(rest=0))
    took = time.perf_counter() - began
    sys.stdout.write(f"\n{number:,} events with 3 rules: {took:.1f} s, {number / took:,.0f} events/s\n")
    test.refresh_from_db()
    assert test.result is not None
    assert (test.status, test.total, test.done) == ("done", number, number)
    assert (test.result["would"], test.result["this_rule"]) == expected(number)
    assert (test.result["events"], test.result["members"], len(test.result["days"])) == (
        number,
        MEMBERS,
        DAYS,
    )
    assert not LedgerEntry.objects.filter(environment_id=environment.pk).exists()


def test_memory_does_not_grow_with_the_events(environment: Environment) -> None:
    rule = three_rules(environment)
    store(environment, march(SMALL))
    run(
        started(environment, rule, BEGIN, BEGIN + days(DAYS * 0.25))
    )  # what is made once: the configuration, the statements
    peaks = []
    for share in (0.5, 1):
        test = started(environment, rule, BEGIN, BEGIN + days(DAYS * share))
        tracemalloc.start()
        run(test)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert test.total == SMALL * share, "two chunks, and four"
    assert peaks[1] < 1.1 * peaks[0], f"{peaks} bytes"
