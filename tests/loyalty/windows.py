"""Sets how far back history is shown."""

from typing import Any
from uuid import uuid4

from programs.actions.configure import configure
from programs.models import Environment, Metric, Organization, Plan, Program
from tests.factories import make_actor, reload


def allow_days(environment: Environment, days: int | None) -> None:
    """By the plan of the environment's organization."""
    limits: dict[str, Any] = {} if days is None else {"history_days": days}
    name = f"plan-{uuid4().hex}"
    plan = Plan.objects.create(
        code=name, name=name, limits=limits, features=["challenges", "stamps", "webhooks"]
    )
    Organization.objects.filter(pk=environment.project.organization_id).update(plan=plan)


def keep_days(environment: Environment, days: int | None, program: str = "default") -> None:
    """By a program."""
    found = Program.objects.get(environment=environment, code=program)
    changes = {"retention_days": days}
    configure(environment=reload(environment), instance=found, actor=make_actor(), changes=changes)


def make_club(environment: Environment) -> tuple[Program, Metric]:
    """A second program, `club`, with a metric of its own, `coins`."""

    def save(instance: Program | Metric, **changes: object) -> None:
        configure(environment=reload(environment), instance=instance, actor=make_actor(), changes=changes)

    club = Program(environment=environment, code="club", name="Club")
    save(club)
    coins = Metric(environment=environment, program=club, code="coins", title="Coins")
    save(coins)
    return club, coins
