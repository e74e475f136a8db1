"""The checks, read from the .sql files beside this: `-- name: sentence`, then a SELECT up to a semicolon.

The SELECT names the rows of one chunk that break the sentence, over the names that chunk.sql gives:
table (without `loyalty_`), id, account_id, expected, found; the last two are text.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

ROWS_A_CHECK = 1_000  # of one chunk; the others are counted only, so that memory stays flat

_FOLDER = Path(__file__).parent
_FILES = (
    "accounts",
    "entries",
    "lots",
    "reversals",
    "holds",
    "transfers",
    "ownership",
    "usage",
    "tiers",
    "redemptions",
    "prizes",
)
_CHECK = re.compile(r"^-- (?P<name>\w+): (?P<sentence>.+)\n(?P<sql>(?:.*\n)*?.*);$", re.MULTILINE)


class Check(NamedTuple):
    """One thing that always holds."""

    name: str
    sentence: str
    sql: str


def checks_in(name: str) -> list[Check]:
    """Those of one file."""
    return [Check(*found.groups()) for found in _CHECK.finditer((_FOLDER / f"{name}.sql").read_text())]


CHECKS = [check for name in _FILES for check in checks_in(name)]


def statement() -> str:
    """All checks of one chunk in one statement, so that they see one state and read each table once.

    Parameter: `accounts`, their ids. Rows: number of the check, table, id, expected, found, how many rows
    this check has, environment, member, the member's external id. The first row counts: entries under
    expected, lots under found.
    """
    return f"""
{(_FOLDER / "chunk.sql").read_text()}
SELECT hit.number, hit.kind, hit.id, hit.expected, hit.found, hit.hits,
    account.environment_id, account.member_id, account.external_id
FROM (
SELECT -1 AS number, NULL AS kind, NULL::uuid AS id, NULL::uuid AS account_id,
    (SELECT count(*) FROM entries)::text AS expected, (SELECT count(*) FROM lots)::text AS found, 0::bigint AS hits
UNION ALL
{branches(CHECKS)}
) AS hit
LEFT JOIN accounts AS account ON account.id = hit.account_id
ORDER BY hit.number
"""  # noqa: S608 - made of this package's own files


def branches(checks: Sequence[Check]) -> str:
    """Of one statement: the number of a check, its row, and how many rows it has."""
    return "\nUNION ALL\n".join(_branch(number, check) for number, check in enumerate(checks))


def _branch(number: int, check: Check) -> str:
    return f"""(
SELECT {number} AS number, broken.*, count(*) OVER () AS hits
FROM ({check.sql}) AS broken (kind, id, owner_id, expected, found)
LIMIT {ROWS_A_CHECK}
)"""  # noqa: S608
