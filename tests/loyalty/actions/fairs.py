"""Fairs: shops with any rewards, visited by a member with any past."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F
from hypothesis import strategies as st

from audit.errors import DomainError
from loyalty.actions.erasing import erase_member
from loyalty.actions.events import record_event
from loyalty.actions.fulfilment import cancel
from loyalty.actions.holds import hold_points
from loyalty.actions.members import update_member
from loyalty.actions.merging import merge_members
from loyalty.actions.points import award, spend
from loyalty.actions.redemptions import redeem
from loyalty.actions.reversals import reverse
from loyalty.ledger.pools import delete_available, insert_codes
from loyalty.models import LedgerEntry, Member, Redemption, RewardStock
from programs.actions.configure import bump_version
from programs.actions.rewards import check_reward
from programs.models import InventoryItem, InventorySet, Metric, Program, Reward, Tier, TierLadder
from tests.factories import make_actor, make_environment, reload

NOW = datetime(2026, 6, 17, 12, 30, tzinfo=UTC)
"""A Wednesday; in Auckland it is Thursday, 00:30."""
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def often(usual: Any, *others: Any, of: int = 2) -> st.SearchStrategy[Any]:
    """One of the others in one case of so many; else the usual."""
    return st.sampled_from([*[usual] * (of - 1) * len(others), *others])


WINDOWS = often(
    (None, None),
    (NOW, None),
    (NOW + SECOND, None),
    (None, NOW),
    (None, NOW + SECOND),
    (NOW - DAY, NOW + DAY),
    of=3,
)
LEAVES = st.sampled_from(
    [
        {"field": "member.attributes.vip", "op": "eq", "value": True},
        {"field": "member.attributes.city", "op": "in", "value": ["Bath", "York"]},
        {"field": "member.attributes.city", "op": "exists", "value": False},
        {"field": "member.tier", "op": "eq", "value": "silver"},
        {"field": "member.tier", "op": "in", "value": ["silver", "gold"]},
        {"field": "member.tier", "op": "exists", "value": False},
        {"field": "member.age_days", "op": "gte", "value": "30"},
        {"field": "member.age_days", "op": "lt", "value": "41"},
        {"field": "member.event_count.visit", "op": "eq", "value": "0"},
        {"field": "member.event_count.visit", "op": "gte", "value": "2"},
        {"field": "event.occurred_at.weekday", "op": "in", "value": [3, 6]},
        {"field": "event.occurred_at.hour", "op": "lt", "value": "6"},
    ]
)
CONDITIONS = st.one_of(
    st.just({}),
    st.just({}),
    st.just({}),
    LEAVES,
    st.builds(lambda *leaves: {"any": list(leaves)}, LEAVES, LEAVES),
    st.builds(lambda *leaves: {"all": list(leaves)}, LEAVES, LEAVES),
    st.builds(lambda leaf: {"not": leaf}, LEAVES),
)
TIER_POINTS = st.dictionaries(st.sampled_from(["silver", "gold"]), st.sampled_from([0, 20, 300]), max_size=2)
FIXED = st.fixed_dictionaries({"points": st.sampled_from([0, 1, 40, 120, 400]), "tier_points": TIER_POINTS})
VARIABLE = st.fixed_dictionaries(
    {
        "cost_kind": st.just("variable"),
        "min_points": st.sampled_from([10, 60]),
        "max_points": st.just(500),
        "step_points": st.sampled_from([5, 25]),
        "value_per_point": st.sampled_from(["0.1", "0.5", "2"]),
    }
)
MONEY = st.fixed_dictionaries({"discount_amount": st.sampled_from(["5", "0.80"]), "currency": st.just("GBP")})
# What a kind needs beside its cost; `…` stands for what the fair has of that name.
KINDS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "custom": FIXED,
    "tier_upgrade": st.builds(
        dict, FIXED, gives_tier=st.sampled_from(["silver", "gold"]), program=st.just("default")
    ),
    "inventory_item": st.builds(dict, FIXED, gives_item=st.just("badge")),
    "metric": st.one_of(
        st.builds(dict, FIXED, gives_metric=st.just("coins"), gives_points=st.sampled_from([1, 30])),
        st.builds(dict, VARIABLE, gives_metric=st.just("coins")),
    ),
    "cashback": st.one_of(
        st.builds(lambda cost, money: {**cost, **money}, FIXED, MONEY),
        st.builds(lambda cost, money: {**cost, **money, "gives_metric": "coins"}, FIXED, MONEY),
        st.builds(dict, VARIABLE, currency=st.just("GBP"), gives_metric=st.just("coins")),
    ),
    "discount": st.one_of(
        st.builds(lambda cost, money: {**cost, **money}, FIXED, MONEY),
        st.builds(dict, VARIABLE, currency=st.just("GBP")),
    ),
}


@dataclass(frozen=True)
class Stall:
    """A reward as it is sold in the past (`goods`), and what is changed of it before NOW; `left` and `codes`:
    how much of its stock and pool remains (None: no limit, no pool). `had`: how many days ago ada bought it."""

    goods: dict[str, Any]
    changes: dict[str, Any]
    left: int | None
    codes: int | None
    had: list[float]


@st.composite
def stalls(draw: st.DrawFn) -> Stall:
    kind = draw(st.sampled_from(["custom", *KINDS]))
    goods = {"program": draw(often("default", "other")), **draw(KINDS[kind]), "kind": kind}
    goods["fulfilment"] = draw(st.sampled_from(["automatic", "manual"]))
    goods["code_source"] = draw(st.sampled_from(["none", "generated", "pool"]))
    goods["code_pattern"] = "F-########"
    starts_at, ends_at = draw(WINDOWS)
    limit = draw(
        often((None, "ever"), *((n, per) for per in ("day", "week", "month", "ever") for n in (1, 2)))
    )
    return Stall(
        goods,
        {
            "status": draw(often("active", "draft", "paused", of=12)),
            "starts_at": starts_at,
            "ends_at": ends_at,
            "condition": draw(CONDITIONS),
            "limit_times": limit[0],
            "limit_per": limit[1],
        },
        draw(often(None, 0, 1, 5)),
        draw(often(3, 0, 1, of=3)) if goods["code_source"] == "pool" else None,
        draw(st.lists(st.sampled_from([41, 8, 1, 0.25, 0]), max_size=3)),
    )


DEEDS = ["earn", "earn", "coins", "spend", "hold", "undo", "visit", "buy", "buy", "buy", "cancel"]
Step = tuple[float, str, str, int]
STEPS = st.lists(
    st.tuples(
        st.sampled_from([400, 200, 41, 29, 8, 1, 0.25, 0]),  # days ago
        st.sampled_from(["ada", "ada", "twin"]),
        st.sampled_from(DEEDS),
        st.sampled_from([0, 1, 2, 5, 60, 150, 600]),
    ),
    max_size=9,
)


@dataclass(frozen=True)
class Fair:
    """All that is drawn of a fair."""

    zone: str
    program: dict[str, Any]
    ladder: dict[str, Any]
    points: dict[str, Any]
    coins: dict[str, Any]
    maximum: int | None
    stalls: list[Stall]
    wallet: int
    steps: list[Step]
    attributes: dict[str, Any]
    fate: str


@st.composite
def fairs(draw: st.DrawFn) -> Fair:
    starts_at, ends_at = draw(often((None, None), (NOW + SECOND, None), (None, NOW), of=12))
    return Fair(
        zone=draw(st.sampled_from(["UTC", "Pacific/Auckland", "America/Los_Angeles"])),
        program={
            "status": draw(often("active", "draft", "paused", "ended", of=12)),
            "starts_at": starts_at,
            "ends_at": ends_at,
        },
        ladder={"is_active": draw(often(True, False, of=5)), "days": 300},
        points={
            "default_value": draw(often(0, 45)),
            "vesting_days": draw(often(0, 7, of=3)),
            "negative_balance": draw(st.sampled_from(["debt", "clip"])),
            **draw(often({}, {"expiry": "days", "expiry_count": 30}, of=4)),
        },
        coins={"default_value": draw(often(0, 15))},
        maximum=draw(often(None, 15, 40, 100)),
        stalls=draw(st.lists(stalls(), min_size=2, max_size=4)),
        wallet=draw(often(1_000, 0, 150, of=3)),
        steps=draw(STEPS),
        attributes=draw(st.sampled_from([{}, {"vip": True}, {"vip": False, "city": "Bath"}])),
        fate=draw(often("stays", "unknown", "frozen", "merged", "merges", "erased")),
    )


class Visit:
    """A fair that stands, at NOW, with ada before it. What happened went through the product's own actions, and
    what they refused did not happen; what is configured is checked as ever and put straight into the tables."""

    def __init__(self, fair: Fair) -> None:
        self.fair = fair
        self.environment = make_environment(time_zone=fair.zone)
        here = {"environment": self.environment}
        default = Program.objects.get(**here, code="default")
        self.programs = {
            "default": default,
            "other": Program.objects.create(**here, code="other", name="Other"),
        }
        points = Metric.objects.get(**here, code="points")
        self._change(points, **fair.points)
        coins = Metric.objects.create(**here, program=default, code="coins", title="Coins", **fair.coins)
        self.metrics = {"points": points, "coins": coins}
        ladder = TierLadder.objects.create(**here, program=default, metric=points, **fair.ladder)
        self.tiers = {
            code: Tier.objects.create(**here, ladder=ladder, code=code, title=code, threshold=threshold)
            for code, threshold in (("bronze", 0), ("silver", 150), ("gold", 700))
        }
        badges = InventorySet.objects.create(**here, program=default, title="Badges")
        self.badge = InventoryItem.objects.create(**here, inventory_set=badges, title="Badge")
        self.rewards = [self._open(stall, number) for number, stall in enumerate(fair.stalls)]
        bump_version(self.environment)
        if fair.fate != "unknown":
            self._live()
        for reward, stall in zip(self.rewards, fair.stalls, strict=True):
            self._settle(reward, stall)
        self._change(default, **fair.program)
        self._change(coins, maximum=fair.maximum)
        bump_version(self.environment)
        self.environment = reload(self.environment)

    def act(self, action: Callable[..., Any], *, at: datetime = NOW, **arguments: Any) -> Any:
        return action(environment=reload(self.environment), actor=make_actor(), now=at, **arguments)

    def _change(self, instance: Any, **changes: Any) -> None:
        for name, value in changes.items():
            setattr(instance, name, value)
        if isinstance(instance, Reward):
            check_reward(instance)
        instance.save()

    def _open(self, stall: Stall, number: int) -> Reward:
        goods = {**stall.goods, "name": f"Stall {number}", "status": "active"}
        if goods["program"] == "other":
            goods["tier_points"] = {}  # it has no tiers
        goods["program"], goods["metric"] = self.programs[goods["program"]], self.metrics["points"]
        if "gives_metric" in goods:
            goods["gives_metric"] = self.metrics[goods["gives_metric"]]
        if "gives_tier" in goods:
            goods["gives_tier"] = self.tiers[goods["gives_tier"]]
        if "gives_item" in goods:
            goods["gives_item"] = self.badge
        for name in {"value_per_point", "discount_amount"} & set(goods):
            goods[name] = Decimal(goods[name])
        reward = Reward(environment=self.environment)
        self._change(reward, **goods)
        if stall.codes is not None:
            insert_codes(reward, [f"old-{number}-{n}" for n in range(9)], NOW)
        if stall.left is not None:
            RewardStock.objects.create(environment_id=self.environment.pk, reward=reward, stock=9)
        return reward

    def _settle(self, reward: Reward, stall: Stall) -> None:
        if stall.left is not None:
            RewardStock.objects.filter(reward=reward).update(stock=F("taken") + stall.left)
        if stall.codes is not None:
            delete_available(reward)
            insert_codes(reward, [f"{reward.public_id}-{n}" for n in range(stall.codes)], NOW)
        self._change(reward, **stall.changes)

    def _live(self) -> None:
        begun = [(450.0, who, "earn", self.fair.wallet) for who in ("ada", "twin") if self.fair.wallet]
        stalls = enumerate(self.fair.stalls)
        habits = [(days, "ada", "buy", number) for number, stall in stalls for days in stall.had]
        steps = sorted([*begun, *habits, *self.fair.steps], key=lambda step: -step[0])
        for days_ago, member, deed, number in steps:
            try:
                self._do(member, deed, number, NOW - days_ago * DAY)
            except DomainError:
                continue
        fate = self.fair.fate
        for member in ("ada", "twin") if fate in ("merged", "merges") else ("ada",):
            self.act(award, member=member, points=1, reason=None)
        self.act(update_member, member="ada", attributes=self.fair.attributes)
        if fate == "frozen":
            self.act(update_member, member="ada", status="frozen")
        elif fate in ("merged", "merges"):
            one, other = ("ada", "twin") if fate == "merged" else ("twin", "ada")
            self.act(merge_members, member=one, into=other, reason=None)
        elif fate == "erased":
            self.act(erase_member, member="ada")

    def _do(self, member: str, deed: str, number: int, at: datetime) -> None:
        named: dict[str, Any] = {"member": member, "at": at}
        environment = self.environment
        if deed in ("earn", "coins"):
            metric = "points" if deed == "earn" else "coins"
            self.act(award, points=number or 300, metric=metric, reason=None, **named)
            # As old as its first deed: members are made in real time.
            Member.objects.filter(environment=environment, external_id=member, created_at__gt=at).update(
                created_at=at
            )
        elif deed == "spend":
            self.act(spend, points=number or 30, reason=None, **named)
        elif deed == "hold":
            self.act(hold_points, points=number or 30, expires_at=at + 30 * DAY, **named)
        elif deed == "visit":
            self.act(record_event, event_id=f"{environment.pk}{at}{number}", type="visit", data={}, **named)
        elif deed == "buy":
            reward = self.rewards[number % len(self.rewards)]
            self.act(redeem, reward=reward.public_id, points=reward.min_points, **named)
        elif deed == "undo":
            entries = LedgerEntry.objects.filter(environment_id=environment.pk, member__external_id=member)
            earned = list(entries.filter(type="earned").order_by("id"))
            if earned:
                self.act(reverse, entry=earned[number % len(earned)].pk, points=None, reason=None, at=at)
        elif deed == "cancel":
            bought = list(Redemption.objects.filter(environment_id=environment.pk).order_by("id"))
            if bought:
                self.act(cancel, redemption=bought[number % len(bought)].pk, at=at)
