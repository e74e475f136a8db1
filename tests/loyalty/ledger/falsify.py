"""Rows changed behind the ledger's back, as a fault or a fraud would leave them.

Only inside a test's transaction: the guards of the table are gone until it is rolled back.
"""

from typing import Any

from django.db import connection
from django.db.models import Model

_GUARDS = """
SELECT concat('ALTER TABLE ', conrelid::regclass, ' DROP CONSTRAINT IF EXISTS ', quote_ident(conname), ' CASCADE')
FROM pg_constraint WHERE conrelid = %(table)s::regclass AND contype IN ('c', 'f', 'u')
UNION ALL
SELECT concat('DROP INDEX IF EXISTS ', indexrelid::regclass)
FROM pg_index WHERE indrelid = %(table)s::regclass AND indisunique AND NOT indisprimary
    AND indexrelid NOT IN (SELECT conindid FROM pg_constraint WHERE conrelid = %(table)s::regclass)
UNION ALL
SELECT concat('ALTER TABLE ', %(table)s::text, ' DISABLE TRIGGER USER')
"""


def falsify(row: Model, **changes: Any) -> None:
    """Change columns of one row by raw SQL, past every constraint and trigger."""
    _unguard(row)
    columns = ", ".join(f"{name} = %s" for name in changes)
    _run(f"UPDATE {row._meta.db_table} SET {columns} WHERE id = %s", [*changes.values(), row.pk])


def remove(row: Model) -> None:
    """Delete one row by raw SQL."""
    _unguard(row)
    _run(f"DELETE FROM {row._meta.db_table} WHERE id = %s", [row.pk])


def _unguard(row: Model) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # else Django's deferred keys hold the table
        cursor.execute(_GUARDS, {"table": row._meta.db_table})
        for (statement,) in cursor.fetchall():
            cursor.execute(statement)


def _run(sql: str, parameters: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        assert cursor.rowcount == 1
