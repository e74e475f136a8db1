"""How far back history is shown, and what was written about members kept (domain.md 10; docs/retention.md)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from audit.errors import NotFound
from audit.ids import first_id_at
from audit.instants import rfc3339
from programs.models import Environment, Program
from programs.queries.environments import now_in
from programs.queries.plans import terms_of
from programs.queries.snapshots import snapshot

ModelT = TypeVar("ModelT", bound=Model)

_MOST_DAYS = 365_000  # a thousand years: more, and there would be no such date
_AHEAD = timedelta(days=1)  # more than an event may be before the clock
ENTRY = "account__metric__program"
EVENT = "program_id"


@dataclass(frozen=True, slots=True)
class Windows:
    """From when on the history of an environment's programs is shown, the tighter of program and plan. `programs`:
    those that have a window; `by_plan`: that of what the plan alone decides. `first_id`: of a live environment, an id
    that is lower than any that is shown."""

    programs: Mapping[UUID, datetime]
    by_plan: datetime | None
    unlimited: bool
    first_id: UUID | None = None

    def of(self, program_id: UUID | None) -> datetime | None:
        """Of a program's rows; None: all are shown. Without a program, of an event that was sent to all of them, which
        is kept for the one that keeps longest."""
        if program_id is None:
            return self.loosest
        return self.programs.get(program_id, self.by_plan)

    @property
    def loosest(self) -> datetime | None:
        """Before that nothing is shown of any program."""
        return None if self.unlimited else min(self.programs.values(), default=self.by_plan)

    @property
    def tightest(self) -> datetime | None:
        """From then on everything is shown, whichever program it is of."""
        return max(self.programs.values(), default=self.by_plan)

    def shown(self, program: str, at: str = "occurred_at") -> Q:
        """The rows that are shown: by the look-up that leads to their program, and the column that says when they
        happened."""
        if not self.unlimited and len(set(self.programs.values())) == 1:
            return Q(**{f"{at}__gte": self.loosest})
        hidden = Q()
        for program_id, since in self.programs.items():
            hidden |= Q(**{program: program_id, f"{at}__lt": since})
        if self.loosest is not None:
            hidden |= Q(**{f"{at}__lt": self.loosest})
        return ~hidden


def windows_of(environment: Environment, now: datetime | None = None) -> Windows | None:
    """The windows at `now` (default: the environment's); None where no program has one, nor the plan. No statement
    where the process knows the environment's configuration."""
    days = terms_of(environment).limits.get("history_days")
    programs = [(program.id, program.retention_days) for program in snapshot(environment).programs]
    return _windows(environment, programs, days, now)


def stored_windows_of(environment: Environment, now: datetime | None = None) -> Windows | None:
    """The same for a job, which needs nothing else of the configuration; one statement."""
    days = terms_of(environment).limits.get("history_days")
    programs = Program.objects.filter(environment=environment).values_list("pk", "retention_days")
    return _windows(environment, programs, days, now)


def environments_with_windows() -> QuerySet[Environment]:
    """Those in which anything may be too old to be kept, archived ones too: nobody else can forget there."""
    limited = Q(project__organization__plan__limits__has_key="history_days")
    own = Program.objects.filter(retention_days__isnull=False).values("environment_id")
    return Environment.objects.filter(limited | Q(pk__in=own)).order_by("pk")


def history_from(
    *, environment: Environment, program_id: UUID | None = None, now: datetime | None = None
) -> datetime | None:
    """From when on history is shown: of a program, or, without one, of all programs; None: always."""
    windows = windows_of(environment, now)
    if windows is None:
        return None
    return windows.of(program_id) if program_id else windows.tightest


def check_shown(windows: Windows | None, program_id: UUID | None, occurred_at: datetime) -> None:
    """Raises NotFound for what is older than the history that is shown."""
    since = windows.of(program_id) if windows else None
    if since is not None and occurred_at < since:
        raise NotFound(f"It is older than the history that is shown, which begins at {rfc3339(since)}.")


def within(rows: QuerySet[ModelT], windows: Windows | None, program: str) -> QuerySet[ModelT]:
    """The rows that are shown, of a list over a whole environment."""
    if windows is None:
        return rows
    rows = rows.filter(windows.shown(program))
    # By the index of the list's own order: the last page would else read all that is hidden, to find no more.
    return rows.filter(pk__gte=windows.first_id) if windows.first_id else rows


def _windows(
    environment: Environment, programs: Iterable[tuple[UUID, int | None]], days: Any, now: datetime | None
) -> Windows | None:
    at = now or now_in(environment)
    by_plan = _before(at, days)
    each = {
        key: _before(at, min((n for n in (own, days) if n is not None), default=None))
        for key, own in programs
    }
    found = {key: since for key, since in each.items() if since is not None}
    if not found and by_plan is None:
        return None
    unlimited = len(found) < len(each)
    first = None if unlimited else min(found.values(), default=by_plan)
    live = environment.kind == Environment.Kind.LIVE  # ids are of real time, which a sandbox may not be in
    return Windows(found, by_plan, unlimited, first_id_at(first - _AHEAD) if live and first else None)


def _before(now: datetime, days: int | None) -> datetime | None:
    return None if days is None else now - timedelta(days=min(days, _MOST_DAYS))
