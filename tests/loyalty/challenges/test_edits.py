"""The job that completes what edits of challenges have made complete (domain.md 8)."""

import threading
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.ids import new_id
from loyalty.actions import challenge_edits
from loyalty.actions.challenge_edits import Edited, settle_challenge
from loyalty.actions.clock import set_clock
from loyalty.actions.events import record_event
from loyalty.actions.members import update_member
from loyalty.actions.pace import Pace
from loyalty.models import Member, MissionProgress
from loyalty.queries.due import edited_challenges
from programs.models import Challenge, Environment, Program
from programs.queries import snapshots
from programs.queries.snapshots import snapshot
from tests.factories import make_actor, make_environment, reload
from tests.loyalty.challenges.camp import Camp, assert_sound
from tests.loyalty.ledger.till import day

FEWER: list[tuple[str, dict[str, Any]]] = [("Come twice", {"target": 1})]
DONE = ["Come twice", "Regular"]
MINUTES = 24 * 60  # of a day


@pytest.fixture
def camp(environment: Environment) -> Camp:
    return Camp(environment)


def open_edits(challenge: Challenge) -> int:
    stored = Challenge.objects.get(pk=challenge.pk)
    return stored.changes - stored.settled


def test_a_lower_target_completes_who_has_done_enough_once(camp: Camp) -> None:
    challenge = camp.challenge(rewards=[camp.points(50), camp.prize()], notification_title="Well done")
    for member in ("ada", "bob", "cid"):
        camp.visit(member)
    camp.visit("bob")  # complete already
    camp.give(1, "cid")
    camp.do(update_member, member="cid", status="frozen")
    camp.today = 3
    camp.edit(challenge, FEWER)
    assert (open_edits(challenge), camp.live("ada")) == (1, [])
    done = camp.settle()
    assert (done.counts["members"], done.left, done.failed, open_edits(challenge)) == (2, False, [], 0)
    for member, points in (("ada", 50), ("bob", 50), ("cid", 51)):
        assert (camp.live(member), camp.total(member)) == (DONE, points)
        assert camp.items_of(member) == {"Badge": 1}
    mission, whole = camp.achievements("ada")
    assert (str(mission.target), mission.event_id, whole.event_id) == ("1.000000", None, None)
    assert (whole.title, whole.occurred_at, whole.read_at) == ("Well done", day(3), None)
    assert camp.audited()["challenge.completed"] == 3
    before = camp.everything()
    assert (camp.settle().counts["members"], camp.everything()) == (0, before)
    assert_sound(camp)


def test_a_removed_mission_blocks_nobody(camp: Camp) -> None:
    challenge = camp.challenge(
        missions=[
            {"title": "Visit", "event_type": "visit", "target": 1},
            {"title": "Post", "event_type": "post", "target": 1},
        ]
    )
    camp.visit("ada")
    camp.visit("bob", event_type="post")
    camp.edit(challenge, [("Visit", {})])
    assert camp.settle().counts["members"] == 1
    assert (camp.live("ada"), camp.live("bob")) == (["Visit", "Regular"], ["Post"])
    assert (camp.total("ada"), camp.total("bob"), open_edits(challenge)) == (50, 0, 0)
    assert_sound(camp)


def test_in_a_sequence_a_mission_waits_for_those_before_it(camp: Camp) -> None:
    """Its target is reached by then, but a refund has taken the first one back."""
    challenge = camp.challenge(
        missions=[
            {"title": "Visit", "event_type": "visit", "target": 1},
            {"title": "Post", "event_type": "post", "target": 3},
        ],
        mission_order="sequence",
    )
    (visit,) = camp.visit("ada")
    camp.visit("ada", event_type="post")
    camp.refund(visit.event.event_id)
    camp.edit(challenge, [("Visit", {}), ("Post", {"target": 1})])
    assert (camp.settle().counts["members"], camp.live("ada"), open_edits(challenge)) == (0, [], 0)
    camp.visit("ada")
    assert camp.live("ada") == ["Visit", "Post", "Regular"]
    assert_sound(camp)


