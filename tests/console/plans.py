"""What a page costs the database: its statements, the rows they look at, and the tables they read from end to end."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext


@dataclass
class Cost:
    """`touched`: rows that the scans of all plans have looked at; `whole`: tables read by a sequential scan;
    `costliest`: the statement that looked at most rows, and at how many."""

    statements: int = 0
    touched: int = 0
    whole: set[str] = field(default_factory=set)
    costliest: tuple[int, str] = (0, "")


def cost_of(read: Callable[[], Any]) -> Cost:
    """Of each SELECT that `read` sends, explained as it was sent."""
    with CaptureQueriesContext(connection) as captured:
        read()
    cost = Cost(len(captured))
    with connection.cursor() as cursor:
        for query in captured.captured_queries:
            if not query["sql"].lstrip("(\n ").startswith(("SELECT", "WITH")):
                continue
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query['sql']}")
            (found,) = cursor.fetchone()
            (plan,) = json.loads(found) if isinstance(found, str) else found
            before = cost.touched
            _add(plan["Plan"], cost)
            cost.costliest = max(cost.costliest, (cost.touched - before, query["sql"]))
    return cost


def _add(node: dict[str, Any], cost: Cost) -> None:
    below = node.get("Plans", ())
    for child in below:
        _add(child, cost)
    if "Scan" in node["Node Type"] and not node["Node Type"].startswith(("CTE", "Subquery", "Function")):
        rows = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        cost.touched += round(rows * node["Actual Loops"])
    if node["Node Type"] == "Seq Scan":
        cost.whole.add(node["Relation Name"])
