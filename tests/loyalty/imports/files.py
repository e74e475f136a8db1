"""Files for tests: looked at, tried, and imported."""

import io
from typing import Any

from django.utils import timezone

from audit.record import Actor
from loyalty.actions.importing import look_at_file, start_import
from loyalty.actions.importing_run import run_import
from loyalty.actions.pace import Pace
from loyalty.models import Account, Import, ImportProblem, LedgerEntry
from programs.models import Environment

ANNA = Actor("staff", "anna", "t-1")
BEN = Actor("staff", "ben", "t-2")


def look(environment: Environment, text: str | bytes, kind: str = "members", **options: Any) -> Import:
    data = text.encode() if isinstance(text, str) else text
    return look_at_file(
        environment=environment,
        kind=kind,
        file_name="members.csv",
        stream=io.BytesIO(data),
        **{"now": timezone.now(), "actor": ANNA, **options},
    )


def run(file: Import, *, trial: bool = False, pace: Pace | None = None, attempt: int = 0) -> Import:
    start_import(environment=file.environment, key=file.pk, trial=trial, actor=ANNA)
    run_import(file=file.pk, pace=pace or Pace(rest=0), attempt=attempt)
    file.refresh_from_db()
    return file


def bring(environment: Environment, text: str | bytes, kind: str = "members") -> Import:
    return run(look(environment, text, kind))


def counts(file: Import) -> tuple[str, int, int, int, int]:
    """Status; lines; added, already there, refused."""
    return file.status, file.lines, file.added, file.already, file.refused


def problems(file: Import) -> dict[int, str]:
    return dict(ImportProblem.objects.filter(file=file).values_list("line", "problem"))


def balances(environment: Environment) -> dict[tuple[str | None, str], int]:
    rows = Account.objects.filter(environment_id=environment.pk)
    return {
        (member, metric): total
        for member, metric, total in rows.values_list("member__external_id", "metric__code", "total")
    }


def entries(environment: Environment, member: str) -> list[tuple[str, int, str | None]]:
    rows = LedgerEntry.objects.filter(environment_id=environment.pk, member__external_id=member)
    return list(rows.order_by("sequence").values_list("type", "points", "reason"))
