"""Rows of many owners, counted only as far as somebody is told."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import connection


def counts_of(owners: Collection[UUID], rows: str, *, most: int | None, **asked: object) -> dict[UUID, int]:
    """How many rows each of these has, at most so many (None: all are counted); one statement. `rows`: what follows
    FROM, constant text that names an owner as `wanted.id` and may name what is `asked`."""
    counted = f"SELECT wanted.id, (SELECT count(*) FROM (SELECT FROM {rows} LIMIT %(most)s) AS found)"  # noqa: S608 - constants
    told: dict[str, Any] = {"wanted": list(owners), "most": most, **asked}
    with connection.cursor() as cursor:
        cursor.execute(f"{counted} FROM unnest(%(wanted)s::uuid[]) AS wanted (id)", told)
        return dict(cursor.fetchall())
