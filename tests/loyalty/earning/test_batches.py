"""A batch does what its events would do one by one, however they are split (domain.md 4).

The usual tellings are few and always the same; LOYALTY_EARNING_STORIES=500 makes so many others.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from audit.errors import DomainError
from loyalty.actions.events import record_batch, record_event
from loyalty.actions.points import spend
from loyalty.actions.referrals import refer, referral_code_of
from loyalty.ledger.evaluation import evaluate_due
from loyalty.ledger.settlement import settle_due
from loyalty.models import Member
from loyalty.queries.events import RecordedEvent, ReportedEvent
from programs.models import Environment, Program
from tests.factories import give, make_actor, make_ladder, make_metric, make_rule, reload
from tests.loyalty.earning.desk import Desk, at
from tests.loyalty.earning.photo import photo
from tests.loyalty.ledger.checking import check

NOW = at(20)
STORIES = int(os.environ.get("LOYALTY_EARNING_STORIES", "0"))
DAYS = [0.5, 5.2, 6.2, 13.1, 19.9, -10.5, 21]  # the 1st of March 2026 is a Sunday; too late, in the future
FIRST = {"all": [{"field": "member.event_count.purchase", "op": "eq", "value": 0}]}
LARGE = {"all": [{"field": "data.amount", "op": "gte", "value": "100"}]}
WEEKEND = {"all": [{"field": "event.occurred_at.weekday", "op": "in", "value": [6, 7]}]}
SILVER = {"all": [{"field": "member.tier", "op": "eq", "value": "silver"}]}


@pytest.fixture
def shop(environment: Environment) -> Environment:
    """Two programs with all that rules have; some members with points that are due, spent or owed."""
    make_metric(environment, negative_balance="debt", expiry="days", expiry_count=15, vesting_days=2)
    club = Program.objects.create(environment=environment, code="club", name="Club")
    make_metric(environment, "coins", maximum=400, negative_balance="clip")
    it: dict[str, Any] = {"published_at": at(-40)}
    make_rule(
        environment, **it, caps=[{"per": "day", "points": 250}, {"per": "month", "times": 4}], priority=5
    )
    fixed = {"kind": "fixed", "points": 30}
    make_rule(environment, **it, name="First", award=fixed, condition=FIRST, entry_type="bonus")
    make_rule(environment, **it, name="Large", award=fixed, condition=LARGE, budget=100, exclusive_group="g")
    make_rule(
        environment, **it, name="Silver", award=fixed | {"points": 40}, condition=SILVER, exclusive_group="g"
    )
    double = {"kind": "multiplier", "factor": "2"}
    make_rule(
        environment,
        **it,
        name="Double",
        award=double,
        condition=WEEKEND,
        caps=[{"per": "week", "points": 60}],
    )
    friends = {"kind": "referral", "member": 10, "referrer": 20}
    make_rule(environment, **it, name="Friends", award=friends, budget=50, event_type="visit")
    coins = {"kind": "per_amount", "rate": "1.5", "step": "1"}
    make_rule(environment, **it, name="Coins", award=coins, metric="coins")
    make_rule(environment, **it, name="Club", award=fixed, program=club.code, budget=200)
    make_ladder(environment, ("silver", "150", "1.25"), ("gold", "400", "1.5"))
    give(environment, 50, "ada", now=at(-30), expires_at=at(10))
    give(environment, 80, "bob", now=at(-10))
    spend(
        environment=reload(environment), member="bob", points=60, reason=None, actor=make_actor(), now=at(-5)
    )
    for referrer, member in (("ada", "bob"), ("bob", "cleo"), ("ada", "dora")):
        code = referral_code_of(
            environment=reload(environment), member=referrer, actor=make_actor(), now=at(-29)
        )
        refer(environment=reload(environment), member=member, code=code.code, actor=make_actor(), now=at(-29))
    people(Desk(reload(environment)))
    return reload(environment)


def people(desk: Desk) -> None:
    """Eve is ada since, Gus has been erased, and Fay is frozen; each has bought before."""
    desk.today = -4
    for number, member in enumerate(["eve", "gus", "fay"]):
        lines = [{"line": 1, "quantity": 2, "amount": "90"}, {"line": 2, "quantity": 1, "amount": "30"}]
        desk.buy(f"e{number}", "120", member, items=lines)
    desk.today = -3
    desk.merge("eve", into="ada")
    desk.erase("gus")
    Member.objects.filter(pk=desk.key("fay")).update(status="frozen")


ids = st.integers(0, 9).map(lambda number: f"e{number}")
members = st.sampled_from(["ada", "bob", "cleo", "dora", "eve", "fay", "gus"])
amounts = st.sampled_from(["5", "20.50", "99.99", "100", "180", "333.33", "none"])
when = st.sampled_from([None, None, *(at(number) for number in DAYS)])
programs = st.sampled_from([None, None, None, None, "default", "club", "nowhere"])


@st.composite
def purchases(draw: st.DrawFn) -> ReportedEvent:
    data = {"amount": draw(amounts), "currency": "GBP"}
    kind = draw(st.sampled_from(["purchase", "purchase", "purchase", "visit"]))
    return ReportedEvent(draw(ids), kind, draw(members), data, draw(when), draw(programs))


@st.composite
def refunds(draw: st.DrawFn) -> ReportedEvent:
    data: dict[str, Any] = {"purchase": draw(ids)}
    amount = draw(st.sampled_from([None, "1", "20.50", "60", "-1"]))
    if amount is not None:
        data["amount"] = amount
    if draw(st.integers(0, 3)) == 0:
        data["items"] = [{"line": draw(st.integers(1, 3)), "quantity": draw(st.integers(1, 2))}]
    return ReportedEvent(draw(ids), "refund", draw(members), data, draw(when), None)


@st.composite
def tellings(draw: st.DrawFn) -> tuple[list[ReportedEvent], list[int]]:
    """Events, some of them twice, and the sizes of the batches that they come in."""
    events = draw(st.lists(purchases() | purchases() | refunds(), min_size=1, max_size=14))
    for _ in range(draw(st.integers(0, 3))):
        events.insert(draw(st.integers(0, len(events))), draw(st.sampled_from(events)))
    return events, draw(st.lists(st.integers(1, 8), min_size=1, max_size=8))


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside has not happened afterwards."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def one_by_one(environment: Environment, events: list[ReportedEvent]) -> list[Any]:
    outcomes: list[Any] = []
    for event in events:
        try:
            recorded = record_event(
                environment=environment,
                event_id=event.event_id,
                type=event.type,
                member=event.member,
                data=event.data,
                occurred_at=event.occurred_at,
                program=event.program,
                actor=make_actor(),
                now=NOW,
            )
            outcomes.append(told(recorded))
        except DomainError as refusal:
            outcomes.append(told(refusal))
    return outcomes


def in_batches(environment: Environment, events: list[ReportedEvent], sizes: list[int]) -> list[Any]:
    outcomes: list[Any] = []
    left, turn = events, 0
    while left:
        size = sizes[turn % len(sizes)]
        part, left, turn = left[:size], left[size:], turn + 1
        found = record_batch(environment=environment, events=part, actor=make_actor(), now=NOW)
        assert len(found) == len(part)
        outcomes += [told(outcome) for outcome in found]
    return outcomes


def settled_photo(environment: Environment) -> dict[str, Any]:
    """What is left once all that is due is written: a refused event of a batch may have settled its member, as
    any later write would, and one that is alone never has."""
    while settle_due(environment=environment, actor=make_actor(), now=NOW).accounts:
        pass
    while evaluate_due(environment=environment, actor=make_actor(), now=NOW).members:
        pass
    return photo(environment)


def told(outcome: RecordedEvent | DomainError) -> Any:
    """What a caller is answered, without the ids of rows."""
    if isinstance(outcome, DomainError):
        data = {name: value for name, value in outcome.data.items() if name != "event"}
        return outcome.code, outcome.detail, outcome.errors, data
    return (
        outcome.event.event_id,
        outcome.member,
        outcome.duplicate,
        [(entry.type, entry.points, entry.balance_after, entry.reason) for entry in outcome.entries],
        [(change.kind, change.from_code, change.to_code, change.progress) for change in outcome.changes],
        outcome.referral and outcome.referral.status,
    )


@settings(
    max_examples=STORIES or 8,
    deadline=None,
    derandomize=not STORIES,
    phases=[Phase.generate, *([Phase.shrink] if STORIES else [])],  # a shorter story takes minutes to find
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(telling=tellings())
def test_any_events_in_any_split_do_what_they_do_one_by_one(
    shop: Environment, telling: tuple[list[ReportedEvent], list[int]]
) -> None:
    events, sizes = telling
    note(f"{sizes} {events}")
    with undone():
        outcomes, left = one_by_one(shop, events), settled_photo(shop)
        check(environment=str(shop.id))
    for split in (sizes, [len(events)]):
        with undone():
            assert in_batches(shop, events, split) == outcomes
            assert settled_photo(shop) == left


def test_each_event_of_a_batch_is_answered_in_its_place(shop: Environment) -> None:
    def event(event_id: str, kind: str = "purchase", member: str = "eve", **data: Any) -> ReportedEvent:
        return ReportedEvent(event_id, kind, member, data)

    far = ReportedEvent("far", "purchase", "eve", {"amount": "5"}, NOW - timedelta(days=31))
    events = [
        event("o1", amount="120"),
        event("o1", amount="120"),
        event("o1", amount="121"),
        event("o1", member="fay", amount="120"),
        far,
        event("r0", "refund", purchase="o0"),
        event("r1", "refund", purchase="o1", amount="20"),
        event("r1", "refund", purchase="o1", amount="20"),
        event("r2", "refund", purchase="o1", amount="101"),
        event("big", note="x" * 33_000),
        event("o2", amount="5"),
        ReportedEvent("o3", "purchase", "eve", {}, None, "nowhere"),
    ]
    found = record_batch(environment=shop, events=events, actor=make_actor(), now=NOW)
    assert [o.code if isinstance(o, DomainError) else o.duplicate for o in found] == [
        False,
        True,
        "event_id_reused",
        "event_id_reused",
        "event_too_late",
        "purchase_not_found",
        False,
        True,
        "refund_exceeds_purchase",
        "invalid_request",
        False,
        "program_not_found",
    ]
    check(environment=str(shop.id))


@pytest.mark.parametrize("member", ["nobody", "gus"])
def test_who_is_refused_in_a_batch_is_not_made(shop: Environment, member: str) -> None:
    """Neither somebody new nor who comes back after an erasure."""
    good = ReportedEvent("good", "purchase", "hal", {"amount": "5"})
    bad = ReportedEvent("bad", "refund", member, {"purchase": "unknown"})
    found = record_batch(environment=shop, events=[good, bad], actor=make_actor(), now=NOW)
    assert [isinstance(outcome, RecordedEvent) for outcome in found] == [True, False]
    members = Member.objects.filter(environment=shop)
    assert members.filter(external_id="hal").exists()
    assert not members.filter(external_id=member).exists()


def test_an_empty_batch_is_nothing(shop: Environment) -> None:
    before = photo(shop)
    assert record_batch(environment=shop, events=[], actor=make_actor(), now=NOW) == []
    assert photo(shop) == before


def test_a_batch_again_is_all_duplicates(shop: Environment) -> None:
    events = [ReportedEvent(f"x{n}", "purchase", f"m{n % 5}", {"amount": f"{n}.50"}) for n in range(40)]
    first = record_batch(environment=shop, events=events, actor=make_actor(), now=NOW)
    before = photo(shop)
    again = record_batch(environment=shop, events=events, actor=make_actor(), now=NOW + timedelta(days=400))
    assert photo(shop) == before
    assert [outcome.duplicate for outcome in again if isinstance(outcome, RecordedEvent)] == [True] * 40
    assert [told(outcome)[3] for outcome in again] == [told(outcome)[3] for outcome in first]
