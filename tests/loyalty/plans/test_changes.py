"""A plan changes while others are at work: it holds at once, for all, and nobody is kept from what they do."""

from typing import Any

import pytest
from django.core.management import call_command

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


def test_who_waited_for_another_plan_is_held_to_it(committed_environment: Environment) -> None:
    environment = factories.make_plan(committed_environment)
    plan = make_plan(f"small-{environment.pk.hex[:20]}", programs=1)
    with pytest.raises(PlanLimitExceeded):
        while_uncommitted(lambda: give(environment, plan), lambda: make_program(environment))
    assert Program.objects.filter(environment=environment).count() == 1
