"""What rules with caps or a budget have given, as it changes with one posting (domain.md 4)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias
from uuid import UUID

from django.db import connection

from loyalty.models import RuleBudget, RuleUsage

Key: TypeAlias = tuple[UUID, UUID, str]
"""Member, rule, period."""

# Makes the rows that are missing and locks all; a hot row, so it is asked for last and by those alone that
# may give from the budget.
_LOCK_BUDGETS = """
INSERT INTO loyalty_rulebudget AS stored (id, environment_id, rule_id, spent)
SELECT gen_random_uuid(), %(environment)s, rule_id, 0 FROM unnest(%(rules)s::uuid[]) AS wanted (rule_id)
ORDER BY rule_id
ON CONFLICT (rule_id) DO UPDATE SET spent = stored.spent RETURNING rule_id, spent
"""


@dataclass(slots=True)
class Used:
    """`stored`: points and times as read; `changes`: what this posting adds to them, below zero where a refund
    returns it; `budgets`: the same of all members together."""

    stored: dict[Key, tuple[int, int]] = field(default_factory=dict)
    changes: dict[Key, tuple[int, int]] = field(default_factory=dict)
    spent: dict[UUID, int] = field(default_factory=dict)
    budgets: defaultdict[UUID, int] = field(default_factory=lambda: defaultdict(int))

    def read(self, members: Iterable[UUID], rules: Iterable[UUID], periods: Iterable[str]) -> None:
        """What these members have had; one statement. The members must be locked."""
        rows = RuleUsage.objects.filter(
            member_id__in=set(members), rule_id__in=set(rules), period__in=set(periods)
        )
        columns = "member_id", "rule_id", "period", "points", "times"
        for member, rule, period, points, times in rows.values_list(*columns):
            self.stored[member, rule, period] = points, times

    def lock_budgets(self, environment_id: UUID, rules: Sequence[UUID]) -> None:
        """What is spent of these rules' budgets; one statement. Locks: the budgets, ids ascending."""
        with connection.cursor() as cursor:
            cursor.execute(_LOCK_BUDGETS, {"environment": environment_id, "rules": sorted(rules)})
            self.spent |= dict(cursor.fetchall())

    def read_budgets(self, rules: Iterable[UUID]) -> None:
        """What is spent of these rules' budgets as it stands, unlocked: not to give from; one statement."""
        rows = RuleBudget.objects.filter(rule_id__in=set(rules))
        self.spent |= dict(rows.values_list("rule_id", "spent"))

    def of(self, member: UUID, rule: UUID, periods: Iterable[str]) -> dict[str, tuple[int, int]]:
        """Points and times of a member in these periods, with what is planned."""
        return {period: self._sum((member, rule, period)) for period in periods}

    def spent_of(self, rule: UUID) -> int:
        """Points spent of a budget, with what is planned."""
        return self.spent.get(rule, 0) + self.budgets[rule]

    def add(
        self,
        member: UUID,
        rule: UUID,
        periods: Iterable[str],
        *,
        points: int,
        times: int,
        budget: bool,
    ) -> None:
        """Plan a change; below zero only of what was read or planned."""
        for period in periods:
            key = member, rule, period
            was = self.changes.get(key, (0, 0))
            self.changes[key] = was[0] + points, was[1] + times
        if budget:
            self.budgets[rule] += points

    def new_rows(self, environment_id: UUID) -> list[RuleUsage]:
        return [row for key, row in self._rows(environment_id) if key not in self.stored]

    def changed_rows(self, environment_id: UUID) -> list[RuleUsage]:
        return [row for key, row in self._rows(environment_id) if key in self.stored]

    def budget_rows(self, environment_id: UUID) -> list[RuleBudget]:
        return [
            RuleBudget(environment_id=environment_id, rule_id=rule, spent=points)
            for rule, points in sorted(self.budgets.items())
            if points
        ]

    def _rows(self, environment_id: UUID) -> Iterable[tuple[Key, RuleUsage]]:
        for key, (points, times) in sorted(self.changes.items()):
            if points or times:
                member, rule, period = key
                yield (
                    key,
                    RuleUsage(
                        environment_id=environment_id,
                        member_id=member,
                        rule_id=rule,
                        period=period,
                        points=points,
                        times=times,
                    ),
                )

    def _sum(self, key: Key) -> tuple[int, int]:
        (points, times), (more, again) = self.stored.get(key, (0, 0)), self.changes.get(key, (0, 0))
        return points + more, times + again
