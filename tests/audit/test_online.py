"""Indexes that are built while the engine serves (docs/operations.md)."""

import threading
from collections.abc import Iterator

import pytest
from django.db import DatabaseError, connection, connections, migrations, transaction
from django.db.migrations.state import ProjectState

from audit.online import RunIndexOnline

NAME = "online_once"
BUILD = f"CREATE UNIQUE INDEX CONCURRENTLY {NAME} ON audit_online_trial (number)"


@pytest.fixture
def table(committed: None) -> Iterator[None]:
    _execute("CREATE TABLE audit_online_trial (number integer)", "SET lock_timeout = '100ms'")
    yield
    _execute("DROP TABLE audit_online_trial", "RESET lock_timeout")


def test_an_index_that_an_earlier_try_left_invalid_is_built_anew(table: None) -> None:
    _execute("INSERT INTO audit_online_trial VALUES (1), (1)")
    with pytest.raises(DatabaseError):
        _execute(BUILD)
    assert _is_valid() is False
    _execute("DELETE FROM audit_online_trial")

    _apply(RunIndexOnline(NAME, BUILD))
    _apply(RunIndexOnline(NAME, BUILD))

    assert _is_valid() is True


def test_an_index_waits_for_a_transaction_that_is_open(table: None) -> None:
    wrote, may_end = threading.Event(), threading.Event()

    def write() -> None:
        try:
            with transaction.atomic():
                _execute("INSERT INTO audit_online_trial VALUES (1)")
                wrote.set()
                may_end.wait(60)
        finally:
            connections.close_all()

    writer, later = threading.Thread(target=write), threading.Timer(0.4, may_end.set)
    writer.start()
    assert wrote.wait(60)
    with pytest.raises(DatabaseError, match="lock timeout"):
        _execute(BUILD)

    later.start()
    _apply(RunIndexOnline(NAME, BUILD))
    writer.join()

    assert _is_valid() is True


def _apply(operation: migrations.operations.base.Operation) -> None:
    state = ProjectState()
    with connection.schema_editor(atomic=False) as editor:
        operation.database_forwards("audit", editor, state, state)


def _is_valid() -> bool | None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [NAME])
        found = cursor.fetchone()
    return found[0] if found else None


def _execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
