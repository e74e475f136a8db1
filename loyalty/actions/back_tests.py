"""A rule's draft is tried on the stored events of a period (domain.md 4.2)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from audit.errors import InvalidRequest
from audit.instants import rfc3339
from audit.record import Actor, record
from loyalty.actions.pace import Pace
from loyalty.models import BackTest
from loyalty.queries.trials import TrialRun, period_of
from programs.actions.configure import locked, place_of
from programs.actions.publish import definition_of
from programs.actions.rules import check_rule
from programs.models import EarningRule, Environment

CHUNK = 2_000  # events
LONGEST = timedelta(days=3 * 365 + 1)
MOST_UNFINISHED = 5  # of one environment
MOST_ATTEMPTS = 10
UNFINISHED = (BackTest.Status.QUEUED, BackTest.Status.RUNNING)

logger = structlog.get_logger(__name__)


class Interrupted(Exception):
    """The worker is to end: the run begins again, from the start, in the next one."""


class _Overtaken(Exception):
    """Another worker has begun this back-test meanwhile, and goes on with it."""


@transaction.atomic
def start_back_test(
    *,
    environment: Environment,
    rule: EarningRule,
    begins_at: datetime,
    ends_at: datetime,
    actor: Actor,
    now: datetime,
) -> BackTest:
    """Let a worker try the rule's stored draft, as it is now, on the events of `begins_at <= occurred_at <
    ends_at`; nothing is read yet. `now`: the environment's time.

    Raises InvalidRequest for a period that is longer than three years, empty, or not over yet, for a faulty
    draft, and while five back-tests of the environment wait; NotFound for another environment's rule.
    Locks: the environment, then the rule.
    """
    _check_period(begins_at, ends_at, now)
    rule = locked(environment, rule)
    check_rule(rule)
    waiting = BackTest.objects.filter(environment=environment, status__in=UNFINISHED).count()
    if waiting >= MOST_UNFINISHED:
        raise InvalidRequest(
            f"{waiting} back-tests of this environment are not done yet; wait for one, or start a worker."
        )
    test = BackTest.objects.create(
        environment=environment,
        rule=rule,
        definition=definition_of(rule),
        begins_at=begins_at,
        ends_at=ends_at,
        created_at=timezone.now(),
        actor_kind=actor.kind,
        actor_id=actor.id,
        trace_id=actor.trace_id,
    )
    period = {"from": rfc3339(begins_at), "to": rfc3339(ends_at)}
    record(
        place=place_of(environment),
        actor=actor,
        verb="backtest.started",
        object_type="backtest",
        object_id=str(test.pk),
        after={"rule_id": str(rule.pk), "definition": test.definition, **period},
    )
    app.configure_task("back_test").defer(back_test=str(test.pk))
    return test


def _check_period(begins_at: datetime, ends_at: datetime, now: datetime) -> None:
    if begins_at >= ends_at:
        raise InvalidRequest.field("to", "invalid", "The period ends before it begins.")
    if ends_at > now:
        raise InvalidRequest.field("to", "in_future", f"It is {rfc3339(now)} in this environment.")
    if ends_at - begins_at > LONGEST:
        raise InvalidRequest.field("from", "too_long", "At most three years can be tried at once.")


def run_back_test(*, back_test: UUID, pace: Pace, attempt: int = 0) -> dict[str, int | bool]:
    """Do it, from the start; one that is done already is left as it is. Answers counts for the log.

    Each chunk reads without a lock, and then says in a short transaction how far it has come. Of two runs
    at once the later goes on. `attempt`: how often it was begun and not ended. Writes nothing but the
    back-test's own row. Must not be called in a transaction. Raises Interrupted when `pace` ends it, and
    what the database or a fault in the engine raise; but for the first two the back-test has then failed.
    """
    test = _begin(back_test)
    if test is None:
        return {"events": 0}
    if attempt >= MOST_ATTEMPTS:
        _end(test, BackTest.Status.FAILED, error=f"It was begun {attempt} times and never came to an end.")
        return {"events": 0}
    try:
        return _run(test, pace)
    except _Overtaken:
        return {"events": test.done, "overtaken": True}
    except (Interrupted, OperationalError, InterfaceError):
        raise
    except Exception as error:
        name = type(error).__name__
        _end(test, BackTest.Status.FAILED, error=f"A fault ended it ({name}); the server's log says more.")
        raise


def _run(test: BackTest, pace: Pace) -> dict[str, int | bool]:
    run = TrialRun(test, limit=CHUNK)
    chunks = run.chunks()
    for _ in pace.chunks():
        chunk = next(chunks, None)
        if chunk is None:
            _end(test, BackTest.Status.DONE, result=run.result(), done=run.seen, total=run.seen)
            return {"events": run.seen, "skipped": run.skipped}
        run.take(chunk)
        test.done = run.seen
        # Late events may have come since they were counted.
        _update(test, done=run.seen, total=max(test.total, run.seen))
    raise Interrupted("The worker is to end.")


def _begin(key: UUID) -> BackTest | None:
    unfinished = BackTest.objects.filter(pk=key, status__in=UNFINISHED)
    test = unfinished.select_related("environment__project").first()
    if test is None:
        return None
    test.started_at, test.done = timezone.now(), 0
    test.total = period_of(test).count()
    begun = {"status": BackTest.Status.RUNNING, "started_at": test.started_at, "done": 0, "total": test.total}
    return test if unfinished.update(**begun) else None


def _end(test: BackTest, status: str, **figures: Any) -> None:
    _update(test, status=status, finished_at=timezone.now(), **figures)


def _update(test: BackTest, **changes: Any) -> None:
    """Raises _Overtaken where another run has begun since."""
    own = BackTest.objects.filter(pk=test.pk, status=BackTest.Status.RUNNING, started_at=test.started_at)
    if not own.update(**changes):
        raise _Overtaken
