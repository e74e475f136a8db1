"""Rules and their revisions as people read them: a sentence, and each field in words."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import timezone

from programs.actions.publish import completed, definition_of
from programs.admin.rule_form import definition_from
from programs.admin.tables import Difference, Row, diff_of, shown
from programs.awards import describe_award, describe_definition
from programs.conditions import FaultyConfigurationError, describe
from programs.limits import cap_in_words, parse_caps, parse_schedule, schedule_in_words
from programs.models import EarningRule, EarningRuleRevision, Metric, Program


def sentence_of(rule: EarningRule) -> str:
    """The rule in words, or what is wrong with it; instants in the current zone."""
    return words_of(definition_of(rule), rule.metric.title)


def words_of(definition: Mapping[str, Any], metric_title: str) -> str:
    try:
        return describe_definition(definition, metric_title, zone=timezone.get_current_timezone())
    except FaultyConfigurationError as error:
        return str(error)


def revision_in_words(revision: EarningRuleRevision) -> str:
    return revisions_in_words([revision])[0]


def revisions_in_words(revisions: Sequence[EarningRuleRevision]) -> list[str]:
    """Each revision as a sentence; one statement for all of them."""
    wanted = {revision.definition["metric_id"] for revision in revisions if revision.definition}
    titles = {
        str(key): title for key, title in Metric.objects.filter(pk__in=wanted).values_list("pk", "title")
    }
    return [
        words_of(revision.definition, titles.get(revision.definition["metric_id"], "points"))
        if revision.definition
        else "Archived: the rule was taken out of force."
        for revision in revisions
    ]


def sentence_for(sent: Any, metric_title: str) -> dict[str, Any]:
    """The same for what is on the screen and not saved. Nothing sent can make it fail."""
    try:
        definition = definition_from(sent)
    except ValueError as error:
        return {"faults": [str(error)]}
    zone = timezone.get_current_timezone()
    try:
        return {"sentence": describe_definition(definition, metric_title, zone=zone)}
    except FaultyConfigurationError as error:
        return {"faults": [fault.detail for fault in error.faults]}


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> list[Difference]:
    """Every field of two definitions, in words."""
    return diff_of(before and readable(before), after and readable(after))


def rows_of_rule(rule: EarningRule) -> list[Row]:
    """The draft, field by field, for who may only read it."""
    return [Row(name, shown(value)) for name, value in readable(definition_of(rule)).items()]


def readable(definition: Mapping[str, Any]) -> dict[str, Any]:
    """A revision's definition with its JSON in words, and program and metric by their names."""
    definition = completed(definition)
    title = _metric_title(definition)
    program = Program.objects.filter(pk=definition["program_id"]).first()
    said = _in_words(definition, title)
    return {
        "Name": definition.get("name"),
        "Program": program.name if program else None,
        "Event type": definition.get("event_type"),
        "Condition": said["condition"],
        "Award": said["award"],
        "Metric": title,
        "Posted as": EarningRule.EntryType(definition["entry_type"]).label,
        "Priority": definition.get("priority"),
        "Exclusive group": definition.get("exclusive_group"),
        "Caps for each member": said["caps"],
        "Budget": definition.get("budget"),
        "From": definition.get("starts_at"),
        "Until": definition.get("ends_at"),
        "Days and hours": said["schedule"],
    }


def _in_words(definition: Mapping[str, Any], title: str) -> dict[str, str]:
    try:
        return {
            "condition": describe(definition.get("condition")),
            "award": describe_award(definition.get("award"), title),
            "caps": ", ".join(cap_in_words(cap) for cap in parse_caps(definition.get("caps"))),
            "schedule": schedule_in_words(parse_schedule(definition.get("schedule"))),
        }
    except FaultyConfigurationError as error:
        names = ("condition", "award", "caps", "schedule")
        return {name: str(definition.get(name) or "") for name in names} | {"condition": str(error)}


def _metric_title(definition: Mapping[str, Any]) -> str:
    metric = Metric.objects.filter(pk=definition["metric_id"]).first()
    return metric.title if metric else "points"
