"""What tests stand on, made through the product's own actions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

import jwt
from django.contrib.auth.models import User
from django.utils import timezone

from audit.record import Actor
from loyalty.actions.catalogue import save_reward
from loyalty.actions.events import record_event
from loyalty.actions.points import award
from loyalty.actions.redemptions import redeem
from loyalty.actions.stamps import enrol
from loyalty.models import LedgerEntry, Member, Redemption, StampCollection, member_key
from loyalty.queries.events import RecordedEvent
from programs.actions.challenges import save_challenge
from programs.actions.configure import configure
from programs.actions.coupons import save_coupon
from programs.actions.keys import create_key
from programs.actions.plans import save_plan, set_plan
from programs.actions.publish import publish
from programs.actions.rules import save_rule
from programs.actions.shares import share_program
from programs.actions.stamp_programs import save_stamp_program
from programs.actions.tenancy import create_project, set_membership
from programs.actions.token_keys import NewTokenKey, create_token_key
from programs.actions.webhook_endpoints import NewEndpoint, create_endpoint
from programs.models import (
    Challenge,
    Coupon,
    EarningRule,
    Environment,
    Metric,
    Plan,
    Program,
    ProgramShare,
    Project,
    Reward,
    StampProgram,
    TierLadder,
)
from programs.models.plans import FEATURES

PER_POUND = {"kind": "per_amount", "field": "data.amount", "rate": "1", "step": "1"}


def make_actor() -> Actor:
    return Actor("system", "tests", uuid4().hex)


def staff_actor(name: str) -> Actor:
    """A person of the staff."""
    return Actor("staff", name, uuid4().hex, "192.0.2.7")


def make_project(name: str = "Shop", *, organization: str | None = None, time_zone: str = "UTC") -> Project:
    """A project in an organization of its own, with both environments."""
    return create_project(
        organization_name=organization or f"Organization {uuid4().hex}",
        project_name=name,
        time_zone=time_zone,
        actor=make_actor(),
    )


def make_plan(
    environment: Environment, *, without: Sequence[str] = (), code: str | None = None, **limits: int
) -> Environment:
    """Give the environment's organization a plan of its own with these limits, and all features but `without`."""
    code = code or f"plan-{uuid4().hex}"
    plan = save_plan(
        plan=Plan(code=code, name=code),
        changes={"limits": limits, "features": [name for name in FEATURES if name not in without]},
        actor=make_actor(),
    )
    set_plan(organization=environment.project.organization, plan=plan, actor=make_actor())
    return reload(environment)


def make_environment(
    kind: str = "sandbox", *, project: Project | None = None, time_zone: str = "UTC"
) -> Environment:
    project = project or make_project(time_zone=time_zone)
    return Environment.objects.select_related("project__organization__plan").get(project=project, kind=kind)


def reload(environment: Environment) -> Environment:
    """The environment as a new request would see it."""
    return Environment.objects.select_related("project__organization__plan").get(pk=environment.pk)


def make_endpoint(environment: Environment, *event_types: str, **options: Any) -> NewEndpoint:
    """A webhook endpoint that is told of these (all, if none is named); at an address, which needs no look-up."""
    given = {"url": "https://93.184.215.14/hooks", **options}
    return create_endpoint(
        environment=environment,
        event_types=event_types or ("*",),
        actor=make_actor(),
        now=timezone.now(),
        **given,
    )


def make_key(environment: Environment, *scopes: str, **options: Any) -> str:
    """A secret key with these scopes (all, if none is named)."""
    made = create_key(
        environment=environment, name="tests", scopes=scopes or ("*",), actor=make_actor(), **options
    )
    return made.secret


def make_token_key(environment: Environment, **options: Any) -> NewTokenKey:
    """A key that signs member tokens; HS256 with a secret of ours, unless told."""
    given = {"name": "tests", "algorithm": "HS256", **options}
    return create_token_key(environment=environment, actor=make_actor(), **given)


def make_token(made: NewTokenKey, member: str = "ada", **claims: Any) -> str:
    """A member's token for an hour, signed with an HS256 key; `claims` replace, None leaves one out."""
    now = int(timezone.now().timestamp())
    whole = {"sub": member, "iat": now, "exp": now + 3600, **claims}
    said = {name: value for name, value in whole.items() if value is not None}
    return jwt.encode(said, made.secret or "", algorithm="HS256", headers={"kid": made.key.kid})


