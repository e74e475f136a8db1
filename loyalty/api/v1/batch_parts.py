"""A batch may name programs that other projects share: each part of it is recorded where it belongs, in a
transaction of its own."""

from collections.abc import Callable, Sequence
from typing import Any

import simplejson
from rest_framework.response import Response

from audit.errors import DomainError
from loyalty.api.common.rendering import Rendered, dumps
from loyalty.api.common.views import EngineView
from loyalty.errors import ProgramNotFound
from loyalty.queries.events import ReportedEvent
from programs.models import BatchPassage, Environment

Read = ReportedEvent | DomainError | None
"""An event as it was read, why it was not, or one of another part."""

Record = Callable[[Environment, Sequence[Read]], Response]
REPLAYED = "Idempotent-Replayed"


def recorded_apart(
    view: EngineView,
    read: Sequence[Read],
    record: Record,
    refused: Callable[[int, DomainError], dict[str, Any]],
) -> Response:
    """Let `record` record the caller's own part and then each shared one, and put the answers together. Under an
    Idempotency-Key each part is answered as it was the first time, also where a share began or ended since."""
    places, read = _places(view, read)
    own = [None if _program(one) in places else one for one in read]
    answer = record(view.environment, own)
    if not places and REPLAYED not in answer.headers:
        return answer
    rows: list[Any] = simplejson.loads(answer.data, use_decimal=True)["results"]
    replayed = REPLAYED in answer.headers
    for place in places.values():
        part = [
            one if row is None and places.get(_program(one)) is place else None
            for one, row in zip(read, rows, strict=True)
        ]
        if any(part):
            found, again = _recorded(record, place, part)
            rows = [row or given for row, given in zip(rows, found, strict=True)]
            replayed = replayed and again
    rows = [row or refused(index, _missing(_program(read[index]))) for index, row in enumerate(rows)]
    return Response(Rendered(dumps({"results": rows})), headers={REPLAYED: "true"} if replayed else {})


def _places(view: EngineView, read: Sequence[Read]) -> tuple[dict[str | None, Environment], list[Read]]:
    """Where the shared programs are that the events name; and the events, those refused that name one in vain."""
    places: dict[str | None, Environment] = {}
    refusals: dict[str | None, DomainError] = {}
    for name in dict.fromkeys(_program(one) for one in read):
        try:
            place = view.reached(name)
        except DomainError as refusal:
            refusals[name] = refusal
            continue
        if place.via:
            place.via = BatchPassage(place.via.share_id, place.via.guest_id, place.via.program)
            places[name] = place
    return places, [refusals.get(_program(one), one) for one in read]


def _recorded(record: Record, place: Environment, part: Sequence[Read]) -> tuple[Sequence[Any], bool]:
    try:
        answer = record(place, part)
    except ProgramNotFound:  # revoked meanwhile
        return [None] * len(part), False
    return simplejson.loads(answer.data, use_decimal=True)["results"], REPLAYED in answer.headers


def _program(one: Read) -> str | None:
    return one.program if isinstance(one, ReportedEvent) else None


def _missing(program: str | None) -> ProgramNotFound:
    return ProgramNotFound(f"There is no program {program!r} in this environment.")
