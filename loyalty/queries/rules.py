"""Published rules in the form that the pure evaluation takes."""

from functools import lru_cache
from typing import cast
from uuid import UUID

from loyalty.rules.earning import CompiledRule, Rounding
from programs.queries.snapshots import PublishedRule, Snapshot


def rules_for(config: Snapshot, event_type: str, program_ids: frozenset[UUID]) -> list[CompiledRule]:
    """Every revision of every rule of these programs for events of that type; no statement."""
    return [
        _compiled(config, rule)
        for rule in config.rules
        if rule.event_type == event_type and rule.program_id in program_ids
    ]


@lru_cache(maxsize=4096)
def _compiled(config: Snapshot, rule: PublishedRule) -> CompiledRule:
    metric = config.metrics_by_id[rule.metric_id]
    return CompiledRule(
        id=rule.rule_id,
        revision_id=rule.revision_id,
        revision_number=rule.number,
        name=rule.name,
        event_type=rule.event_type,
        condition=rule.condition,
        metric_id=rule.metric_id,
        metric_code=metric.code,
        award=rule.award,
        rounding=cast("Rounding", metric.rounding),
        valid_from=rule.valid_from,
        valid_until=rule.valid_until,
        priority=rule.priority,
    )
