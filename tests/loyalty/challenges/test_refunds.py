"""A refund takes back what its event counted, and what hung on it (domain.md 3.5, 8)."""

from decimal import Decimal
from typing import Any

import pytest

from loyalty.actions.events import record_batch
from loyalty.actions.points import award
from loyalty.models import LedgerEntry
from loyalty.queries.events import RecordedEvent, ReportedEvent
from programs.actions.challenges import save_challenge
from programs.actions.configure import configure
from programs.models import Challenge, Metric
from tests.factories import PER_POUND, make_actor, make_metric, reload
from tests.loyalty.challenges.camp import Camp
from tests.loyalty.challenges.telling import counted, done, effects, outcomes, rewards
from tests.loyalty.ledger.till import day

SPEND: dict[str, Any] = {
    "title": "Spend", "event_type": "purchase", "measure": "sum", "field": "data.amount", "target": 100,
}  # fmt: skip
BUY: dict[str, Any] = {"title": "Buy", "event_type": "purchase", "target": 2}


def batch(camp: Camp, *events: tuple[str, str, dict[str, Any]], member: str = "ada") -> list[RecordedEvent]:
    """Events by id, type and data, in one request."""
    results = camp.do(
        record_batch, events=[ReportedEvent(i, type_, member, data) for i, type_, data in events]
    )
    for result in results:
        assert isinstance(result, RecordedEvent), result
    return [result for result in results if isinstance(result, RecordedEvent)]


def entries_of(camp: Camp) -> list[tuple[str, int]]:
    rows = LedgerEntry.objects.filter(member=camp.key("ada")).order_by("id")
    return list(rows.values_list("type", "points"))


def test_before_completion_it_takes_progress_and_what_comes_completes_later(field: Camp) -> None:
    field.challenge()
    (first,) = field.visit()
    back = field.refund(first.event.event_id)
    assert (counted(back), done(back), done(back, "revoked")) == ([("-1", "0", "2")], [], [])
    second, third = field.visit(times=2)
    assert (done(second), len(done(third)), field.total()) == ([], 2, 50)
    again = field.refund(second.event.event_id, event_id="r")
    (repeated,) = batch(field, ("r", "refund", {"purchase": second.event.event_id}))
    assert (repeated.duplicate, effects(repeated)) == (True, effects(again))
    assert (len(done(again, "revoked")), field.total(), field.live()) == (2, 0, [])


def test_below_the_target_mission_and_challenge_fall_with_all_they_gave_and_may_be_done_again(
    field: Camp,
) -> None:
    field.challenge(rewards=[field.points(50), field.prize()], notification_display="toast")
    first, second = field.visit(times=2)
    back = field.refund(first.event.event_id)
    assert done(back, "revoked") == done(second) == [("mission", "Come twice"), ("challenge", "Regular")]
    assert [each["id"] for each in effects(back)["revoked"]] == [
        each["id"] for each in effects(second)["completed"]
    ]
    assert rewards(back, "revoked") == [("points", 50, -50), ("inventory_item", rewards(second)[1][1])]
    assert [(entry.type, entry.points, entry.origin) for entry in back.entries] == [
        ("reversed", -50, "refund")
    ]
    assert (field.total(), field.items_of(), field.live()) == (0, {}, [])
    gone = field.achievements()
    assert [row.revoked_by_id for row in gone] == [back.event.pk] * 2
    assert field.changes_of() == [("Badge", 1, gone[1].pk), ("Badge", -1, gone[1].pk)]
    (third,) = field.visit()
    assert (done(third), rewards(third)) == (done(second), rewards(second))
    assert (field.total(), field.items_of(), field.live()) == (50, {"Badge": 1}, ["Come twice", "Regular"])
    assert len(field.achievements()) == 4
    audited = field.audited()
    assert [audited[verb] for verb in ("challenge.completed", "challenge.revoked", "mission.revoked")] == [
        2,
        1,
        1,
    ]


def test_what_counted_beyond_the_target_can_be_refunded_freely(field: Camp) -> None:
    field.challenge()
    events = field.visit(times=4)
    for event in events[:2]:
        back = field.refund(event.event.event_id)
        assert (done(back, "revoked"), back.entries) == ([], [])
    assert (field.progress_of(), field.total()) == ({("Come twice", "ever"): 2}, 50)
    assert len(done(field.refund(events[2].event.event_id), "revoked")) == 2


def test_a_hundred_small_refunds_take_as_much_as_one(field: Camp) -> None:
    field.challenge(missions=[SPEND])
    for name in ("one", "many"):
        field.buy(name, "60.00", name)
        field.buy(f"{name}-more", "40.00", name)
        assert (field.total(name), field.live(name)) == (50, ["Spend", "Regular"])
    one = field.refund("one", "33.33", "one")
    parts = {"purchase": "many", "amount": "0.3333"}
    many = batch(field, *((f"r{number}", "refund", parts) for number in range(100)), member="many")
    assert counted(one) == [("-33.33", "66.67", "100")]
    assert sum(Decimal(counted(each)[0][0]) for each in many) == Decimal("-33.33")
    assert counted(many[-1]) == [("-0.3333", "66.67", "100")]
    assert [len(done(each, "revoked")) for each in (one, *many)] == [2, 2, *[0] * 99]
    for name in ("one", "many"):
        assert (field.total(name), field.live(name)) == (0, [])
        field.buy(f"{name}-last", "33.33", name)
        assert (field.total(name), field.live(name)) == (50, ["Spend", "Regular"])


