"""Members take seats where the plan limits them: exact, whoever comes, and freed by erasure and merge."""

from collections.abc import Callable
from threading import Barrier
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from audit.errors import DomainError
from audit.models import AuditEvent
from loyalty.actions.erasing import erase_member
from loyalty.actions.events import record_batch, record_event
from loyalty.actions.merging import merge_members
from loyalty.actions.pace import Pace
from loyalty.actions.points import award
from loyalty.actions.profiles import open_profile
from loyalty.actions.recounting_plans import recount_plans
from loyalty.actions.referrals import refer, referral_code_of
from loyalty.actions.sandbox_reset import reset_sandbox
from loyalty.actions.stamps import enrol
from loyalty.actions.transfers import transfer
from loyalty.ledger import seating
from loyalty.ledger.seating import living_members
from loyalty.models import Member
from loyalty.queries.events import ReportedEvent
from programs.errors import PlanLimitExceeded
from programs.models import Environment, Seats
from tests import factories

Together = Callable[..., list[Any]]


def doing() -> dict[str, Any]:
    return {"actor": factories.make_actor(), "now": timezone.now()}


def buy(environment: Environment, member: str, event_id: str) -> Any:
    return record_event(
        environment=environment, event_id=event_id, type="visit", member=member, data={}, **doing()
    )


def visit(event_id: str, member: str) -> ReportedEvent:
    return ReportedEvent(event_id, "visit", member, {}, None, None)


def seats(environment: Environment) -> tuple[int, int]:
    """What is counted, and what is there."""
    organization = environment.project.organization_id
    row = Seats.objects.get(organization=organization, kind=environment.kind)
    return row.used, living_members(organization, environment.kind)


@pytest.mark.django_db
def test_nobody_new_comes_in_by_any_way_where_all_seats_are_taken(environment: Environment) -> None:
    environment = factories.make_plan(environment, members=2)
    card = factories.make_stamp_program(environment).public_id
    environment = factories.reload(environment)
    factories.give(environment, 100, "ada")
    code = referral_code_of(environment=environment, member="bob", **doing()).code
    give = {"points": 5, "reason": None}
    ways: list[Callable[[], Any]] = [
        lambda: award(environment=environment, member="eve", **give, **doing()),
        lambda: transfer(environment=environment, sender="ada", receiver="eve", **give, **doing()),
        lambda: buy(environment, "eve", "e1"),
        lambda: enrol(environment=environment, stamp_program=card, member="eve", **doing()),
        lambda: refer(environment=environment, member="eve", code=code, **doing()),
        lambda: referral_code_of(environment=environment, member="eve", **doing()),
        lambda: open_profile(environment=environment, member="eve", **doing()),
    ]
    for way in ways:
        with pytest.raises(PlanLimitExceeded) as refused:
            way()
        assert refused.value.data == {"limit": "members", "used": 2, "allowed": 2}
    assert seats(environment) == (2, 2)
    assert award(environment=environment, member="ada", **give, **doing()).points == 5, "known ones go on"

    erase_member(environment=environment, member="bob", **doing())
    assert seats(environment) == (1, 1)
    assert buy(environment, "bob", "e2").member == "bob"  # somebody new
    merge_members(environment=environment, member="bob", into="ada", reason=None, **doing())
    assert seats(environment) == (1, 1)
    buy(environment, "bob", "e3")
    assert seats(environment) == (1, 1), "a merged id is no new member"
    buy(environment, "eve", "e4")
    assert seats(environment) == (2, 2)


@pytest.mark.django_db
def test_a_batch_refuses_each_event_of_a_member_too_many_by_itself(environment: Environment) -> None:
    environment = factories.make_plan(environment, members=2)
    events = [visit(f"e{number}", member) for number, member in enumerate("abcab")]
    results = record_batch(environment=environment, events=events, **doing())
    told = [one.code if isinstance(one, DomainError) else one.member for one in results]
    assert told == ["a", "b", "plan_limit_exceeded", "a", "b"]
    assert seats(environment) == (2, 2)
    assert isinstance(results[2], PlanLimitExceeded)
    assert results[2].data == {"limit": "members", "used": 2, "allowed": 2}


