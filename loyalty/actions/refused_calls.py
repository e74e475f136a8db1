"""A call with the wrong project's key is refused, and whose data it named can see that it was made."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from itertools import islice
from threading import Lock
from time import monotonic
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db.models import QuerySet

from audit.ids import parse_public
from audit.models import AuditEvent
from audit.record import Actor, audit_event
from loyalty.queries.trail_objects import OBJECTS
from programs.actions.configure import place_of
from programs.models import Environment
from programs.queries.shares import programs_elsewhere

PROGRAM = "prg"
MOST = 10  # of one request
_HOUR = 3600  # seconds
_NAMED = ("ledgerentry", "redemption", "hold", "stamp_collection")


class _Noted:
    """What this process has noted in the last hour, so that a caller who goes on asking floods no trail and no
    webhook; where processes share a cache, what any of them has."""

    def __init__(self, most: int = 10_000) -> None:
        self.lock, self.most = Lock(), most
        self.since: OrderedDict[str, float] = OrderedDict()

    def is_new(self, key: str) -> bool:
        now = monotonic()
        with self.lock:
            while self.since and now - next(iter(self.since.values())) >= _HOUR:
                self.since.popitem(last=False)
            if key in self.since:
                return False
            self.since[key] = now
            if len(self.since) > self.most:
                self.since.popitem(last=False)
        return not settings.CACHE_IS_SHARED or cache.add(f"refused:{key}", 1, timeout=_HOUR)


_noted = _Noted()


def note_refused(*, environment: Environment, named: Iterable[str], call: str, actor: Actor) -> None:
    """Note in the trail of whoever has one of the things `named` by public ids that a call of this environment
    asked for it, in vain. Only within the organization, and among environments of one kind: others learn nothing of
    each other. Of a caller, a thing and a call once an hour; ten of a request at most; of members, who may be anybody,
    nothing.

    `call`: method and pattern of the path, without what stood in it. One statement for each kind that is named, one
    for all notes. Locks nothing.
    """
    if actor.kind == "member":
        return
    found = _owners(environment, sorted(set(named)))
    new = (each for each in found if _noted.is_new(f"{each[0].pk.hex}:{actor.id}:{each[2]}:{call}"))
    AuditEvent.objects.bulk_create(
        audit_event(
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
        for owner, noun, key, name in islice(new, MOST)
    )


def _owners(environment: Environment, named: list[str]) -> Iterator[tuple[Environment, str, str, str]]:
    programs = [name for name in named if name.startswith(f"{PROGRAM}_")]
    if programs:
        for program in programs_elsewhere(environment, programs):
            yield program.environment, "program", str(program.pk), program.public_id
    for noun in _NAMED:
        one = OBJECTS[noun]
        keys = {key: name for name in named if (key := parse_public(one.prefix, name))}
        for key, owner in _environments_of(one.rows, keys, environment).items():
            yield owner, noun, keys[key], keys[key]


def _environments_of(
    rows: QuerySet[Any], keys: Iterable[UUID], asking: Environment
) -> dict[UUID, Environment]:
    if not keys:
        return {}
    others = rows.filter(pk__in=list(keys)).exclude(environment_id=asking.pk)
    found = dict(others.values_list("pk", "environment_id"))
    inside = Environment.objects.filter(
        project__organization=asking.project.organization_id, kind=asking.kind, archived_at=None
    )
    owners = inside.select_related("project__organization").in_bulk(set(found.values()))
    return {key: owners[owner] for key, owner in found.items() if owner in owners}
