"""Who counts again what others go on taking does so alone: two would both mend what is wrong."""

from uuid import UUID

from django.db import connection

_LOCK = "SELECT {}(hashtextextended(%s, 0))"


def count_alone(row: UUID, *, wait: bool = True) -> bool:
    """Whether nobody else is counting for that row; until the transaction ends nobody else will. Must be called in a
    transaction. Locks: the count, not the row; without `wait`, only where it is free."""
    function = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(_LOCK.format(function), [f"count:{row}"])
        (got,) = cursor.fetchone()
    return wait or bool(got)
