"""Published rules in the form that the pure evaluation takes."""

from collections.abc import Collection
from datetime import datetime
from typing import cast
from uuid import UUID

from loyalty.rules.earning import CompiledRule, Rounding
from programs.models import Program
from programs.queries.snapshots import PublishedRule, Snapshot


def rules_for(
    config: Snapshot, event_type: str, program_ids: frozenset[UUID], at: datetime
) -> list[CompiledRule]:
    """The revisions in force at that instant of these programs' rules for events of that type; no
    statement. A rule that was not published yet, or archived already, has none."""
    return [
        compiled(config, rule)
        for rule in config.rules_by_event_type.get(event_type, ())
        if rule.program_id in program_ids and rule.in_force(at)
    ]


def is_active(program: Program, at: datetime) -> bool:
    """Whether events of that instant reach the program."""
    return (
        program.status == Program.Status.ACTIVE
        and (program.starts_at is None or program.starts_at <= at)
        and (program.ends_at is None or at < program.ends_at)
    )


def revisions_of(config: Snapshot, ids: Collection[UUID]) -> list[CompiledRule]:
    """These revisions, in force or not: as an event was judged by them. No statement."""
    return [compiled(config, rule) for rule in config.rules if rule.revision_id in ids]


def compiled(config: Snapshot, rule: PublishedRule) -> CompiledRule:
    """Compiled once and kept with the snapshot. Threads that come at once make it twice, and alike."""
    kept: CompiledRule | None = config.derived.get(rule.revision_id)
    if kept is None:
        kept = config.derived[rule.revision_id] = _compile(config, rule)
    return kept


def _compile(config: Snapshot, rule: PublishedRule) -> CompiledRule:
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
        entry_type=rule.entry_type,
        program_id=rule.program_id,
        exclusive_group=rule.exclusive_group,
        caps=rule.caps,
        budget=rule.budget,
        starts_at=rule.starts_at,
        ends_at=rule.ends_at,
        schedule=rule.schedule,
    )
