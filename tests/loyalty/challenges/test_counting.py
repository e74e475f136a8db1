"""Which events count for missions: in the challenge's window and period, in turn, by how much (domain.md 8)."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from loyalty.actions.events import record_event
from loyalty.queries.events import RecordedEvent
from programs.actions.configure import configure
from programs.models import Program
from tests.factories import make_actor, make_environment, reload
from tests.loyalty.challenges.camp import Camp, assert_sound
from tests.loyalty.challenges.telling import counted, done, effects, outcomes, reasons, rewards
from tests.loyalty.ledger.till import day

RUN = {"title": "Run", "event_type": "run", "measure": "sum", "field": "data.km", "target": "10.5"}


def at(camp: Camp, event_id: str, moment: datetime, event_type: str = "visit", **more: Any) -> RecordedEvent:
    """An event of that moment, reported when the camp's day is."""
    common = {"event_id": event_id, "type": event_type, "member": "ada", "data": {}, "occurred_at": moment}
    return camp.do(record_event, **common | more)


def test_two_events_complete_it_and_what_comes_after_counts_on_and_gives_nothing_again(field: Camp) -> None:
    field.challenge(notification_display="popup", notification_title="Well done", notification_message="!")
    first, second, third = field.visit("ada", 3)
    assert [counted(each) for each in (first, second, third)] == [
        [("1", "1", "2")], [("1", "2", "2")], [("1", "2", "2")],
    ]  # fmt: skip
    assert [done(each) for each in (first, third)] == [[], []]
    assert done(second) == [("mission", "Come twice"), ("challenge", "Regular")]
    assert rewards(second) == [("points", 50, 50)]
    assert [(entry.type, entry.points, entry.origin is not None) for entry in second.entries] == [
        ("bonus", 50, True)
    ]
    assert reasons(first) == ["It counts."]
    assert (field.total(), field.progress_of()) == (50, {("Come twice", "ever"): 3})
    mission, challenge = field.achievements()
    assert (challenge.display, challenge.title, challenge.message) == ("popup", "Well done", "!")
    assert (mission.target, mission.event_id, mission.entry_ids) == (Decimal(2), second.event.pk, [])
    assert challenge.entry_ids == [entry.pk for entry in second.entries]
    assert [each["id"] for each in effects(second)["completed"]] == [
        f"ach_{row.pk.hex}" for row in (mission, challenge)
    ]
    assert (field.audited()["mission.completed"], field.audited()["challenge.completed"]) == (1, 1)


def test_an_event_counts_by_its_own_time_whatever_became_of_the_challenge_meanwhile(field: Camp) -> None:
    challenge = field.challenge(starts_at=day(1), ends_at=day(3))
    field.today = 5
    early = at(field, "early", day(1) - timedelta(microseconds=1))
    first = at(field, "first", day(1))
    late = at(field, "late", day(3) - timedelta(microseconds=1))
    closed = at(field, "closed", day(3))
    assert [outcomes(each)[0][1] for each in (early, first, late, closed)] == [
        "not_in_force", "counted", "counted", "not_in_force",
    ]  # fmt: skip
    assert reasons(closed) == ["It happened outside the challenge's dates."]
    assert (effects(early), effects(closed), len(done(late))) == ({}, {}, 2)
    assert [row.occurred_at for row in field.achievements()] == [late.event.occurred_at] * 2
    assert [entry.occurred_at for entry in late.entries] == [late.event.occurred_at]
    field.edit(challenge, ends_at=day(2))
    again = at(field, "again", day(2))
    assert outcomes(again) == [("Come twice", "not_in_force")]
    assert (field.progress_of(), field.total()) == ({("Come twice", "ever"): 2}, 50)


def test_a_paused_challenge_counts_nothing_and_an_ended_one_is_not_looked_at(field: Camp) -> None:
    challenge = field.challenge()
    field.visit()
    field.edit(challenge, status="paused")
    (paused,) = field.visit()
    field.edit(challenge, status="active")
    assert (outcomes(paused), reasons(paused)) == (
        [("Come twice", "not_in_force")],
        ["The challenge is paused."],
    )
    (second,) = field.visit()
    assert len(done(second)) == 2
    field.edit(challenge, status="ended")
    (ended,) = field.visit()
    assert (outcomes(ended), field.progress_of()) == ([], {("Come twice", "ever"): 2})
    field.challenge(status="draft")
    (drafted,) = field.visit()
    assert outcomes(drafted) == []


def test_a_program_that_is_not_active_counts_nothing_and_one_that_is_named_counts_alone(field: Camp) -> None:
    here = field.environment
    club = configure(
        environment=reload(here),
        instance=Program(environment=here),
        actor=make_actor(),
        changes={"code": "club", "name": "Club"},
    )
    field.challenge(title="Of the club", program="club")
    field.challenge()
    named = at(field, "named", day(0), program="club")
    assert [each["challenge_title"] for each in (named.event.explanation or {})["challenges"]] == [
        "Of the club"
    ]
    assert len(outcomes(at(field, "any", day(0)))) == 2
    configure(environment=reload(here), instance=club, actor=make_actor(), changes={"status": "paused"})
    event = at(field, "paused", day(0))
    found = (event.event.explanation or {})["challenges"]
    assert {each["challenge_title"]: each["reason"] for each in found} == {
        "Of the club": "Its program was not active when it happened.", "Regular": "It counts.",
    }  # fmt: skip
    assert sorted(field.live()) == ["Come twice", "Come twice", "Of the club", "Regular"]