def make_member(environment: Environment, external_id: str = "ada", **fields: Any) -> Member:
    return Member.objects.create(
        id=member_key(environment.namespace, external_id),
        environment=environment,
        external_id=external_id,
        created_at=timezone.now(),
        **fields,
    )


def make_staff(project: Project | None = None, role: str = "owner", *, username: str | None = None) -> User:
    user = User.objects.create_user(
        username or f"staff-{uuid4().hex}", password="correct horse battery staple", is_staff=True
    )
    if project:
        set_membership(project=project, user=user, role=role, actor=make_actor())
    return user


def make_metric(environment: Environment, code: str = "points", **changes: Any) -> Metric:
    """The metric of that code, made in the default program (or `program`) if it is missing, with these settings."""
    metric = Metric.objects.filter(environment=environment, code=code).first()
    if metric is None:
        program = changes.pop("program", None) or Program.objects.get(environment=environment, code="default")
        metric = Metric(environment=environment, program=program, code=code, title=code.title())
    return configure(environment=environment, instance=metric, actor=make_actor(), changes=changes)


def make_program(environment: Environment, code: str, **changes: Any) -> Program:
    made = Program(environment=environment, code=code, name=code.title())
    return configure(environment=environment, instance=made, actor=make_actor(), changes=changes)


def make_share(program: Program, guest: Environment, reason: str = "One card for both") -> ProgramShare:
    """The program, for another project's environment."""
    return share_program(
        environment=reload(program.environment),
        program=program,
        guest=reload(guest),
        reason=reason,
        actor=make_actor(),
    )


def make_rule(
    environment: Environment,
    *,
    award: dict[str, Any] | None = None,
    condition: dict[str, Any] | None = None,
    event_type: str = "purchase",
    name: str = "1 point per £1",
    metric: str = "points",
    published_at: datetime | None = None,
    published: bool = True,
    program: str = "default",
    **fields: Any,
) -> EarningRule:
    """An earning rule of the default program; published (now, unless told when) unless told not to.

    `fields`: entry_type, priority, exclusive_group, caps, budget, starts_at, ends_at, schedule.
    """
    owner = Program.objects.get(environment=environment, code=program)
    rule = save_rule(
        environment=environment,
        rule=EarningRule(environment=environment, program=owner),
        actor=make_actor(),
        changes={
            "name": name,
            "event_type": event_type,
            "condition": condition or {},
            "award": award or PER_POUND,
            "metric": Metric.objects.get(environment=environment, code=metric),
            **fields,
        },
    )
    if published:
        publish(environment=environment, rule=rule, actor=make_actor(), now=published_at or timezone.now())
        rule.refresh_from_db()
    return rule


def make_stamp_program(environment: Environment, *, program: str = "default", **changes: Any) -> StampProgram:
    """A card of the default program, in force: five purchases in GBP pay back the lowest price, unless told.

    `public_id` chooses its `lp_` id.
    """
    new = StampProgram(environment=environment)
    if "public_id" in changes:
        new.public_id = changes.pop("public_id")
    given = {
        "program": Program.objects.get(environment=environment, code=program),
        "name": "Coffee Rewards",
        "title": "Buy 5, Get 1 Free",
        "status": "active",
        "threshold": 5,
        "currency": "GBP",
        "reward_kind": "refund",
    }
    return save_stamp_program(
        environment=environment,
        stamp_program=new,
        actor=make_actor(),
        now=timezone.now(),
        changes=given | changes,
    )


