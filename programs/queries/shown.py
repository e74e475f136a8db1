"""What of a configuration members get to see (api.md, /api/loyalty)."""

from collections.abc import Iterable
from datetime import datetime

from programs.models import Challenge, Metric, Program
from programs.queries.snapshots import Snapshot


def shown_challenges(config: Snapshot, now: datetime) -> list[Challenge]:
    """Those that are active, of an active program, and not over; also those that are yet to begin. In their order."""
    programs = {program.id: program for program in config.programs}
    return [
        challenge
        for challenge in config.challenges
        if challenge.status == Challenge.Status.ACTIVE
        and _runs(programs[challenge.program_id], now)
        and not _is_over(challenge.ends_at, now)
    ]


def shown_metrics(config: Snapshot) -> list[Metric]:
    """Those of active programs."""
    active = {program.id for program in config.programs if program.status == Program.Status.ACTIVE}
    return [metric for metric in config.metrics if metric.program_id in active]


def next_change(config: Snapshot, now: datetime) -> datetime | None:
    """The next instant at which a window opens or closes, so that members may see something else."""
    windows: Iterable[Challenge | Program] = (*config.challenges, *config.programs)
    instants = (at for window in windows for at in (window.starts_at, window.ends_at))
    return min((at for at in instants if at is not None and at > now), default=None)


def _runs(program: Program, now: datetime) -> bool:
    return program.status == Program.Status.ACTIVE and not _is_over(program.ends_at, now)


def _is_over(ends_at: datetime | None, now: datetime) -> bool:
    return ends_at is not None and ends_at <= now
