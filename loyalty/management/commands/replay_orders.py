"""`manage.py replay_orders`: the demo's history into the demo's sandbox, once or again."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.record import Actor
from loyalty.demo import shop
from loyalty.demo.orders import History, read_history
from loyalty.demo.replay import Summary, replay, schedule_of
from loyalty.demo.visits import visits_of
from programs.models import Environment
from programs.queries.environments import environment_by_id, now_in

_TOLD = 50


def sandbox() -> Environment:
    """The demo's sandbox as it stands now. Raises CommandError where the demo was never set up."""
    found = Environment.objects.filter(
        project__name=shop.PROJECT,
        project__organization__name=shop.ORGANIZATION,
        kind=Environment.Kind.SANDBOX,
        archived_at=None,
    ).first()
    if found is None:
        raise CommandError("The demo's shop is not set up yet; make demo does that.")
    return environment_by_id(found.id)


class Command(BaseCommand):
    """Sends every event; those that are there already are duplicates and change nothing."""

    _told = 0
    help = "Replay the demo's orders as events into the sandbox of its project. Safe to run again."

    def handle(self, *args: Any, **options: Any) -> None:
        history, environment = read_history(), sandbox()
        now = now_in(environment)
        summary = replay(
            environment=environment,
            history=history,
            actor=Actor.system("replay_orders"),
            now=now,
            progress=self._progress,
            visits=visits_of(history, schedule_of(environment, history, now)),
        )
        for line in told(summary, history):
            self.stdout.write(line)

    def _progress(self, done: int, total: int) -> None:
        """One line that counts up on a terminal; in a file one each so many events."""
        if self.stdout.isatty():
            self.stdout.write(f"\r   {done} of {total} events", ending="\n" if done == total else "")
        elif done == total or done // _TOLD > self._told // _TOLD:
            self.stdout.write(f"   {done} of {total} events")
            self._told = done
        self.stdout.flush()
        sys.stdout.flush()


def told(summary: Summary, history: History) -> list[str]:
    """The summary in sentences, with what of the file could not become an event."""
    lines = [
        f"   {summary.events} events of {summary.members} members gave {summary.points} points,",
        f"   {summary.refunds} refunds among them, which took back what was no longer earned",
        f"   {len(history.not_found)} cancelled lines are purchase_not_found: not bought in this file",
        f"   {history.guest_invoices} invoices of guests ({history.guest_rows} lines) were skipped",
    ]
    if summary.duplicates:
        lines.append(f"   {summary.duplicates} events were there already and changed nothing")
    return lines
