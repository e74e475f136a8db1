"""A plan changes while others are at work: it holds at once, for all, and nobody is kept from what they do."""

from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connections, transaction
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from loyalty import tasks
from loyalty.actions.changing_plans import change_plan, give_plan
from loyalty.actions.erasing import erase_member
from loyalty.actions.pace import Pace
from programs.actions.configure import lock_environment
from programs.actions.plan_limits import hold_limit
from programs.actions.plans import save_plan, set_plan
from programs.actions.programs import save_program
from programs.errors import PlanLimitExceeded
from programs.models import Environment, Plan, Program, Seats
from programs.queries.plans import terms_of
from tests import factories
from tests.waiting import while_uncommitted


def make_plan(code: str, **limits: int) -> Plan:
    return save_plan(plan=Plan(code=code, name=code), changes=holding(**limits), actor=factories.make_actor())


def holding(**limits: int) -> dict[str, Any]:
    return {"limits": limits, "features": []}


def give(environment: Environment, plan: Plan) -> None:
    organization = environment.project.organization
    set_plan(organization=organization, plan=plan, actor=factories.make_actor())


def save(plan: Plan, **limits: int) -> None:
    save_plan(plan=plan, changes=holding(**limits), actor=factories.make_actor())


def make_program(environment: Environment) -> Program:
    program = Program(environment=environment, code="vip", name="VIP")
    return save_program(environment=environment, program=program, actor=factories.make_actor(), changes={})


def test_the_command_waits_for_who_makes_a_program_and_neither_is_in_the_others_way(
    committed_environment: Environment,
) -> None:
    environment = factories.make_plan(committed_environment, programs=9)
    organization = environment.project.organization
    while_uncommitted(
        lambda: hold_limit(organization=organization, limit="programs", used=lambda: 1),
        lambda: call_command(
            "set_plan", organization.name, plan=organization.plan.code, limit=["programs=3"]
        ),
        then=lambda: lock_environment(environment),
    )
    assert terms_of(factories.reload(environment)).limits == {"programs": 3}


def test_who_gets_a_plan_that_is_being_changed_gets_what_it_becomes(
    committed_environment: Environment,
) -> None:
    environment = factories.make_plan(committed_environment, members=5)
    factories.give(environment, 5, "ada")
    plan = make_plan(f"next-{environment.pk.hex[:20]}")
    before = factories.reload(environment).config_version
    while_uncommitted(lambda: save(plan, members=9), lambda: give(environment, plan))
    assert terms_of(factories.reload(environment)).limits == {"members": 9}
    while_uncommitted(
        lambda: give(environment, make_plan(f"none-{environment.pk.hex[:20]}")), lambda: save(plan)
    )
    assert factories.reload(environment).config_version == before + 2, "it had the plan no more"
    while_uncommitted(lambda: give(environment, plan), lambda: save(plan, members=7))
    assert factories.reload(environment).config_version == before + 4
    assert not Seats.objects.filter(organization=environment.project.organization_id).exists()


@pytest.mark.parametrize("way", ["change", "give"])
def test_members_who_were_being_made_when_their_limit_began_are_counted_soon_after(
    committed_environment: Environment, way: str
) -> None:
    environment, actor = factories.make_plan(committed_environment), factories.make_actor()
    organization = environment.project.organization
    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        factories.give(environment, 5, "late")

        def begin() -> None:
            if way == "give":
                small = make_plan(f"small-{environment.pk.hex[:20]}", members=1)
                give_plan(organization=organization, plan=small, actor=actor)
            else:
                change_plan(plan=organization.plan, changes=holding(members=1), actor=actor)
            factories.give(factories.reload(environment), 5, "ada")
            connections.close_all()

        pool.submit(begin).result(timeout=60)
    named = {"organization": organization.pk} if way == "give" else {"plan": organization.plan.pk}
    job = ProcrastinateJob.objects.get(
        task_name="recount_plan", args={name: str(key) for name, key in named.items()}
    )
    context: Any = SimpleNamespace(additional_context={"pace": Pace()})
    assert tasks.recount_plan.func(context, **job.args) == {"seats": 1, "events": 0}
    assert Seats.objects.get(organization=organization).used == 2
    erase_member(environment=factories.reload(environment), member="ada", actor=actor, now=timezone.now())
    with pytest.raises(PlanLimitExceeded):
        factories.give(factories.reload(environment), 5, "bob")


def test_who_waited_for_another_plan_is_held_to_it(committed_environment: Environment) -> None:
    environment = factories.make_plan(committed_environment)
    plan = make_plan(f"small-{environment.pk.hex[:20]}", programs=1)
    with pytest.raises(PlanLimitExceeded):
        while_uncommitted(lambda: give(environment, plan), lambda: make_program(environment))
    assert Program.objects.filter(environment=environment).count() == 1
