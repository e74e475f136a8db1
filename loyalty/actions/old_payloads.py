"""What is too old to be shown loses what was said in it, every night (domain.md 10; docs/retention.md)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID

from audit.ids import first_id_at
from loyalty.actions.pace import Pace
from loyalty.actions.turns import Counts, Run, by_turns
from loyalty.ledger.marked_payloads import Noun, Piece, blank_marked
from loyalty.ledger.old_payloads import PAYLOADS, blank
from loyalty.queries.windows import Windows, environments_with_windows, stored_windows_of
from programs.models import Environment

CHUNK = 1_000  # rows
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_IN_FLIGHT = timedelta(hours=1)  # longer than any transaction may take that has made an id


@dataclass(frozen=True, slots=True)
class Place:
    """`number`: which of `PAYLOADS`, and behind them which of the pieces with a mark; and how far it is there."""

    number: int = 0
    since: datetime = _BEGINNING
    after: UUID | None = None


def erase_old_payloads(*, now: datetime, pace: Pace, chunk: int = CHUNK) -> Run:
    """Blank what rows say of members that are older, at `now` (real time; a sandbox with a test clock: at that), than
    the tighter of their program's retention and the plan's history; counts `rows`. Figures, dates and keys stay.

    Each chunk is one transaction and a few statements, of one table of an environment, and environments take turns,
    archived ones too. Ended anywhere, the next run goes on: what is done is not read again. Two at once share the
    rows between them. Must not be called in a transaction. Locks: the mark, and the rows of a chunk, against nobody
    who only points at them.
    """

    def one(environment: Environment, place: Place) -> tuple[Counts, Place | None]:
        windows = stored_windows_of(environment, _now_in(environment, now))
        if windows is None:
            return {"rows": 0}, None
        if place.number < len(PAYLOADS):
            return _by_time(environment, windows, place, chunk)
        return _by_mark(environment, windows, place, now, chunk)

    waiting = [(each.pk, Place()) for each in environments_with_windows()]
    return by_turns("retention", waiting, one, pace=pace, archived=True)


def pieces_of(windows: Windows) -> Iterator[Piece]:
    """What is gone through with these windows: at once where they are all the same, else each program by itself. The
    trail names no program: what an entry said stands there too, so that it goes by the tightest window."""
    at_once = not windows.unlimited and len(set(windows.programs.values())) <= 1
    if at_once and windows.loosest:
        yield Piece(Noun.EVENT, None, windows.loosest)
        yield Piece(Noun.ENTRY, None, windows.loosest)
    elif not at_once:
        for program_id, since in sorted(windows.programs.items()):
            yield Piece(Noun.EVENT, program_id, since)
            yield Piece(Noun.ENTRY, program_id, since)
        if windows.loosest:
            yield Piece(Noun.SHARED_EVENT, None, windows.loosest)
    if windows.tightest:
        yield Piece(Noun.AUDIT, None, windows.tightest)


def _now_in(environment: Environment, now: datetime) -> datetime:
    """Nobody moves the clock of a sandbox that was reset any more: it goes on by itself from then."""
    if environment.clock is None:
        return now
    if environment.archived_at is None:
        return environment.clock
    return environment.clock + max(now - environment.archived_at, timedelta(0))


def _by_time(
    environment: Environment, windows: Windows, place: Place, chunk: int
) -> tuple[Counts, Place | None]:
    known = cast("Mapping[UUID | None, datetime]", windows.programs)
    rows, newest = blank(
        PAYLOADS[place.number], environment_id=environment.pk, since=known, place=place.since, chunk=chunk
    )
    if newest is not None and rows == chunk:
        return {"rows": rows}, Place(place.number, newest)
    return {"rows": rows}, Place(place.number + 1)


def _by_mark(
    environment: Environment, windows: Windows, place: Place, now: datetime, chunk: int
) -> tuple[Counts, Place | None]:
    pieces = list(pieces_of(windows))
    number = place.number - len(PAYLOADS)
    if number >= len(pieces):  # a window is gone since the last chunk
        return {"rows": 0}, None
    piece = pieces[number]
    live = environment.kind == Environment.Kind.LIVE  # ids are of real time, which a sandbox may not be in
    done = blank_marked(
        piece,
        environment_id=environment.pk,
        after=place.after,
        end=first_id_at(piece.since) if live else None,
        settled=first_id_at(now - _IN_FLIGHT),
        chunk=chunk,
    )
    if done.following is not None:
        return {"rows": done.rows}, Place(place.number, after=done.following)
    return {"rows": done.rows}, Place(place.number + 1) if number + 1 < len(pieces) else None
