"""Fill a migrated database: `python -m benchmarks.seeding ROWS DEEP` prints what there is, as JSON.

One member has DEEP entries, in every size; one entry in fifty is a credit that has expired and waits for the
sweep; the other members have ten each. Their rows lie in time order, so those
of one member are far apart, as in real life. Not for a database that is used: foreign keys are not
checked while the rows go in (a test holds small sizes against all of them and every invariant).
"""

import argparse
import json
import os
import sys
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import django

DUE = 50  # one entry in so many
CODES = 50_000  # in the pool
CARDS = 50
RULES: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    ("A point a pound", {"kind": "per_amount", "field": "data.amount", "rate": "1", "step": "1"}, {}),
    (
        "Large",
        {"kind": "fixed", "points": 50},
        {"field": "data.amount", "op": "gte", "value": "100"},
    ),
    (
        "Double on large ones",
        {"kind": "multiplier", "factor": "2"},
        {
            "all": [
                {"field": "event.occurred_at.weekday", "op": "in", "value": [6, 7]},
                {"field": "data.amount", "op": "gte", "value": "100"},
            ]
        },
    ),
)


@dataclass(frozen=True, slots=True)
class Seeded:
    """What a load generator must know. Members are called m-1 … m-`members`, and `deep`."""

    key: str
    environment_id: str
    organization_id: str
    project_id: str
    metric_id: str
    namespace: str
    members: int
    rows: int
    deep: int
    due: int
    card_key: str
    """Of the sandbox, where there are a stamp program and challenges; c-1 … c-`cards` have a card."""
    cards: int


def main() -> None:
    parser = argparse.ArgumentParser("python -m benchmarks.seeding")
    parser.add_argument("rows", type=int)
    parser.add_argument("deep", type=int)
    chosen = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    sys.stdout.write(json.dumps(asdict(seed(rows=chosen.rows, deep=chosen.deep))) + "\n")


def seed(*, rows: int, deep: int) -> Seeded:
    """A project whose live environment holds `rows` entries; `deep` is even and more than ten."""
    from django.db import connection, transaction  # noqa: PLC0415 - Django is set up by now

    from benchmarks import statements  # noqa: PLC0415
    from loyalty.models import member_key  # noqa: PLC0415

    found = _tenancy(rows=rows, deep=deep)
    namespace = UUID(found.namespace)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('session_replication_role', 'replica', true)")
        cursor.execute(statements.PLANNED_MEMBERS)
        with cursor.copy("COPY planned_member (n, id, external_id) FROM STDIN") as copy:
            copy.write_row((0, member_key(namespace, "deep"), "deep"))
            for number in range(1, found.members + 1):
                name = f"m-{number}"
                copy.write_row((number, member_key(namespace, name), name))
            for number in range(1, found.due + 1):
                name = f"due-{number}"
                copy.write_row((-number, member_key(namespace, name), name))
        for statement in statements.all_of(found):
            cursor.execute(statement)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE)")
        cursor.execute("CHECKPOINT")
    return found


