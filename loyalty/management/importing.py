"""What `manage.py import_members` and `import_purchases` share (docs/imports.md)."""

from argparse import ArgumentParser
from contextlib import AbstractContextManager, nullcontext, suppress
from itertools import chain
from pathlib import Path
from typing import IO, Any, ClassVar
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from audit.errors import DomainError
from audit.record import Actor
from loyalty.actions.importing import look_at_file, start_import
from loyalty.actions.importing_run import run_import
from loyalty.actions.pace import Pace
from loyalty.models import Import
from loyalty.queries.imports import problem_cells, problem_columns
from loyalty.rules.spreadsheets import csv_lines
from programs.models import Environment
from programs.queries.environments import environment_by_id


class ImportCommand(BaseCommand):
    """Exits 0 where every line was imported or was there already, 1 where some have a problem, 2 for a file or
    argument that is none. Killed, a worker goes on with it; run again, nothing is given twice."""

    kind: ClassVar[str]

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="a CSV file; its first line names the columns")
        parser.add_argument("--environment", metavar="ID", required=True, help="the environment, by its id")
        parser.add_argument("--try", dest="trial", action="store_true", help="judge each line, write nothing")
        parser.add_argument("--problems", metavar="FILE", help="write the lines with a problem there, as CSV")

    def handle(self, *args: Any, **options: Any) -> None:
        found = self._look(options["file"], _environment(options["environment"]))
        self.stdout.write(f"{found.lines} lines, {found.faulty} of them can't be read.")
        with _problem_file(found, options["problems"]) as problems:
            self._start(found, trial=options["trial"])
            run_import(file=found.pk, pace=Pace(rest=0), progress=self._progress)
            found.refresh_from_db()
            if problems:
                problems.writelines(csv_lines(chain([problem_columns(found)], problem_cells(found))))
        word = "would be imported" if options["trial"] else "imported"
        told = f"{found.added} {word}, {found.already} there already, {found.refused} with a problem"
        self.stdout.write(f"{told}." if not found.error else f"{told}. {found.error}")
        if found.refused or found.error:
            raise SystemExit(1)

    def _start(self, found: Import, *, trial: bool) -> None:
        actor = Actor.system(f"import_{self.kind}")
        try:
            start_import(environment=found.environment, key=found.pk, trial=trial, actor=actor)
        except DomainError as refusal:
            raise CommandError(refusal.detail, returncode=2) from refusal

    def _progress(self, done: int, lines: int) -> None:
        """One line that counts up on a terminal; in a file a line each piece."""
        if self.stdout.isatty():
            self.stdout.write(f"\r{done} of {lines} lines", ending="\n" if done == lines else "")
        else:
            self.stdout.write(f"{done} of {lines} lines")
        self.stdout.flush()

    def _look(self, name: str, environment: Environment) -> Import:
        try:
            with Path(name).open("rb") as stream:
                return look_at_file(
                    environment=environment,
                    kind=self.kind,
                    file_name=Path(name).name,
                    stream=stream,
                    actor=Actor.system(f"import_{self.kind}"),
                    now=timezone.now(),
                )
        except OSError as error:
            raise CommandError(f"{name} can't be read: {error.strerror}.", returncode=2) from error
        except DomainError as refusal:
            raise CommandError(refusal.detail, returncode=2) from refusal


def _environment(text: str) -> Environment:
    """Raises CommandError."""
    with suppress(ValueError, Environment.DoesNotExist):
        found = environment_by_id(UUID(text))
        if found.archived_at is None:
            return found
    raise CommandError(
        f"There is no environment {text!r}; its id is on the console's project page.", returncode=2
    )


def _problem_file(found: Import, name: str | None) -> AbstractContextManager[IO[str] | None]:
    """Opened before anything is imported, and after the file itself was read: it may be the same. Raises
    CommandError, and forgets the file then."""
    if name is None:
        return nullcontext()
    try:
        return Path(name).open("w", newline="", encoding="utf-8")
    except OSError as error:
        found.delete()
        raise CommandError(f"{name} can't be written: {error.strerror}.", returncode=2) from error
