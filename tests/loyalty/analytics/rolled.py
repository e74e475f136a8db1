"""The roll-ups in tests: brought up to date, and read as they are stored."""

from typing import Any

from django.db import connection
from django.utils import timezone

from loyalty.actions.rolling_up import EVERYTHING, roll_next
from programs.models import Environment


def roll(limit: int = 5_000) -> int:
    """Go along the trail to its end, though the test's transaction is open; how many entries were added."""
    added, more = 0, True
    while more:
        _, entries, more = roll_next(now=timezone.now(), limit=limit, horizon=EVERYTHING)
        added += entries
    return added


def stored_rows(environment: Environment) -> tuple[list[Any], list[Any], list[Any]]:
    """The roll-ups as they are stored."""
    found = []
    with connection.cursor() as cursor:
        for table in ("pointsofday", "activemember", "rollupzone"):
            cursor.execute(
                f"SELECT * FROM loyalty_{table} AS row WHERE environment_id = %s ORDER BY row::text",
                [environment.pk],
            )
            found.append(cursor.fetchall())
    return found[0], found[1], found[2]
