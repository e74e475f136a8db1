"""A file of members or purchases is looked at first; then a worker tries it, or brings it in (docs/imports.md)."""

from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import datetime, timedelta
from typing import IO, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from procrastinate.contrib.django import app

from audit.errors import InvalidRequest, NotFound
from audit.record import Actor, record
from loyalty.actions.pace import Pace
from loyalty.ledger.exported_files import share_members
from loyalty.models import Import, ImportPiece, ImportProblem
from loyalty.rules.csv_text import UnreadableFileError
from loyalty.rules.import_files import Line, read_lines, unescaped, unescaped_headings
from loyalty.rules.import_rows import (
    LineError,
    MemberLine,
    PurchaseLine,
    member_columns,
    member_line,
    purchase_columns,
    purchase_line,
)
from programs.actions.configure import place_of
from programs.models import Environment

PIECE = 500  # lines; what a transaction works off has to take far less than two seconds
PIECE_SIZE = 1_000_000  # characters
PREVIEWS_LAST = timedelta(days=1)
TEXTS_LAST = timedelta(days=7)  # of what was refused, so that it can be corrected

_UNSTARTED = (Import.Status.READING, Import.Status.PREVIEW)
_COLUMNS: dict[str, Callable[[list[str]], list[str]]] = {
    Import.Kind.MEMBERS: member_columns,
    Import.Kind.PURCHASES: purchase_columns,
}
_REPEATED = """
SELECT coalesce(sum(lines - 1), 0) FROM (
    SELECT count(*) AS lines FROM loyalty_importpiece, unnest(keys) AS key WHERE file_id = %s
    GROUP BY key HAVING count(*) > 1
) AS several
"""


def look_at_file(
    *, environment: Environment, kind: str, file_name: str, stream: IO[bytes], actor: Actor, now: datetime
) -> Import:
    """Keep the lines of a CSV file, and say which of them can't be read; nothing is imported yet. Reads the stream
    from its beginning, and holds no more of it in memory than a piece. What this actor looked at before and did not
    start goes. `now`: real time.

    Each piece is a transaction: a long one would hold back the webhooks and seals of everybody. Raises
    InvalidRequest where the whole file can't be read, is empty, or is too large, and where a member is erased
    meanwhile; nothing of the file is kept then.
    """
    if kind not in Import.Kind.values:
        raise InvalidRequest.field("kind", "invalid_choice", f"Choose from {', '.join(Import.Kind.values)}.")
    _check_size(stream)
    found = Import.objects.create(
        environment=environment,
        kind=kind,
        file_name=_plain_name(file_name),
        status=Import.Status.READING,
        lines=0,
        pieces_total=0,
        created_at=now,
        actor_kind=actor.kind,
        actor_id=actor.id,
        trace_id=actor.trace_id,
    )
    try:
        _read(found, stream)
    except BaseException:
        with suppress(DatabaseError):  # then the job `previews` deletes it
            Import.objects.filter(pk=found.pk, status=Import.Status.READING).delete()
        raise
    return found


def _read(found: Import, stream: IO[bytes]) -> None:
    try:
        with closing(read_lines(stream)) as lines:
            _keep(found, lines)
    except UnreadableFileError as error:
        raise InvalidRequest.field("file", "invalid", str(error)) from error
    if not found.lines:
        raise InvalidRequest.field("file", "empty", "There is no line below the heading.")
    found.repeated = _repeated(found.pk)
    _offer(found)


@transaction.atomic
def _offer(found: Import) -> None:
    """It is read. What the actor looked at before goes, unless it is being started at this moment."""
    _hold(found)
    earlier = Import.objects.filter(
        environment=found.environment_id,
        status=Import.Status.PREVIEW,
        actor_kind=found.actor_kind,
        actor_id=found.actor_id,
    )
    locked = list(earlier.select_for_update(skip_locked=True).values_list("pk", flat=True))
    Import.objects.filter(pk__in=locked).delete()
    found.status = Import.Status.PREVIEW
    found.save()


def _hold(found: Import) -> None:
    """Raises InvalidRequest where it was deleted or ended. Locks: files against erasure, then the import."""
    share_members(found.environment_id)
    reading = Import.objects.select_for_update().filter(pk=found.pk, status=Import.Status.READING)
    if not reading.values_list("pk", flat=True).first():
        told = "It was not read to its end: a member was erased meanwhile, or the sandbox was reset. Choose it again."
        raise InvalidRequest.field("file", "interrupted", told)


def _check_size(stream: IO[bytes]) -> None:
    size = stream.seek(0, 2)
    stream.seek(0)
    if size > settings.LARGEST_IMPORT_FILE:
        most = settings.LARGEST_IMPORT_FILE // 2**20
        raise InvalidRequest.field("file", "too_large", f"At most {most} MiB; part the file.")


def _plain_name(name: str) -> str:
    return "".join(sign for sign in name if sign.isprintable())[-200:] or "file"


def _keep(found: Import, lines: Iterator[Line]) -> None:
    """Store the lines in pieces, and count on `found`. Raises UnreadableFileError."""
    heading = next(lines, None)
    if heading is None:
        return
    found.columns = unescaped_headings(heading.cells)
    _COLUMNS[found.kind](found.columns)
    for piece in _pieces(lines):
        found.pieces_total += 1
        found.lines += len(piece)
        read = [read_line(found, line) for line in piece]
        _store(found, piece, read)


@transaction.atomic
def _store(found: Import, piece: list[Line], read: list[MemberLine | PurchaseLine | LineError]) -> None:
    """Raises InvalidRequest."""
    _hold(found)
    faulty = [(line, str(one)) for line, one in zip(piece, read, strict=True) if isinstance(one, LineError)]
    found.faulty += len(faulty)
    ImportPiece.objects.create(
        environment_id=found.environment_id,
        file=found,
        number=found.pieces_total,
        content=[[line.number, line.cells, line.fault] for line in piece],
        keys=[one.key for one in read if not isinstance(one, LineError)],
    )
    note_problems(found, faulty)


