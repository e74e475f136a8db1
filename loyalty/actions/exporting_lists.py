"""A list of the console becomes a CSV file: asked for, made by a worker piece by piece, gone a day later
(docs/exports.md)."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from procrastinate.contrib.django import app

from audit.errors import InvalidRequest
from audit.record import Actor, record
from loyalty.actions.back_tests import Interrupted
from loyalty.actions.pace import Pace
from loyalty.ledger.exported_files import share_members
from loyalty.models import Export, ExportPiece
from loyalty.queries.exported_lists import COLUMNS, Columns
from loyalty.rules.spreadsheets import csv_lines
from programs.actions.configure import place_of
from programs.models import Environment
from programs.queries.environments import environment_by_id

CHUNK = 1_000  # rows
KEPT = timedelta(hours=24)
GIVEN_UP = timedelta(days=3)
MOST_ATTEMPTS = 10
MOST_UNFINISHED = 5  # of one environment
UNFINISHED = (Export.Status.QUEUED, Export.Status.RUNNING)

Choose = Callable[[Environment, str], QuerySet[Any]]
CHOICES: dict[str, Choose] = {}
"""By kind: the rows of a list that its address chooses. Each list's page puts its own in, so that a file holds what
the page shows."""


@transaction.atomic
def start_export(*, environment: Environment, kind: str, query: str, actor: Actor, now: datetime) -> Export:
    """Let a worker write the list as `query`, the part of its address behind the `?`, filters it. `now`: real time.

    Raises InvalidRequest where the list or its filters are unknown, or too many wait already.
    """
    if kind not in CHOICES:
        raise InvalidRequest.field("kind", "invalid_choice", f"Choose from {', '.join(sorted(CHOICES))}.")
    if len(query) > 2000:
        raise InvalidRequest.field("query", "too_long", "The filters are too long.")
    share_members(environment.pk)  # the filters may name one
    chosen_rows(environment, kind, query)  # so that a filter that can't be read is refused here
    if Export.objects.filter(environment=environment, status__in=UNFINISHED).count() >= MOST_UNFINISHED:
        raise InvalidRequest(f"{MOST_UNFINISHED} exports are being made already; wait for them to end.")
    made = Export.objects.create(
        environment=environment,
        kind=kind,
        query=query,
        created_at=now,
        actor_kind=actor.kind,
        actor_id=actor.id,
        trace_id=actor.trace_id,
    )
    _audit(environment, made, "list.export_requested", actor)
    # One after the other in an environment; a long list of one tenant keeps no other waiting.
    app.configure_task("export", lock=f"export {environment.pk}").defer(export=str(made.pk))
    return made


def chosen_rows(environment: Environment, kind: str, query: str) -> QuerySet[Any]:
    """What the list shows under these filters, with days in the project's zone. Raises InvalidRequest."""
    with timezone.override(ZoneInfo(environment.project.time_zone)):
        return CHOICES[kind](environment, query)


def run_export(*, export: UUID, pace: Pace, attempt: int = 0) -> dict[str, int | bool]:
    """Write its file, from where the last run came to. One that is done, or was deleted, is left as it is. Answers
    counts for the log.

    A chunk of rows and how far that is are one transaction: whoever is killed loses the chunk. Must not be called
    in a transaction. Raises Interrupted when `pace` ends it, and what the database or a fault in the engine raise;
    but for the first two it has then failed. `attempt`: how often it was begun and not ended.
    """
    if attempt >= MOST_ATTEMPTS:
        return _end(export, error=f"It was begun {attempt} times and never came to an end.")
    try:
        for _ in pace.chunks():
            if not _write_chunk(export):
                return _end(export)
    except (OperationalError, InterfaceError):
        raise
    except InvalidRequest as refusal:
        return _end(export, error=refusal.detail)
    except Exception as error:
        name = type(error).__name__
        _end(export, error=f"A fault ended it ({name}); the server's log says more.")
        raise
    raise Interrupted("The worker is to end.")


