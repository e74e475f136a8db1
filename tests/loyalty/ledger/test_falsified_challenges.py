"""Each check of challenges and milestones names the row that was falsified; of what is right, none."""

from typing import Any
from uuid import uuid4

import pytest

from loyalty.ledger.checks import Inspection, violations
from loyalty.models import (
    Achievement,
    Event,
    ItemChange,
    LedgerEntry,
    Member,
    MemberItem,
    MilestoneChange,
    MissionProgress,
)
from programs.actions.milestones import save_milestone_set
from programs.models import Environment, Metric, MilestoneSet, Mission
from tests.factories import make_actor, make_coupon, make_environment, make_metric
from tests.loyalty.challenges.camp import Camp, assert_sound
from tests.loyalty.ledger.checking import assert_found
from tests.loyalty.ledger.falsify import falsify, remove


@pytest.fixture
def camp(environment: Environment) -> Camp:
    """Ada has completed a challenge, which gave her 50 points and a coupon and took her past a milestone."""
    made = Camp(environment)
    points = Metric.objects.get(environment=environment, code="points")
    save_milestone_set(
        environment=environment,
        milestone_set=MilestoneSet(environment=environment),
        actor=make_actor(),
        changes={"metric": points, "title": "Ladder"},
        milestones=[
            {"id": f"mil_{threshold}", "title": "Star", "threshold": threshold} for threshold in (10, 90)
        ],
    )
    coupon = make_coupon(environment, code_pattern="TEA-########")
    made.challenge(
        rewards=[made.points(50), {"kind": "coupon", "item": coupon.item}], notification_title="Well done"
    )
    made.visit("ada", 2)
    return made


def progress(camp: Camp, member: str = "ada") -> MissionProgress:
    return MissionProgress.objects.get(member=camp.key(member))


def completion(camp: Camp, member: str = "ada") -> Achievement:
    return Achievement.objects.get(member=camp.key(member), kind="challenge")


def prize(camp: Camp) -> LedgerEntry:
    return LedgerEntry.objects.get(environment_id=camp.environment.id, origin__startswith="challenge:")


def gift(camp: Camp) -> ItemChange:
    return ItemChange.objects.get(environment_id=camp.environment.id, quantity=1)


def take_back(camp: Camp) -> None:
    """One of ada's two visits."""
    event = Event.objects.filter(member=camp.key("ada"), type="visit").order_by("id")[0]
    camp.refund(event.event_id)


# -- what the product does is right


def test_challenges_in_use_are_sound(camp: Camp) -> None:
    assert_sound(camp)
    camp.visit("bob")
    camp.merge("ada", "bob")
    assert_sound(camp)
    take_back_as(camp, "bob")
    take_back_as(camp, "bob")
    assert (camp.live("bob"), camp.total("bob")) == ([], 0)
    assert_sound(camp)
    camp.erase("bob")
    camp.visit("ada")
    assert_sound(camp)


def take_back_as(camp: Camp, member: str) -> None:
    done = Event.objects.filter(environment_id=camp.environment.id, type="refund").count()
    event = Event.objects.filter(environment_id=camp.environment.id, type="visit").order_by("id")[done]
    camp.refund(event.event_id, member=member)


def test_who_has_no_account_is_read_too(camp: Camp) -> None:
    camp.challenge(title="For a badge", rewards=[camp.prize()], missions=[_post()])
    camp.visit("bob", event_type="post")
    assert not Member.objects.get(pk=camp.key("bob")).accounts.exists()
    assert_sound(camp)
    (owned,) = MemberItem.objects.filter(member=camp.key("bob"))
    falsify(owned, quantity=2)
    assert_found(camp, unaccounted_item_is_sum_of_changes=owned)
    remove(owned)
    bob = Member.objects.get(pk=camp.key("bob"))
    assert_found(camp, "bob", unaccounted_item_is_sum_of_changes=bob)


def _post() -> dict[str, Any]:
    return {"title": "Post", "event_type": "post", "target": 1}


def test_other_members_and_environments_are_not_told(camp: Camp) -> None:
    elsewhere = Camp(make_environment())
    elsewhere.challenge()
    for each in (camp, elsewhere):
        each.visit("bob")
    for each in (camp, elsewhere):
        falsify(progress(each, "bob"), progress=2)
    for each in (camp, elsewhere):
        assert [found.id for found in violations(environment=each.environment)] == [progress(each, "bob").pk]
    assert list(violations(member_id=camp.key("ada"))) == []
    assert {progress(each, "bob").pk for each in (camp, elsewhere)} <= {found.id for found in violations()}


def test_what_is_named_by_a_public_id_is_told_by_it(camp: Camp) -> None:
    mission = Achievement.objects.get(member=camp.key("ada"), kind="mission")
    falsify(mission, target=1)
    falsify(progress(camp), progress="0")
    found = {each.check: each for each in violations(environment=camp.environment)}
    named = found["completed_mission_has_its_progress"]
    assert (named.public_id, named.member, named.expected, named.found) == (
        f"ach_{mission.pk.hex}",
        "ada",
        "1",
        "0",
    )


