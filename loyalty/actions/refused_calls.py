"""A call with the wrong project's key is refused, and whose data it named can see that it was made."""

from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from django.db.models import Model

from audit.ids import parse_public
from audit.record import Actor, record
from loyalty.models import Hold, LedgerEntry, Redemption, StampCollection
from programs.actions.configure import place_of
from programs.models import Environment
from programs.queries.shares import programs_elsewhere

PROGRAM = "prg"
_OWNED: dict[str, tuple[str, type[Model]]] = {
    "txn": ("ledgerentry", LedgerEntry),
    "red": ("redemption", Redemption),
    "hold": ("hold", Hold),
    "sc": ("stamp_collection", StampCollection),
}


def note_refused(*, environment: Environment, named: Iterable[str], call: str, actor: Actor) -> None:
    """Note in the trail of whoever has one of the things `named` by public ids that a call of this environment
    asked for it, in vain. Only within the organization: others learn nothing of each other.

    `call`: method and pattern of the path, without what stood in it. One statement for each kind that is named, one
    for each note. Locks nothing.
    """
    for owner, noun, key, name in _owners(environment, sorted(set(named))):
        record(
            place=place_of(owner),
            actor=actor,
            verb=f"{noun}.call_refused",
            object_type=noun,
            object_id=key,
            after={
                "named": name,
                "environment_id": str(environment.pk),
                "project": environment.project.name,
                "environment": environment.kind,
                "call": call,
            },
        )


def _owners(environment: Environment, named: list[str]) -> Iterator[tuple[Environment, str, str, str]]:
    programs = [name for name in named if name.startswith(f"{PROGRAM}_")]
    if programs:
        for program in programs_elsewhere(environment, programs):
            yield program.environment, "program", str(program.pk), program.public_id
    for prefix, (noun, model) in _OWNED.items():
        keys = {key: name for name in named if (key := parse_public(prefix, name))}
        for key, owner in _environments_of(model, keys, environment).items():
            yield owner, noun, keys[key], keys[key]


def _environments_of(
    model: type[Model], keys: Iterable[UUID], asking: Environment
) -> dict[UUID, Environment]:
    if not keys:
        return {}
    rows: Any = model._default_manager.filter(pk__in=list(keys)).exclude(environment_id=asking.pk)
    found = dict(rows.order_by().values_list("pk", "environment_id"))
    inside = Environment.objects.filter(project__organization=asking.project.organization_id)
    owners = inside.select_related("project__organization").in_bulk(set(found.values()))
    return {key: owners[owner] for key, owner in found.items() if owner in owners}
