"""Two members turn out to be one person: what they did of challenges is one person's (domain.md 1, 8)."""

from typing import Any

import pytest

from audit.models import AuditEvent
from loyalty.actions.points import award
from loyalty.models import Achievement, LedgerEntry, MilestoneChange, MissionProgress
from loyalty.queries.coupons import member_coupon
from loyalty.queries.members import find_member
from programs.models import Environment, Metric, Milestone, MilestoneSet
from tests.factories import make_coupon, make_metric
from tests.loyalty.challenges.camp import Camp, assert_sound

DONE = ["Come twice", "Regular"]


@pytest.fixture
def camp(environment: Environment) -> Camp:
    return Camp(environment)


def prizes(camp: Camp, member: str) -> list[tuple[int, str | None]]:
    """Points and event of what challenges gave the member."""
    rows = LedgerEntry.objects.filter(member=camp.key(member), origin__startswith="challenge:")
    return [(row.points, row.event.event_id if row.event else None) for row in rows.order_by("id")]


def test_what_both_reach_together_is_complete_with_the_merge_and_rewards_the_survivor(camp: Camp) -> None:
    badge = camp.prize()
    camp.challenge(
        rewards=[camp.points(50), badge], notification_display="popup", notification_title="Well done"
    )
    camp.visit("ada")
    camp.visit("bob")
    assert (camp.live("ada"), camp.live("bob")) == ([], [])
    camp.merge("ada", "bob")
    assert camp.progress_of("ada") == {}
    assert camp.progress_of("bob") == {("Come twice", "ever"): 2}
    assert (camp.live("ada"), camp.live("bob")) == ([], DONE)
    mission, challenge = camp.achievements("bob")
    assert [(row.event_id, row.copy_of, row.read_at) for row in (mission, challenge)] == [(None,) * 3] * 2
    assert (challenge.display, challenge.title) == ("popup", "Well done")
    assert prizes(camp, "bob") == [(50, None)]
    assert (camp.total("bob"), camp.items_of("bob")) == (50, {"Badge": 1})
    assert camp.changes_of("bob") == [("Badge", 1, challenge.pk)]
    assert (camp.audited()["mission.completed"], camp.audited()["challenge.completed"]) == (1, 1)
    assert_sound(camp)


def test_what_was_achieved_goes_on_and_is_not_rewarded_again(camp: Camp) -> None:
    camp.challenge(rewards=[camp.points(50), camp.prize()])
    camp.visit("ada", 2)
    camp.visit("bob")
    Achievement.objects.filter(member=camp.key("ada"), kind="mission").update(read_at="2026-03-01T09:00:00Z")
    before = camp.achievements("ada")
    camp.merge("ada", "bob")
    assert camp.achievements("ada") == before
    copies = camp.achievements("bob")
    assert [row.copy_of for row in copies] == [row.pk for row in before]
    for name in ("kind", "period", "target", "event_id", "entry_ids", "title", "read_at", "occurred_at"):
        assert [getattr(row, name) for row in copies] == [getattr(row, name) for row in before], name
    camp.visit("bob", 3)
    assert (camp.live("bob"), camp.total("bob"), prizes(camp, "bob")) == (DONE, 50, [])
    assert camp.items_of("bob") == {"Badge": 1}
    assert camp.progress_of("bob") == {("Come twice", "ever"): 6}
    assert camp.audited()["challenge.completed"] == 1
    assert_sound(camp)


def test_who_has_achieved_it_too_keeps_their_own(camp: Camp) -> None:
    camp.challenge()
    for member in ("ada", "bob"):
        camp.visit(member, 2)
    before = camp.achievements("bob")
    camp.merge("ada", "bob")
    assert camp.achievements("bob") == before
    assert (camp.total("bob"), camp.progress_of("bob")) == (100, {("Come twice", "ever"): 4})
    assert_sound(camp)


def test_what_several_had_completed_falls_together_and_is_given_once_more(camp: Camp) -> None:
    tea = make_coupon(camp.environment, code_pattern="TEA-########")
    camp.challenge(
        missions=[{"title": "Come", "event_type": "visit", "target": 1}],
        rewards=[camp.points(50), {"kind": "coupon", "item": tea.item}],
    )
    visits = {name: camp.visit(name)[0].event.event_id for name in ("ada", "bob", "cid")}
    camp.merge("ada", "bob")
    camp.merge("bob", "cid")
    assert (camp.total("cid"), camp.items_of("cid"), camp.live("cid")) == (
        150,
        {"Free tea": 3},
        ["Come", "Regular"],
    )
    camp.refund(visits["ada"], member="cid")
    camp.refund(visits["cid"], member="cid")
    assert (camp.total("cid"), camp.items_of("cid")) == (150, {"Free tea": 3})
    camp.refund(visits["bob"], member="cid")
    assert (camp.total("cid"), camp.items_of("cid"), camp.live("cid")) == (0, {}, [])
    camp.visit("cid")
    assert (camp.total("cid"), camp.items_of("cid"), camp.live("cid")) == (
        50,
        {"Free tea": 1},
        ["Come", "Regular"],
    )
    assert_sound(camp)