def _pieces(lines: Iterator[Line]) -> Iterator[list[Line]]:
    piece: list[Line] = []
    size = 0
    for line in lines:
        piece.append(line)
        size += sum(map(len, line.cells))
        if len(piece) == PIECE or size > PIECE_SIZE:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def read_line(found: Import, line: Line) -> MemberLine | PurchaseLine | LineError:
    """What the line says, or why it can't be read."""
    if line.fault:
        return LineError(line.fault)
    zone = ZoneInfo(found.environment.project.time_zone)
    columns = _COLUMNS[found.kind](found.columns)
    cells = dict(zip(columns, unescaped(line.cells, columns), strict=True))
    try:
        return (member_line if found.kind == Import.Kind.MEMBERS else purchase_line)(line.number, cells, zone)
    except LineError as fault:
        return fault


def note_problems(found: Import, refused: list[tuple[Line, str]]) -> None:
    """Store what is wrong with these lines; one statement, none without any."""
    ImportProblem.objects.bulk_create(
        ImportProblem(
            environment_id=found.environment_id,
            file=found,
            line=line.number,
            content=line.cells,
            problem=problem[:500],
        )
        for line, problem in refused
    )


def _repeated(key: UUID) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_REPEATED, [key])
        (lines,) = cursor.fetchone()
    return int(lines)


@transaction.atomic
def start_import(*, environment: Environment, key: UUID, trial: bool, actor: Actor) -> Import:
    """Let a worker bring the file in, or with `trial` judge each line and write nothing. One that failed goes on
    where it was. Raises InvalidRequest for one that runs or is done, or whose lines are gone; NotFound. Locks: the
    import."""
    rows = Import.objects.select_for_update(of=("self",))
    found = rows.filter(pk=key, environment=environment).first()
    if found is None:
        raise NotFound("There is no such import in this environment; choose the file again.")
    if found.status not in (Import.Status.PREVIEW, Import.Status.FAILED):
        raise InvalidRequest("This file is being read or imported already, or it is done.")
    goes_on = found.status == Import.Status.FAILED and not found.is_trial
    if goes_on and trial:
        raise InvalidRequest("Part of this file is imported; go on with it, or choose the file again.")
    if not is_kept(found):
        raise InvalidRequest("The lines of this file are not kept any more; choose the file again.")
    if not goes_on:
        _begin_anew(found)
    found.status, found.is_trial, found.error, found.finished_at = Import.Status.QUEUED, trial, "", None
    found.actor_kind, found.actor_id, found.trace_id = actor.kind, actor.id, actor.trace_id
    found.save()
    if not trial:
        _tell(found, actor, "import.started", {"lines": found.lines})
    # One after the other in an environment; a large file of one tenant keeps no other waiting.
    app.configure_task("import", lock=f"import {environment.pk}").defer(file=str(found.pk))
    return found


def is_kept(found: Import) -> bool:
    """Whether all lines are there that would be worked off if it were started; one statement."""
    goes_on = found.status == Import.Status.FAILED and not found.is_trial
    behind = found.pieces_done if goes_on else 0
    return found.pieces.filter(number__gt=behind).count() == found.pieces_total - behind


def _begin_anew(found: Import) -> None:
    found.problems.all().delete()
    found.done = found.added = found.already = found.refused = found.pieces_done = 0
    found.started_at = None


def _tell(found: Import, actor: Actor, verb: str, after: dict[str, Any]) -> None:
    record(
        place=place_of(found.environment),
        actor=actor,
        verb=verb,
        object_type="import",
        object_id=str(found.pk),
        after={"kind": found.kind, "file": found.file_name, **after},
    )


def tell_end(found: Import) -> None:
    """Say in the audit how the import ended."""
    actor = Actor(found.actor_kind, found.actor_id, found.trace_id)  # type: ignore[arg-type]
    counts = {name: getattr(found, name) for name in ("lines", "added", "already", "refused")}
    _tell(found, actor, "import.finished", {**counts, "error": found.error})


def delete_texts(*, now: datetime, pace: Pace) -> int:
    """Forget the files that were looked at more than a day ago and never started, and of what ended a week ago the
    lines that were refused; how many files. One transaction each."""
    previews = Import.objects.filter(status__in=_UNSTARTED, created_at__lt=now - PREVIEWS_LAST).exclude(
        tried_at__gte=now - PREVIEWS_LAST
    )
    ended = Import.objects.filter(
        status__in=[Import.Status.DONE, Import.Status.FAILED], finished_at__lt=now - TEXTS_LAST
    )
    with_texts = ended.filter(
        pk__in=ImportPiece.objects.values("file").union(ImportProblem.objects.values("file"))
    )
    steps = [(previews, key) for key in previews.values_list("pk", flat=True)]
    steps += [(ended, key) for key in with_texts.values_list("pk", flat=True)]
    deleted = 0
    for _, (rows, key) in zip(pace.chunks(), steps, strict=False):
        deleted += _delete_text(rows is previews, key)
    return deleted


@transaction.atomic
def _delete_text(is_preview: bool, key: UUID) -> int:
    found = Import.objects.select_for_update().filter(pk=key).exclude(status__in=Import.UNFINISHED).first()
    if found is None:
        return 0
    if is_preview and found.status in _UNSTARTED:
        found.delete()
    else:
        ImportPiece.objects.filter(file=key).delete()
        ImportProblem.objects.filter(file=key).delete()
    return 1
