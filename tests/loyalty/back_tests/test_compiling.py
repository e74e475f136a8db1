"""Drafts that are tried are compiled beside the snapshot, which lives on: it keeps nothing of them."""

import pytest

from loyalty.queries.drafts import with_draft
from loyalty.queries.rules import compiled
from loyalty.queries.trials import TrialRun
from programs.models import EarningRule, EarningRuleRevision, Environment
from programs.queries.snapshots import Snapshot, snapshot
from tests.factories import make_rule, reload
from tests.loyalty.back_tests.past import Past, run, started, store

pytestmark = pytest.mark.django_db


@pytest.fixture
def other(environment: Environment) -> EarningRuleRevision:
    """What is published beside the draft."""
    return EarningRuleRevision.objects.get(rule=make_rule(environment, name="Other"))


@pytest.fixture
def draft(environment: Environment) -> EarningRule:
    return make_rule(environment, name="Tried", published=False)


def config_of(environment: Environment) -> Snapshot:
    return snapshot(reload(environment))


def test_a_back_tests_draft_is_not_left_in_the_snapshot(
    environment: Environment, other: EarningRuleRevision, draft: EarningRule
) -> None:
    store(environment, [Past()])
    first, second = started(environment, draft), started(environment, draft)
    TrialRun(first, limit=1)
    run(second)
    config = config_of(environment)
    assert snapshot(second.environment) is config
    assert list(config.derived) == [other.pk]


def test_trying_a_draft_takes_over_what_is_compiled_and_leaves_nothing(
    environment: Environment, other: EarningRuleRevision, draft: EarningRule
) -> None:
    config = config_of(environment)
    (published,) = config.rules
    kept = compiled(config, published)
    tried = with_draft(config, draft)
    assert [compiled(tried, rule).name for rule in tried.rules] == ["Other", "Tried"]
    assert compiled(tried, published) is kept
    assert list(config.derived) == [other.pk]
