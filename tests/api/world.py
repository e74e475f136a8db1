"""A tenant with data in every table that the API reads, and proof that nothing changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.apps import apps
from django.db import connection
from django.utils import timezone

from audit.ids import public
from loyalty.actions.back_tests import start_back_test
from loyalty.actions.codes import add_codes
from loyalty.actions.events import record_event
from loyalty.actions.holds import capture_hold, hold_points
from loyalty.actions.inventory_sets import save_inventory_set
from loyalty.actions.referrals import referral_code_of
from loyalty.models import (
    Account,
    BackTest,
    Hold,
    Lot,
    Member,
    ReferralCode,
    Stamp,
    StampReward,
    TierChange,
)
from programs.actions.configure import configure
from programs.actions.member_apps import save_member_app
from programs.actions.milestones import save_milestone_set
from programs.actions.webhook_endpoints import send_test
from programs.models import (
    EarningRule,
    Environment,
    InventorySet,
    Metric,
    MilestoneSet,
    Program,
    ProgramShare,
)
from tests import factories

IGNORED = dict.fromkeys(
    ("programs_apikey", "programs_tokenkey"), ("last_used_at",)
)  # a refused call may be counted as a use


NOTED = r"\.call_refused$"


@dataclass(frozen=True)
class Owner:
    """An environment with data: `ids` by the names of the schema's path parameters; `marks` occur nowhere else."""

    environment: Environment
    ids: dict[str, str]
    marks: list[str]


def make_owner() -> Owner:
    environment = factories.make_environment()
    program = configure(
        environment=environment,
        instance=Program(environment=environment),
        actor=factories.make_actor(),
        changes={"code": "gold", "name": "Gold club"},
    )
    metric = configure(
        environment=environment,
        instance=Metric(environment=environment, program=program),
        actor=factories.make_actor(),
        changes={"code": "coins", "title": "Coins"},
    )
    rule = factories.make_rule(environment)
    ladder = factories.make_ladder(environment, ("silver", "50"), ("gold", "50000"))
    entry = factories.give(environment, 10_000, "owner-ada")
    record_event(
        environment=factories.reload(environment),
        event_id="owner-order",
        type="purchase",
        member="owner-ada",
        data={"amount": "59.90"},
        actor=factories.make_actor(),
        now=timezone.now(),
    )
    factories.give(environment, 10_000, "owner-bob")
    held, captured = make_hold(environment), make_hold(environment)
    capture_hold(
        environment=factories.reload(environment),
        hold=captured.id,
        actor=factories.make_actor(),
        now=timezone.now(),
    )
    code, back_test = make_code(environment, "owner-bob"), make_back_test(rule)
    share = make_share(program)
    shop, cafe, club = make_shop(environment), make_cafe(environment), make_club(environment)
    told = make_told(environment)
    ids = {
        "customer_id": "owner-ada",
        "other_customer_id": "owner-bob",
        "hold_id": public("hold", held.id),
        "cancel_hold.hold_id": public("hold", captured.id),
        "transaction_id": public("txn", entry.id),
        "event_id": "owner-order",
        "program": program.code,
        "program_id": program.public_id,  # in bodies
        "metric": metric.code,
        "rule_id": rule.public_id,
        "ladder_id": ladder.public_id,
        "back_test_id": back_test.public_id,
        "refer_customer.code": code.code,
        "refer_member.code": code.code,
        "create_tiers.program": program.code,  # the default one has its tiers
        "create_tiers.metric": metric.code,
        "program_share_id": share.public_id,
        "create_program_share.project": share.guest.project.name,
        **shop.ids,
        **cafe.ids,
        **club.ids,
        **told.ids,
    }
    rows: list[Any] = [
        environment,
        program,
        metric,
        rule,
        entry,
        held,
        captured,
        ladder,
        code,
        back_test,
        share,
        *shop.rows,
        *cafe.rows,
        *club.rows,
        *told.rows,
        *Member.objects.filter(environment=environment),
        *TierChange.objects.filter(environment_id=environment.id),
    ]
    rows += [*Account.objects.filter(environment_id=environment.id), *Lot.objects.filter(entry=entry)]
    return Owner(environment, ids, [str(row.pk) for row in rows])


@dataclass(frozen=True)
class Shop:
    """What a part of the world has: ids by the names of path parameters, and rows."""

    ids: dict[str, str]
    rows: list[Any]


def make_shop(environment: Environment) -> Shop:
    """A reward, what owner-ada has bought of it, and a set of items. One redemption is enough: it waits, so that it
    can be fulfilled, fail and be cancelled, and has a code."""
    reward = factories.make_reward(
        environment, "owner_coupon", points=50, code_source="pool", fulfilment="manual"
    )
    add_codes(
        environment=factories.reload(environment),
        reward=reward,
        codes=[f"OWNER-{environment.pk.hex[:8].upper()}-{number}" for number in range(9)],
        actor=factories.make_actor(),
        now=timezone.now(),
    )
    badges = save_inventory_set(
        environment=environment,
        inventory_set=InventorySet(
            environment=environment,
            public_id="owner_badges",
            program=Program.objects.get(environment=environment, code="default"),
        ),
        actor=factories.make_actor(),
        changes={"title": "Badges"},
        items=[{"id": "owner_badge", "title": "Badge"}],
    )
    bought = factories.buy(environment, "owner_coupon", "owner-ada")
    ids = {
        "reward_id": "owner_coupon",
        "offer_id": "owner_coupon",
        "redeem_offer.offerId": "owner_coupon",
        "user_id": "owner-ada",
        "set_id": "owner_badges",
        "redemption_id": public("red", bought.id),
        "validate_code.code": str(bought.issued_code),
        "use_code.code": str(bought.issued_code),
    }
    return Shop(ids, [reward, badges, *badges.items.all(), bought, bought.issued_code])


