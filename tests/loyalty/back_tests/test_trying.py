"""What a back-test answers, over a past whose figures are known."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty.actions import back_tests
from loyalty.models import Event, Member, Referral, member_key
from programs.actions.configure import configure
from programs.actions.publish import archive, publish
from programs.actions.rules import save_rule
from programs.models import EarningRule, Environment, Metric, Program
from tests.factories import make_actor, make_environment, make_metric, make_rule
from tests.loyalty.back_tests.past import BEGIN, END, Past, days, run, started, store, tried
from tests.loyalty.back_tests.plain import DRAFT, Reckoning

pytestmark = pytest.mark.django_db

LONG_AGO = BEGIN - days(400)


def fixed(points: int) -> dict[str, Any]:
    return {"kind": "fixed", "points": points}


def revise(environment: Environment, rule: EarningRule, at: datetime | None = None, **changes: Any) -> None:
    """Change the draft; publish it then, unless no instant is given."""
    rule.refresh_from_db()
    save_rule(environment=environment, rule=rule, actor=make_actor(), changes=changes)
    if at:
        publish(environment=environment, rule=rule, actor=make_actor(), now=at)


def program_called(environment: Environment, code: str, status: str = "active") -> Program:
    program = Program(environment=environment)
    changes = {"code": code, "name": code.title(), "status": status}
    return configure(environment=environment, instance=program, actor=make_actor(), changes=changes)


def purchases(number: int, members: int) -> list[Past]:
    chosen = random.Random(7)
    instants = sorted(chosen.randrange(31 * 86400) for _ in range(number))
    return [
        Past(
            f"m-{chosen.randrange(members)}",
            BEGIN + timedelta(seconds=second),
            {"amount": f"{chosen.randrange(100, 9999) / 100:.2f}"},
        )
        for second in instants
    ]


@pytest.mark.parametrize("budget", [400, 10**6])
def test_a_changed_rule_gives_what_plain_arithmetic_says(
    environment: Environment, budget: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(back_tests, "CHUNK", 37)
    events = purchases(300, members=9)
    store(environment, events)
    make_rule(environment, name="Each purchase", award=fixed(5), published_at=LONG_AGO)
    rule = make_rule(environment, award=fixed(1000), published_at=LONG_AGO)
    revise(environment, rule, **DRAFT, budget=budget)
    found, plain = tried(environment, rule), Reckoning(budget).go_through(events)
    assert (plain.by_rule == 400) == (budget == 400), "the smaller budget is spent, the larger is not"
    assert found["budget"] == {"limit": budget, "spent": plain.by_rule}
    assert (found["events"], found["members"], found["skipped"]) == (300, 9, 0)
    assert (found["would"], found["given"]) == (plain.would, 0)
    assert (found["this_rule"], found["this_rule_given"]) == (plain.by_rule, 0)
    assert (found["this_rule_members"], found["members_affected"]) == (len(plain.reached), 9)
    assert {one["day"]: one["would"] for one in found["days"]} == plain.by_day
    assert [one["day"] for one in found["days"]] == sorted(plain.by_day)
    keys = {str(member_key(environment.namespace, name)): name for name in plain.by_member}
    assert [(one["would"], keys[one["member"]]) for one in found["most_affected"]] == plain.most()
    assert "Caps and budgets begin with nothing used before the period." in found["notes"]


def test_other_rules_count_as_they_were_in_force_and_the_draft_always(environment: Environment) -> None:
    store(environment, [Past(at=BEGIN + days(day)) for day in range(31)])
    other = make_rule(environment, name="Other", award=fixed(5), published_at=LONG_AGO)
    revise(environment, other, BEGIN + days(10), award=fixed(7))
    archive(environment=environment, rule=other, actor=make_actor(), now=BEGIN + days(20))
    make_rule(environment, name="Never published", award=fixed(1000), published=False)
    rule = make_rule(environment, award=fixed(100), published=False)
    found = tried(environment, rule)
    assert found["would"] == 31 * 100 + 10 * 5 + 10 * 7
    assert found["this_rule"] == 31 * 100
    assert found["budget"] is None


def test_what_the_draft_made_of_each_event_is_counted(environment: Environment) -> None:
    instants = [BEGIN + days(day) for day in range(14)]  # two Sundays and two Saturdays
    store(environment, [Past(at=at, data={"amount": "10"}) for at in instants])
    store(environment, [Past(at=at, data={"amount": "0"}) for at in instants])
    store(environment, [Past(at=instants[0], data=None)])
    base = make_rule(environment, name="Base", published_at=LONG_AGO)
    double = make_rule(
        environment,
        award={"kind": "multiplier", "factor": "2"},
        schedule={"weekdays": [6, 7]},
        caps=[{"per": "ever", "times": 3}],
        published=False,
    )
    found = tried(environment, double)
    assert (found["events"], found["skipped"]) == (28, 1)
    assert found["outcomes"] == {
        "multiplied": 3,
        "cap_reached": 1,
        "nothing_to_multiply": 4,
        "outside_schedule": 20,
    }
    revise(environment, base, condition={"field": "data.amount", "op": "gte", "value": 11})
    none = tried(environment, base)
    assert (none["this_rule"], none["outcomes"]) == (0, {"condition_failed": 28})


def test_the_period_holds_its_beginning_and_not_its_end(environment: Environment) -> None:
    instants = (BEGIN - timedelta(microseconds=1), BEGIN, END - timedelta(microseconds=1), END)
    store(environment, [Past(at=at, data={"amount": f"{10**n}"}) for n, at in enumerate(instants)])
    store(environment, [Past(type="login")])
    store(make_environment(), [Past()])
    rule = make_rule(environment, published=False)
    test = run(started(environment, rule, now=END + days(1)))
    assert test.result is not None
    assert (test.result["events"], test.result["would"]) == (2, 110)
    assert (test.total, test.done) == (2, 2)
    assert test.finished_at is not None
    assert test.started_at is not None
    assert test.finished_at > test.started_at


def test_events_of_one_instant_are_each_taken_once(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(back_tests, "CHUNK", 4)
    store(environment, [Past(f"m-{n}") for n in range(16)])
    found = tried(environment, make_rule(environment, published=False))
    assert (found["events"], found["members"], found["would"]) == (16, 16, 160)


def test_days_are_those_of_the_projects_zone(db: None) -> None:
    environment = make_environment(time_zone="Pacific/Auckland")
    store(environment, [Past(at=BEGIN + timedelta(hours=10)), Past(at=BEGIN + timedelta(hours=12))])
    found = tried(environment, make_rule(environment, published=False))
    assert found["days"] == [
        {"day": "2026-03-01", "would": 10, "given": 0},
        {"day": "2026-03-02", "would": 10, "given": 0},
    ]


def test_a_day_of_a_cap_that_comes_twice_where_clocks_went_back_over_midnight_is_one(db: None) -> None:
    environment = make_environment(
        time_zone="America/St_Johns"
    )  # on 7 November 2010 from 00:01 back to 23:01
    night = datetime(2010, 11, 7, tzinfo=UTC)
    minutes = (140, 150, 165, 240)  # 23:50 on the 6th, 00:00 on the 7th, 23:15 on the 6th, 00:30 on the 7th
    store(environment, [Past(at=night + timedelta(minutes=minute)) for minute in minutes])
    rule = make_rule(environment, published=False, caps=[{"per": "day", "points": 15}])
    found = tried(environment, rule, night - days(1), night + days(1))
    assert found["days"] == [
        {"day": "2010-11-06", "would": 15, "given": 0},
        {"day": "2010-11-07", "would": 15, "given": 0},
    ]


def test_an_event_reaches_the_rules_of_the_program_it_was_sent_to(environment: Environment) -> None:
    club = program_called(environment, "club")
    make_metric(environment)
    default = Program.objects.get(environment=environment, code="default")
    make_rule(environment, name="Default", award=fixed(1), published_at=LONG_AGO)
    rule = make_rule(environment, program="club", award=fixed(100), published=False)
    store(environment, [Past(), Past(program_id=club.id), Past(program_id=default.id)])
    found = tried(environment, rule)
    assert (found["would"], found["this_rule"]) == (202, 200)
    assert found["outcomes"] == {"awarded": 2, "not_reached": 1}


def test_rules_of_a_program_that_is_not_active_give_nothing_and_it_is_said(environment: Environment) -> None:
    program_called(environment, "club", status="paused")
    store(environment, [Past()])
    found = tried(environment, make_rule(environment, program="club", published=False))
    assert (found["events"], found["would"]) == (1, 0)
    assert found["outcomes"] == {"not_reached": 1}
    assert "The program club is not active, so that none of its rules gives anything." in found["notes"]


def test_events_whose_data_was_erased_are_left_out_and_counted(environment: Environment) -> None:
    store(environment, [Past(), Past("bob", data=None, facts=None), Past("cy", data=None, facts=None)])
    test = run(started(environment, make_rule(environment, published=False)))
    assert test.result is not None
    assert (test.result["events"], test.result["members"], test.result["skipped"]) == (1, 1, 2)
    assert (test.total, test.done, test.result["would"]) == (3, 3, 10)
    assert "2 events left out: their data was erased by retention." in test.result["notes"]


def test_levels_multiply_as_the_events_kept_them(environment: Environment) -> None:
    program = Program.objects.get(environment=environment, code="default")
    metric = Metric.objects.get(environment=environment, code="points")
    level = {"code": "gold", "title": "Gold", "multiplier": "1.5", "metric_id": str(metric.id)}
    facts = {"attributes": {}, "age_days": 0, "event_counts": {}, "levels": {str(program.id): level}}
    store(environment, [Past(), Past(facts=facts), Past("bob", facts=facts)])
    tier = {"field": "member.tier", "op": "eq", "value": "gold"}
    make_rule(environment, name="Gold", condition=tier, award=fixed(2), published_at=LONG_AGO)
    found = tried(environment, make_rule(environment, published=False))
    assert (found["this_rule"], found["would"]) == (10 + 15 + 15, 10 + 15 + 15 + 3 + 3)
    assert "Members' levels are those they really had then; the draft does not change them." in found["notes"]


def test_the_maximum_of_the_metric_is_not_applied_and_it_is_said(environment: Environment) -> None:
    make_metric(environment, maximum=5)
    store(environment, [Past()])
    found = tried(environment, make_rule(environment, published=False))
    assert found["would"] == 10
    assert "The maximum of 5 points an account is not applied." in found["notes"]


def test_only_points_of_the_drafts_metric_are_told(environment: Environment) -> None:
    make_metric(environment, "coins", rounding="up")
    store(environment, [Past(data={"amount": "10"})])
    make_rule(environment, name="Points", award=fixed(1000), published_at=LONG_AGO)
    half = {"kind": "per_amount", "field": "data.amount", "rate": "0.15", "step": "1"}
    found = tried(environment, make_rule(environment, metric="coins", award=half, published=False))
    assert (found["metric"], found["would"], found["this_rule"]) == ("coins", 2, 2)


# What is known of the member


def attributes_of(environment: Environment, member: str, attributes: dict[str, Any]) -> None:
    Member.objects.filter(environment=environment, external_id=member).update(attributes=attributes)


VIP = {"field": "member.attributes.vip", "op": "eq", "value": True}


def test_an_attribute_that_the_event_kept_counts_as_it_was(environment: Environment) -> None:
    make_rule(environment, name="Asks", condition=VIP, award=fixed(1), published_at=LONG_AGO)
    facts = {"attributes": {"vip": True}, "age_days": 0, "event_counts": {}}
    store(environment, [Past(facts=facts), Past("bob"), Past("cy", facts=facts)])
    for member, vip in (("ada", False), ("bob", True), ("cy", True)):
        attributes_of(environment, member, {"vip": vip})
    found = tried(environment, make_rule(environment, condition=VIP, award=fixed(10), published=False))
    assert found["this_rule"] == 20, "ada and cy; bob had no such attribute then"
    assert not [note for note in found["notes"] if "as they are today" in note]


def test_an_attribute_that_no_rule_asked_for_then_counts_as_it_is_today(environment: Environment) -> None:
    store(environment, [Past(), Past("bob"), Past("bob", at=BEGIN + days(1)), Past("cy", facts=None)])
    for member, vip in (("ada", False), ("bob", True), ("cy", True)):
        attributes_of(environment, member, {"vip": vip, "score": Decimal("0.1")})
    rule = make_rule(environment, condition=VIP, award=fixed(10), published=False)
    with CaptureQueriesContext(connection) as queries:
        found = tried(environment, rule)
    assert found["this_rule"] == 30
    assert "For 4 events, members' attributes are as they are today." in found["notes"]
    assert len([query for query in queries if "FROM loyalty_member" in query["sql"]]) == 1


def test_of_several_attributes_each_counts_as_it_was_if_it_was_kept(environment: Environment) -> None:
    make_rule(environment, name="Asks", condition=VIP, award=fixed(1), published_at=LONG_AGO)
    facts = {"attributes": {"vip": True}, "age_days": 0, "event_counts": {}}
    store(environment, [Past(facts=facts), Past("bob", facts=facts)])
    attributes_of(environment, "ada", {"vip": False, "club": "x"})
    attributes_of(environment, "bob", {"vip": False, "club": "y"})
    club = {"field": "member.attributes.club", "op": "eq", "value": "x"}
    rule = make_rule(environment, condition={"all": [VIP, club]}, award=fixed(10), published=False)
    assert tried(environment, rule)["this_rule"] == 10


def test_the_age_is_what_the_event_kept_or_else_since_the_member_was_made(environment: Environment) -> None:
    kept = {"attributes": {}, "age_days": 10, "event_counts": {}}
    at = BEGIN + timedelta(days=6, hours=23)
    store(environment, [Past(at=at, facts=kept), Past(at=at, facts=None), Past(at=at + days(1), facts=None)])
    age = {"field": "member.age_days", "op": "gte", "value": 7}
    assert tried(environment, make_rule(environment, condition=age, published=False))["this_rule"] == 20


FIRST = {"field": "member.event_count.purchase", "op": "eq", "value": 0}


def test_events_are_counted_from_before_the_period_and_on(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(back_tests, "CHUNK", 2)
    store(environment, [Past("ada", BEGIN - days(1)), Past("ada", BEGIN + days(1))])
    store(environment, [Past("bob", BEGIN + days(day)) for day in range(5)])
    store(environment, [Past("cy", BEGIN + days(30), data=None), Past("cy", BEGIN + days(30.5))])
    rule = make_rule(environment, condition=FIRST, award=fixed(10), published=False)
    found = tried(environment, rule)
    assert (found["this_rule"], found["this_rule_members"]) == (10, 1), "bob's first; cy's was erased"
    assert "For 7 events, earlier events were counted by when they happened." in found["notes"]


def test_events_of_another_type_are_counted_up_to_each_event(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(back_tests, "CHUNK", 2)
    store(environment, [Past("ada", BEGIN + days(n), type="login") for n in (-2, 1, 3, 5, 7, 9, 11)])
    store(environment, [Past("bob", BEGIN + days(n), type="login") for n in (2, 2.5)])
    store(environment, [Past(member, BEGIN + days(n)) for n in (0, 2, 4, 12) for member in ("ada", "bob")])
    logins = {"field": "member.event_count.login", "op": "gte", "value": 3}
    found = tried(environment, make_rule(environment, condition=logins, award=fixed(1), published=False))
    assert found["this_rule"] == 2, "ada on the 4th day (3 logins) and on the 12th (7); bob has 2"


def test_a_count_that_the_event_kept_stands(environment: Environment) -> None:
    make_rule(environment, name="Asks", condition=FIRST, award=fixed(1), published_at=LONG_AGO)
    counted = {"attributes": {}, "age_days": 0, "event_counts": {"purchase": 3}}
    none = {"attributes": {}, "age_days": 0, "event_counts": {}}
    store(environment, [Past("ada", facts=counted), Past("bob", BEGIN + days(1), facts=none)])
    store(environment, [Past("bob", BEGIN)])
    found = tried(environment, make_rule(environment, condition=FIRST, award=fixed(10), published=False))
    assert found["this_rule"] == 20, "not ada, whose event was the first of the period"


def refer(environment: Environment, member: str, at: datetime, event: Event | None = None) -> None:
    """They came through rob; `event` settled it."""
    key, referrer = (member_key(environment.namespace, name) for name in (member, "rob"))
    settled: dict[str, Any] = (
        {"status": "awarded", "event": event, "awarded_at": event.occurred_at} if event else {}
    )
    Referral.objects.create(
        environment_id=environment.pk, member_id=key, referrer_id=referrer, created_at=at, **settled
    )


def test_a_referral_pays_both_sides_once_if_it_was_made_by_then_and_not_settled_before(
    environment: Environment,
) -> None:
    store(environment, [Past("rob", BEGIN - days(2)), Past("old", BEGIN - days(1))])
    store(
        environment,
        [Past(member, BEGIN + days(n)) for n in (1, 2) for member in ("ada", "old", "late", "no")],
    )
    refer(environment, "ada", BEGIN - days(5))
    refer(environment, "late", BEGIN + days(1.5))
    before = Event.objects.get(environment_id=environment.pk, occurred_at=BEGIN - days(1))
    refer(environment, "old", BEGIN - days(5), before)
    award = {"kind": "referral", "member": 3, "referrer": 40}
    rule = make_rule(environment, award=award, published=False, caps=[{"per": "ever", "points": 60}])
    found = tried(environment, rule)
    assert found["this_rule"] == found["would"] == 3 + 40 + 3 + 20
    assert (found["events"], found["this_rule_members"]) == (8, 2)
    named = {str(member_key(environment.namespace, name)): name for name in ("ada", "late", "rob")}
    assert {named[one["member"]]: one["would"] for one in found["most_affected"]} == {
        "rob": 60,
        "ada": 3,
        "late": 3,
    }
    assert [(one["day"], one["would"]) for one in found["days"]] == [("2026-03-02", 43), ("2026-03-03", 23)]


# What it costs, and what it leaves alone


@pytest.mark.parametrize(("number", "chunks"), [(10, 3), (40, 11)])
def test_a_chunk_is_three_statements(
    environment: Environment, monkeypatch: pytest.MonkeyPatch, number: int, chunks: int
) -> None:
    monkeypatch.setattr(back_tests, "CHUNK", 4)
    store(environment, purchases(number, members=5))
    test = started(environment, make_rule(environment, condition=FIRST, published=False))
    run(started(environment, make_rule(environment, name="Warms the snapshot", published=False)))
    with CaptureQueriesContext(connection) as queries:
        run(test)
    of_events = [query for query in queries if "FROM loyalty_event" in query["sql"]]
    # begin: read, count, update; the configuration's; the counts before; then the chunks; the end, and reading it
    assert len([query for query in of_events if "ORDER BY occurred_at" in query["sql"]]) == chunks
    assert len([query for query in queries if "loyalty_ledgerentry" in query["sql"]]) == -(-number // 4)
    assert len([query for query in queries if 'UPDATE "loyalty_backtest"' in query["sql"]]) == (
        2 + -(-number // 4)
    )


def test_nothing_but_its_own_row_changes(environment: Environment) -> None:
    store(environment, purchases(50, members=5))
    make_rule(environment, name="Other", award=fixed(5), published_at=LONG_AGO, budget=100)
    rule = make_rule(environment, **DRAFT, budget=300, published=False)
    test = started(environment, rule)
    before = everything()
    assert run(test).status == "done"
    after = everything()
    assert {table for table in before if before[table] != after[table]} == {"loyalty_backtest"}
    assert Event.objects.filter(environment_id=environment.pk).count() == 50


def everything() -> dict[str, Any]:
    """A checksum of every table."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        sums = {}
        for (table,) in cursor.fetchall():
            cursor.execute(
                f"SELECT count(*), coalesce(md5(string_agg(row::text, '' ORDER BY row::text)), '')"
                f' FROM "{table}" AS row'
            )
            sums[table] = cursor.fetchone()
        return sums
