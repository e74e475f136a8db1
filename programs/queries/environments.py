"""Environments, and what time it is in them (domain.md 12)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import Model
from django.utils import timezone

from programs.models import ClockChange, Environment, Organization, Plan, Project

ModelT = TypeVar("ModelT", bound=Model)

_READ: tuple[type[Model], ...] = (Environment, Project, Organization, Plan)


def environment_by_id(environment_id: UUID) -> Environment:
    """The environment as it stands now, with its project, organization and plan; one statement.

    Every request asks this, so the SQL is kept: to have the ORM compose it each time costs more than to run it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_statement(), [environment_id])
        row = cursor.fetchone()
    if row is None:
        raise Environment.DoesNotExist("Environment matching query does not exist.")
    found: Environment = _taken_from(row, Environment, 0)
    found.project = _taken_from(row, Project, 1)
    found.project.organization = _taken_from(row, Organization, 2)
    found.project.organization.plan = _taken_from(row, Plan, 3)
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


def _taken_from(row: Sequence[Any], model: type[ModelT], place: int) -> ModelT:
    """The object whose columns stand at `place` among those of `_READ`."""
    first = sum(len(_columns(before)) for before in _READ[:place])
    names = _columns(model)
    values = list(row[first : first + len(names)])
    for number, convert in _converters(model):
        values[number] = convert(values[number], None, connection)
    return model.from_db(connection.alias, names, values)


@cache
def _columns(model: type[Model]) -> list[str]:
    return [field.attname for field in model._meta.concrete_fields]


@cache
def _converters(model: type[Model]) -> list[tuple[int, Callable[..., Any]]]:
    """Of columns that the driver leaves as they are sent, such as JSON."""
    fields = enumerate(model._meta.concrete_fields)
    return [(number, field.from_db_value) for number, field in fields if hasattr(field, "from_db_value")]


@cache
def _statement() -> str:
    columns = ", ".join(f"{model._meta.model_name}.{name}" for model in _READ for name in _columns(model))
    return (
        f"SELECT {columns} FROM programs_environment AS environment"  # noqa: S608 - names of our own columns
        " JOIN programs_project AS project ON project.id = environment.project_id"
        " JOIN programs_organization AS organization ON organization.id = project.organization_id"
        " JOIN programs_plan AS plan ON plan.id = organization.plan_id WHERE environment.id = %s"
    )
