"""Figures that leave the console as a file."""

from collections.abc import Mapping
from datetime import datetime

from audit.record import Actor, record
from programs.actions.configure import place_of
from programs.models import Environment


def note_report(
    *,
    environment: Environment,
    report: str,
    name: str,
    asked: Mapping[str, str],
    actor: Actor,
    now: datetime,
) -> None:
    """That somebody took the file of a report stands in the trail. `name`: what the page calls it; `asked`: the metric
    and the period; `now`: the environment's time."""
    record(
        place=place_of(environment),
        actor=actor,
        verb="report.downloaded",
        object_type="report",
        object_id=report,
        after={"name": name, **asked},
        occurred_at=now,
    )
