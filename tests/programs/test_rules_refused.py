"""A bad rule is refused when it is saved, with the path of each fault, and nothing is kept of it."""

from datetime import UTC, datetime
from typing import Any

import pytest

from audit.errors import InvalidRequest
from audit.models import AuditEvent
from programs.actions.rules import save_rule
from programs.models import EarningRule, Environment, Metric, Program
from tests.factories import make_actor, make_rule, reload
from tests.programs.condition_examples import YES, leaf
from tests.work import steps_of

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def nested(depth: int) -> dict[str, Any]:
    condition: dict[str, Any] = YES
    for _ in range(depth):
        condition = {"not": condition}
    return condition


MEGABYTE = {"all": [leaf("data.note", "eq", "x" * 1000)] * 1100}
DEEP_LINES = {"kind": "per_item", "each": "line", "points": 1, "where": nested(6)}
REFUSED: list[tuple[dict[str, Any], list[str]]] = [
    ({"condition": {"all": [YES, leaf("data.amount", "atleast", 5)]}}, ["condition.all[1].op"]),
    ({"condition": {"any": [leaf("data.amount", "gte", "many")]}}, ["condition.any[0].value"]),
    ({"condition": {"any": [leaf("data.amount", "in", [1, None])]}}, ["condition.any[0].value[1]"]),
    ({"condition": {"any": [leaf("price", "gte", 5)]}}, ["condition.any[0].field"]),
    ({"condition": {"any": "all of them"}}, ["condition.any"]),
    ({"event_type": "walk done"}, ["event_type"]),
    ({"condition": [YES]}, ["condition"]),
    ({"condition": "always"}, ["condition"]),
    ({"condition": 5}, ["condition"]),
    ({"condition": nested(6)}, ["condition.not.not.not.not.not"]),
    ({"condition": nested(900)}, ["condition.not.not.not.not.not"]),
    ({"condition": MEGABYTE}, ["condition.all[199]"]),
    ({"condition": leaf("data.note", "eq", "x" * 10**6)}, ["condition.value"]),
    ({"condition": leaf("data.note", "in", ["x"] * 250_000)}, ["condition.value"]),
    ({"condition": {"x" * 10**6: 1}}, ["condition"]),
    (
        {"award": {"kind": "per_item", "each": "line", "points": 1, "where": nested(6)}},
        ["award.where.not.not.not.not.not"],
    ),
    ({"award": {"kind": "multiplier", "factor": "1"}}, ["award.factor"]),
    ({"caps": [{"per": "day", "points": 5}, {"per": "hour", "points": 5}]}, ["caps[1].per"]),
    ({"caps": {"per": "day"}}, ["caps"]),
    ({"schedule": {"weekdays": [1, 9]}}, ["schedule.weekdays[1]"]),
    ({"schedule": {"hours": {"from": 9}}}, ["schedule.hours.until"]),
    ({"starts_at": NOON, "ends_at": NOON}, ["ends_at"]),
    ({"budget": 0}, ["budget"]),
    ({"entry_type": "spent"}, ["entry_type"]),
    ({"exclusive_group": "two words"}, ["exclusive_group"]),
    (
        {"condition": {"all": []}, "award": {"kind": "gift"}, "caps": [1], "schedule": [], "ends_at": NOON},
        ["condition.all", "award.kind", "caps[0]", "schedule"],
    ),
]


@pytest.mark.parametrize(("changes", "paths"), REFUSED)
def test_a_bad_rule_is_refused_with_the_path_of_each_fault(
    environment: Environment, changes: dict[str, Any], paths: list[str]
) -> None:
    rule = EarningRule(
        environment=environment,
        program=Program.objects.get(environment=environment),
        metric=Metric.objects.get(environment=environment),
    )
    good = {"name": "x", "event_type": "purchase", "award": {"kind": "fixed", "points": 5}}
    version, audited = reload(environment).config_version, AuditEvent.objects.count()
    with pytest.raises(InvalidRequest) as refusal:
        save_rule(environment=environment, rule=rule, actor=make_actor(), changes=good | changes)
    assert [error.field for error in refusal.value.errors] == paths
    assert all(len(error.field) + len(error.detail) < 400 for error in refusal.value.errors)
    assert not EarningRule.objects.filter(environment=environment).exists()
    assert (reload(environment).config_version, AuditEvent.objects.count()) == (version, audited)


def test_a_bad_change_leaves_the_rule_as_it_was(environment: Environment) -> None:
    rule = make_rule(environment, caps=[{"per": "day", "points": 5}])
    version = reload(environment).config_version
    for changes, _ in REFUSED[:3]:
        with pytest.raises(InvalidRequest):
            save_rule(environment=environment, rule=rule, actor=make_actor(), changes=changes)
    stored = EarningRule.objects.get(pk=rule.pk)
    assert (stored.condition, stored.caps) == ({}, [{"per": "day", "points": 5}])
    assert reload(environment).config_version == version


def test_a_megabyte_is_refused_before_it_is_looked_at_whole(environment: Environment) -> None:
    rule = make_rule(environment)
    actor = make_actor()

    def save(condition: dict[str, Any]) -> None:
        with pytest.raises(InvalidRequest):
            save_rule(environment=environment, rule=rule, actor=actor, changes={"condition": condition})

    short = {"all": [leaf("data.note", "eq", "x")] * 201}
    save(short)  # so that what is kept of a first time is there
    assert steps_of(lambda: save(MEGABYTE)) < 1.1 * steps_of(lambda: save(short))
