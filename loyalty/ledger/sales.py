"""What one transaction writes of redemptions, codes, stock and items (domain.md 5)."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from django.db.models import Model

from loyalty.models import ItemChange, MemberItem, Redemption, RewardCode, RewardStock


@dataclass(slots=True)
class Sales:
    """Planned rows. `items`: how often a member will have an item, by both; `owned`: how often those have it that
    were read, `looked_up` all that were asked for."""

    redemptions: list[Redemption] = field(default_factory=list)
    redemption_changes: list[Redemption] = field(default_factory=list)
    codes: list[RewardCode] = field(default_factory=list)
    code_changes: list[RewardCode] = field(default_factory=list)
    stock_changes: list[RewardStock] = field(default_factory=list)
    items: dict[tuple[UUID, UUID], MemberItem] = field(default_factory=dict)
    item_changes: list[ItemChange] = field(default_factory=list)
    owned: dict[tuple[UUID, UUID], MemberItem] = field(default_factory=dict)
    looked_up: set[tuple[UUID, UUID]] = field(default_factory=set)

    def item(self, environment_id: UUID, member_id: UUID, item_id: UUID) -> MemberItem:
        """How often the member has the item, as it is planned; one statement where it was not read before.
        Locked must be the member."""
        key = member_id, item_id
        if key in self.items:
            return self.items[key]
        if key not in self.owned:
            row = None
            if key not in self.looked_up:
                row = MemberItem.objects.filter(member_id=member_id, item_id=item_id).first()
            self.owned[key] = row or MemberItem(
                environment_id=environment_id, member_id=member_id, item_id=item_id, quantity=0
            )
        return self.owned[key]

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
