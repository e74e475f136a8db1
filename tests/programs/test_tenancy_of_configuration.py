"""Configuration stays in its environment, and a write keeps what it was not asked to change."""

from typing import Any

import pytest

from audit.errors import InvalidRequest, NotFound
from programs.actions.configure import configure
from programs.actions.keys import create_key, revoke_key
from programs.actions.publish import archive, publish
from programs.actions.rules import save_rule
from programs.models import ApiKey, EarningRule, Environment, Metric, Program
from programs.queries.environments import now_in
from programs.queries.snapshots import snapshot
from tests.factories import PER_POUND, make_actor, make_environment, make_rule, reload


@pytest.fixture
def other(db: None) -> Environment:
    return make_environment()


def club(environment: Environment) -> Program:
    return configure(
        environment=environment,
        instance=Program(environment=environment),
        actor=make_actor(),
        changes={"code": "club", "name": "Club"},
    )


def test_another_tenants_object_can_not_be_changed(environment: Environment, other: Environment) -> None:
    theirs = Program.objects.get(environment=other)
    with pytest.raises(NotFound):
        configure(environment=environment, instance=theirs, actor=make_actor(), changes={"name": "Mine now"})
    assert Program.objects.get(pk=theirs.pk).name == "Default program"
    assert reload(other).config_version == other.config_version


def test_nor_published_archived_or_revoked(environment: Environment, other: Environment) -> None:
    rule = make_rule(other, published=False)
    key = create_key(environment=other, name="till", scopes=["*"], actor=make_actor()).key
    for action in (publish, archive):
        with pytest.raises(NotFound):
            action(environment=environment, rule=rule, actor=make_actor(), now=now_in(environment))
    with pytest.raises(NotFound):
        revoke_key(environment=environment, key=key, actor=make_actor())
    rule.refresh_from_db()
    assert rule.status == "draft"
    assert ApiKey.objects.get(pk=key.pk).revoked_at is None


@pytest.mark.parametrize("new", [True, False])
def test_nothing_is_made_in_or_moved_to_another_environment(
    environment: Environment, other: Environment, new: bool
) -> None:
    instance = Program(environment=other) if new else Program.objects.get(environment=environment)
    changes: dict[str, Any] = {"code": "moved", "name": "Moved", "environment": other}
    with pytest.raises(InvalidRequest) as refusal:
        configure(environment=environment, instance=instance, actor=make_actor(), changes=changes)
    assert [error.field for error in refusal.value.errors] == ["environment"]
    assert Program.objects.filter(environment=other).count() == 1


def test_a_metric_belongs_to_a_program_of_its_environment(
    environment: Environment, other: Environment
) -> None:
    changes = {"code": "xp", "title": "XP", "program": Program.objects.get(environment=other)}
    for instance in (Metric(environment=environment), Metric.objects.get(environment=environment)):
        with pytest.raises(InvalidRequest) as refusal:
            configure(environment=environment, instance=instance, actor=make_actor(), changes=changes)
        assert [error.field for error in refusal.value.errors] == ["program"]
    assert not Metric.objects.filter(program__environment=other).exclude(environment=other).exists()


def test_a_rule_has_program_and_metric_of_its_environment(
    environment: Environment, other: Environment
) -> None:
    rule = make_rule(environment)
    changes = {
        "program": Program.objects.get(environment=other),
        "metric": Metric.objects.get(environment=other),
    }
    with pytest.raises(InvalidRequest) as refusal:
        save_rule(environment=environment, rule=rule, actor=make_actor(), changes=changes)
    assert [error.field for error in refusal.value.errors] == ["program", "metric"]
    assert EarningRule.objects.get(pk=rule.pk).program.environment == environment


def test_a_change_by_an_old_copy_keeps_what_others_changed(environment: Environment) -> None:
    rule = make_rule(environment, published=False)
    old = EarningRule.objects.get(pk=rule.pk)
    double = {
        "award": {**PER_POUND, "rate": "2"},
        "condition": {"field": "data.vip", "op": "exists", "value": True},
    }
    made = save_rule(environment=environment, rule=rule, actor=make_actor(), changes=double)
    save_rule(environment=environment, rule=old, actor=make_actor(), changes={"priority": 5})
    stored = EarningRule.objects.get(pk=rule.pk)
    assert (stored.award, stored.condition, stored.priority) == (made.award, made.condition, 5)
    assert stored.award["rate"] == "2"


def test_a_draft_that_moves_to_another_program_has_no_effect_until_published(
    environment: Environment,
) -> None:
    rule, there = make_rule(environment), club(environment)
    default = rule.program_id
    save_rule(environment=environment, rule=rule, actor=make_actor(), changes={"program": there})
    assert [found.program_id for found in snapshot(reload(environment)).rules] == [default]
    revision = publish(environment=environment, rule=rule, actor=make_actor(), now=now_in(environment))
    assert revision.number == 2
    assert {found.number: found.program_id for found in snapshot(reload(environment)).rules} == {
        1: default,
        2: there.id,
    }