@transaction.atomic
def _write_chunk(key: UUID) -> bool:
    """Whether there was one. Locks: members against erasure, then the export, so that its runs take turns."""
    place = (
        Export.objects.filter(pk=key, status__in=UNFINISHED).values_list("environment_id", flat=True).first()
    )
    if place is None:
        return False
    share_members(place)
    found = _locked(key)
    if found is None:
        return False
    environment, columns = environment_by_id(place), COLUMNS[found.kind]
    header = found.header or columns.header(environment)
    rows = chosen_rows(environment, found.kind, found.query)
    chunk = list(_after(rows, columns, found.place)[:CHUNK])
    if not chunk and found.pieces:
        return False
    lines: list[Sequence[Any]] = [] if found.pieces else [header]
    text = "".join(csv_lines([*lines, *columns.rows(environment, chunk, header)])).encode()
    ExportPiece.objects.create(export_id=key, number=found.pieces, content=text)
    found.header, found.status = header, Export.Status.RUNNING
    found.pieces, found.size, found.rows = found.pieces + 1, found.size + len(text), found.rows + len(chunk)
    found.place = _place_of(columns, chunk[-1]) if chunk else found.place
    found.save(update_fields=["header", "status", "pieces", "size", "rows", "place"])
    return len(chunk) == CHUNK


def _after(rows: QuerySet[Any], columns: Columns, place: list[str] | None) -> QuerySet[Any]:
    """Those behind the last row that was written; an index of the order serves it."""
    ordered = rows.order_by(*columns.order)
    if place is None:
        return ordered
    names = [name.removeprefix("-") for name in columns.order]
    behind = Q()
    for number, name in enumerate(names):
        before = dict(zip(names[:number], place, strict=False))
        behind |= Q(**before, **{f"{name}__lt": place[number]})
    return ordered.filter(Q(**{f"{names[0]}__lte": place[0]}) & behind)


def _place_of(columns: Columns, row: Model) -> list[str]:
    values = [getattr(row, name.removeprefix("-")) for name in columns.order]
    return [value.isoformat() if isinstance(value, datetime) else str(value) for value in values]


@transaction.atomic
def _end(key: UUID, *, error: str = "") -> dict[str, int | bool]:
    """Close it and say in the audit how much it holds, once. Locks: the export."""
    found = _locked(key)
    if found is None:
        return {"rows": 0}
    found.status = Export.Status.FAILED if error else Export.Status.DONE
    found.error, found.finished_at = error, timezone.now()
    found.expires_at = found.finished_at + KEPT
    found.save(update_fields=["status", "error", "finished_at", "expires_at"])
    actor = Actor(found.actor_kind, found.actor_id, found.trace_id)  # type: ignore[arg-type]
    _audit(found.environment, found, "list.exported", actor, rows=found.rows, error=error)
    return {"rows": found.rows, "failed": bool(error)}


def _locked(key: UUID) -> Export | None:
    rows = Export.objects.select_for_update(of=("self",)).select_related("environment__project")
    return rows.filter(pk=key, status__in=UNFINISHED).first()


def note_download(*, export: Export, actor: Actor) -> None:
    """That somebody took the file stands in the trail."""
    _audit(export.environment, export, "list.export_downloaded", actor)


def pieces_of(export: Export) -> Iterator[bytes]:
    """The file, a piece at a time. It ends short where an erasure or the end of its day deletes it meanwhile."""
    for number in range(export.pieces):
        piece = ExportPiece.objects.filter(export_id=export.pk, number=number).first()
        if piece is None:
            raise ConnectionAbortedError("The export was deleted while it was downloaded.")
        yield bytes(piece.content)


def delete_expired(*, now: datetime, pace: Pace) -> int:
    """Forget the files whose day is over, and what no worker has ended in days; how many. One transaction each."""
    old = Export.objects.filter(Q(expires_at__lt=now) | Q(created_at__lt=now - GIVEN_UP, expires_at=None))
    deleted = 0
    keys = list(old.values_list("pk", flat=True))
    for _, key in zip(pace.chunks(), keys, strict=False):
        with transaction.atomic():
            ExportPiece.objects.filter(export_id=key).delete()
            deleted += Export.objects.filter(pk=key).delete()[0]
    return deleted


def _audit(environment: Environment, export: Export, verb: str, actor: Actor, **more: Any) -> None:
    """The names of its filters alone: their values may name a member, who may be erased."""
    filters = sorted({name for name, value in parse_qsl(export.query) if value})
    record(
        place=place_of(environment),
        actor=actor,
        verb=verb,
        object_type="export",
        object_id=str(export.pk),
        after={"list": export.kind, "filters": filters, **more},
    )
