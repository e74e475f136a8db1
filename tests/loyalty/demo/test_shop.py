"""The shop's rules, key and password over several starts."""

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from loyalty.demo import shop
from programs.actions.publish import archive
from programs.models import ApiKey, EarningRule, EarningRuleRevision, Environment, Metric
from tests import factories

SINCE = datetime(2026, 7, 10, tzinfo=UTC)


def ensure(environment: Environment) -> list[str]:
    return shop.ensure_rules(environment=environment, actor=factories.make_actor(), since=SINCE)


def test_rules_are_published_once_and_in_force_since(environment: Environment) -> None:
    assert ensure(environment) == ["1 point per £1", "Big basket bonus", "10 XP an order"]
    assert ensure(environment) == []
    revisions = EarningRuleRevision.objects.filter(environment=environment)
    assert [revision.effective_from for revision in revisions] == [SINCE] * 3
    rules = EarningRule.objects.filter(environment=environment)
    assert rules.filter(metric__code="xp").get().name == "10 XP an order"
    assert Metric.objects.filter(environment=environment).count() == 2


def test_a_rule_that_a_visitor_changed_stays_so(environment: Environment) -> None:
    ensure(environment)
    rule = EarningRule.objects.get(environment=environment, name="Big basket bonus")
    archive(environment=environment, rule=rule, actor=factories.make_actor(), now=SINCE)
    assert ensure(environment) == []
    rule.refresh_from_db()
    assert rule.status == EarningRule.Status.ARCHIVED


def test_a_new_key_takes_the_place_of_all_earlier_ones(environment: Environment) -> None:
    other = factories.make_key(environment)
    secrets = [
        shop.rotate_key(environment=environment, actor=factories.make_actor()).secret for _ in range(3)
    ]
    keys = ApiKey.objects.filter(environment=environment, name=shop.KEY_NAME).order_by("created_at")
    assert [key.revoked_at is None for key in keys] == [False, False, True]
    assert [secret.startswith(key.prefix) for secret, key in zip(secrets, keys, strict=True)] == [True] * 3
    assert ApiKey.objects.get(environment=environment, prefix=other[:17]).revoked_at is None


def test_the_app_has_a_publishable_key_of_its_own_by_which_nothing_else_is_called(
    environment: Environment,
) -> None:
    server = shop.rotate_key(environment=environment, actor=factories.make_actor())
    first, second = (
        shop.rotate_app_key(environment=environment, actor=factories.make_actor()) for _ in range(2)
    )
    assert second.secret.startswith("pk_sandbox_")
    assert (second.key.kind, second.key.scopes) == ("publishable", [])
    live = ApiKey.objects.filter(environment=environment, revoked_at=None)
    assert set(live) == {server.key, second.key}
    assert first.key not in live


def test_the_password_is_made_once_and_kept_from_others(tmp_path: Path) -> None:
    file = tmp_path / ".data" / "demo.json"
    first = shop.demo_password(file)
    assert shop.demo_password(file) == first
    assert len(first) >= 12
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert shop.demo_password(tmp_path / "other.json") != first


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"password": 1}', '{"password": "short"}', "\xff"])
def test_a_broken_password_file_is_replaced(tmp_path: Path, content: str) -> None:
    file = tmp_path / "demo.json"
    file.write_bytes(content.encode("latin-1"))
    password = shop.demo_password(file)
    assert len(password) >= 12
    assert shop.demo_password(file) == password
