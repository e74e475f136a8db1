"""What is too old to be shown loses what was said in it, every night (domain.md 10; docs/retention.md)."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast
from uuid import UUID

from loyalty.actions.pace import Pace
from loyalty.actions.turns import Counts, Run, by_turns
from loyalty.ledger.old_payloads import PAYLOADS, TRAIL, Payload, blank
from loyalty.queries.windows import Windows, environments_with_windows, stored_windows_of
from programs.models import Environment

CHUNK = 1_000  # rows
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)

Place = tuple[int, datetime]
"""Which table, by its place in `PAYLOADS`, and from when on there."""


def erase_old_payloads(*, now: datetime, pace: Pace, chunk: int = CHUNK) -> Run:
    """Blank what rows say of members that are older, at `now` (real time; a sandbox with a test clock: at that), than
    the tighter of their program's retention and the plan's history; counts `rows`. Figures, dates and keys stay.

    Each chunk is one statement and transaction, of one table of an environment, and environments take turns. Ended
    anywhere, the next run goes on: what is done is not found again. Two at once share the rows between them. Must not
    be called in a transaction. Locks: the rows of a chunk, against nobody who only points at them.
    """

    def one(environment: Environment, place: Place) -> tuple[Counts, Place | None]:
        windows = stored_windows_of(environment, environment.clock or now)
        if windows is None:
            return {"rows": 0}, None
        number, began = place
        since = _since(PAYLOADS[number], windows)
        rows, newest = blank(
            PAYLOADS[number], environment_id=environment.pk, since=since, place=began, chunk=chunk
        )
        if newest is not None and rows == chunk:
            return {"rows": rows}, (number, newest)
        return {"rows": rows}, (number + 1, _BEGINNING) if number + 1 < len(PAYLOADS) else None

    waiting = [(each.pk, (0, _BEGINNING)) for each in environments_with_windows()]
    return by_turns("retention", waiting, one, pace=pace)


def _since(payload: Payload, windows: Windows) -> Mapping[UUID | None, datetime]:
    """By program, from when on its rows keep what they say. The trail names no program: what an entry said stands there
    too, so that it goes by the tightest window."""
    whole = windows.tightest if payload is TRAIL else windows.loosest
    known = cast("Mapping[UUID | None, datetime]", windows.programs)
    return {**known, **({None: whole} if whole else {})}
