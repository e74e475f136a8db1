"""`manage.py rebuild_rollups`: figures by day, made anew from the ledger or compared with it (docs/analytics.md)."""

import json
import sys
from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from loyalty.actions.rolling_up import rebuild_rollups
from loyalty.queries.analytics.recounting import differences, rows_of_nobody
from programs.models import Environment, Organization

_SHOWN = 20
_BAD_ARGUMENT = 2  # so that a script can tell it from a difference


class Command(BaseCommand):
    """Exits 0 where all is done or equal, 1 where `--check` finds a difference, 2 for an argument that is wrong."""

    help = (
        "Make the figures by day anew from the ledger; with --check only say whether they are what it says."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        scope = parser.add_mutually_exclusive_group()
        scope.add_argument("--organization", metavar="NAME", help="only this organization's; default: all")
        scope.add_argument("--environment", metavar="ID", help="only this environment's, by its id")
        parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where a row differs")
        parser.add_argument("--json", action="store_true", help="one JSON object a line, the counts last")
        parser.add_argument("--limit", type=int, default=_SHOWN, help=f"differences shown ({_SHOWN})")

    def handle(self, *args: Any, **options: Any) -> None:
        found = _environments(options["organization"], options["environment"])
        if not options["check"]:
            self._rebuild(found, as_json=options["json"])
            return
        everything = not options["organization"] and not options["environment"]
        if self._check(found, everything=everything, as_json=options["json"], limit=options["limit"]):
            sys.exit(1)

    def _rebuild(self, environments: list[Environment], *, as_json: bool) -> None:
        days = 0
        for environment in environments:
            made = rebuild_rollups(environment=environment)
            days += made
            if made:
                line = {"environment": str(environment.pk), "days": made}
                self.stdout.write(
                    json.dumps(line) if as_json else f"{_name(environment)}: {made} days made anew"
                )
        counts = {"environments": len(environments), "days": days}
        text = f"{len(environments)} environments, {days} days of a metric: made anew from the ledger"
        self.stdout.write(json.dumps(counts) if as_json else text)

    def _check(self, environments: list[Environment], *, everything: bool, as_json: bool, limit: int) -> int:
        """How many rows differ; the first of them are told."""
        said = [
            (str(environment.pk), _name(environment), difference.sentence)
            for environment in environments
            for difference in differences(environment=environment)
        ]
        if everything:
            said += [(key, key, "there are rows, but no such environment.") for key in rows_of_nobody()]
        for key, name, sentence in said[:limit]:
            line = {"environment": key, "difference": sentence}
            self.stdout.write(json.dumps(line) if as_json else f"{name}: {sentence}")
        if as_json:
            self.stdout.write(json.dumps({"environments": len(environments), "differences": len(said)}))
            return len(said)
        if len(said) > limit:
            self.stdout.write(f"{len(said) - limit} more are not shown (--limit {limit}).")
        verdict = (
            f"{len(said)} rows differ; `manage.py rebuild_rollups` makes them anew"
            if said
            else "as the ledger says"
        )
        self.stdout.write(f"{len(environments)} environments: {verdict}")
        return len(said)


def _environments(organization: str | None, environment: str | None) -> list[Environment]:
    """Archived ones too. Raises CommandError."""
    everything = Environment.objects.select_related("project__organization").order_by("pk")
    if organization is not None:
        if not Organization.objects.filter(name=organization).exists():
            raise CommandError(f"There is no organization {organization!r}.", returncode=_BAD_ARGUMENT)
        return list(everything.filter(project__organization__name=organization))
    if environment is None:
        return list(everything)
    try:
        return [everything.get(pk=UUID(environment))]
    except (ValueError, Environment.DoesNotExist) as error:
        raise CommandError(f"There is no environment {environment!r}.", returncode=_BAD_ARGUMENT) from error


def _name(environment: Environment) -> str:
    archived = ", archived" if environment.archived_at else ""
    return f"{environment.project.organization} · {environment}{archived}"