def test_a_challenge_that_is_not_in_force_waits_for_it(camp: Camp) -> None:
    challenge = camp.challenge()
    camp.visit("ada")
    camp.edit(challenge, FEWER, status="paused")
    assert (camp.settle().counts["members"], open_edits(challenge)) == (0, 1)
    camp.edit(challenge, status="active", starts_at=day(2))
    assert (camp.settle().counts["members"], open_edits(challenge)) == (0, 1)
    Program.objects.filter(environment=camp.environment).update(status="paused")
    camp.today = 2
    camp.edit(challenge, subtitle="Soon")
    assert (camp.settle().counts["members"], open_edits(challenge)) == (0, 1)
    Program.objects.filter(environment=camp.environment).update(status="active")
    camp.edit(challenge, subtitle="Now")
    assert (camp.settle().counts["members"], open_edits(challenge), camp.live("ada")) == (1, 0, DONE)
    assert_sound(camp)


def test_one_whose_time_is_over_is_not_looked_at_until_it_is_longer(camp: Camp) -> None:
    challenge = camp.challenge(ends_at=day(2))
    camp.visit("ada")
    camp.today = 1
    camp.edit(challenge, FEWER)
    program = Program.objects.filter(environment=camp.environment)
    assert [looked_at(camp, at) for at in (1, 2, 3)] == [[challenge.pk], [], []]
    camp.edit(challenge, ends_at=day(9))
    for dates in ({"ends_at": day(3)}, {"starts_at": day(4), "ends_at": None}):
        program.update(**dates)
        assert looked_at(camp, 3) == []
    program.update(starts_at=None)
    camp.today = 3
    assert looked_at(camp, 3) == [challenge.pk]
    camp.edit(challenge, subtitle="Longer")
    assert (camp.settle().counts["members"], camp.live("ada")) == (1, DONE)
    camp.today = 9
    assert (looked_at(camp, 8), looked_at(camp, 9)) == ([challenge.pk], [])  # to look once more


def looked_at(camp: Camp, today: float) -> list[UUID]:
    """The challenges that the job would look at."""
    return [
        challenge
        for environment, challenge, _, _ in edited_challenges(now=day(today))
        if environment == camp.environment.id
    ]


@pytest.mark.parametrize("how", ["another order", "any order"])
def test_a_mission_that_waits_no_longer_is_completed(camp: Camp, how: str) -> None:
    challenge = camp.challenge(
        missions=[
            {"title": "Visit", "event_type": "visit", "target": 1},
            {"title": "Post", "event_type": "post", "target": 3},
        ],
        mission_order="sequence",
    )
    (visit,) = camp.visit("ada")
    camp.visit("ada", event_type="post")
    camp.refund(visit.event.event_id)
    camp.edit(challenge, [("Visit", {}), ("Post", {"target": 1})])
    assert (camp.settle().counts["members"], camp.live("ada"), open_edits(challenge)) == (0, [], 0)
    if how == "any order":
        camp.edit(challenge, mission_order="any")
    else:
        camp.edit(challenge, [("Post", {}), ("Visit", {})])
    assert (camp.settle().counts["members"], camp.live("ada"), open_edits(challenge)) == (1, ["Post"], 0)
    assert_sound(camp)


# -- beside events


def test_an_event_that_began_before_the_edit_is_found_by_a_second_look(camp: Camp) -> None:
    """It counts by the old target, and is stored when the job has looked at everybody."""
    challenge = camp.challenge(rewards=[camp.points(50), camp.prize()])
    camp.visit("bob")
    old = reload(camp.environment)
    read = snapshot(old)
    camp.edit(challenge, FEWER)
    assert (camp.settle().counts["members"], open_edits(challenge)) == (1, 0)
    snapshots._cache[old.id] = read  # as the process that works on the event has it
    event: dict[str, Any] = {"event_id": "late", "type": "visit", "member": "ada", "data": {}}
    camp.do(record_event, environment=old, **event)
    assert (camp.live("ada"), camp.progress_of("ada")) == ([], {("Come twice", "ever"): 1})
    camp.today = 9 / MINUTES
    assert (camp.settle().counts["members"], camp.live("ada")) == (0, [])
    camp.today = 11 / MINUTES
    assert (camp.settle().counts["members"], camp.live("ada")) == (1, DONE)
    assert (camp.total("ada"), camp.items_of("ada")) == (50, {"Badge": 1})
    assert looked_at(camp, 99) == []
    assert_sound(camp)


