"""Webhooks are relayed and sent in a thread of the worker's process, beside its jobs (docs/jobs.md).

No job each 250 ms: procrastinate writes several rows for one, and here nothing is written while nothing happens.
"""

import threading
import time

import structlog
from django.db import Error, connection, reset_queries
from django.utils import timezone

from audit.models import WebhookRelay
from audit.positions import Restored
from audit.webhooks.relay import WINDOW, relay, state
from audit.webhooks.sending import Sender
from loyalty.queries.webhooks import TENANTS

TICK_SECONDS = 0.25
SEEN_SECONDS = 10.0  # between two notes that it runs
LAST_SECONDS = 2.0  # for what is under way when it is told to stop
PATIENCE = (1, 2, 5, 10, 30)  # seconds after an error, before the next try

logger = structlog.get_logger(__name__)


def run_once(stopping: threading.Event | None = None) -> None:
    """Relay and send everything that is due now. Raises Restored."""
    while state(timezone.now()).behind:
        if relay(tenants=TENANTS, now=timezone.now()) < WINDOW:
            break
    Sender(tenants=TENANTS).send_all(stopping)


def run(stopping: threading.Event) -> None:
    """Relay and send until `stopping`. An error, also of the database, is logged; then it goes on."""
    sender, failures = Sender(tenants=TENANTS), 0
    while not stopping.is_set():
        began = time.monotonic()
        try:
            _run(sender, stopping)
        except Restored as error:
            logger.error("outbox.restored", error=str(error))  # noqa: TRY400 - nobody needs the trace of it
            failures = len(PATIENCE)
        except Error as error:
            logger.warning("outbox.database_lost", error=str(error).strip())
        except Exception:
            logger.exception("outbox.failed")
        connection.close()
        if time.monotonic() - began > PATIENCE[-1]:
            failures = 0
        if stopping.wait(PATIENCE[min(failures, len(PATIENCE) - 1)]):
            break
        failures += 1
    _end(sender)


def _run(sender: Sender, stopping: threading.Event) -> None:
    seen = -SEEN_SECONDS
    while not stopping.is_set():
        if time.monotonic() - seen > SEEN_SECONDS:
            WebhookRelay.objects.update(checked_at=timezone.now())
            seen = time.monotonic()
        if not tick(sender):
            if sender.sending:
                sender.finish(TICK_SECONDS)
            else:
                stopping.wait(TICK_SECONDS)
        reset_queries()


def tick(sender: Sender) -> bool:
    """One look: relay and begin what there is, write what has ended; whether there may be more at once."""
    found = state(timezone.now())
    relayed = relay(tenants=TENANTS, now=timezone.now()) if found.behind else 0
    begun = sender.begin() if found.due or relayed else 0
    return bool(sender.finish(0) or begun or relayed == WINDOW)


def _end(sender: Sender) -> None:
    """What is under way gets a moment; the rest is sent again when its lease is over."""
    end = time.monotonic() + LAST_SECONDS
    try:
        while sender.sending and time.monotonic() < end:
            sender.finish(0.1)
    except Error as error:
        logger.warning("outbox.database_lost", error=str(error).strip())
    finally:
        connection.close()