def make_cafe(environment: Environment) -> Shop:
    """owner-ada has a card, one stamp on it and a reward that waits to be paid; another card can be joined."""
    mine = factories.make_stamp_program(
        environment, public_id="lp_owner_espresso", threshold=2, stamps_per="quantity"
    )
    yet_to_join = factories.make_stamp_program(environment, public_id="lp_owner_cakes")
    card = factories.make_card(environment, mine, "owner-ada")
    record_event(
        environment=factories.reload(environment),
        event_id="owner-coffees",
        type="purchase",
        member="owner-ada",
        data={"amount": "9.00", "quantity": 3, "currency": "GBP"},
        actor=factories.make_actor(),
        now=timezone.now(),
    )
    reward, stamps = StampReward.objects.get(collection=card), Stamp.objects.filter(collection=card)
    ids = {
        "stamp_program_id": mine.public_id,
        "stamp_collection_id": public("sc", card.pk),
        "stamp_reward_id": public("sr", reward.pk),
        "create_stamp_collection.stamp_program": yet_to_join.public_id,
    }
    return Shop(ids, [mine, yet_to_join, card, reward, *stamps])


def make_club(environment: Environment) -> Shop:
    """A challenge that owner-ada has begun, a coupon, milestones, and the members' app."""
    challenge = factories.make_challenge(environment)
    coupon = factories.make_coupon(environment, id="owner_tea")
    levels = save_milestone_set(
        environment=environment,
        milestone_set=MilestoneSet(
            environment=environment,
            public_id="owner_levels",
            metric=Metric.objects.get(environment=environment, code="points"),
        ),
        actor=factories.make_actor(),
        changes={"title": "Levels"},
        milestones=[{"id": "owner_tin", "title": "Tin", "threshold": 10**9}],
    )
    app = save_member_app(
        environment=environment, actor=factories.make_actor(), changes={"event_types": ["visit"]}
    )
    record_event(
        environment=factories.reload(environment),
        event_id="owner-visit",
        type="visit",
        member="owner-ada",
        data={},
        actor=factories.make_actor(),
        now=timezone.now(),
    )
    ids = {
        "challenge_id": str(challenge.public_id),
        "coupon_id": "owner_tea",
        "milestone_set_id": levels.public_id,
    }
    parts = [*challenge.missions.all(), *challenge.rewards.all(), *levels.milestones.all()]
    return Shop(ids, [challenge, coupon, coupon.item, levels, app, *parts])


def make_told(environment: Environment) -> Shop:
    """A webhook endpoint, and a test that waits to be sent to it."""
    environment = factories.reload(environment)
    endpoint = factories.make_endpoint(environment).endpoint
    sent = send_test(
        environment=environment, endpoint=endpoint, actor=factories.make_actor(), now=timezone.now()
    )
    ids = {"endpoint_id": public("whe", endpoint.pk), "delivery_id": public("whd", sent.pk)}
    return Shop(ids, [endpoint, sent])


def make_hold(environment: Environment) -> Hold:
    return hold_points(
        environment=factories.reload(environment),
        member="owner-ada",
        points=500,
        actor=factories.make_actor(),
        now=timezone.now(),
    )


def make_code(environment: Environment, member: str) -> ReferralCode:
    return referral_code_of(
        environment=factories.reload(environment),
        member=member,
        actor=factories.make_actor(),
        now=timezone.now(),
    )


def make_share(program: Program) -> ProgramShare:
    """Of the program with a project beside the world's."""
    project = factories.make_project("Beside", organization=program.environment.project.organization.name)
    return factories.make_share(program, factories.make_environment(project=project))


def make_back_test(rule: EarningRule) -> BackTest:
    now = timezone.now()
    return start_back_test(
        environment=factories.reload(rule.environment),
        rule=rule,
        begins_at=now - timedelta(days=30),
        ends_at=now,
        actor=factories.make_actor(),
        now=now,
    )


def nowhere(ids: dict[str, str]) -> dict[str, str]:
    """Ids of the same form that exist in no environment."""
    codes = {name: "ZZZZZZZZ" for name in ids if name.endswith(".code")}
    return {
        name: f"{value[:-4]}0000" if "_" in value else f"no-{name}" for name, value in ids.items()
    } | codes


def digest(mentioning: Sequence[str] | None = None, *, notes: bool = True) -> dict[str, tuple[int, str]]:
    """Row count and content digest of each table; only of rows that mention one of these ids, if any are given.
    Without `notes`: but for those of calls that were refused."""
    selects = []
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        row = "to_jsonb(t)" + "".join(f" - '{column}'" for column in IGNORED.get(table, ()))
        where = " WHERE to_jsonb(t)::text ~ %(marks)s" if mentioning else " WHERE true"
        if table == "audit_auditevent" and not notes:
            where += " AND verb !~ %(noted)s"
        selects.append(
            f"SELECT '{table}', count(*), coalesce(md5(string_agg(md5(({row})::text), '' "
            f"ORDER BY md5(({row})::text))), '') FROM {table} t{where}"
        )
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(selects), {"marks": "|".join(mentioning or ()), "noted": NOTED})
        return {table: (count, content) for table, count, content in cursor.fetchall()}


def changed(before: dict[str, tuple[int, str]], after: dict[str, tuple[int, str]]) -> dict[str, Any]:
    """The tables that differ, for a message that says where."""
    return {table: (before[table], after[table]) for table in before if before[table] != after[table]}