def test_a_purchase_counts_until_its_condition_no_longer_holds_and_a_deep_sum_shrinks_with_it(
    field: Camp,
) -> None:
    large = {"all": [{"field": "data.amount", "op": "gte", "value": "50"}]}
    tip = SPEND | {"title": "Tip", "field": "data.extra.tip", "target": 4}
    field.challenge(missions=[BUY | {"condition": large, "target": 1}, tip])
    bought = field.buy("p", "80.00", extra={"tip": "4"})
    assert len(done(bought)) == 3
    back = field.refund("p", "20.00")
    assert counted(back) == [("-1", "3", "4")]
    assert done(back, "revoked") == [("mission", "Tip"), ("challenge", "Regular")]
    back = field.refund("p", "20.00")
    assert counted(back) == [("-1", "0", "1"), ("-1", "2", "4")]
    assert done(back, "revoked") == [("mission", "Buy")]
    assert counted(field.refund("p")) == [("-2", "0", "4")]


def test_a_lowered_target_of_now_keeps_what_was_completed_by_a_higher_one(field: Camp) -> None:
    challenge = field.challenge()
    first, second = field.visit(times=2)
    field.edit(challenge, [("Come twice", {"target": 1})])
    assert done(field.refund(first.event.event_id), "revoked") == []
    field.edit(challenge, [("Come twice", {"target": 9})])
    assert len(done(field.refund(second.event.event_id), "revoked")) == 2
    assert (field.live(), field.total()) == ([], 0)


def test_a_removed_mission_falls_alone(field: Camp) -> None:
    two = [{"title": title, "event_type": title, "target": 1} for title in ("visit", "post")]
    challenge = field.challenge(missions=two)
    (visit,) = field.visit()
    (post,) = field.visit(event_type="post")
    field.edit(challenge, [("visit", {})])
    back = field.refund(post.event.event_id)
    assert (done(back, "revoked"), back.entries) == ([("mission", "post")], [])
    assert (field.live(), field.total()) == (["visit", "Regular"], 50)
    assert len(done(field.refund(visit.event.event_id), "revoked")) == 2


def test_after_the_challenge_ended_a_refund_still_takes_back(field: Camp) -> None:
    challenge = field.challenge()
    first, _ = field.visit(times=2)
    field.edit(challenge, status="ended")
    assert len(done(field.refund(first.event.event_id), "revoked")) == 2
    assert (field.total(), field.progress_of()) == (0, {("Come twice", "ever"): 1})


def test_of_what_repeats_only_the_period_of_the_event_falls(field: Camp) -> None:
    field.challenge(per="day")
    first, _ = field.visit(times=2)
    field.today = 1
    field.visit(times=2)
    assert field.total() == 100
    field.refund(first.event.event_id)
    assert (field.total(), [row.period for row in field.achievements(revoked_at=None)]) == (
        50, ["day:2026-03-02"] * 2,
    )  # fmt: skip


# -- rewards that are not there any more


@pytest.mark.parametrize(("policy", "balance"), [("debt", -50), ("clip", 0), ("reject", 0)])
def test_points_that_were_spent_are_owed_or_let_go_by_the_metrics_policy(
    field: Camp, policy: str, balance: int
) -> None:
    """The refund says what was really taken."""
    metric = Metric.objects.get(environment=field.environment, code="points")
    configure(
        environment=reload(field.environment),
        instance=metric,
        actor=make_actor(),
        changes={"negative_balance": policy},
    )
    field.challenge()
    first, _ = field.visit(times=2)
    field.spend(50)
    back = field.refund(first.event.event_id)
    assert rewards(back, "revoked") == [("points", 50, balance)]
    assert (field.total(), field.live()) == (balance, [])
    field.visit()
    assert (field.total(), field.live()) == (balance + 50, ["Come twice", "Regular"])


def test_an_operator_who_took_the_points_back_already_leaves_nothing_to_take(field: Camp) -> None:
    field.challenge()
    first, second = field.visit(times=2)
    field.reverse(second.entries[0], 20)
    back = field.refund(first.event.event_id)
    assert (rewards(back, "revoked"), field.total()) == ([("points", 30, -30)], 0)


