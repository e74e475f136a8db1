"""The figures and the first steps of the console's first page."""

from datetime import timedelta
from typing import Any

from django.utils import timezone

from loyalty.actions.clock import set_clock
from loyalty.queries.overview import _outstanding, checklist
from programs.models import Environment
from tests import factories


def test_outstanding_is_less_what_lapsed_unwritten_and_one_statement(
    environment: Environment, django_assert_num_queries: Any
) -> None:
    now = timezone.now()
    entry = factories.give(environment, 100, expires_at=now + timedelta(days=5))
    factories.give(environment, 30, "bob", expires_at=now + timedelta(days=20))
    factories.give(environment, 7)
    factories.give(factories.make_environment(), 1000)
    metric = entry.account.metric_id
    for days, points in ((0, 137), (6, 37), (21, 7)):
        with django_assert_num_queries(1):
            assert _outstanding(environment, now + timedelta(days=days)) == {metric: points}


def test_a_key_ends_in_real_time_whatever_the_test_clock_says(environment: Environment) -> None:
    def has_key(environment: Environment) -> bool:
        later = timezone.now() + timedelta(days=365)
        steps = checklist(environment=environment, now=later)
        return next(step.done for step in steps if step.title == "API key")

    assert not has_key(environment)
    factories.make_key(environment, expires_at=timezone.now() + timedelta(days=30))
    set_clock(
        environment=environment, clock=timezone.now() + timedelta(days=365), actor=factories.make_actor()
    )
    assert has_key(factories.reload(environment))


def test_a_rule_that_takes_effect_later_is_not_said_to_be_in_force(environment: Environment) -> None:
    now = timezone.now()
    factories.make_rule(environment, published_at=now)
    said = [
        next(s for s in checklist(environment=environment, now=at) if s.title == "Earning rule")
        for at in (now, now - timedelta(days=1))
    ]
    assert [step.done for step in said] == [True, True]
    assert said[0].detail.endswith("it is in force.")
    assert said[1].detail.endswith("from a later instant on.")
