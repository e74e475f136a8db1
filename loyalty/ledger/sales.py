"""What one transaction writes of redemptions, codes, stock and items (domain.md 5)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Model

from loyalty.models import ItemChange, MemberItem, Redemption, RewardCode, RewardStock


@dataclass(slots=True)
class Sales:
    """Planned rows. `items`: how often a member will have an item, by both."""

    redemptions: list[Redemption] = field(default_factory=list)
    redemption_changes: list[Redemption] = field(default_factory=list)
    codes: list[RewardCode] = field(default_factory=list)
    code_changes: list[RewardCode] = field(default_factory=list)
    stock_changes: list[RewardStock] = field(default_factory=list)
    items: dict[tuple[UUID, UUID], MemberItem] = field(default_factory=dict)
    item_changes: list[ItemChange] = field(default_factory=list)

    def rows(self) -> dict[str, Iterable[Model]]:
        """All that is planned, by its section of posting.sql."""
        return {
            "redemptions": self.redemptions,
            "redemption_changes": self.redemption_changes,
            "codes": self.codes,
            "code_changes": self.code_changes,
            "stock_changes": self.stock_changes,
            "member_items": self.items.values(),
            "item_changes": self.item_changes,
        }

    def take_stock(self, environment_id: UUID, reward_id: UUID, count: int) -> None:
        """Take so many from the stock, below zero give them back, when all is written: the stock's row is hot,
        and its CHECK refuses what is not there. A reward has one such change in a transaction."""
        self.stock_changes.append(
            RewardStock(environment_id=environment_id, reward_id=reward_id, taken=count)
        )
