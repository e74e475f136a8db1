"""A snapshot offers an event the rules of its moment, compiled once, and leaves nothing behind."""

import gc
import weakref
from datetime import datetime, timedelta

from loyalty.queries.rules import rules_for
from loyalty.rules.earning import CompiledRule
from programs.actions.publish import archive
from programs.models import Environment, Program
from programs.queries import snapshots
from programs.queries.snapshots import snapshot
from tests.factories import make_actor, make_rule, reload, report

NOW = datetime.fromisoformat("2026-03-02T12:00:00+00:00")
DAY = timedelta(days=1)


def found(environment: Environment, at: datetime, event_type: str = "purchase") -> list[CompiledRule]:
    program = Program.objects.get(environment=environment)
    return rules_for(snapshot(reload(environment)), event_type, frozenset([program.id]), at)


def test_only_what_is_in_force_is_offered(environment: Environment) -> None:
    rule = make_rule(environment, published_at=NOW)
    archive(environment=environment, rule=rule, actor=make_actor(), now=NOW + DAY)
    moments = (NOW - DAY, NOW, NOW + DAY / 2, NOW + DAY)
    assert [len(found(environment, at)) for at in moments] == [0, 1, 1, 0]
    assert found(environment, NOW, "visit") == []


def test_rules_that_ended_or_have_not_begun_leave_nothing_in_the_explanation(
    environment: Environment,
) -> None:
    for number in range(3):
        ended = make_rule(environment, name=f"Ended {number}", published_at=NOW - 2 * DAY)
        archive(environment=environment, rule=ended, actor=make_actor(), now=NOW - DAY)
    make_rule(environment, name="To come", published_at=NOW + DAY)
    make_rule(environment, name="Now", published_at=NOW - DAY)
    explanation = report(environment, now=NOW).event.explanation
    assert [verdict["name"] for verdict in explanation["verdicts"]] == ["Now"]


def test_a_rule_is_compiled_once_and_dies_with_its_snapshot(environment: Environment) -> None:
    make_rule(environment, published_at=NOW)
    [first], [second] = found(environment, NOW), found(environment, NOW)
    assert first is second
    kept = weakref.ref(snapshot(reload(environment)))
    snapshots._cache.pop(environment.id)
    gc.collect()
    assert kept() is None


def test_what_is_not_needed_is_not_parsed(environment: Environment) -> None:
    rule = make_rule(environment, published_at=NOW)
    archive(environment=environment, rule=rule, actor=make_actor(), now=NOW + DAY)
    assert found(environment, NOW + DAY) == []
    [published] = snapshot(reload(environment)).rules
    assert "condition" not in vars(published)
    assert "award" not in vars(published)