def test_members_are_read_in_chunks(camp: Camp, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"m{number}" for number in range(4)]
    for name in names:
        camp.visit(name)
    for name in names:
        falsify(progress(camp, name), progress=7)
    monkeypatch.setattr("loyalty.ledger.checks.challenges.MEMBERS_A_CHUNK", 2)
    seen = Inspection(environment=camp.environment)
    assert sorted(str(found.member) for found in seen.violations()) == names
    assert seen.achievements == 2
    monkeypatch.setattr("loyalty.ledger.checks.challenges.MEMBERS_A_CHUNK", 9)
    monkeypatch.setattr("loyalty.ledger.checks.hits.ROWS_A_CHECK", 1)
    seen = Inspection(environment=camp.environment)
    assert len(list(seen.violations())) == 4
    assert seen.left_out == {"mission_progress_is_what_counted": 3}


# -- progress


def test_a_progress_that_is_not_what_counted(camp: Camp) -> None:
    falsify(progress(camp), progress=3)
    assert_found(camp, mission_progress_is_what_counted=progress(camp))


def test_a_progress_that_is_missing(camp: Camp) -> None:
    camp.visit("bob")
    remove(progress(camp, "bob"))
    bob = Member.objects.get(pk=camp.key("bob"))
    assert_found(camp, mission_progress_is_what_counted=bob)


@pytest.mark.parametrize("way", ["merged", "erased"])
def test_a_progress_of_somebody_who_is_gone(camp: Camp, way: str) -> None:
    (kept,) = MissionProgress.objects.filter(member=camp.key("ada")).values()
    camp.give(1, "bob")
    if way == "merged":
        camp.merge("ada", "bob")
    else:
        camp.erase("ada")
    made = MissionProgress.objects.create(**kept | {"id": uuid4(), "progress": 0})
    assert_found(camp, mission_progress_is_what_counted=made)


def test_a_mission_that_is_complete_with_too_little(camp: Camp) -> None:
    mission = Achievement.objects.get(member=camp.key("ada"), kind="mission")
    falsify(progress(camp), progress=1)
    assert_found(
        camp, mission_progress_is_what_counted=progress(camp), completed_mission_has_its_progress=mission
    )


def test_a_target_that_was_raised_since_is_no_fault(camp: Camp) -> None:
    falsify(Mission.objects.get(challenge__environment=camp.environment), target=9)
    assert_sound(camp)


def test_a_mission_that_was_removed_is_taken_back_by_itself(camp: Camp) -> None:
    challenge = camp.challenge(
        title="Two",
        missions=[_post(), {"title": "Read", "event_type": "read", "target": 1}],
    )
    (posted,) = camp.visit("ada", event_type="post")
    camp.visit("ada", event_type="read")
    camp.edit(challenge, [("Read", {})])
    camp.refund(posted.event.event_id)
    assert camp.live("ada") == ["Come twice", "Regular", "Read", "Two"]
    assert_sound(camp)


# -- rewards


@pytest.mark.parametrize("entries", ["none", "unknown", "twice", "another's", "another challenge's"])
def test_an_achievement_that_names_other_entries(camp: Camp, entries: str) -> None:
    given, own = prize(camp), completion(camp)
    other = camp.give(1, "bob")
    if entries == "none":
        falsify(own, entry_ids=[])
        assert_found(camp, challenge_entry_is_of_one_achievement=given)
    elif entries == "another challenge's":
        falsify(given, origin=f"challenge:{uuid4().hex}:0")
        assert_found(camp, achievement_gave_its_entries=own)
    else:
        named = {"unknown": uuid4(), "twice": given.pk, "another's": other.pk}[entries]
        falsify(own, entry_ids=[given.pk, named])
        found: dict[str, Any] = {"achievement_gave_its_entries": own}
        if entries == "twice":
            found["challenge_entry_is_of_one_achievement"] = given
        assert_found(camp, None, **found)


def test_a_mission_that_gave_something(camp: Camp) -> None:
    mission = Achievement.objects.get(member=camp.key("ada"), kind="mission")
    falsify(mission, entry_ids=[prize(camp).pk])
    assert_found(camp, achievement_gave_its_entries=mission)


def test_an_entry_that_is_no_bonus(camp: Camp) -> None:
    falsify(prize(camp), type="earned")
    assert_found(camp, achievement_gave_its_entries=completion(camp))


def test_points_that_were_not_taken_back(camp: Camp) -> None:
    refund = camp.buy("back", None, event_type="refunded").event
    falsify(refund, type="refund")
    own = completion(camp)
    falsify(own, revoked_at=refund.recorded_at, revoked_by_id=refund.pk)
    assert_found(camp, revoked_achievement_took_its_entries_back=own)


@pytest.mark.parametrize("named", ["nothing", "unknown", "another's", "a visit"])
def test_what_was_taken_back_by_no_refund(camp: Camp, named: str) -> None:
    elsewhere = Camp(make_environment())
    theirs = elsewhere.visit("ada")[0].event
    falsify(theirs, type="refund")
    take_back(camp)
    own = completion(camp)
    keys = {
        "nothing": None,
        "unknown": uuid4(),
        "another's": theirs.pk,
        "a visit": Event.objects.filter(member=camp.key("ada"), type="visit").order_by("id")[0].pk,
    }
    falsify(own, revoked_by_id=keys[named])
    assert_found(camp, revoked_achievement_names_its_refund=own)


