"""By which rules an event of the past is tried (domain.md 4.2)."""

from bisect import bisect_right
from datetime import datetime
from uuid import UUID

from loyalty.queries.rules import is_active, rules_for
from loyalty.rules.back_testing import RuleSet
from loyalty.rules.earning import CompiledRule
from programs.queries.snapshots import Snapshot


class RulesThen:
    """The rules in force at any instant, with a draft in place of its own revision; made once for each
    stretch of time in which nothing changes. No statement."""

    def __init__(self, config: Snapshot, draft: CompiledRule) -> None:
        self._config, self._draft = config, draft
        edges: set[datetime | None] = set()
        for rule in config.rules_by_event_type.get(draft.event_type, ()):
            edges |= {rule.valid_from, rule.valid_until}
        for program in config.programs:
            edges |= {program.starts_at, program.ends_at}
        self._edges = sorted(edge for edge in edges if edge is not None)
        self._made: dict[tuple[UUID | None, int], RuleSet] = {}

    def at(self, program_id: UUID | None, at: datetime) -> RuleSet:
        """The rules for an event sent to that program (None: to all) at that instant."""
        key = program_id, bisect_right(self._edges, at)
        rules = self._made.get(key)
        if rules is None:
            rules = self._made[key] = self._make(program_id, at)
        return rules

    def _make(self, program_id: UUID | None, at: datetime) -> RuleSet:
        config = self._config
        named = [program for program in config.programs if program_id in (None, program.id)]
        active = frozenset(program.id for program in named if is_active(program, at))
        draft = self._draft if self._draft.program_id in active else None
        return RuleSet.of(rules_for(config, self._draft.event_type, active, at), draft)
