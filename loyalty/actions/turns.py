"""How a job of chunks goes about the environments: by turns, and one that fails keeps nobody else (docs/jobs.md)."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

import structlog

from loyalty.actions.pace import Pace
from programs.models import Environment
from programs.queries.environments import environment_by_id

logger = structlog.get_logger(__name__)

Counts = Mapping[str, int]
"""What a chunk has done, so many of each."""

Place = TypeVar("Place")


@dataclass(slots=True)
class Run:
    """What a run of a job has done. `chunks`: those that did anything; `left`: it ended before everything was done;
    `failed`: environments."""

    chunks: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    left: bool = False
    failed: list[UUID] = field(default_factory=list)


def by_turns(
    job: str,
    waiting: Iterable[tuple[UUID, Place]],
    chunk: Callable[[Environment, Place], tuple[Counts, Place | None]],
    *,
    pace: Pace,
    archived: bool = False,
) -> Run:
    """Do `chunk`, one transaction each, for everything that waits: an environment's id, and where to begin there. The
    chunk answers what it did, and where to go on after the others had their turn; None: it is done.

    Each chunk is given its environment as it is configured by then. What raises is logged (`<job>.environment_failed`)
    and left for the next run. Environments that are archived are left out, unless `archived`. Must not be called in a
    transaction.
    """
    run, queue = Run(), deque(waiting)
    for _ in pace.chunks():
        if not queue:
            return run
        environment_id, place = queue.popleft()
        try:
            environment = environment_by_id(environment_id)
            if (
                environment.archived_at is not None and not archived
            ):  # the sandbox was reset since this was found
                continue
            counts, following = chunk(environment, place)
        except Exception:  # whatever it is, it must not keep other tenants waiting
            logger.exception(f"{job}.environment_failed", environment_id=str(environment_id))
            run.failed.append(environment_id)
            continue
        run.chunks += any(counts.values())
        run.counts.update(counts)
        if following is not None:
            queue.append((environment_id, following))
    run.left = bool(queue)
    return run


def environments_by_turns(
    job: str, environments: Iterable[Environment], chunk: Callable[[Environment], Counts], *, pace: Pace
) -> Run:
    """`by_turns` for chunks that find by themselves what is due: until one has done nothing."""

    def again(environment: Environment, number: int) -> tuple[Counts, int | None]:
        counts = chunk(environment)
        return counts, number + 1 if any(counts.values()) else None

    return by_turns(job, [(each.pk, 0) for each in environments], again, pace=pace)
