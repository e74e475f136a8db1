"""A worker works an imported file off, piece by piece (docs/imports.md)."""

from collections.abc import Callable, Sequence
from typing import Literal
from uuid import UUID

from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from audit.record import Actor
from loyalty.actions.allowances import Allowance, allowance_of
from loyalty.actions.back_tests import Interrupted
from loyalty.actions.importing import PIECE, note_problems, read_line, tell_end
from loyalty.actions.importing_members import take_members
from loyalty.actions.importing_purchases import ERASED, take_purchases
from loyalty.actions.once import once
from loyalty.actions.pace import Pace
from loyalty.errors import ServiceUnavailable
from loyalty.ledger.exported_files import share_members
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.posting import Journal
from loyalty.models import Import, ImportPiece
from loyalty.rules.import_files import Line
from loyalty.rules.import_rows import LineError, MemberLine, PurchaseLine
from programs.models import Environment
from programs.queries.environments import environment_by_id, now_in
from programs.queries.snapshots import snapshot

MOST_ATTEMPTS = 10
_BUSY_FOR = 0.2  # seconds until one looks again at what another works on
_REPEATS = "An earlier line says the same: one of the two is too much."

Progress = Callable[[int, int], None]
Step = Literal["done", "busy", "over"]

_EARLIER = """
SELECT DISTINCT key FROM loyalty_importpiece, unnest(keys) AS key
WHERE file_id = %s AND number < %s AND key = ANY(%s)
"""


def run_import(
    *, file: UUID, pace: Pace, attempt: int = 0, progress: Progress | None = None
) -> dict[str, int | bool]:
    """Work off what is left of the file; one that is done already is left as it is. Answers counts for the log.

    A piece and how far that is are one transaction: whoever is killed loses the piece, and of two runs at once one
    waits for the other between pieces. `attempt`: how often it was begun and not ended; `progress` is told the lines
    that are done, and all, after each piece. Must not be called in a
    transaction. Raises Interrupted when `pace` ends it, ServiceUnavailable and what the database raises (each to be
    run again), and a fault in the engine; only then it has failed.
    """
    if attempt >= MOST_ATTEMPTS:
        return _end(file, error=f"It was begun {attempt} times and never came to an end.")
    Import.objects.filter(pk=file, status=Import.Status.QUEUED).update(
        status=Import.Status.RUNNING, started_at=timezone.now()
    )
    try:
        for _ in pace.chunks():
            step = _step(file)
            if step == "over":
                return _end(file)
            if step == "busy":
                pace.stopping.wait(_BUSY_FOR)
            if progress and step == "done":
                progress(*Import.objects.values_list("done", "lines").get(pk=file))
    except (OperationalError, InterfaceError, ServiceUnavailable):
        raise
    except Exception as error:
        name = type(error).__name__
        _end(file, error=f"A fault ended it ({name}); the server's log says more.")
        raise
    raise Interrupted("The worker is to end.")


def _step(file: UUID) -> Step:
    found = Import.objects.filter(pk=file).only("environment", "kind", "is_trial", "added").first()
    if found is None:
        return "over"
    environment = environment_by_id(found.environment_id)
    if found.kind != Import.Kind.PURCHASES:
        return _work_off(environment=environment, file=file, allowance=Allowance())
    # What a trial would have used by now is not there for its next piece.
    before = found.added if found.is_trial else 0
    with allowance_of(environment, before + PIECE) as allowance:
        if allowance.granted is not None:
            allowance.granted = max(0, allowance.granted - before)
        step = _work_off(environment=environment, file=file, allowance=allowance)
        if found.is_trial:
            allowance.begin()
    return step


