"""What holds over all members of an environment together: budgets, stock, codes."""

from uuid import UUID

from django.db import connection

from loyalty.ledger.checks.catalogue import ROWS_A_CHECK, Check, checks_in
from loyalty.ledger.checks.violation import Violation

WHOLE = {check.name: check for check in checks_in("environments")}

# Where there is anything to check.
_REWARDS = "SELECT DISTINCT environment_id FROM programs_reward ORDER BY 1"
_ENVIRONMENTS = {
    "budget_is_sum_of_events": """
        SELECT environment_id FROM programs_earningrule WHERE budget IS NOT NULL
        UNION SELECT environment_id FROM loyalty_rulebudget
        ORDER BY 1
    """,
    "stock_is_what_was_taken": _REWARDS,
    "issued_code_has_its_redemption": _REWARDS,
}


def environments_of(check: Check) -> list[UUID]:
    """Those that have what it is about; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_ENVIRONMENTS[check.name])
        return [environment_id for (environment_id,) in cursor.fetchall()]


def wrong_in(environment_id: UUID, check: Check) -> tuple[list[Violation], int]:
    """The rows of one environment that break it, and how many more there are than these; one statement.
    Where a row is missing, its rule's or reward's id is named."""
    with connection.cursor() as cursor:
        cursor.execute(_limited(check), {"environment": environment_id})
        rows = cursor.fetchall()
    found = [
        Violation(check.name, check.sentence, table, row_id, environment_id, None, None, expected, seen)
        for table, row_id, expected, seen, _ in rows
    ]
    return found, rows[0][-1] - len(rows) if rows else 0


def _limited(check: Check) -> str:
    return f"""
SELECT *, count(*) OVER () FROM ({check.sql}) AS broken (kind, id, expected, found)
ORDER BY id LIMIT {ROWS_A_CHECK}
"""  # noqa: S608 - made of this package's own files
