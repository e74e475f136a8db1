"""What the trail's rows of members are about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, QuerySet

from loyalty.models import (
    Achievement,
    AdjustmentRequest,
    Event,
    Hold,
    ItemChange,
    LedgerEntry,
    Redemption,
    StampCollection,
    StampReward,
)
from programs.models import MilestoneSet, TierLadder


@dataclass(frozen=True, slots=True)
class TrailObject:
    """`prefix`: of the public ids by which rows name what is a member's; empty: it is configured, and rows name it by
    its key. `program`: where the key of its program is."""

    model: type[Model]
    prefix: str
    program: str

    @property
    def rows(self) -> QuerySet[Any]:
        """All there are, of every tenant."""
        return self.model._default_manager.order_by()


_OF_METRIC = "account__metric__program_id"
OBJECTS: Mapping[str, TrailObject] = {
    "ledgerentry": TrailObject(LedgerEntry, "txn", _OF_METRIC),
    "event": TrailObject(Event, "evt", "program_id"),
    "hold": TrailObject(Hold, "hold", _OF_METRIC),
    "redemption": TrailObject(Redemption, "red", "reward__program_id"),
    "stamp_collection": TrailObject(StampCollection, "sc", "stamp_program__program_id"),
    "stamp_reward": TrailObject(StampReward, "sr", "stamp_program__program_id"),
    "achievement": TrailObject(Achievement, "ach", "challenge__program_id"),
    "item_change": TrailObject(ItemChange, "itc", "item__inventory_set__program_id"),
    "adjustment_request": TrailObject(AdjustmentRequest, "adr", "metric__program_id"),
    "milestoneset": TrailObject(MilestoneSet, "", "metric__program_id"),
    "tierladder": TrailObject(TierLadder, "", "program_id"),
}
"""By object type, as the rows have it."""
