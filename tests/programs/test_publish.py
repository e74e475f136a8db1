"""Revisions keep a rule's limits, old ones stay readable, and any of them can come back."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from audit.errors import InvalidRequest, NotFound
from audit.models import AuditEvent
from loyalty.queries.rules import rules_for
from programs.actions.configure import bump_version
from programs.actions.publish import archive, completed, definition_of, is_published, publish, roll_back
from programs.actions.rules import save_rule
from programs.limits import ALWAYS, Cap, Schedule
from programs.models import EarningRule, EarningRuleRevision, Environment, Tier, TierLadder
from programs.queries.snapshots import snapshot
from tests.factories import make_actor, make_environment, make_rule, reload

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
LIMITS: dict[str, Any] = {
    "entry_type": "bonus",
    "exclusive_group": "welcome",
    "caps": [{"per": "day", "points": 100}, {"per": "week", "times": 1}],
    "budget": 5000,
    "starts_at": NOW,
    "ends_at": NOW + 30 * DAY,
    "schedule": {"weekdays": [6, 7], "hours": {"from": 9, "until": 17}},
}
OLD_KEYS = ("name", "program_id", "event_type", "condition", "award", "metric_id", "priority")


def publish_now(environment: Environment, rule: EarningRule, now: datetime = NOW) -> EarningRuleRevision:
    return publish(environment=environment, rule=rule, actor=make_actor(), now=now)


def old_rule(environment: Environment) -> tuple[EarningRule, EarningRuleRevision]:
    """A rule and its revision in force, published before rules had limits."""
    rule = make_rule(environment, published=False)
    revision = EarningRuleRevision.objects.create(
        environment=environment,
        rule=rule,
        number=1,
        definition={key: definition_of(rule)[key] for key in OLD_KEYS},
        effective_from=NOW,
        published_at=NOW,
        published_by="system:tests",
    )
    bump_version(environment)
    return rule, revision


def test_a_revision_keeps_every_limit(environment: Environment) -> None:
    rule = make_rule(environment, published_at=NOW, **LIMITS)
    definition = rule.revisions.get().definition
    assert definition == definition_of(rule)
    assert {key: definition[key] for key in LIMITS} == LIMITS | {
        "starts_at": "2026-03-02T12:00:00Z",
        "ends_at": "2026-04-01T12:00:00Z",
    }


def test_what_is_published_is_what_is_evaluated(environment: Environment) -> None:
    rule = make_rule(environment, published_at=NOW, **LIMITS)
    config = snapshot(reload(environment))
    [compiled] = rules_for(config, "purchase", frozenset([rule.program_id]), NOW)
    assert (compiled.entry_type, compiled.exclusive_group, compiled.budget) == ("bonus", "welcome", 5000)
    assert compiled.caps == (Cap("day", "points", 100), Cap("week", "times", 1))
    assert compiled.schedule == Schedule((6, 7), (9, 17))
    assert (compiled.starts_at, compiled.ends_at) == (NOW, NOW + 30 * DAY)
    assert compiled.program_id == rule.program_id


def test_a_definition_from_before_there_were_limits_has_none(environment: Environment) -> None:
    rule, old = old_rule(environment)
    config = snapshot(reload(environment))
    [compiled] = rules_for(config, "purchase", frozenset([rule.program_id]), NOW)
    assert (compiled.entry_type, compiled.exclusive_group, compiled.budget) == ("earned", "", None)
    assert (compiled.caps, compiled.schedule) == ((), ALWAYS)
    assert (compiled.starts_at, compiled.ends_at) == (None, None)
    assert completed(old.definition or {}) == definition_of(rule)


def test_a_draft_equal_to_an_old_definition_is_not_published_again(environment: Environment) -> None:
    rule, old = old_rule(environment)
    version = reload(environment).config_version
    assert is_published(rule, old)
    assert publish_now(environment, rule, NOW + DAY) == old
    assert (rule.revisions.count(), reload(environment).config_version) == (1, version)


@pytest.mark.parametrize("key", list(LIMITS))
def test_each_limit_is_worth_a_revision(environment: Environment, key: str) -> None:
    rule, _ = old_rule(environment)
    rule = save_rule(environment=environment, rule=rule, actor=make_actor(), changes={key: LIMITS[key]})
    assert not is_published(rule, rule.revisions.get())
    assert publish_now(environment, rule, NOW + DAY).number == 2


def test_limits_are_put_into_normal_form(environment: Environment) -> None:
    rule = make_rule(environment, published=False, schedule={"weekdays": [7, 6, 6], "hours": None})
    assert rule.schedule == {"weekdays": [6, 7]}


# -- roll back


def changed(environment: Environment) -> EarningRule:
    """A rule of 100 points with limits, which then gave 200 without."""
    rule = make_rule(environment, award={"kind": "fixed", "points": 100}, published_at=NOW, **LIMITS)
    without: dict[str, Any] = {
        "exclusive_group": "",
        "caps": [],
        "budget": None,
        "starts_at": None,
        "ends_at": None,
    }
    award = {"kind": "fixed", "points": 200}
    rule = save_rule(
        environment=environment,
        rule=rule,
        actor=make_actor(),
        changes={**without, "schedule": {}, "entry_type": "earned", "award": award, "priority": 7},
    )
    publish_now(environment, rule, NOW + DAY)
    return rule


def test_an_earlier_revision_comes_back_as_a_new_one_and_as_the_draft(environment: Environment) -> None:
    rule = changed(environment)
    version = reload(environment).config_version
    made = roll_back(environment=environment, rule=rule, number=1, actor=make_actor(), now=NOW + 2 * DAY)
    first = rule.revisions.get(number=1)
    assert (made.number, made.definition, made.effective_from) == (3, first.definition, NOW + 2 * DAY)
    rule.refresh_from_db()
    assert definition_of(rule) == first.definition
    assert (rule.starts_at, rule.ends_at, rule.priority) == (NOW, NOW + 30 * DAY, 0)
    assert reload(environment).config_version > version
    verbs = AuditEvent.objects.filter(environment_id=environment.id).order_by("-id").values_list("verb")
    assert [verb for (verb,) in verbs[:2]] == ["earningrule.published", "earningrule.updated"]


def test_events_keep_the_revision_of_their_time(environment: Environment) -> None:
    rule = changed(environment)
    roll_back(environment=environment, rule=rule, number=1, actor=make_actor(), now=NOW + 2 * DAY)
    config = snapshot(reload(environment))
    moments = [NOW, NOW + DAY, NOW + 2 * DAY]
    found = [rules_for(config, "purchase", frozenset([rule.program_id]), at) for at in moments]
    assert [rule.revision_number for (rule,) in found] == [1, 2, 3]


def test_returning_to_what_is_in_force_publishes_nothing(environment: Environment) -> None:
    rule = changed(environment)
    version = reload(environment).config_version
    made = roll_back(environment=environment, rule=rule, number=2, actor=make_actor(), now=NOW + 2 * DAY)
    assert (made.number, rule.revisions.count()) == (2, 2)
    assert reload(environment).config_version == version


def test_an_old_definition_comes_back_without_limits(environment: Environment) -> None:
    rule, _ = old_rule(environment)
    rule = save_rule(environment=environment, rule=rule, actor=make_actor(), changes=LIMITS)
    publish_now(environment, rule, NOW + DAY)
    made = roll_back(environment=environment, rule=rule, number=1, actor=make_actor(), now=NOW + 2 * DAY)
    rule.refresh_from_db()
    assert (made.number, rule.caps, rule.budget, rule.starts_at) == (3, [], None, None)


def test_an_archived_rule_comes_back_into_force(environment: Environment) -> None:
    rule = make_rule(environment, published_at=NOW)
    archive(environment=environment, rule=rule, actor=make_actor(), now=NOW + DAY)
    made = roll_back(environment=environment, rule=rule, number=1, actor=make_actor(), now=NOW + 2 * DAY)
    rule.refresh_from_db()
    assert (made.number, rule.status) == (3, "published")


@pytest.mark.parametrize("number", [0, 2, 3, -1])
def test_there_is_no_return_to_what_is_no_revision_with_a_definition(
    environment: Environment, number: int
) -> None:
    rule = make_rule(environment, published_at=NOW)
    archive(environment=environment, rule=rule, actor=make_actor(), now=NOW + DAY)  # revision 2
    with pytest.raises(NotFound):
        roll_back(environment=environment, rule=rule, number=number, actor=make_actor(), now=NOW + DAY)
    assert rule.revisions.count() == 2


def test_another_environment_s_rule_can_not_be_rolled_back(environment: Environment) -> None:
    rule = changed(environment)
    with pytest.raises(NotFound):
        roll_back(
            environment=make_environment("live", project=environment.project),
            rule=rule,
            number=1,
            actor=make_actor(),
            now=NOW + 2 * DAY,
        )
    assert rule.revisions.count() == 2


def test_a_sandbox_whose_clock_is_behind_refuses_and_leaves_the_draft(environment: Environment) -> None:
    rule = changed(environment)
    environment.clock = NOW
    with pytest.raises(InvalidRequest, match="move it forward"):
        roll_back(environment=environment, rule=rule, number=1, actor=make_actor(), now=NOW)
    rule.refresh_from_db()
    assert (rule.priority, rule.revisions.count()) == (7, 2)


# -- levels in the snapshot


def test_a_snapshot_has_the_levels_of_each_ladder_by_their_threshold(environment: Environment) -> None:
    rule = make_rule(environment)
    ladder = TierLadder.objects.create(environment=environment, program=rule.program, metric=rule.metric)
    for code, threshold in (("gold", 750), ("bronze", 0), ("silver", 250)):
        Tier.objects.create(
            environment=environment, ladder=ladder, code=code, title=code.title(), threshold=threshold
        )
    config = snapshot(reload(environment))
    if not config.ladders:  # made beside `configure`, which would have raised the version
        Environment.objects.filter(pk=environment.pk).update(config_version=config.version + 1)
        config = snapshot(reload(environment))
    assert config.ladders == (ladder,)
    assert [level.code for level in config.levels_of(ladder.id)] == ["bronze", "silver", "gold"]
    assert config.levels_of(rule.id) == ()