def make_challenge(
    environment: Environment,
    *,
    missions: list[dict[str, Any]] | None = None,
    rewards: list[dict[str, Any]] | None = None,
    **changes: Any,
) -> Challenge:
    """A challenge of the default program, in force: two events of type `visit`, for 50 points, unless told.

    `public_id` chooses its id; `program` is a code.
    """
    new = Challenge(environment=environment)
    if "public_id" in changes:
        new.public_id = changes.pop("public_id")
    program = Program.objects.get(environment=environment, code=changes.pop("program", "default"))
    if missions is None:
        missions = [{"title": "Come twice", "event_type": "visit", "target": 2}]
    if rewards is None:
        points = Metric.objects.get(environment=environment, code="points")
        rewards = [{"kind": "metric", "metric": points, "quantity": 50}]
    return save_challenge(
        environment=environment,
        challenge=new,
        actor=make_actor(),
        now=timezone.now(),
        changes={"program": program, "title": "Regular", "status": "active"} | changes,
        missions=missions,
        rewards=rewards,
    )


def make_coupon(environment: Environment, **changes: Any) -> Coupon:
    """A coupon `tea` in the set `coupons`, with one code for everybody, unless told."""
    given = {"id": "tea", "title": "Free tea", "link": "https://shop.example/tea"}
    code = {} if "code_pattern" in changes else {"code": "TEA"}
    return save_coupon(
        environment=environment,
        coupon=Coupon(environment=environment),
        actor=make_actor(),
        now=timezone.now(),
        changes=given | code | changes,
    )


def make_card(environment: Environment, stamp_program: StampProgram, member: str = "ada") -> StampCollection:
    """A member's card of a stamp program."""
    return enrol(
        environment=reload(environment),
        stamp_program=stamp_program.public_id,
        member=member,
        actor=make_actor(),
        now=timezone.now(),
    )


def report(environment: Environment, event_id: str = "order-1", **changes: Any) -> RecordedEvent:
    """Report a purchase of 59.90 by ada, as a caller would."""
    event: dict[str, Any] = {
        "type": "purchase",
        "member": "ada",
        "data": {"amount": "59.90"},
        "actor": make_actor(),
        "now": timezone.now(),
    }
    return record_event(environment=reload(environment), event_id=event_id, **{**event, **changes})


def give(environment: Environment, points: int, member: str = "ada", **options: Any) -> LedgerEntry:
    """Award points as a caller would."""
    return award(
        environment=reload(environment),
        member=member,
        points=points,
        **{"reason": "Purchase", "actor": make_actor(), "now": timezone.now(), **options},
    )


def make_reward(
    environment: Environment,
    public_id: str | None = None,
    *,
    stock: int | None = None,
    program: str = "default",
    metric: str = "points",
    **changes: Any,
) -> Reward:
    """A reward that can be redeemed for 100 points and gives nothing in the engine, unless `changes` says otherwise."""
    reward = Reward(environment=environment)
    if public_id:
        reward.public_id = public_id
    return save_reward(
        environment=environment,
        reward=reward,
        actor=make_actor(),
        stock=stock,
        changes={
            "program": Program.objects.get(environment=environment, code=program),
            "metric": Metric.objects.get(environment=environment, code=metric),
            "kind": "custom",
            "name": "Coffee",
            "points": 100,
            "status": "active",
            **changes,
        },
    )


def buy(environment: Environment, reward: str, member: str = "ada", **options: Any) -> Redemption:
    """Redeem a reward as a caller would."""
    return redeem(
        environment=reload(environment),
        member=member,
        reward=reward,
        **{"actor": make_actor(), "now": timezone.now(), **options},
    )


def make_ladder(
    environment: Environment,
    *levels: tuple[str, str] | tuple[str, str, str],
    program: str = "default",
    metric: str = "points",
    **changes: Any,
) -> TierLadder:
    """The program's ladder of (code, threshold, multiplier or else "1"); by points earned in rolling 365
    days, one level down, no days of grace, unless `changes` says otherwise."""
    from loyalty.actions.ladders import save_ladder

    owner = Program.objects.get(environment=environment, code=program)
    unit = Metric.objects.get(environment=environment, code=metric)
    stored = TierLadder.objects.filter(program=owner).first()
    return save_ladder(
        environment=environment,
        ladder=stored or TierLadder(environment=environment, program=owner),
        actor=make_actor(),
        changes={"metric": unit, **changes},
        levels=[
            {
                "code": code,
                "title": code.title(),
                "threshold": threshold,
                "multiplier": multiplier[0] if multiplier else "1",
            }
            for code, threshold, *multiplier in levels
        ],
    )
