"""A set of items is configured while members own some of them (domain.md 8)."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from audit.record import Actor
from loyalty.models import ItemChange, MemberItem, Redemption
from programs.actions.inventory import configure_inventory_set
from programs.models import ChallengeReward, Coupon, Environment, InventoryItem, InventorySet, Reward


@transaction.atomic
def save_inventory_set(
    *,
    environment: Environment,
    inventory_set: InventorySet,
    actor: Actor,
    changes: Mapping[str, Any],
    items: Sequence[Mapping[str, Any]] | None,
) -> InventorySet:
    """Save a new or stored set with `changes` and its whole list of items (None: as they are), as
    `programs.actions.inventory.configure_inventory_set` does.

    Raises InvalidRequest naming every fault, also where an item that would go is used; NotFound. Locks: the
    environment, the items that would go, then the set.
    """
    return configure_inventory_set(
        environment=environment,
        inventory_set=inventory_set,
        actor=actor,
        changes=changes,
        items=items,
        is_used=_is_used,
    )


def _is_used(item: InventoryItem) -> bool:
    """Whether a reward gives it, archived ones and those of challenges too, one that is bought will give it, it is
    a coupon, or a member has or had it. Asked under the item's lock: whoever gets it now has written that, or waits
    and finds it gone."""
    InventoryItem.objects.select_for_update().get(pk=item.pk)
    waiting = Redemption.objects.filter(
        environment_id=item.environment_id, status=Redemption.Status.PENDING, gives__item=str(item.pk)
    )
    return (
        Reward.objects.filter(gives_item=item).exists()
        or ChallengeReward.objects.filter(item=item).exists()
        or Coupon.objects.filter(item=item).exists()
        or waiting.exists()
        or MemberItem.objects.filter(item=item).exists()
        or ItemChange.objects.filter(item=item).exists()
    )
