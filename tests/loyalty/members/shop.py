"""A desk that sells rewards too."""

from typing import Any
from uuid import UUID

from loyalty.actions.catalogue import save_reward
from loyalty.actions.codes import add_codes
from loyalty.actions.fulfilment import cancel, fail, fulfil
from loyalty.actions.redemptions import redeem
from loyalty.actions.tills import use_code
from loyalty.models import ItemChange, LedgerEntry, MemberItem, Redemption, RewardCode, RewardStock
from loyalty.queries.redemptions import find_redemption
from programs.models import Environment, InventoryItem, InventorySet, Metric, Program, Reward, Tier
from tests.factories import make_actor, make_metric, reload
from tests.loyalty.earning.desk import Desk

_BY_HAND = {"fulfilment": "manual"}
_MADE = {"code_source": "generated", "code_pattern": "V-########", "code_valid_days": 30}
CATALOGUE: dict[str, dict[str, Any]] = {
    "tea": {"points": 20},
    "coffee": {"points": 0, **_BY_HAND},
    "mug": {"points": 100, "stock": 10, "code_source": "pool", **_BY_HAND},
    "voucher": {"points": 50, "kind": "discount", "discount_amount": 5, "currency": "GBP", **_MADE},
    "miles": {"points": 40, "kind": "metric", "gives_points": 20},
    "boost": {"points": 30, "kind": "metric", "gives_points": 15, **_BY_HAND},
    "badge": {"points": 10, "kind": "inventory_item", "limit_times": 3},
    "poster": {"points": 20, "kind": "inventory_item", **_BY_HAND},
    "gold": {"points": 30, "kind": "tier_upgrade"},
}


class Shop(Desk):
    """Sells what the catalogue has, each reward made when it is first asked for. A mug has a code from a pool
    of ten and is handed out by hand; `miles` and `boost` give miles; `gold` needs a ladder with such a tier."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self.program = Program.objects.get(environment=environment, code="default")
        self.rewards: dict[str, Reward] = {}
        self.pools: dict[str, list[str]] = {
            "mug": [f"mug-{environment.id.hex}-{number}" for number in range(10)]
        }

    def reward(self, name: str) -> Reward:
        if name not in self.rewards:
            options = {"name": name, "kind": "custom", "status": "active", **CATALOGUE[name]}
            options["metric"] = Metric.objects.get(environment=self.environment, code="points")
            self.rewards[name] = save_reward(
                environment=reload(self.environment),
                reward=Reward(environment=self.environment, program=self.program),
                actor=make_actor(),
                stock=options.pop("stock", None),
                changes=options | self._gift(name, options["kind"]),
            )
            if name in self.pools:
                self.fill(name, *self.pools[name])
        return self.rewards[name]

    def fill(self, name: str, *codes: str) -> None:
        """Put codes into a reward's pool."""
        self.do(add_codes, reward=self.rewards[name], codes=list(codes))

    def item(self, title: str) -> InventoryItem:
        here = self.environment
        group, _ = InventorySet.objects.get_or_create(environment=here, program=self.program, title="Wall")
        return InventoryItem.objects.get_or_create(environment=here, inventory_set=group, title=title)[0]

    def _gift(self, name: str, kind: str) -> dict[str, Any]:
        match kind:
            case "metric":
                miles = Metric.objects.filter(environment=self.environment, code="miles").first()
                return {"gives_metric": miles or make_metric(self.environment, "miles")}
            case "inventory_item":
                return {"gives_item": self.item(name)}
            case "tier_upgrade":
                return {"gives_tier": Tier.objects.get(ladder__program=self.program, code=name)}
        return {}

    def redeem(self, name: str, member: str = "ada", **options: Any) -> Redemption:
        return self.do(redeem, member=member, reward=self.reward(name).public_id, **options)

    def fulfil(self, row: Redemption, **options: Any) -> Redemption:
        return self.do(fulfil, redemption=row.pk, **options)

    def take_back(self, row: Redemption, **options: Any) -> Redemption:
        return self.do(cancel, redemption=row.pk, **options)

    def fail(self, row: Redemption, reason: str = "None left") -> Redemption:
        return self.do(fail, redemption=row.pk, reason=reason)

    def use(self, code: str, place: str | None = None, **options: Any) -> Redemption:
        return self.do(use_code, code=code, place=place, **options)

    # -- what is stored

    def stored(self, row: Redemption) -> Redemption:
        return find_redemption(environment=self.environment, redemption=row.pk)

    def paid(self, row: Redemption) -> LedgerEntry:
        """The entry that paid for it."""
        return LedgerEntry.objects.get(redemption_id=row.pk, type="redeemed")

    def code_of(self, row: Redemption) -> RewardCode:
        return RewardCode.objects.get(redemption=row)

    def text_of(self, row: Redemption) -> str:
        """The code's text."""
        return str(self.code_of(row).code)

    def stock(self, name: str = "mug") -> RewardStock:
        return RewardStock.objects.get(reward=self.rewards[name])

    def available(self, name: str = "mug") -> int:
        """Codes left in the pool."""
        return RewardCode.objects.filter(reward=self.rewards[name], status="available").count()

    def items(self, member: str = "ada") -> dict[str, int]:
        """How often the member has what, by title, where they have it."""
        rows = MemberItem.objects.filter(member=self.key(member), quantity__gt=0).select_related("item")
        return {row.item.title: row.quantity for row in rows}

    def redemptions(self, member: UUID) -> list[tuple[str, str]]:
        """Name and status of each."""
        return list(Redemption.objects.filter(member=member).order_by("pk").values_list("name", "status"))

    def everything(self) -> list[Any]:
        """All that a refusal must leave as it is."""
        here = self.environment.id
        tables = (Redemption, RewardCode, RewardStock, MemberItem, ItemChange)
        rows = [list(table.objects.filter(environment_id=here).order_by("pk").values()) for table in tables]
        return [*super().everything(), *rows]