@once
def _work_off(
    *,
    environment: Environment,
    file: UUID,
    allowance: Allowance,
    idempotency: Idempotency | None = None,  # noqa: ARG001 - `once` gives it
) -> Step:
    """The next piece. Locks: files against erasure; the import, before any member; then as each line's own action
    would."""
    share_members(environment.pk)
    running = Import.objects.filter(pk=file, status=Import.Status.RUNNING)
    found = running.select_for_update(of=("self",), skip_locked=True).first()
    if found is None:
        return "busy" if running.exists() else "over"
    piece = ImportPiece.objects.filter(file=file, number=found.pieces_done + 1).first()
    if piece is None:
        return "over"
    found.environment = environment
    lines = [Line(*line) for line in piece.content]
    journal = Journal(
        environment=environment,
        actor=Actor(found.actor_kind, found.actor_id, found.trace_id),  # type: ignore[arg-type]
        now=now_in(environment),
    )
    told = _judge(found, piece, lines, journal, allowance)
    if not found.is_trial:
        journal.write(None)
        piece.content = []
        piece.save(update_fields=["content"])
    _count(found, lines, told)
    return "done"


def _judge(
    found: Import, piece: ImportPiece, lines: Sequence[Line], journal: Journal, allowance: Allowance
) -> dict[int, str]:
    """Plan what the lines say. Of each its outcome by its number: "added", "already", or a problem."""
    told: dict[int, str] = {}
    fresh: list[MemberLine | PurchaseLine] = []
    seen = _earlier(found, piece)
    for line in lines:
        read = read_line(found, line)
        if isinstance(read, LineError):
            told[line.number] = str(read)
        elif read.key in seen:
            told[line.number] = _REPEATS
        else:
            seen.add(read.key)
            fresh.append(read)
    config = snapshot(journal.environment)
    members = [one for one in fresh if isinstance(one, MemberLine)]
    purchases = [one for one in fresh if isinstance(one, PurchaseLine)]
    if members:
        told |= take_members(journal, config, members, found)
    if purchases:
        told |= take_purchases(journal, config, purchases, allowance)
    return told


def _earlier(found: Import, piece: ImportPiece) -> set[int]:
    """Which keys of the piece stand in an earlier one."""
    if not found.repeated:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_EARLIER, [found.pk, piece.number, piece.keys])
        return {key for (key,) in cursor.fetchall()}


def _count(found: Import, lines: Sequence[Line], told: dict[int, str]) -> None:
    outcomes = [told[line.number] for line in lines]
    added, already = outcomes.count("added"), outcomes.count("already")
    refused = [line for line in lines if told[line.number] not in ("added", "already")]
    note_problems(found, [(_kept(line, told[line.number]), told[line.number]) for line in refused])
    Import.objects.filter(pk=found.pk).update(
        pieces_done=found.pieces_done + 1,
        done=found.done + len(lines),
        added=found.added + added,
        already=found.already + already,
        refused=found.refused + len(refused),
    )


def _kept(line: Line, problem: str) -> Line:
    """Of who was erased, nothing is kept but that there was a line."""
    return Line(line.number, []) if problem == ERASED else line


@transaction.atomic
def _end(file: UUID, *, error: str = "") -> dict[str, int | bool]:
    """Close it, and say in the audit what was imported, once. Locks: the import."""
    rows = Import.objects.select_for_update(of=("self",)).select_related("environment__project")
    found = rows.filter(pk=file, status__in=Import.UNFINISHED).first()
    if found is None:
        return {"lines": 0}
    if not error and found.done < found.lines:
        error = f"Only {found.done:,} of {found.lines:,} lines are there; choose the file again."
    found.error, found.finished_at = error, timezone.now()
    found.status = Import.Status.FAILED if error else Import.Status.DONE
    if found.is_trial and not error:
        found.status, found.tried_at = Import.Status.PREVIEW, found.finished_at
    if found.status == Import.Status.DONE:
        found.pieces.all().delete()
    found.save()
    if not found.is_trial:
        tell_end(found)
    return {"lines": found.done, "added": found.added, "refused": found.refused, "failed": bool(error)}