@pytest.mark.parametrize("merges", [["ada into bob"], ["ada into bob", "bob into cid"]])
def test_a_refund_takes_back_what_came_along_and_it_can_be_completed_again(
    camp: Camp, merges: list[str]
) -> None:
    camp.challenge(rewards=[camp.points(50), camp.prize()])
    visits = camp.visit("ada", 2)
    for merge in merges:
        member, into = merge.split(" into ")
        camp.give(1, into)
        camp.merge(member, into)
    survivor = merges[-1][-3:]
    copied = camp.achievements(survivor)[1]
    assert copied.copy_of == camp.achievements("ada")[1].pk
    had = camp.total(survivor)
    camp.refund(visits[0].event.event_id, member=survivor)
    assert camp.live(survivor) == []
    assert (camp.total(survivor), camp.items_of(survivor)) == (had - 50, {})
    assert camp.progress_of(survivor) == {("Come twice", "ever"): 1}
    assert_sound(camp)
    camp.visit(survivor)
    assert (camp.live(survivor), camp.total(survivor)) == (DONE, had)
    assert camp.items_of(survivor) == {"Badge": 1}
    assert_sound(camp)


def test_what_was_taken_back_does_not_go_along(camp: Camp) -> None:
    camp.challenge()
    visits = camp.visit("ada", 2)
    camp.refund(visits[0].event.event_id)
    camp.give(1, "bob")
    camp.merge("ada", "bob")
    assert (len(camp.achievements("ada")), camp.achievements("bob")) == (2, [])
    assert camp.progress_of("bob") == {("Come twice", "ever"): 1}
    assert_sound(camp)


def test_only_what_is_in_force_is_completed_and_only_for_the_present_period(camp: Camp) -> None:
    one = [{"title": "Come twice", "event_type": "visit", "target": 2}]
    camp.challenge(title="Daily", per="day", missions=one)
    paused = camp.challenge(title="Paused", missions=one)
    camp.challenge(title="Over", missions=one, ends_at="2026-03-02T00:00:00Z")
    for member in ("ada", "bob"):
        camp.visit(member)
    camp.edit(paused, status="paused")
    camp.today = 1
    camp.merge("ada", "bob")
    assert camp.achievements("bob") == []
    progress = MissionProgress.objects.filter(member=camp.key("bob"))
    assert sorted((row.period, int(row.progress)) for row in progress) == [
        ("day:2026-03-01", 2),
        ("ever", 2),
        ("ever", 2),
    ]
    assert (camp.total("bob"), camp.audited()["mission.completed"]) == (0, 0)
    assert_sound(camp)


@pytest.mark.parametrize("has_account", ["ada", "bob", "both", "neither"])
def test_the_rewards_account_is_whoever_has_one(camp: Camp, has_account: str) -> None:
    """One that the survivor alone has is no matter of the merge otherwise."""
    make_metric(camp.environment, "miles")
    camp.challenge(rewards=[camp.points(7, "miles")])
    for member in ("ada", "bob"):
        camp.visit(member)
        if has_account in (member, "both"):
            _give_miles(camp, member)
    camp.merge("ada", "bob")
    given = {"neither": 0, "both": 10}.get(has_account, 5)
    assert camp.total("bob", "miles") == 7 + given
    assert_sound(camp)


def _give_miles(camp: Camp, member: str) -> None:
    camp.do(award, member=member, points=5, reason=None, metric="miles")


def test_missions_of_both_make_one_challenge(camp: Camp) -> None:
    camp.challenge(
        missions=[
            {"title": "Visit", "event_type": "visit", "target": 1},
            {"title": "Post", "event_type": "post", "target": 1},
        ],
        mission_order="sequence",
    )
    camp.visit("ada")
    camp.visit("bob")
    camp.visit("bob", event_type="post")
    bobs = camp.live("bob")
    camp.merge("bob", "ada")
    assert (bobs, camp.live("ada")) == (["Visit", "Post", "Regular"], ["Visit", "Post", "Regular"])
    assert (camp.total("ada"), camp.audited()["challenge.completed"]) == (50, 1)
    assert_sound(camp)


def test_a_coupon_goes_along_with_its_code(camp: Camp) -> None:
    coupon = make_coupon(camp.environment, code_pattern="TEA-########")
    camp.challenge(rewards=[{"kind": "coupon", "item": coupon.item}])
    camp.visit("ada", 2)
    code = _code(camp, "ada")
    camp.visit("bob")
    camp.merge("ada", "bob")
    assert code
    assert _code(camp, "bob") == code
    assert camp.items_of("bob") == {"Free tea": 1}
    assert_sound(camp)


def _code(camp: Camp, member: str) -> Any:
    found = find_member(environment=camp.environment, member=member)
    return member_coupon(environment=camp.environment, member=found, coupon="tea").code


def test_points_of_both_cross_milestones_at_the_survivor(camp: Camp) -> None:
    points = Metric.objects.get(environment=camp.environment, code="points")
    ladder = MilestoneSet.objects.create(environment=camp.environment, metric=points, title="Ladder")
    for threshold in (10, 100):
        Milestone.objects.create(
            environment=camp.environment,
            milestone_set=ladder,
            public_id=f"mil_{threshold}",
            title=str(threshold),
            threshold=threshold,
        )
    camp.challenge()
    for member in ("ada", "bob"):
        camp.give(30, member)
        camp.visit(member)
    camp.merge("ada", "bob")
    crossed = {
        member: [
            (row.from_id, row.to_id)
            for row in MilestoneChange.objects.filter(member=camp.key(member)).order_by("id")
        ]
        for member in ("ada", "bob")
    }
    assert crossed == {
        "ada": [(None, "mil_10"), ("mil_10", None)],
        "bob": [(None, "mil_10"), ("mil_10", "mil_100")],
    }
    trail = AuditEvent.objects.filter(environment_id=camp.environment.id, verb="milestone.lost")
    assert trail.get().member_id == camp.key("ada")
    assert_sound(camp)