def test_a_purchase_and_what_it_completed_are_taken_back_each_once(field: Camp) -> None:
    field.rule("1 point per £1", award=PER_POUND)
    make_metric(reload(field.environment), "stars")
    field.challenge(missions=[BUY], rewards=[field.points(50), field.points(7, "stars"), field.prize()])
    field.buy("p1", "10.00")
    bought = field.buy("p2", "5.00")
    assert [entry.points for entry in bought.entries] == [5, 50, 7]
    back = field.refund("p2", "1.00")
    assert (counted(back), [entry.points for entry in back.entries]) == ([], [-1])
    back = field.refund("p2")
    assert sorted(entry.points for entry in back.entries) == [-50, -7, -4]
    assert (field.total(), field.total(metric="stars"), field.items_of()) == (10, 0, {})


# -- in one batch


def test_a_batch_completes_takes_back_and_completes_again(field: Camp) -> None:
    field.challenge(rewards=[field.points(50), field.prize()])
    results = batch(
        field,
        ("v1", "visit", {}),
        ("v2", "visit", {}),
        ("b1", "refund", {"purchase": "v1"}),
        ("v3", "visit", {}),
        ("b2", "refund", {"purchase": "v3"}),
    )
    assert [(len(done(each)), len(done(each, "revoked"))) for each in results] == [
        (0, 0), (2, 0), (0, 2), (2, 0), (0, 2),
    ]  # fmt: skip
    assert entries_of(field) == [("bonus", 50), ("reversed", -50), ("bonus", 50), ("reversed", -50)]
    assert (field.total(), field.items_of(), len(field.changes_of())) == (0, {}, 4)
    again = batch(field, ("v4", "visit", {}), ("b3", "refund", {"purchase": "v2"}), ("v5", "visit", {}))
    assert [(len(done(each)), len(done(each, "revoked"))) for each in again] == [(2, 0), (0, 2), (2, 0)]
    assert (field.total(), field.items_of(), len(field.achievements())) == (50, {"Badge": 1}, 8)


def test_a_batch_takes_back_what_stood_before_and_gives_what_is_configured_by_now(field: Camp) -> None:
    """Its rewards are in another metric by then, of which the member has an account."""
    make_metric(reload(field.environment), "stars")
    field.do(award, member="ada", points=3, reason=None, metric="stars")
    challenge = field.challenge()
    field.visit(times=2)
    save_challenge(
        environment=reload(field.environment),
        challenge=Challenge.objects.get(pk=challenge.pk),
        actor=make_actor(),
        now=day(0),
        changes={},
        missions=None,
        rewards=[field.points(9, "stars")],
    )
    results = batch(field, ("b", "refund", {"purchase": "ada-1"}), ("v", "visit", {}))
    assert [(len(done(each)), len(done(each, "revoked"))) for each in results] == [(0, 2), (2, 0)]
    assert (field.total(), field.total(metric="stars")) == (0, 12)


def test_a_thousand_events_in_one_batch_are_as_if_one_after_the_other(field: Camp) -> None:
    field.challenge(missions=[BUY | {"target": 3}, SPEND], per="ever")
    events = []
    for number in range(250):
        who = f"m{number % 50}"
        for event_id, type_, data in (
            (f"p{number}", "purchase", {"amount": "25"}),
            (f"q{number}", "purchase", {"amount": "5"}),
            (f"r{number}", "refund", {"purchase": f"p{number}", "amount": "5"}),
            (f"v{number}", "visit", {}),
        ):
            events.append(ReportedEvent(event_id, type_, who, data))
    results = field.do(record_batch, events=events)
    assert all(isinstance(each, RecordedEvent) for each in results)
    assert [outcomes(each) for each in results[:4:3] if isinstance(each, RecordedEvent)] == [
        [("Buy", "counted"), ("Spend", "counted")], [],
    ]  # fmt: skip
    for number in range(50):
        who = f"m{number}"
        assert field.progress_of(who) == {("Buy", "ever"): 10, ("Spend", "ever"): 125}
        assert (field.live(who), field.total(who)) == (["Buy", "Spend", "Regular"], 50)


def test_what_a_second_refund_makes_count_again_completes_again(field: Camp) -> None:
    """Lines that each cost 10 or more count: a line of 20 that became 5 does not, one that is gone does not matter."""
    each = {"items": "all", "where": {"field": "item.amount", "op": "gte", "value": "10"}}
    field.challenge(
        missions=[{"title": "Buy big", "event_type": "purchase", "target": 1, "condition": each}],
        rewards=[field.points(50), field.prize()],
    )
    lines = [{"line": name, "quantity": 2, "amount": 20} for name in ("a", "b")]
    field.buy("p", "40.00", items=lines)
    assert (field.total(), field.items_of()) == (50, {"Badge": 1})
    first = field.refund("p", items=[{"line": "b", "amount": 15}])
    assert (field.total(), field.live(), field.items_of()) == (0, [], {})
    second = field.refund("p", items=[{"line": "b", "quantity": 2, "amount": 5}])
    assert (field.total(), field.live(), field.items_of()) == (50, ["Buy big", "Regular"], {"Badge": 1})
    assert (rewards(first, "revoked")[0], rewards(second, "completed")[0]) == (
        ("points", 50, -50),
        ("points", 50, 50),
    )
    field.refund("p")
    assert (field.total(), field.live(), field.items_of()) == (0, [], {})
