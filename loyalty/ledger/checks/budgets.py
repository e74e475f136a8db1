"""Each rule's budget is spent by what events say: over all members, so it is checked by environment."""

from collections.abc import Iterator
from uuid import UUID

from django.db import connection

from loyalty.ledger.checks.catalogue import Check
from loyalty.ledger.checks.violation import Violation

BUDGET = Check(
    "budget_is_sum_of_events",
    "What is spent of a rule's budget is what all events took from it, net of refunds; an erasure returns nothing.",
    """
    SELECT coalesce(budget.id, used.rule_id), used.points::text, budget.spent::text
    FROM (
        SELECT (item ->> 'rule')::uuid AS rule_id, sum((item ->> 'points')::numeric) AS points
        FROM loyalty_event AS event
        CROSS JOIN LATERAL jsonb_array_elements(
            CASE jsonb_typeof(figures -> 'usage') WHEN 'array' THEN figures -> 'usage' END
        ) AS item
        WHERE event.environment_id = %(environment)s AND figures IS NOT NULL AND item @> '{"budget": true}'
        GROUP BY 1
    ) AS used
    FULL JOIN (
        SELECT id, rule_id, spent FROM loyalty_rulebudget WHERE environment_id = %(environment)s
    ) AS budget ON budget.rule_id = used.rule_id
    WHERE coalesce(budget.spent, 0) <> coalesce(used.points, 0)
    ORDER BY 1
    """,
)

# Where any rule has a budget, or had one.
_ENVIRONMENTS = """
SELECT environment_id FROM programs_earningrule WHERE budget IS NOT NULL
UNION SELECT environment_id FROM loyalty_rulebudget
ORDER BY 1
"""


def environments_with_budgets() -> list[UUID]:
    """One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_ENVIRONMENTS)
        return [environment_id for (environment_id,) in cursor.fetchall()]


def wrong_budgets(environment_id: UUID) -> Iterator[Violation]:
    """The budgets of one environment that are not what its events say; one statement that reads all of its
    events. Where the row is missing, the rule's id is named."""
    with connection.cursor() as cursor:
        cursor.execute(BUDGET.sql, {"environment": environment_id})
        for row_id, expected, found in cursor.fetchall():
            yield Violation(
                BUDGET.name,
                BUDGET.sentence,
                "rulebudget",
                row_id,
                environment_id,
                None,
                None,
                expected,
                found,
            )
