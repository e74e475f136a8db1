"""Environments, and what time it is in them (domain.md 12)."""

from datetime import datetime
from functools import cache
from uuid import UUID

from django.db import connection
from django.utils import timezone

from programs.models import ClockChange, Environment, Project


def environment_by_id(environment_id: UUID) -> Environment:
    """The environment as it stands now, with its project; one statement.

    Every request asks this, so the SQL is kept: to have the ORM compose it each time costs more than to run it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_statement(), [environment_id])
        row = cursor.fetchone()
    if row is None:
        raise Environment.DoesNotExist("Environment matching query does not exist.")
    names = _columns(Environment)
    found = Environment.from_db(connection.alias, names, row[: len(names)])
    found.project = Project.from_db(connection.alias, _columns(Project), row[len(names) :])
    return found


def now_in(environment: Environment) -> datetime:
    """The environment's now: its test clock where one is set, else real time."""
    return environment.clock or timezone.now()


def clock_at(environment: Environment, recorded: datetime) -> datetime:
    """What `now_in` answered at a real instant; no statement for a live environment."""
    if environment.kind == Environment.Kind.LIVE:
        return recorded
    changes = ClockChange.objects.filter(environment=environment, set_at__lte=recorded)
    last = changes.order_by("-set_at", "-id").values_list("clock", flat=True).first()
    return last or recorded


@cache
def _columns(model: type[Environment | Project]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


@cache
def _statement() -> str:
    named = [("environment", name) for name in _columns(Environment)]
    named += [("project", name) for name in _columns(Project)]
    columns = ", ".join(f"{table}.{name}" for table, name in named)
    return (
        f"SELECT {columns} FROM programs_environment AS environment"  # noqa: S608 - names of our own columns
        " JOIN programs_project AS project ON project.id = environment.project_id WHERE environment.id = %s"
    )
