"""The job that completes what edits of challenges have made complete (domain.md 8)."""

import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.ids import new_id
from loyalty.actions import challenge_edits
from loyalty.actions.challenge_edits import Edited, settle_challenge
from loyalty.actions.clock import set_clock
from loyalty.actions.members import update_member
from loyalty.actions.pace import Pace
from loyalty.models import Member, MissionProgress
from programs.models import Challenge, Environment, Program
from programs.queries.snapshots import snapshot
from tests.factories import make_actor, make_environment, reload
from tests.loyalty.challenges.camp import Camp, assert_sound
from tests.loyalty.ledger.till import day

FEWER: list[tuple[str, dict[str, Any]]] = [("Come twice", {"target": 1})]
DONE = ["Come twice", "Regular"]


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
    assert (done.members, done.left, done.failed, open_edits(challenge)) == (2, False, [], 0)
    for member, points in (("ada", 50), ("bob", 50), ("cid", 51)):
        assert (camp.live(member), camp.total(member)) == (DONE, points)
        assert camp.items_of(member) == {"Badge": 1}
    mission, whole = camp.achievements("ada")
    assert (str(mission.target), mission.event_id, whole.event_id) == ("1.000000", None, None)
    assert (whole.title, whole.occurred_at, whole.read_at) == ("Well done", day(3), None)
    assert camp.audited()["challenge.completed"] == 3
    before = camp.everything()
    assert (camp.settle().members, camp.everything()) == (0, before)
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
    assert camp.settle().members == 1
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
    assert (camp.settle().members, camp.live("ada"), open_edits(challenge)) == (0, [], 0)
    camp.visit("ada")
    assert camp.live("ada") == ["Visit", "Post", "Regular"]
    assert_sound(camp)


def test_a_challenge_that_is_not_in_force_waits_for_it(camp: Camp) -> None:
    challenge = camp.challenge()
    camp.visit("ada")
    camp.edit(challenge, FEWER, status="paused")
    assert (camp.settle().members, open_edits(challenge)) == (0, 1)
    camp.edit(challenge, status="active", starts_at=day(2))
    assert (camp.settle().members, open_edits(challenge)) == (0, 1)
    Program.objects.filter(environment=camp.environment).update(status="paused")
    camp.today = 2
    camp.edit(challenge, subtitle="Soon")
    assert (camp.settle().members, open_edits(challenge)) == (0, 1)
    Program.objects.filter(environment=camp.environment).update(status="active")
    camp.edit(challenge, subtitle="Now")
    assert (camp.settle().members, open_edits(challenge), camp.live("ada")) == (1, 0, DONE)
    assert_sound(camp)


def test_of_one_that_repeats_only_the_present_period_is_completed(camp: Camp) -> None:
    challenge = camp.challenge(per="day")
    camp.visit("ada")
    camp.today = 1
    camp.visit("bob")
    camp.edit(challenge, FEWER)
    assert camp.settle().members == 1
    assert (camp.live("ada"), camp.live("bob")) == ([], DONE)
    assert {row.period for row in camp.achievements("bob")} == {"day:2026-03-02"}
    assert_sound(camp)


def test_nobody_who_is_gone_is_completed(camp: Camp) -> None:
    challenge = camp.challenge()
    for member in ("ada", "bob", "cid"):
        camp.visit(member)
    stale = Edited(camp.environment.id, challenge.pk, 1)
    camp.edit(challenge, FEWER)
    begun = challenge_edits._begun(stale, "ever", 9)
    camp.erase("ada")
    camp.merge("bob", "cid")  # complete by that
    before = camp.everything()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(challenge_edits, "_begun", lambda *_: begun)
        assert camp.settle().members == 0
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
    pace = Pace(seconds=5, stopping=stopping, rest=0)
    monkeypatch.setattr(stopping, "wait", lambda _: stopping.set())
    first = camp.settle(pace)
    assert (first.members, first.left, open_edits(challenge)) == (2, True, 1)
    stopping.clear()
    second = camp.settle()
    assert (second.members, second.left) == (6, False)
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
    assert (done.members, done.failed) == (1, [camp.environment.id])
    assert (camp.live("ada"), elsewhere.live("ada")) == ([], DONE)
    assert camp.settle().members == 1
    assert camp.live("ada") == DONE


def test_a_sandbox_is_settled_at_its_own_now(camp: Camp) -> None:
    set_clock(environment=camp.environment, clock=day(9), actor=make_actor())
    camp.today = 9
    challenge = camp.challenge(starts_at=day(8))
    camp.visit("ada")
    camp.edit(challenge, FEWER)
    camp.today = 0  # real time
    assert camp.settle().members == 1
    assert {row.occurred_at for row in camp.achievements("ada")} == {day(9)}


def test_an_archived_environment_is_left_alone(camp: Camp) -> None:
    challenge = camp.challenge()
    camp.visit("ada")
    camp.edit(challenge, FEWER)
    Environment.objects.filter(pk=camp.environment.pk).update(archived_at=day(0))
    assert (camp.settle().members, open_edits(challenge)) == (0, 1)


def test_an_edit_during_a_run_is_left_to_the_next(camp: Camp) -> None:
    challenge = camp.challenge()
    camp.visit("ada")
    camp.edit(challenge, FEWER)
    edited = Edited(camp.environment.id, challenge.pk, 1)
    Challenge.objects.filter(pk=challenge.pk).update(changes=2)
    camp.do(settle_challenge, edited=edited)
    assert open_edits(challenge) == 1


# -- what it costs


def test_a_portion_costs_the_same_for_one_and_for_many(camp: Camp) -> None:
    def statements(challenge: Challenge) -> int:
        camp.edit(challenge, FEWER)
        environment = reload(camp.environment)
        snapshot(environment)  # as a worker that has met this environment before
        edited = Edited(environment.id, challenge.pk, 1)
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
