"""`manage.py worker`: runs the background jobs (docs/jobs.md)."""

import asyncio
import os
import threading
from argparse import ArgumentParser
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError
from procrastinate import App, exceptions
from procrastinate.contrib.django import app

from audit.instants import rfc3339
from audit.positions import Restored
from loyalty import jobs, outbox
from loyalty.queries.jobs import last_runs


class Command(BaseCommand):
    """As many as you like may run at once; one is enough."""

    help = "Run the background jobs until SIGTERM or Ctrl-C."
    requires_system_checks = []  # they would load the API and the console

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="run everything that is due now, then end")
        parser.add_argument("--status", action="store_true", help="say when each job ran last, and how")
        parser.add_argument(
            "--parent", type=int, metavar="PID", help="end when that process, which started it, has ended"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        stopping = threading.Event()
        if options["parent"]:
            threading.Thread(target=_end_with, args=(options["parent"], stopping), daemon=True).start()
        try:
            if not app.check_connection():
                raise CommandError("The database lacks the jobs' tables: run manage.py migrate.")
            if options["status"]:
                self._say_status()
                return
            with app.replace_connector(jobs.connector()) as real:  # `app` stands in for it
                if not options["once"]:
                    self.stdout.write("The worker runs; SIGTERM or Ctrl-C ends it after the chunk it is at.")
                _run(real, once=options["once"], stopping=stopping)
        except Restored as error:
            raise CommandError(str(error)) from error
        except (exceptions.ConnectorException, psycopg.Error) as error:
            raise CommandError(f"The database can't be used: {jobs.reason(error)}") from error

    def _say_status(self) -> None:
        runs = last_runs()
        for run in runs:
            took = "running" if run.duration is None else f"{run.duration.total_seconds():.1f} s"
            self.stdout.write(f"{run.job:14} {run.outcome:10} {rfc3339(run.started_at)}  {took}")
        if not runs:
            self.stdout.write("No job has run yet: start the worker.")


def _run(app: App, *, once: bool, stopping: threading.Event) -> None:
    """The jobs, and the webhooks beside them."""
    if once:
        asyncio.run(jobs.run(app, once=True, stopping=stopping))
        outbox.run_once(stopping)
        return
    webhooks = threading.Thread(target=outbox.run, args=(stopping,), name="outbox")
    webhooks.start()
    try:
        asyncio.run(jobs.run(app, stopping=stopping))
    finally:
        stopping.set()
        webhooks.join()


def _end_with(parent: int, stopping: threading.Event) -> None:
    while os.getppid() == parent and not stopping.wait(0.5):
        pass
    stopping.set()