@pytest.mark.django_db
def test_80_per_cent_are_told_once_and_a_rolled_back_member_takes_no_seat(environment: Environment) -> None:
    environment = factories.make_plan(environment, members=5)
    for number in range(4):
        buy(environment, f"m{number}", f"e{number}")
    with pytest.raises(DomainError):
        transfer(environment=environment, sender="x", receiver="y", points=1, reason=None, **doing())
    assert seats(environment) == (4, 4)
    erase_member(environment=environment, member="m0", **doing())
    buy(environment, "m0", "again")
    told = AuditEvent.objects.filter(environment_id=environment.pk, verb="plan.limit_near")
    assert [row.after for row in told] == [{"limit": "members", "used": 4, "allowed": 5}]


@pytest.mark.django_db
def test_sandbox_and_live_have_seats_each_and_all_projects_share_them(environment: Environment) -> None:
    factories.make_plan(environment, members=1)
    organization = environment.project.organization.name
    other = factories.make_environment(project=factories.make_project("B", organization=organization))
    live = factories.make_environment("live", project=environment.project)
    buy(factories.reload(environment), "ada", "e1")
    buy(live, "ada", "e1")
    with pytest.raises(PlanLimitExceeded):
        buy(other, "bob", "e1")
    assert Member.objects.filter(environment=other).count() == 0


@pytest.mark.django_db
def test_a_sandbox_that_begins_anew_frees_its_seats(environment: Environment) -> None:
    environment = factories.make_plan(environment, members=1)
    buy(environment, "ada", "e1")
    anew = reset_sandbox(environment=environment, **doing())
    buy(factories.reload(anew), "bob", "e1")
    with pytest.raises(PlanLimitExceeded):
        buy(factories.reload(anew), "ada", "e2")
    assert seats(factories.reload(anew)) == (1, 1)


def test_16_threads_end_at_exactly_100_members(
    committed_environment: Environment, together: Together
) -> None:
    environment = factories.make_plan(committed_environment, members=100)
    code = referral_code_of(environment=environment, member="owner", **doing()).code
    factories.give(environment, 1000, "owner")
    start = Barrier(16)

    def crowd(number: int) -> int:
        """Each thread brings 8 members of its own and 8 whom others bring too, by every way."""
        start.wait()
        refused = 0
        for turn in range(8):
            own, shared = f"own-{number}-{turn}", f"shared-{turn}"
            ways: list[Callable[[], Any]] = [
                lambda own=own: award(  # type: ignore[misc]
                    environment=environment, member=own, points=1, reason=None, **doing()
                ),
                lambda own=own: record_batch(  # type: ignore[misc]
                    environment=environment,
                    events=[visit(f"{own}-{place}", name) for place, name in enumerate((own, f"{own}-b"))],
                    **doing(),
                ),
                lambda own=own: transfer(  # type: ignore[misc]
                    environment=environment,
                    sender="owner",
                    receiver=own,
                    points=1,
                    reason=None,
                    **doing(),
                ),
                lambda own=own: refer(environment=environment, member=own, code=code, **doing()),  # type: ignore[misc]
            ]
            for way in (
                ways[(number + turn) % 4],
                lambda shared=shared: buy(environment, shared, f"{shared}-{number}"),
            ):
                try:
                    way()
                except PlanLimitExceeded:
                    refused += 1
        return refused

    answers = together(crowd)
    assert all(isinstance(answer, int) for answer in answers), answers
    assert seats(environment) == (100, 100)
    assert sum(answers) > 0


def test_a_recount_brings_back_what_went_wrong(committed_environment: Environment) -> None:
    environment = factories.make_plan(committed_environment, members=3)
    buy(environment, "ada", "e1")
    Seats.objects.filter(organization=environment.project.organization_id).update(used=3)
    with pytest.raises(PlanLimitExceeded):
        buy(environment, "bob", "e2")
    assert recount_plans(now=timezone.now(), pace=Pace())["seats"] >= 2
    buy(environment, "bob", "e2")
    assert seats(environment) == (2, 2)


def test_nobody_waits_for_a_recount_and_who_comes_meanwhile_keeps_the_seat(
    committed_environment: Environment, together: Together, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = factories.make_plan(committed_environment, members=9)
    buy(environment, "ada", "e1")
    organization = environment.project.organization_id
    Seats.objects.filter(organization=organization).update(used=5)
    count = seating._wrong

    def and_another_comes(row: Seats) -> int:
        wrong = count(row)
        together(lambda _: buy(environment, "bob", "e2"), threads=1)
        return wrong

    monkeypatch.setattr(seating, "_wrong", and_another_comes)

    with transaction.atomic():
        assert seating.recount_seats(organization, environment.kind) == -4

    assert seats(environment) == (2, 2)