def test_an_edit_after_the_first_look_is_looked_at_twice_too(camp: Camp) -> None:
    challenge = camp.challenge(missions=[{"title": "Come twice", "event_type": "visit", "target": 3}])
    camp.edit(challenge, [("Come twice", {"target": 2})])
    camp.settle()
    camp.today = 11 / MINUTES
    camp.edit(challenge, FEWER)
    assert looked_at(camp, camp.today) == [challenge.pk]
    camp.settle()
    assert [looked_at(camp, minutes / MINUTES) for minutes in (20, 22)] == [[], [challenge.pk]]


def test_of_one_that_repeats_only_the_present_period_is_completed(camp: Camp) -> None:
    challenge = camp.challenge(per="day")
    camp.visit("ada")
    camp.today = 1
    camp.visit("bob")
    camp.edit(challenge, FEWER)
    assert camp.settle().counts["members"] == 1
    assert (camp.live("ada"), camp.live("bob")) == ([], DONE)
    assert {row.period for row in camp.achievements("bob")} == {"day:2026-03-02"}
    assert_sound(camp)


def test_nobody_who_is_gone_is_completed(camp: Camp) -> None:
    challenge = camp.challenge()
    for member in ("ada", "bob", "cid"):
        camp.visit(member)
    stale = Edited(challenge.pk, 1, None)
    camp.edit(challenge, FEWER)
    begun = challenge_edits._begun(stale, "ever", 9)
    camp.erase("ada")
    camp.merge("bob", "cid")  # complete by that
    before = camp.everything()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(challenge_edits, "_begun", lambda *_: begun)
        assert camp.settle().counts["members"] == 0
    assert (len(begun), camp.everything() == before, camp.total("cid")) == (3, True, 50)
    assert_sound(camp)


# -- in which portions


