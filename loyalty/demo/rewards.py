"""What the demo's shop gives for points, and what some of its customers have got."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from django.db import transaction

from audit.errors import DomainError
from audit.record import Actor
from loyalty.actions.catalogue import save_reward
from loyalty.actions.codes import add_codes
from loyalty.actions.fulfilment import cancel, fail, fulfil
from loyalty.actions.inventory_sets import save_inventory_set
from loyalty.actions.redemptions import redeem
from loyalty.actions.tills import use_code
from loyalty.models import Redemption
from programs.models import Environment, InventoryItem, InventorySet, Metric, Program, Reward, Tier


class ShopReward(NamedTuple):
    """A reward of the shop. Its public id is fixed: by it the reward is found again."""

    public_id: str
    name: str
    kind: str
    changes: dict[str, Any]
    stock: int | None = None
    pool: int = 0
    """So many codes are put into its pool."""
    needs_gold: bool = False
    """Whether it names the tier, which a visitor may have removed."""


class Bought(NamedTuple):
    """A customer's redemption, and what became of it: `step` is fulfil | fail | cancel | use, or nothing. `ago`: so
    many days before the last one of the orders."""

    customer: str
    reward: str
    points: int | None = None
    step: str = ""
    words: str | None = None
    ago: int = 0


MUG, TEN, CAFE, VOUCHER = "rwd_demo_mug", "rwd_demo_ten", "rwd_demo_cafe", "rwd_demo_voucher"
EARLY, GOLD, PAPER = "rwd_demo_early", "rwd_demo_gold", "rwd_demo_paper"

REWARDS = (
    ShopReward(
        TEN,
        "10% off the next order",
        "discount",
        {
            "description": "Show the code at the till, or enter it when you pay.",
            "points": 200,
            "tier_points": {"gold": 150},
            "discount_percent": Decimal(10),
            "code_source": "generated",
            "code_pattern": "TEN-########",
            "code_valid_days": 30,
        },
        needs_gold=True,
    ),
    ShopReward(
        MUG,
        "Retrospot mug",
        "free_product",
        {
            "description": "Packed and sent by our staff.",
            "points": 400,
            "fulfilment": "manual",
            "limit_times": 1,
            "limit_per": "month",
        },
        stock=25,
    ),
    ShopReward(
        EARLY,
        "Early access to the spring range",
        "early_access",
        {
            "points": 0,
            "limit_times": 1,
            "condition": {"all": [{"field": "member.tier", "op": "eq", "value": "gold"}]},
        },
    ),
    ShopReward(
        VOUCHER,
        "Voucher of any amount",
        "discount",
        {
            "cost_kind": "variable",
            "min_points": 100,
            "max_points": 2000,
            "step_points": 100,
            "value_per_point": Decimal("0.01"),
            "currency": "GBP",
            "code_source": "generated",
            "code_pattern": "VOUCHER-########",
            "code_valid_days": 90,
        },
    ),
    ShopReward(
        CAFE,
        "Coffee at our partner's",
        "custom",
        {"points": 150, "code_source": "pool", "code_valid_days": 14},
        pool=40,
    ),
    ShopReward(GOLD, "Straight to Gold", "tier_upgrade", {"points": 1500, "limit_times": 1}, needs_gold=True),
    ShopReward(PAPER, "Retrospot wallpaper", "inventory_item", {"points": 50}),
    # A draft: nobody is offered it before it is active.
    ShopReward("rwd_demo_box", "Winter gift box", "free_product", {"points": 800, "status": "draft"}),
)
REDEMPTIONS = (
    Bought("13408", MUG, None, "fail", "Broken in our stock", ago=35),
    Bought("15061", MUG, ago=5),
    Bought("16029", MUG, ago=3),
    Bought("13777", MUG, ago=2),
    Bought("16210", MUG, None, "fulfil", "Parcel 4711", ago=9),
    Bought("14031", MUG, ago=1),
    Bought("13767", MUG, ago=0),
    Bought("15061", TEN, None, "use", "Covent Garden, till 2", ago=6),
    Bought("16422", TEN, ago=2),
    Bought("14911", TEN, None, "cancel", "Chosen by mistake", ago=33),
    Bought("13777", EARLY, ago=18),
    Bought("16029", EARLY, ago=21),
    Bought("17511", VOUCHER, 300, "use", "Web shop", ago=29),
    Bought("13777", VOUCHER, 1000, ago=38),
    Bought("16029", CAFE, None, "use", "Partner's café, Soho", ago=1),
    Bought("15299", CAFE, ago=4),
    Bought("14680", CAFE, ago=2),
    Bought("12433", GOLD, ago=24),
    Bought("15299", PAPER, ago=3),
)


@transaction.atomic
def ensure_rewards(*, environment: Environment, actor: Actor, now: datetime) -> list[str]:
    """Set up the shop's rewards; the names of those made now. One that is there stays as it is: whoever tries
    the demo may have changed it. Locks: the environment."""
    known = Reward.objects.filter(environment=environment, public_id__startswith="rwd_demo_")
    there = set(known.values_list("public_id", flat=True))
    tiers = Tier.objects.filter(ladder__program__environment=environment, ladder__program__code="default")
    has_gold = tiers.filter(code="gold").exists()
    missing = [
        reward for reward in REWARDS if reward.public_id not in there and (has_gold or not reward.needs_gold)
    ]
    for reward in missing:
        _make(environment, reward, actor, now)
    return [reward.name for reward in missing if reward.changes.get("status") != "draft"]


def redeem_once(*, environment: Environment, one: Bought, actor: Actor, now: datetime) -> bool:
    """Let the customer have it, unless they have had one; whether they got it now. What is refused, since a visitor
    has changed the reward or spent the points, is left out."""
    had = Redemption.objects.filter(
        environment_id=environment.pk, member__external_id=one.customer, reward__public_id=one.reward
    )
    return not had.exists() and _buy(environment, one, actor, now)


def _make(environment: Environment, reward: ShopReward, actor: Actor, now: datetime) -> None:
    program = Program.objects.get(environment=environment, code="default")
    changes = {
        "program": program,
        "metric": Metric.objects.get(environment=environment, code="points"),
        "kind": reward.kind,
        "name": reward.name,
        "status": "active",
        **reward.changes,
    }
    if reward.public_id == GOLD:
        changes["gives_tier"] = Tier.objects.get(ladder__program=program, code="gold")
    if reward.public_id == PAPER:
        changes["gives_item"] = _wallpaper(environment, program, actor)
    made = save_reward(
        environment=environment,
        reward=Reward(environment=environment, public_id=reward.public_id),
        actor=actor,
        changes=changes,
        stock=reward.stock,
    )
    if reward.pool:
        codes = [
            f"CAFE-{number * 7919 % 9973:04}-{number * 6007 % 9967:04}"
            for number in range(1, reward.pool + 1)
        ]
        add_codes(environment=environment, reward=made, codes=codes, actor=actor, now=now)


def _wallpaper(environment: Environment, program: Program, actor: Actor) -> InventoryItem:
    """The item that a reward gives, in a set that a visitor may have made theirs."""
    there = InventoryItem.objects.filter(environment=environment, public_id="itm_demo_retrospot").first()
    if there is not None:
        return there
    made = save_inventory_set(
        environment=environment,
        inventory_set=InventorySet(environment=environment, program=program, public_id="ins_demo"),
        actor=actor,
        changes={"title": "Wallpapers"},
        items=[{"id": "itm_demo_retrospot", "title": "Retrospot"}],
    )
    return made.items.get()


def _buy(environment: Environment, one: Bought, actor: Actor, now: datetime) -> bool:
    common: dict[str, Any] = {"environment": environment, "actor": actor, "now": now}
    try:
        made = redeem(member=one.customer, reward=one.reward, points=one.points, **common)
        _STEPS[one.step](made, one.words, common)
    except DomainError:
        return False
    return True


def _use(made: Redemption, words: str | None, common: dict[str, Any]) -> None:
    use_code(code=str(made.issued_code), place=words, **common)


def _note(made: Redemption, words: str | None, common: dict[str, Any]) -> None:
    fulfil(redemption=made.pk, note=words, **common)


def _undo(
    act: Callable[..., Redemption], made: Redemption, words: str | None, common: dict[str, Any]
) -> None:
    act(redemption=made.pk, reason=words, **common)


def _nothing(_made: Redemption, _words: str | None, _common: dict[str, Any]) -> None: ...


_STEPS: dict[str, Callable[[Redemption, str | None, dict[str, Any]], None]] = {
    "": _nothing,
    "use": _use,
    "fulfil": _note,
    "fail": partial(_undo, fail),
    "cancel": partial(_undo, cancel),
}