@pytest.mark.parametrize(
    ("per", "before", "after", "periods"),
    [
        ("day", "2026-03-10T23:59:59", "2026-03-11T00:00:00", ("day:2026-03-10", "day:2026-03-11")),
        ("week", "2026-03-08T23:59:59", "2026-03-09T00:00:00", ("week:2026-03-02", "week:2026-03-09")),
        ("month", "2026-02-28T23:59:59", "2026-03-01T00:00:00", ("month:2026-02", "month:2026-03")),
    ],
)
def test_one_that_repeats_begins_anew_at_midnight_in_the_projects_zone(
    db: None, per: str, before: str, after: str, periods: tuple[str, str]
) -> None:
    camp = Camp(make_environment(time_zone="Asia/Tokyo"))
    camp.today = 20
    camp.challenge(per=per)
    moments = [datetime.fromisoformat(f"{each}+09:00") for each in (before, after)]
    for number in range(2):
        for name, moment in zip("ab", moments, strict=True):
            at(camp, f"{name}{number}", moment.astimezone(UTC))
    assert camp.progress_of() == {("Come twice", period): 2 for period in periods}
    assert [(row.kind, row.period) for row in camp.achievements()] == [
        (kind, period) for period in periods for kind in ("mission", "challenge")
    ]
    assert camp.total() == 100
    assert_sound(camp)


def test_in_a_sequence_each_waits_for_those_before_it_also_within_one_event(field: Camp) -> None:
    field.challenge(
        missions=[
            {"title": "Once", "event_type": "visit", "target": 1},
            {"title": "Again", "event_type": "visit", "target": 1},
            {"title": "Post", "event_type": "post", "target": 1},
        ],
        mission_order="sequence",
    )
    (post,) = field.visit(event_type="post")
    assert outcomes(post) == [("Post", "waits")]
    assert reasons(post) == ["The missions come one after the other, and “Once” comes first."]
    first, second = field.visit(times=2)
    assert [outcomes(each) for each in (first, second)] == [
        [("Once", "counted"), ("Again", "waits")],
        [("Once", "counted"), ("Again", "counted")],
    ]
    (post,) = field.visit(event_type="post")
    assert done(post) == [("mission", "Post"), ("challenge", "Regular")]
    assert field.progress_of() == {("Once", "ever"): 2, ("Again", "ever"): 1, ("Post", "ever"): 1}


def test_in_a_sequence_nobody_waits_for_what_an_edit_made_complete(field: Camp) -> None:
    visit = {"title": "Visit", "event_type": "visit", "target": 3}
    post = {"title": "Post", "event_type": "post", "target": 2}
    challenge = field.challenge(missions=[visit, post], mission_order="sequence")
    field.visit(times=2)
    field.edit(challenge, [("Visit", {"target": 2}), ("Post", {})])
    first, second = field.visit(times=2, event_type="post")  # before the job has looked
    assert (counted(first), done(first)) == ([("1", "1", "2")], [("mission", "Visit")])
    assert done(second) == [("mission", "Post"), ("challenge", "Regular")]
    assert field.settle().counts["members"] == 0


def test_a_sum_adds_up_what_is_a_number_and_says_what_is_not(field: Camp) -> None:
    field.challenge(missions=[RUN])
    odd = [{"km": value} for value in ("-4", -4, 0, True, "far", None, [1], {"km": 1}, 10**13, "1e1")]
    for number, data in enumerate([*odd, {}]):
        event = at(field, f"odd-{number}", day(0), "run", data=data)
        assert outcomes(event) == [("Run", "no_amount")]
        assert reasons(event) == ["data.km is no number from 0.000001 to 1000000000000."]
    assert field.progress_of() == {}
    events = [
        at(field, f"r{n}", day(0), "run", data={"km": km}) for n, km in enumerate(["0.1", Decimal("0.2"), 10])
    ]
    assert [counted(each)[0][1] for each in events] == ["0.1", "0.3", "10.3"]
    last = at(field, "last", day(0), "run", data={"km": 10**12})
    assert (counted(last), len(done(last))) == ([("1000000000000", "10.5", "10.5")], 2)


def test_a_condition_may_ask_for_earlier_events_and_the_member(field: Camp) -> None:
    condition = {"all": [{"field": "member.event_count.visit", "op": "gte", "value": 1}]}
    field.challenge(
        missions=[{"title": "Come back", "event_type": "visit", "target": 1, "condition": condition}]
    )
    first, second = field.visit(times=2)
    assert (outcomes(first), outcomes(second)) == (
        [("Come back", "condition_failed")],
        [("Come back", "counted")],
    )
    assert len(done(second)) == 2


def test_a_new_target_keeps_progress_and_a_removed_mission_blocks_nobody(field: Camp) -> None:
    two = [{"title": title, "event_type": title, "target": 3} for title in ("visit", "post")]
    challenge = field.challenge(missions=two)
    field.visit(times=2)
    field.edit(challenge, [("visit", {"target": 4}), ("post", {})])
    (third,) = field.visit()
    assert counted(third) == [("1", "3", "4")]
    field.edit(challenge, [("visit", {"target": 4})])
    (post,) = field.visit(event_type="post")
    (fourth,) = field.visit()
    assert outcomes(post) == []
    assert done(fourth) == [("mission", "visit"), ("challenge", "Regular")]
    field.edit(challenge, [("visit", {"target": 9})])
    (fifth,) = field.visit()
    assert (done(fifth), field.live(), field.total()) == ([], ["visit", "Regular"], 50)
    assert field.settle().counts["members"] == 0
