"""What the demo's shop is configured with: its names, rules and tiers, its key and its console log-in."""

import json
import secrets
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from django.db import transaction

from audit.record import Actor
from loyalty.actions.ladders import save_ladder
from programs.actions.configure import configure
from programs.actions.keys import NewKey, create_key, revoke_key
from programs.actions.publish import publish
from programs.actions.rules import save_rule
from programs.models import ApiKey, EarningRule, Environment, Metric, Program, TierLadder

ORGANIZATION = "Retrospot Gifts"
PROJECT = "Online shop"
TIME_ZONE = "Europe/London"
USERNAME = "demo"
KEY_NAME = "Demo key"
APP_KEY_NAME = "Demo app"
XP_MAXIMUM = 5000
TOKEN_LIFE = 24 * 60 * 60  # seconds


class ShopRule(NamedTuple):
    """A rule of the shop. Its public id is fixed: by it the rule is found again."""

    public_id: str
    name: str
    condition: dict[str, Any]
    award: dict[str, Any]
    metric: str = "points"
    more: dict[str, Any] = {}
    is_draft: bool = False


RULES = (
    ShopRule(
        "rul_demo_point_per_pound",
        "1 point per £1",
        {},
        {"kind": "per_amount", "field": "data.amount", "rate": "1", "step": "1"},
    ),
    ShopRule(
        "rul_demo_big_basket",
        "Big basket bonus",
        {"all": [{"field": "data.amount", "op": "gte", "value": "500"}]},
        {"kind": "fixed", "points": 50},
    ),
    ShopRule("rul_demo_xp", "10 XP an order", {}, {"kind": "fixed", "points": 10}, metric="xp"),
    # A draft, to try and to back-test: it has no effect until it is published.
    ShopRule(
        "rul_demo_weekend",
        "Double on weekends",
        {},
        {"kind": "multiplier", "factor": "2"},
        more={"schedule": {"weekdays": [6, 7]}, "caps": [{"per": "day", "points": 500}], "priority": 10},
        is_draft=True,
    ),
)
LEVELS = (
    {"code": "bronze", "title": "Bronze", "threshold": "0", "multiplier": "1"},
    {"code": "silver", "title": "Silver", "threshold": "500", "multiplier": "1"},
    {"code": "gold", "title": "Gold", "threshold": "2000", "multiplier": "1"},
)
POINTS = {
    "expiry": Metric.Expiry.MONTHS,
    "expiry_count": 12,
    "expiry_month_end": True,
    "unit_value": Decimal("0.01"),
    "unit_currency": "GBP",
}


@transaction.atomic
def ensure_rules(*, environment: Environment, actor: Actor, since: datetime) -> list[str]:
    """Publish the shop's rules, in force from `since` on; returns the names of those made now. Before the first of
    them it is said how long points last, and what one is worth.

    A rule that is there stays as it is: whoever tries the demo may have changed it. Locks: the environment.
    """
    names = [rule.public_id for rule in RULES]
    there = EarningRule.objects.filter(environment=environment, public_id__in=names)
    known = set(there.values_list("public_id", flat=True))
    missing = [rule for rule in RULES if rule.public_id not in known]
    if not known:
        points = _metric(environment, "points", actor)
        configure(environment=environment, instance=points, actor=actor, changes=POINTS)
    for rule in missing:
        _publish(environment, rule, actor, since)
    return [rule.name for rule in missing if not rule.is_draft]


def ensure_tiers(*, environment: Environment, actor: Actor) -> bool:
    """Set up the shop's levels, unless it has some; whether they were made now. Locks: the environment."""
    program = Program.objects.get(environment=environment, code="default")
    if TierLadder.objects.filter(program=program).exists():
        return False
    ladder = TierLadder(
        environment=environment,
        public_id="tl_demo",
        program=program,
        metric=Metric.objects.get(environment=environment, code="points"),
    )
    save_ladder(environment=environment, ladder=ladder, actor=actor, changes={}, levels=LEVELS)
    return True


def _publish(environment: Environment, rule: ShopRule, actor: Actor, since: datetime) -> None:
    draft = EarningRule(
        environment=environment,
        public_id=rule.public_id,
        program=Program.objects.get(environment=environment, code="default"),
        metric=_metric(environment, rule.metric, actor),
    )
    changes = {
        "name": rule.name,
        "event_type": "purchase",
        "condition": rule.condition,
        "award": rule.award,
        **rule.more,
    }
    made = save_rule(environment=environment, rule=draft, actor=actor, changes=changes)
    if not rule.is_draft:
        publish(environment=environment, rule=made, actor=actor, now=since)


def _metric(environment: Environment, code: str, actor: Actor) -> Metric:
    """`points` is there from the beginning; `xp` is made where it is missing."""
    there = Metric.objects.filter(environment=environment, code=code).first()
    return there or configure(
        environment=environment,
        instance=Metric(
            environment=environment, program=Program.objects.get(environment=environment, code="default")
        ),
        actor=actor,
        changes={"code": code, "title": "XP", "maximum": XP_MAXIMUM},
    )


@transaction.atomic
def rotate_key(*, environment: Environment, actor: Actor) -> NewKey:
    """A new demo key with all scopes, in place of every earlier one, whose secrets are forgotten."""
    _revoke(environment, KEY_NAME, actor)
    return create_key(environment=environment, name=KEY_NAME, scopes=["*"], actor=actor)


@transaction.atomic
def rotate_app_key(*, environment: Environment, actor: Actor) -> NewKey:
    """A new publishable key for the app, in place of every earlier one."""
    _revoke(environment, APP_KEY_NAME, actor)
    return create_key(environment=environment, name=APP_KEY_NAME, kind=ApiKey.Kind.PUBLISHABLE, actor=actor)


def _revoke(environment: Environment, name: str, actor: Actor) -> None:
    for key in ApiKey.objects.filter(environment=environment, name=name, revoked_at=None):
        revoke_key(environment=environment, key=key, actor=actor)


def demo_password(file: Path) -> str:
    """The console password of this checkout's demo: made once, kept in `file` that only we can read.

    A file that can't be read as ours is written anew.
    """
    try:
        kept = json.loads(file.read_text())["password"]
    except (OSError, ValueError, KeyError, TypeError):
        kept = None
    if isinstance(kept, str) and len(kept) >= 12:
        return kept
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    file.parent.mkdir(mode=0o700, exist_ok=True)
    file.unlink(missing_ok=True)
    file.touch(mode=0o600)
    file.write_text(json.dumps({"username": USERNAME, "password": password}))
    return password