def test_members_are_looked_at_in_portions_and_no_one_is_left_out(
    camp: Camp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(challenge_edits, "settle_challenge", _by_twos)
    challenge, other = camp.challenge(), camp.challenge(title="Other")
    members = [f"m{number}" for number in range(4)]
    for member in members:
        camp.visit(member)
    camp.edit(challenge, FEWER)
    camp.edit(other, FEWER)
    stopping = threading.Event()
    pace = Pace(seconds=60, stopping=stopping, rest=0)
    monkeypatch.setattr(stopping, "wait", lambda _: stopping.set())
    first = camp.settle(pace)
    assert (first.counts["members"], first.left, open_edits(challenge)) == (2, True, 1)
    stopping.clear()
    second = camp.settle()
    assert (second.counts["members"], second.left) == (6, False)
    assert (open_edits(challenge), open_edits(other)) == (0, 0)
    assert [camp.total(member) for member in members] == [100] * 4
    assert_sound(camp)


def _by_twos(**arguments: Any) -> Any:
    return settle_challenge(**{**arguments, "limit": 2})


def test_an_environment_that_fails_does_not_keep_the_others(
    camp: Camp, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Camp(make_environment())
    for each in (camp, elsewhere):
        challenge = each.challenge()
        each.visit("ada")
        each.edit(challenge, FEWER)

    def broken(*, environment: Environment, **arguments: Any) -> Any:
        if environment == camp.environment:
            raise RuntimeError("the disk is full")
        return settle_challenge(environment=environment, **arguments)

    with monkeypatch.context() as patch:
        patch.setattr(challenge_edits, "settle_challenge", broken)
        done = camp.settle()
    assert (done.counts["members"], done.failed) == (1, [camp.environment.id])
    assert (camp.live("ada"), elsewhere.live("ada")) == ([], DONE)
    assert camp.settle().counts["members"] == 1
    assert camp.live("ada") == DONE


def test_a_sandbox_is_settled_at_its_own_now(camp: Camp) -> None:
    set_clock(environment=camp.environment, clock=day(9), actor=make_actor())
    camp.today = 9
    challenge = camp.challenge(starts_at=day(8))
    camp.visit("ada")
    camp.edit(challenge, FEWER)
    camp.today = 0  # real time
    assert camp.settle().counts["members"] == 1
    assert {row.occurred_at for row in camp.achievements("ada")} == {day(9)}


def test_an_archived_environment_is_left_alone(camp: Camp) -> None:
    challenge = camp.challenge()
    camp.visit("ada")
    camp.edit(challenge, FEWER)
    Environment.objects.filter(pk=camp.environment.pk).update(archived_at=day(0))
    assert (camp.settle().counts["members"], open_edits(challenge)) == (0, 1)


def test_an_edit_during_a_run_is_left_to_the_next(camp: Camp) -> None:
    challenge = camp.challenge()
    camp.visit("ada")
    camp.edit(challenge, FEWER)
    Challenge.objects.filter(pk=challenge.pk).update(changes=2)
    camp.do(settle_challenge, edited=Edited(challenge.pk, 1, day(1)))
    assert open_edits(challenge) == 1
    camp.do(settle_challenge, edited=Edited(challenge.pk, 2, day(2)))
    camp.do(settle_challenge, edited=Edited(challenge.pk, 1, None))  # a slower one, which looked again
    stored = Challenge.objects.get(pk=challenge.pk)
    assert (stored.settled, stored.look_again_at) == (2, day(2))


# -- what it costs


def test_a_portion_costs_the_same_for_one_and_for_many(camp: Camp) -> None:
    def statements(challenge: Challenge) -> int:
        camp.edit(challenge, FEWER)
        environment = reload(camp.environment)
        snapshot(environment)  # as a worker that has met this environment before
        edited = Edited(challenge.pk, 1, day(1))
        with CaptureQueriesContext(connection) as queries:
            settle_challenge(environment=environment, actor=make_actor(), now=day(0), edited=edited)
        return len(queries)

    rewards = [camp.points(50), camp.prize()]
    few, many = (
        camp.challenge(missions=[{"title": "Come twice", "event_type": kind, "target": 2}], rewards=rewards)
        for kind in ("few", "many")
    )
    camp.visit("ada", event_type="few")
    for number in range(9):
        camp.visit(f"m{number}", event_type="many")
    assert statements(few) == statements(many) <= 13


def test_who_has_begun_is_read_by_index_from_where_the_last_portion_ended(camp: Camp) -> None:
    challenge = camp.challenge()
    camp.visit("ada")
    (row,) = MissionProgress.objects.filter(environment_id=camp.environment.id).values()
    with transaction.atomic(), connection.cursor() as cursor:
        members = Member.objects.bulk_create(
            Member(id=new_id(), environment=camp.environment, external_id=f"m{n}", created_at=day(0))
            for n in range(1000)
        )
        MissionProgress.objects.bulk_create(
            MissionProgress(**row | {"id": new_id(), "member_id": member.pk}) for member in members
        )
        cursor.execute("ANALYZE loyalty_missionprogress; SET LOCAL enable_seqscan = off")
        named: dict[str, Any] = {
            "challenge": challenge.pk,
            "period": "ever",
            "after": members[500].pk,
            "limit": 50,
        }
        cursor.execute(f"EXPLAIN (COSTS OFF) {challenge_edits._BEGUN}", named)
        plan = "\n".join(line for (line,) in cursor.fetchall())
        transaction.set_rollback(True)
    begun = plan.split("CTE begun")[1].split("CTE done")[0]
    assert "mission_progress_of_challenge" in begun, plan
    assert "member_id > " in begun, plan
    assert "Seq Scan on loyalty_missionprogress" not in plan, plan
