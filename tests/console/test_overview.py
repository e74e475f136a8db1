"""The figures and the first steps of the console's first page."""

from datetime import timedelta

from django.utils import timezone

from loyalty.actions.clock import set_clock
from loyalty.queries.first_steps import checklist
from programs.models import Environment
from tests import factories


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
    assert said[0].state.endswith("it is in force.")
    assert said[1].state.endswith("from a later instant on.")
