"""The transaction in which a chunk is read."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

from loyalty.ledger.consistent import one_state

# The plan must not hang on statistics: chunk.sql forces an index where one is right, and all other joins are
# of thousands of rows, where a nested loop chosen by a bad guess would take minutes. Compiling the
# statement (jit) would take longer than running it.
_SETTINGS = {"enable_nestloop": "off", "jit": "off", "work_mem": "32MB", "statement_timeout": "0"}


@contextmanager
def chunk_state() -> Iterator[None]:
    """One state of the database, read only; inside a transaction, that transaction as it is."""
    with one_state(), _planned():
        yield


@contextmanager
def _planned() -> Iterator[None]:
    before = _set(_SETTINGS)
    yield
    _set(before)  # after an error the transaction is over, and its settings with it


def _set(settings: dict[str, str]) -> dict[str, str]:
    """Set them until the end of the transaction. Answers what they were."""
    was = ", ".join("current_setting(%s)" for _ in settings)
    becomes = ", ".join("set_config(%s, %s, true)" for _ in settings)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {was}", list(settings))
        before = dict(zip(settings, cursor.fetchone(), strict=True))
        cursor.execute(f"SELECT {becomes}", [text for pair in settings.items() for text in pair])
    return before
