"""What a member's app shows of them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty.models import Account, LedgerEntry, Member
from loyalty.queries.profiles import ChallengeState, profile_of
from programs.actions.challenges import save_challenge
from programs.actions.configure import configure
from programs.models import Challenge, Environment, InventorySet, Program
from tests.factories import make_actor, make_challenge, make_metric, reload
from tests.loyalty.ledger.till import day
from tests.loyalty.queries.phone import Phone
from tests.loyalty.redemptions.racing import Together


@pytest.fixture
def phone(environment: Environment) -> Phone:
    return Phone(environment)


def test_somebody_new_has_the_defaults_and_nothing_else(phone: Phone) -> None:
    phone.open(default=10)
    profile = phone.profile("zoe")
    (wall,) = InventorySet.objects.filter(environment=phone.environment)
    assert profile.metrics == {"points": 10, "xp": 7}
    assert profile.inventory == {wall.public_id: []}
    regular, daily = str(phone.regular.public_id), str(phone.daily.public_id)
    assert profile.challenges == {regular: ChallengeState(False, []), daily: ChallengeState(False, [])}
    assert Member.objects.filter(environment=phone.environment, external_id="zoe").count() == 1
    assert not Account.objects.filter(environment_id=phone.environment.pk).exists()


def test_what_the_member_has_and_has_done_in_the_periods_of_now(phone: Phone) -> None:
    phone.open()
    for _ in range(3):
        phone.visit()
    phone.buy("p", "35.00")
    badge = phone.item("regular")
    for _ in range(2):
        phone.redeem("badge")
    regular, daily = str(phone.regular.public_id), str(phone.daily.public_id)
    came, spent = (str(mission.public_id) for mission in phone.regular.missions.all())
    (again,) = (str(mission.public_id) for mission in phone.daily.missions.all())
    profile = phone.profile()
    assert profile.metrics == {"points": 55, "xp": 15}
    bought = phone.item("badge").public_id
    assert profile.inventory == {badge.inventory_set.public_id: [bought, bought, badge.public_id]}
    assert profile.challenges[regular] == ChallengeState(True, [came, spent])
    assert profile.challenges[daily] == ChallengeState(True, [again])
    phone.today = 1
    assert phone.profile().challenges == {
        regular: ChallengeState(True, [came, spent]),
        daily: ChallengeState(False, []),
    }
    phone.refund("p")
    assert phone.profile().challenges[regular] == ChallengeState(False, [came])


def test_a_mission_that_was_removed_is_not_among_those_completed_and_stays_in_the_history(
    phone: Phone,
) -> None:
    phone.open()
    phone.visit()
    phone.visit()
    regular = str(phone.regular.public_id)
    came, spent = phone.regular.missions.order_by("place")
    assert phone.profile().challenges[regular] == ChallengeState(False, [str(came.public_id)])
    stored = Challenge.objects.get(pk=phone.regular.pk)
    save_challenge(
        environment=reload(phone.environment),
        challenge=stored,
        actor=make_actor(),
        now=day(phone.today),
        changes={},
        missions=[
            {
                "id": str(spent.public_id),
                "title": "Spend 30",
                "event_type": "purchase",
                "measure": "sum",
                "field": "data.amount",
                "target": 30,
            }
        ],
        rewards=None,
    )
    assert phone.profile().challenges[regular] == ChallengeState(False, [])
    told = [line.mission_id for line in phone.history() if line.type == "missionCompleted"]
    assert told == [str(came.public_id)]


def test_a_challenge_that_is_over_is_shown_to_whom_completed_it(phone: Phone) -> None:
    phone.open()
    short = make_challenge(reload(phone.environment), ends_at=day(1), rewards=[])
    paused = make_challenge(reload(phone.environment), status="paused")
    phone.visit()
    phone.visit()
    phone.visit("bob")
    shown = str(short.public_id)
    assert shown in phone.profile().challenges
    assert phone.profile("bob").challenges[shown].is_completed is False
    phone.today = 1
    assert phone.profile().challenges[shown].is_completed is True
    assert shown not in phone.profile("bob").challenges
    assert str(paused.public_id) not in phone.profile().challenges


def test_metrics_and_challenges_of_a_program_that_ended_are_not_shown(phone: Phone) -> None:
    phone.open()
    other = configure(
        environment=reload(phone.environment),
        instance=Program(environment=phone.environment, code="other", name="Other", status="active"),
        actor=make_actor(),
        changes={},
    )
    coins = make_metric(reload(phone.environment), "coins")
    configure(
        environment=reload(phone.environment), instance=coins, actor=make_actor(), changes={"program": other}
    )
    made = make_challenge(reload(phone.environment), program="other", rewards=[])
    assert "coins" in phone.profile().metrics
    assert str(made.public_id) in phone.profile().challenges
    configure(
        environment=reload(phone.environment),
        instance=other,
        actor=make_actor(),
        changes={"status": "ended"},
    )
    assert "coins" not in phone.profile().metrics
    assert str(made.public_id) not in phone.profile().challenges


def test_what_is_due_is_settled_before_anybody_looks_and_only_then(phone: Phone) -> None:
    phone.open()
    phone.give(30, expires=1)
    phone.give(5)

    def written() -> int:
        return LedgerEntry.objects.filter(environment_id=phone.environment.pk).count()

    assert (phone.profile().metrics["points"], written()) == (35, 2)
    phone.today = 1
    assert (phone.profile().metrics["points"], written()) == (5, 3)
    assert (phone.profile().metrics["points"], written()) == (5, 3)


def test_a_frozen_members_profile_is_shown_and_settled(phone: Phone) -> None:
    phone.open()
    phone.give(30, expires=1)
    Member.objects.filter(pk=phone.key("ada")).update(status="frozen")
    phone.today = 1
    assert phone.profile().metrics["points"] == 0


def test_who_was_merged_away_has_the_survivors_profile_and_who_was_erased_a_new_one(phone: Phone) -> None:
    phone.open()
    phone.give(5, "ada")
    phone.give(7, "bob")
    phone.merge("bob", "ada")
    assert phone.opened("bob") == phone.opened("ada")
    assert phone.profile("bob").metrics["points"] == 12
    phone.erase("ada")
    assert phone.profile("ada").metrics["points"] == 0
    assert phone.opened("ada").pk != phone.key("ada")


def test_reading_a_profile_takes_three_statements_and_opening_it_two(phone: Phone) -> None:
    phone.open()
    phone.profile()
    for number in range(4):
        phone.visit()
        phone.buy(f"p{number}", "30.00")
    environment = reload(phone.environment)
    member = phone.opened()
    with CaptureQueriesContext(connection) as captured:
        profile_of(environment=environment, member=member, now=day(phone.today))
    assert len(captured) == 3
    with CaptureQueriesContext(connection) as captured:
        phone.opened()
    assert sum('"programs_environment"' not in each["sql"] for each in captured) == 2


def test_many_first_requests_at_once_open_one_profile(
    committed_environment: Environment, together: Together
) -> None:
    phone = Phone(committed_environment)
    phone.open(default=10)
    opened = together(lambda number: phone.opened("zoe"), 8)
    assert {member.pk for member in opened} == {phone.key("zoe")}
    phone.give(30, "zoe", expires=1)
    phone.today = 1
    profiles = together(lambda number: phone.profile("zoe"), 8)
    assert [profile.metrics["points"] for profile in profiles] == [10] * 8
    types = (
        LedgerEntry.objects.filter(member=phone.key("zoe"))
        .order_by("sequence")
        .values_list("type", flat=True)
    )
    assert list(types) == ["adjusted", "earned", "expired"]
