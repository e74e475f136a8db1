"""The one way to edit configuration: validate, save, audit, and raise `config_version`."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models, transaction
from django.db.models import F

from audit.errors import FieldError, InvalidRequest
from audit.record import Actor, Place, record
from programs.models import Environment

ModelT = TypeVar("ModelT", bound=models.Model)


def place_of(environment: Environment) -> Place:
    """The tenancy of an environment, for audit events."""
    return Place(environment.project.organization_id, environment.project_id, environment.id)


@transaction.atomic
def configure(
    *, environment: Environment, instance: ModelT, actor: Actor, changes: Mapping[str, Any]
) -> ModelT:
    """Apply `changes` to a configured object (new or stored), and save, audit and version it.

    Raises InvalidRequest naming each field that the model refuses. Locks: the stored row, then the
    environment's row (its version rises, so every process compiles anew).
    """
    creating = instance._state.adding
    if not creating:
        instance = type(instance)._default_manager.select_for_update().get(pk=instance.pk)
    before = None if creating else as_json(instance)
    for name, value in changes.items():
        setattr(instance, name, value)
    clean(instance)
    if before is not None and as_json(instance) == before:
        return instance
    instance.save()
    noun = instance._meta.model_name or ""
    record(
        place=place_of(environment),
        actor=actor,
        verb=f"{noun}.{'created' if creating else 'updated'}",
        object_type=noun,
        object_id=str(instance.pk),
        before=before,
        after=as_json(instance),
    )
    bump_version(environment)
    return instance


def bump_version(environment: Environment) -> None:
    """Make every process compile the environment's configuration anew. Locks: its row."""
    Environment.objects.filter(pk=environment.pk).update(config_version=F("config_version") + 1)


def clean(instance: models.Model) -> None:
    """Model validation, told in the engine's own terms."""
    try:
        instance.full_clean()
    except ValidationError as error:
        errors = [
            FieldError(
                "" if field == NON_FIELD_ERRORS else field,
                (problem.code or "invalid").lower(),
                " ".join(problem.messages),
            )
            for field, problems in error.error_dict.items()
            for problem in problems
        ]
        detail = "; ".join(f"{e.field}: {e.detail}" if e.field else e.detail for e in errors)
        raise InvalidRequest(detail, errors=errors) from error


def as_json(instance: models.Model) -> dict[str, Any]:
    """The stored fields of an object as JSON values, for the audit's before and after."""
    return {
        field.attname: _plain(field.value_from_object(instance)) for field in instance._meta.concrete_fields
    }


def _plain(value: Any) -> Any:
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value
