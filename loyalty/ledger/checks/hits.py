"""What the statement of a chunk answers: the rows that break its checks."""

from collections.abc import Iterable, Sequence
from typing import Any

from loyalty.ledger.checks.catalogue import ROWS_A_CHECK, Check
from loyalty.ledger.checks.violation import Violation


def read_hits(
    checks: Sequence[Check], rows: Iterable[tuple[Any, ...]]
) -> tuple[list[Violation], dict[str, int]]:
    """The violations, and by check how many more there are than are told. Each row: the check's place in `checks`,
    table, id, expected, found, how many the check has, environment, member and the tenant's id of it."""
    found: list[Violation] = []
    left_out: dict[str, int] = {}
    for number, table, row_id, expected, seen, hits, environment, member_id, member in rows:
        check = checks[number]
        if hits > ROWS_A_CHECK:
            left_out[check.name] = hits - ROWS_A_CHECK
        found.append(
            Violation(
                check.name, check.sentence, table, row_id, environment, member_id, member, expected, seen
            )
        )
    return found, left_out
