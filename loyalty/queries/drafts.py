"""A draft as if it were published: for dry runs (domain.md 4.2)."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

from programs.actions.publish import definition_of
from programs.actions.rules import check_rule
from programs.models import EarningRule
from programs.queries.snapshots import PublishedRule, Snapshot

_ALWAYS = datetime(1, 1, 1, tzinfo=UTC)


def with_draft(config: Snapshot, rule: EarningRule) -> Snapshot:
    """The configuration with the rule's draft in force at any time, in place of its revisions.

    Raises InvalidRequest for a faulty draft.
    """
    check_rule(rule)
    definition = definition_of(rule)
    draft = PublishedRule(
        rule_id=rule.pk,
        revision_id=uuid4(),
        number=0,
        name=rule.name,
        program_id=rule.program_id,
        metric_id=rule.metric_id,
        event_type=rule.event_type,
        definition=definition,
        priority=rule.priority,
        valid_from=_ALWAYS,
        valid_until=None,
    )
    others = [published for published in config.rules if published.rule_id != rule.pk]
    rules = sorted([*others, draft], key=lambda each: (-each.priority, each.name, each.number))
    return replace(config, rules=tuple(rules), derived={})
