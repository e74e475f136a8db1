"""Indexes that are built while the engine serves; used by migrations that are not atomic (docs/operations.md)."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently, NotInTransactionMixin
from django.db.migrations.operations.base import Operation

_LEFT_OVER = "SELECT FROM pg_index WHERE indexrelid = to_regclass(%s) AND NOT indisvalid"


class AddIndexOnline(AddIndexConcurrently):
    """AddIndexConcurrently that waits as long as it takes for whoever has begun before, which nobody else waits for;
    and that can be run again: it drops what an earlier try left as INVALID, and leaves what is whole."""

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._ensure_not_in_transaction(schema_editor)
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            statement = str(self.index.create_sql(model, schema_editor, concurrently=True))
            _create(schema_editor, self.index.name, statement)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        with _patience(schema_editor):
            super().database_backwards(app_label, schema_editor, from_state, to_state)


class RunIndexOnline(NotInTransactionMixin, Operation):
    """The same for an index that Django can't say: `statement` is CREATE [UNIQUE] INDEX CONCURRENTLY `name` …"""

    reversible = True

    def __init__(self, name: str, statement: str) -> None:
        self.name, self.statement = name, statement

    def state_forwards(self, app_label: str, state: Any) -> None:
        pass

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._ensure_not_in_transaction(schema_editor)
        _create(schema_editor, self.name, self.statement)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        self._ensure_not_in_transaction(schema_editor)
        with _patience(schema_editor):
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {self.name}")

    def describe(self) -> str:
        return f"Create index {self.name}"


def _create(schema_editor: Any, name: str, statement: str) -> None:
    with _patience(schema_editor):
        if not schema_editor.collect_sql and _is_left_over(schema_editor, name):
            schema_editor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        once = statement.replace("INDEX CONCURRENTLY", "INDEX CONCURRENTLY IF NOT EXISTS", 1)
        schema_editor.execute(once, params=None)


@contextmanager
def _patience(schema_editor: Any) -> Iterator[None]:
    """Building concurrently waits for transactions that are open; `lock_timeout` would end it half way."""
    schema_editor.execute("SET lock_timeout = 0")
    try:
        yield
    finally:
        schema_editor.execute("RESET lock_timeout")


def _is_left_over(schema_editor: Any, name: str) -> bool:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute(_LEFT_OVER, [name])
        return cursor.fetchone() is not None
