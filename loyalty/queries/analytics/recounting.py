"""The roll-ups as the ledger says they are: what a rebuild writes, and what `--check` compares with."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from loyalty.ledger.consistent import one_state
from loyalty.models import RollupZone
from loyalty.queries.analytics.entries import BEHIND, FIGURES, OF_THE_LEDGER, SUMS, source_of
from programs.models import Environment, Metric

_COUNTED = f"""
({OF_THE_LEDGER}) AS entry
LEFT JOIN (SELECT entry_id FROM ({BEHIND}) AS told WHERE entry_id IS NOT NULL) AS told ON told.entry_id = entry.id
WHERE told.entry_id IS NULL
"""  # noqa: S608 - no text of a caller's
# All entries of an environment but those behind the position. Parameters: `Source.parameters`.
POINTS = f"""
SELECT entry.environment_id, entry.metric_id, entry.day, {SUMS} FROM {_COUNTED} GROUP BY 1, 2, 3
"""  # noqa: S608
ACTIVE = f"""
SELECT DISTINCT entry.environment_id, entry.day, entry.member_id, entry.metric_id FROM {_COUNTED} AND is_activity
"""  # noqa: S608

_NAMES = ", ".join(FIGURES)
_POINTS_DIFFER = f"""
WITH counted AS ({POINTS}), stored AS (
    SELECT environment_id, metric_id, day, {_NAMES} FROM loyalty_pointsofday WHERE environment_id = %(environment)s
)
SELECT metric_id, day::text, {", ".join(f"stored.{name}::text, counted.{name}::text" for name in FIGURES)}
FROM stored FULL JOIN counted USING (environment_id, metric_id, day)
WHERE ({", ".join(f"stored.{name}" for name in FIGURES)})
    IS DISTINCT FROM ({", ".join(f"counted.{name}" for name in FIGURES)})
ORDER BY metric_id, day
"""  # noqa: S608
_ACTIVE_DIFFER = f"""
WITH counted AS ({ACTIVE}), stored AS (
    SELECT environment_id, day, member_id, metric_id FROM loyalty_activemember WHERE environment_id = %(environment)s
)
SELECT metric_id, day::text, member_id, true FROM (SELECT * FROM stored EXCEPT SELECT * FROM counted) AS added
UNION ALL
SELECT metric_id, day::text, member_id, false FROM (SELECT * FROM counted EXCEPT SELECT * FROM stored) AS missing
ORDER BY 1, 2, 3
"""  # noqa: S608
_OF_NOBODY = """
SELECT DISTINCT environment_id::text FROM (
    SELECT environment_id FROM loyalty_pointsofday
    UNION ALL SELECT environment_id FROM loyalty_activemember
    UNION ALL SELECT environment_id FROM loyalty_rollupzone
) AS row WHERE NOT EXISTS (SELECT FROM programs_environment AS known WHERE known.id = row.environment_id)
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """A row of the roll-ups that is not what the ledger says."""

    environment_id: UUID
    sentence: str


def differences(*, environment: Environment) -> list[Difference]:
    """The rows of an environment that are wrong, missing or of nothing, by metric and day. Writes nothing and locks
    nothing; reads the environment's whole ledger, in four statements and one more for the metrics' names.

    The days are of the zone that the rows were made in: those of a zone that was changed are not read by anybody until
    they are counted anew.
    """
    with one_state():
        zone = RollupZone.objects.filter(environment_id=environment.pk).first()
        sent = source_of(environment).parameters()
        sent["time_zone"] = zone.time_zone if zone else sent["time_zone"]
        points, active = _rows(_POINTS_DIFFER, sent), _rows(_ACTIVE_DIFFER, sent)
    names = dict(Metric.objects.filter(environment=environment).values_list("pk", "code"))
    said = [_of_points(names.get(row[0], row[0]), *row[1:]) for row in points]
    said += [_of_member(names.get(row[0], row[0]), *row[1:]) for row in active]
    return [Difference(environment.pk, sentence) for sentence in said]


def rows_of_nobody() -> list[str]:
    """The environments that rows claim to be of and that there are not; one statement."""
    return [row[0] for row in _rows(_OF_NOBODY, {})]


def _rows(text: str, sent: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(text, sent)
        return list(cursor.fetchall())


def _of_points(metric: str, day: str, *pairs: str | None) -> str:
    figures = zip(FIGURES, pairs[::2], pairs[1::2], strict=True)
    if pairs[0] is None:
        return f"{metric}, {day}: there is no row, though the ledger has entries of that day."
    if pairs[1] is None:
        return f"{metric}, {day}: there is a row, though the ledger has no entry of that day."
    wrong = [
        f"{name} is {stored}, by the ledger {counted}"
        for name, stored, counted in figures
        if stored != counted
    ]
    return f"{metric}, {day}: {'; '.join(wrong)}."


def _of_member(metric: str, day: str, member: UUID, is_stored: bool) -> str:
    if is_stored:
        return f"{metric}, {day}: member {member} counts as active, but has no entry of that day."
    return f"{metric}, {day}: member {member} doesn't count as active, but has an entry of that day."
