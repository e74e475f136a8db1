"""A draft as if it were published: for dry runs and back-tests (domain.md 4.2)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from programs.actions.publish import definition_of
from programs.actions.rules import check_rule
from programs.models import EarningRule
from programs.queries.snapshots import PublishedRule, Snapshot

_ALWAYS = datetime(1, 1, 1, tzinfo=UTC)


def in_force_always(rule_id: UUID, revision_id: UUID, definition: Mapping[str, Any]) -> PublishedRule:
    """A definition as a revision without a number, in force at any time."""
    return PublishedRule(
        rule_id=rule_id,
        revision_id=revision_id,
        number=0,
        name=definition["name"],
        program_id=UUID(definition["program_id"]),
        metric_id=UUID(definition["metric_id"]),
        event_type=definition["event_type"],
        definition=dict(definition),
        priority=definition["priority"],
        valid_from=_ALWAYS,
        valid_until=None,
    )


def with_draft(config: Snapshot, rule: EarningRule) -> Snapshot:
    """The configuration with the rule's draft in force at any time, in place of its revisions.

    What is compiled of the others is taken over; nothing of the draft is left in `config`. Raises
    InvalidRequest for a faulty draft.
    """
    check_rule(rule)
    draft = in_force_always(rule.pk, uuid4(), definition_of(rule))
    others = [published for published in config.rules if published.rule_id != rule.pk]
    rules = sorted([*others, draft], key=lambda each: (-each.priority, each.name, each.number))
    return replace(config, rules=tuple(rules), derived=dict(config.derived))
