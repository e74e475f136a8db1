"""How far a member is with challenges, and how far all of them are."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.errors import NotFound
from loyalty.queries.challenges import (
    Funnel,
    MemberChallenge,
    challenge_funnel,
    challenge_states,
    challenges_in,
    find_challenge,
)
from programs.actions.challenges import save_challenge
from programs.models import Challenge, Environment
from tests.factories import make_actor, make_challenge, make_environment, reload
from tests.loyalty.ledger.till import day
from tests.loyalty.queries.phone import Phone


@pytest.fixture
def phone(environment: Environment) -> Phone:
    return Phone(environment)


def states(phone: Phone, name: str = "ada") -> dict[str, MemberChallenge]:
    found = challenge_states(
        environment=reload(phone.environment), member=phone.member(name), now=day(phone.today)
    )
    return {state.challenge.title: state for state in found}


def progress(state: MemberChallenge) -> list[tuple[str, float, bool]]:
    return [
        (each.mission.title, float(each.progress), each.completed_at is not None) for each in state.missions
    ]


def save(phone: Phone, challenge: Challenge, **options: Any) -> Challenge:
    return save_challenge(
        environment=reload(phone.environment),
        challenge=find_challenge(environment=phone.environment, challenge=str(challenge.public_id)),
        actor=make_actor(),
        now=day(phone.today),
        **{"changes": {}, "missions": None, "rewards": None, **options},
    )


def test_progress_is_shown_up_to_the_target_in_the_period_of_now(phone: Phone) -> None:
    phone.open()
    for _ in range(4):
        phone.visit()
    phone.today = 0.1
    phone.buy("p", "12.50")
    found = states(phone)
    assert list(found) == ["Regular", "Daily"]
    assert progress(found["Regular"]) == [("Come twice", 2, True), ("Spend 30", 12.5, False)]
    assert found["Regular"].missions[0].completed_at == day(0)
    assert (found["Regular"].period, found["Regular"].completed_at) == ("ever", None)
    assert progress(found["Daily"]) == [("Come three times", 3, True)]
    assert (found["Daily"].period, found["Daily"].completed_at) == ("day:2026-03-01", day(0))
    phone.buy("q", "100.00")
    assert progress(states(phone)["Regular"])[1] == ("Spend 30", 30, True)
    assert states(phone)["Regular"].completed_at == day(0.1)
    phone.today = 1
    assert progress(states(phone)["Daily"]) == [("Come three times", 0, False)]
    assert states(phone)["Daily"].period == "day:2026-03-02"


def test_what_is_over_stays_for_who_began_it(phone: Phone) -> None:
    phone.open()
    phone.visit()
    phone.give(1, "bob")
    for challenge in (phone.regular, phone.daily):
        save(phone, challenge, changes={"status": "ended"})
    assert list(states(phone)) == ["Regular", "Daily"]
    assert list(states(phone, "bob")) == []
    phone.today = 1
    assert list(states(phone)) == ["Regular"]


def test_a_removed_mission_stays_for_who_had_completed_it(phone: Phone) -> None:
    phone.open()
    phone.visit()
    phone.visit()
    phone.give(1, "bob")
    kept = phone.regular.missions.filter(title="Spend 30")
    (spend,) = kept.values("title", "event_type", "measure", "field", "target")
    save(phone, phone.regular, missions=[{"id": str(kept.get().public_id), **spend}])
    assert progress(states(phone)["Regular"]) == [("Come twice", 2, True), ("Spend 30", 0, False)]
    assert progress(states(phone, "bob")["Regular"]) == [("Spend 30", 0, False)]


def test_they_are_read_in_two_statements_whatever_was_done(phone: Phone) -> None:
    phone.open()
    for number in range(4):
        phone.today = number
        phone.visit()
        phone.visit()
        phone.visit()
    environment, member = reload(phone.environment), phone.member()
    states(phone)
    with CaptureQueriesContext(connection) as captured:
        challenge_states(environment=environment, member=member, now=day(phone.today))
    assert len(captured) == 2


def test_a_funnel_counts_living_members_once_in_the_period_of_now(phone: Phone) -> None:
    phone.open()
    for name in ("ada", "bob", "cid", "dan"):
        phone.visit(name)
    for name in ("ada", "bob", "dan"):
        phone.visit(name)
    phone.buy("p", "40.00", "ada")
    phone.buy("q", "10.00", "eve")
    phone.erase("dan")
    came, spent = phone.regular.missions.all()

    def funnel(challenge: Challenge) -> Funnel:
        stored = find_challenge(environment=phone.environment, challenge=str(challenge.public_id))
        return challenge_funnel(environment=reload(phone.environment), challenge=stored, now=day(phone.today))

    assert funnel(phone.regular) == Funnel(4, {came.pk: 2, spent.pk: 1}, 1)
    phone.merge("bob", "ada")
    assert funnel(phone.regular) == Funnel(3, {came.pk: 1, spent.pk: 1}, 1)
    (again,) = phone.daily.missions.all()
    assert funnel(phone.daily) == Funnel(2, {again.pk: 1}, 1)
    phone.refund("p", member="ada")
    assert funnel(phone.regular) == Funnel(3, {came.pk: 1, spent.pk: 0}, 0)
    phone.today = 1
    assert funnel(phone.daily) == Funnel(0, {again.pk: 0}, 0)


def test_challenges_are_found_in_their_own_environment_alone(phone: Phone) -> None:
    phone.open()
    draft = make_challenge(reload(phone.environment), status="draft")
    assert set(challenges_in(phone.environment)) == {phone.regular, phone.daily, draft}
    found = find_challenge(environment=phone.environment, challenge=str(draft.public_id))
    assert found == draft
    elsewhere = make_environment()
    for environment, name in ((elsewhere, str(draft.public_id)), (phone.environment, "no-uuid")):
        with pytest.raises(NotFound):
            find_challenge(environment=environment, challenge=name)