def _tenancy(*, rows: int, deep: int) -> Seeded:
    from audit.record import Actor  # noqa: PLC0415
    from programs.actions.keys import create_key  # noqa: PLC0415
    from programs.actions.tenancy import create_project  # noqa: PLC0415
    from programs.models import Environment, Metric  # noqa: PLC0415

    actor = Actor.system("benchmark")
    project = create_project(
        organization_name=f"Benchmark {uuid4().hex[:8]}", project_name="Shop", time_zone="UTC", actor=actor
    )
    environment = Environment.objects.get(project=project, kind="live")
    publish_rules(environment)
    offer_rewards(environment)
    key: Any = create_key(environment=environment, name="benchmark", scopes=("*",), actor=actor)
    sandbox = Environment.objects.get(project=project, kind="sandbox")
    publish_rules(sandbox)
    issue_cards(sandbox)
    set_challenges(sandbox)
    card_key: Any = create_key(environment=sandbox, name="benchmark", scopes=("*",), actor=actor)
    return Seeded(
        key=key.secret,
        environment_id=str(environment.id),
        organization_id=str(project.organization_id),
        project_id=str(project.id),
        metric_id=str(Metric.objects.get(environment=environment, code="points").id),
        namespace=str(environment.namespace),
        members=(rows - deep - rows // DUE) // 10,
        rows=rows,
        deep=deep,
        due=rows // DUE,
        card_key=card_key.secret,
        cards=CARDS,
    )


def publish_rules(environment: Any) -> None:
    """Three rules of purchases, in force for long: a point a pound, and two that small ones don't meet."""
    from django.utils import timezone  # noqa: PLC0415

    from audit.record import Actor  # noqa: PLC0415
    from programs.actions.publish import publish  # noqa: PLC0415
    from programs.actions.rules import save_rule  # noqa: PLC0415
    from programs.models import EarningRule, Metric, Program  # noqa: PLC0415

    program = Program.objects.get(environment=environment, code="default")
    metric = Metric.objects.get(environment=environment, code="points")
    actor, since = Actor.system("benchmark"), timezone.now() - timedelta(days=1000)
    for name, award, condition in RULES:
        named = {"name": name, "award": award, "condition": condition, "metric": metric}
        rule = save_rule(
            environment=environment,
            rule=EarningRule(environment=environment, program=program),
            actor=actor,
            changes=named | {"event_type": "purchase"},
        )
        publish(environment=environment, rule=rule, actor=actor, now=since)


def offer_rewards(environment: Any) -> None:
    """Three rewards of one point each: a code from a pattern, the same with one stock for all, a pool of codes."""
    from django.utils import timezone  # noqa: PLC0415

    from audit.record import Actor  # noqa: PLC0415
    from loyalty.actions.catalogue import UNCHANGED, save_reward  # noqa: PLC0415
    from loyalty.actions.codes import add_codes  # noqa: PLC0415
    from programs.models import Metric, Program, Reward  # noqa: PLC0415

    owner = {
        "environment": environment,
        "program": Program.objects.get(environment=environment, code="default"),
        "metric": Metric.objects.get(environment=environment, code="points"),
    }
    actor, common = Actor.system("benchmark"), {"kind": "free_product", "points": 1, "status": "active"}
    made = {"code_source": "generated", "code_pattern": "REDEEM-##########"}
    for name, changes in {"plain": made, "stock": made, "pool": {"code_source": "pool"}}.items():
        reward = save_reward(
            environment=environment,
            reward=Reward(public_id=f"rwd_{name}", name=name, **owner),
            actor=actor,
            changes=common | changes,
            stock=10**9 if name == "stock" else UNCHANGED,
        )
    codes = [f"POOL-{number:06}" for number in range(CODES)]
    add_codes(environment=environment, reward=reward, codes=codes, actor=actor, now=timezone.now())


def issue_cards(environment: Any) -> None:
    """A stamp program, every fifth purchase £5, and some members' cards of it."""
    from django.utils import timezone  # noqa: PLC0415

    from audit.record import Actor  # noqa: PLC0415
    from loyalty.actions.stamps import enrol  # noqa: PLC0415
    from programs.actions.stamp_programs import save_stamp_program  # noqa: PLC0415
    from programs.models import Program, StampProgram  # noqa: PLC0415

    common: Any = {"environment": environment, "actor": Actor.system("benchmark"), "now": timezone.now()}
    changes = {
        "program": Program.objects.get(environment=environment, code="default"),
        "name": "Five purchases",
        "title": "Five purchases, five pounds",
        "status": "active",
        "threshold": 5,
        "currency": "GBP",
        "reward_kind": "fixed-reward",
        "reward_amount": 500,
    }
    made = save_stamp_program(stamp_program=StampProgram(environment=environment), changes=changes, **common)
    for number in range(1, CARDS + 1):
        enrol(stamp_program=made.public_id, member=f"c-{number}", **common)


def set_challenges(environment: Any) -> None:
    """One that events `played` count for, five for `shared`, and one of each day that any `visited` completes."""
    from django.utils import timezone  # noqa: PLC0415

    from audit.record import Actor  # noqa: PLC0415
    from programs.actions.challenges import save_challenge  # noqa: PLC0415
    from programs.models import Challenge, Metric, Program  # noqa: PLC0415

    program = Program.objects.get(environment=environment, code="default")
    points = Metric.objects.get(environment=environment, code="points")
    for event_type, target in (("played", 10**6), *[("shared", 10**6)] * 5, ("visited", 1)):
        save_challenge(
            environment=environment,
            challenge=Challenge(environment=environment),
            actor=Actor.system("benchmark"),
            now=timezone.now(),
            changes={
                "program": program,
                "title": event_type,
                "status": "active",
                "per": "ever" if target > 1 else "day",
            },
            missions=[{"title": event_type, "event_type": event_type, "target": target}],
            rewards=[{"kind": "metric", "metric": points, "quantity": 5}],
        )


if __name__ == "__main__":
    main()
