"""The one way to edit configuration: lock, check, save, audit, and raise `config_version`."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models, transaction
from django.db.models import F

from audit.errors import FieldError, InvalidRequest, NotFound, told
from audit.record import Actor, Place, record
from programs.errors import EnvironmentArchived
from programs.models import Environment

ModelT = TypeVar("ModelT", bound=models.Model)


def place_of(environment: Environment) -> Place:
    """The tenancy of an environment, for audit events."""
    return Place(environment.project.organization_id, environment.project_id, environment.id)


def lock_environment(environment: Environment) -> None:
    """Let one transaction at a time configure the environment. Every write of configuration calls this
    before it reads what it decides by, and before it locks anything else.

    Raises EnvironmentArchived for a sandbox that was reset since it was read. Locks: the environment's row, FOR NO
    KEY UPDATE: members' writes only refer to it and don't wait.
    """
    rows = Environment.objects.select_for_update(no_key=True).values_list("archived_at", flat=True)
    if rows.get(pk=environment.pk) is not None:
        raise EnvironmentArchived


def locked(environment: Environment, instance: ModelT) -> ModelT:
    """The stored row as it stands now. Raises NotFound where the environment has none such.

    Locks: the environment, then the row.
    """
    lock_environment(environment)
    rows = type(instance)._default_manager.select_for_update()
    found = rows.filter(pk=instance.pk, environment=environment).first()
    if found is None:
        raise NotFound(f"There is no such {instance._meta.verbose_name} in this environment.")
    return found


@transaction.atomic
def configure(
    *,
    environment: Environment,
    instance: ModelT,
    actor: Actor,
    changes: Mapping[str, Any],
    check: Callable[[ModelT], None] | None = None,
) -> ModelT:
    """Apply `changes` to a configured object (new or stored), and save, audit and version it. `check`
    judges the whole object, as it would be saved, under the lock.

    Raises InvalidRequest naming each field that the model refuses, NotFound for another environment's
    object, and what `check` raises. Locks: the environment, then the stored row.
    """
    creating = instance._state.adding
    if creating:
        lock_environment(environment)
    else:
        instance = locked(environment, instance)
    before = None if creating else as_json(instance)
    for name, value in changes.items():
        setattr(instance, name, value)
    _refuse_elsewhere(environment, instance)
    if check:
        check(instance)
    clean(instance)
    if before is not None and as_json(instance) == before:
        return instance
    instance.save()
    _record(environment, instance, actor, before)
    bump_version(environment)
    return instance


def bump_version(environment: Environment) -> None:
    """Make every process compile the environment's configuration anew. Locks: its row."""
    Environment.objects.filter(pk=environment.pk).update(config_version=F("config_version") + 1)


def clean(instance: models.Model) -> None:
    """Model validation, told in the engine's own terms. Raises InvalidRequest naming each field, also for
    what belongs to another environment."""
    foreign = foreign_errors(instance)
    if foreign:
        raise refusal_of(foreign)
    try:
        instance.full_clean()
    except ValidationError as error:
        raise refusal_of(list(faults_of(error))) from error


def faults_of(error: ValidationError, rename: Mapping[str, str] | None = None) -> Iterator[FieldError]:
    """What a model refuses, in the engine's own terms: each field by its name, or as `rename` has it, and absent
    values as `required`. A name taken in this environment is the fault of the field that holds the name."""
    for field, problems in error.error_dict.items():
        name = "" if field == NON_FIELD_ERRORS else (rename or {}).get(field, field)
        for problem in problems:
            taken = None if name else _taken(problem)
            yield taken or FieldError(name, _code(problem), " ".join(problem.messages))


def _code(problem: ValidationError) -> str:
    code = (problem.code or "invalid").lower()
    return "required" if code == "null" else code


def _taken(problem: ValidationError) -> FieldError | None:
    params = problem.params or {}
    names = [name for name in params.get("unique_check", ()) if name != "environment"]
    if len(names) != 1:
        return None
    noun = params["model"]._meta.verbose_name
    named = "id" if names[0] == "public_id" else names[0]  # as callers name it
    return FieldError(named, "unique", f"Another {noun} of this environment has it; choose another.")


def foreign_errors(instance: models.Model) -> list[FieldError]:
    """A fault for each field that names what is not in the object's own environment. One statement each."""
    errors = []
    for field in instance._meta.concrete_fields:
        related, key = field.related_model, getattr(instance, field.attname)
        if not isinstance(related, type) or not hasattr(related, "environment_id") or key is None:
            continue
        own = {"pk": key, "environment_id": instance.environment_id}  # type: ignore[attr-defined]
        if not related._default_manager.filter(**own).exists():
            detail = f"There is no such {field.verbose_name} in this environment."
            errors.append(FieldError(field.name, "invalid", detail))
    return errors


def refusal_of(errors: list[FieldError]) -> InvalidRequest:
    """One refusal that says them all."""
    return InvalidRequest(told(errors), errors=errors)


def _refuse_elsewhere(environment: Environment, instance: models.Model) -> None:
    """What is made or changed here stays here."""
    if instance.environment_id != environment.pk:  # type: ignore[attr-defined]
        raise InvalidRequest.field("environment", "invalid", "It belongs to another environment.")


def _record(
    environment: Environment, instance: models.Model, actor: Actor, before: dict[str, Any] | None
) -> None:
    noun = instance._meta.model_name or ""
    record(
        place=place_of(environment),
        actor=actor,
        verb=f"{noun}.{'created' if before is None else 'updated'}",
        object_type=noun,
        object_id=str(instance.pk),
        before=before,
        after=as_json(instance),
    )


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