@pytest.mark.parametrize("changed", ["quantity", "nobody's", "a mission's"])
def test_an_item_of_another_achievement(camp: Camp, changed: str) -> None:
    received = gift(camp)
    if changed == "quantity":
        falsify(received, quantity=-1)
        (owned,) = MemberItem.objects.filter(member=camp.key("ada"))
        assert_found(camp, item_names_its_own_achievement=received, item_is_sum_of_changes=owned)
        return
    mission = Achievement.objects.get(member=camp.key("ada"), kind="mission")
    falsify(received, achievement_id=uuid4() if changed == "nobody's" else mission.pk)
    assert_found(camp, item_names_its_own_achievement=received)


def test_more_items_lost_than_received(camp: Camp) -> None:
    take_back(camp)
    received, lost = ItemChange.objects.filter(environment_id=camp.environment.id).order_by("id")
    assert_sound(camp)
    falsify(received, quantity=2)
    falsify(lost, quantity=-3)
    (owned,) = MemberItem.objects.filter(member=camp.key("ada"))
    assert_found(camp, item_names_its_own_achievement=[received, lost], item_is_sum_of_changes=owned)


# -- merges and erasures


@pytest.fixture
def copied(camp: Camp) -> Achievement:
    """Bob's, who was ada too."""
    camp.give(1, "bob")
    camp.merge("ada", "bob")
    assert_sound(camp)
    return completion(camp, "bob")


@pytest.mark.parametrize(
    "changes",
    [
        {"period": "day:2026-03-01"},
        {"entry_ids": []},
        {"copy_of": uuid4},
        {"copy_of": "cid's"},
    ],
    ids=["period", "entries", "nobody's", "another's"],
)
def test_a_copy_that_is_not_its_original(camp: Camp, copied: Achievement, changes: dict[str, Any]) -> None:
    if changes.get("copy_of") is uuid4:
        changes = {"copy_of": uuid4()}
    elif "copy_of" in changes:
        camp.visit("cid", 2)
        changes = {"copy_of": completion(camp, "cid").pk, "entry_ids": completion(camp, "cid").entry_ids}
    falsify(copied, **changes)
    assert_found(camp, "bob", copied_achievement_is_its_original=copied)


def test_what_was_joined_and_does_not_fall_with_it(camp: Camp, copied: Achievement) -> None:
    camp.visit("cid", 2)
    camp.merge("cid", "bob")
    assert_sound(camp)
    falsify(copied, absorbed=[copied.copy_of, copied.pk])
    assert_found(camp, "bob", joined_achievement_falls_with_it=copied)


def test_an_item_that_a_copy_gave(camp: Camp, copied: Achievement) -> None:
    moved = ItemChange.objects.get(member=camp.key("bob"), quantity=1)
    falsify(moved, achievement_id=copied.pk)
    assert_found(camp, item_names_its_own_achievement=moved)


def test_what_was_one_person_before_an_erasure_is_sound(camp: Camp, copied: Achievement) -> None:
    camp.erase("bob")
    for member in ("ada", "bob"):
        camp.visit(member)
    assert_sound(camp)
    achieved = Achievement.objects.get(pk=copied.pk)
    falsify(achieved, title="Well done")
    falsify(gift_of_erased(camp), code="TEA-1")
    assert_found(camp, erased_member_is_told_nothing=[achieved, gift_of_erased(camp)])


def gift_of_erased(camp: Camp) -> ItemChange:
    return ItemChange.objects.get(environment_id=camp.environment.id, achievement_id__isnull=False)


# -- milestones


@pytest.mark.parametrize("changed", ["nobody's", "metric", "way", "names", "opening"])
def test_a_crossing_that_does_not_fit_its_entry(camp: Camp, changed: str) -> None:
    (crossed,) = MilestoneChange.objects.filter(member=camp.key("ada"))
    assert (crossed.from_id, crossed.to_id, crossed.rises) == (None, "mil_10", True)
    if changed == "metric":
        miles = make_metric(camp.environment, "miles")
        falsify(MilestoneSet.objects.get(environment=camp.environment), metric_id=miles.pk)
    elif changed == "opening":
        falsify(prize(camp), origin="opening")
        assert_found(
            camp, milestone_change_fits_its_entry=crossed, achievement_gave_its_entries=completion(camp)
        )
        return
    else:
        changes: dict[str, dict[str, Any]] = {
            "nobody's": {"entry_id": uuid4()},
            "way": {"rises": False},
            "names": {"from_id": "mil_10"},
        }
        falsify(crossed, **changes[changed])
    assert_found(camp, milestone_change_fits_its_entry=crossed)


def test_rows_of_another_environment(camp: Camp) -> None:
    rows = [progress(camp), completion(camp), MilestoneChange.objects.get(member=camp.key("ada"))]
    for row in rows:
        falsify(row, environment_id=uuid4())
    assert_found(camp, challenge_row_is_in_members_environment=rows)
