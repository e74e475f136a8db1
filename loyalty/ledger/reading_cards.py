"""Stamp cards are read, under the lock of their members' rows (domain.md 7)."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from uuid import UUID

from django.db.models import Q

from loyalty.ledger.cards import Card, Cards
from loyalty.models import Stamp, StampCollection, StampReward
from programs.models import StampProgram
from programs.queries.snapshots import Snapshot


def program_of(config: Snapshot, key: UUID) -> StampProgram:
    """The stamp program of a card. One made since the configuration was read is read when it is met."""
    return config.stamp_programs_by_id.get(key) or StampProgram.objects.get(pk=key)


def read_cards(cards: Cards, config: Snapshot, members: Collection[UUID], programs: Collection[UUID]) -> None:
    """The cards that these members have of these stamp programs, without their stamps; one statement."""
    rows = StampCollection.objects.filter(
        member__in=members, stamp_program__in=programs, merged_into__isnull=True
    )
    for row in rows.order_by("id"):
        cards.learn(row, program_of(config, row.stamp_program_id))


def read_stamps(cards: Iterable[Card], days: Mapping[UUID, Collection[date]] | None = None) -> None:
    """The stamps of these cards that are in no reward, and those rewards that owe some; of `days` (by card) the
    ones that have a stamp. One statement, two where a card owes."""
    wanted = {card.collection.id: card for card in cards if card.open is None}
    asked = {day for of_card in (days or {}).values() for day in of_card}
    if not wanted and not asked:
        return
    owing = [key for key, card in wanted.items() if card.collection.counter < 0]
    if owing:
        for reward in StampReward.objects.filter(collection__in=owing, owed__gt=0).order_by("id"):
            wanted[reward.collection_id].rewards[reward.id] = reward
    by_id = {card.collection.id: card for card in cards}
    which = Q(collection__in=list(wanted), reward__isnull=True)
    if asked:
        which |= Q(collection__in=list(days or {}), day__in=asked)
    for card in wanted.values():
        card.open = []
    for stamp in Stamp.objects.filter(which, returned_at__isnull=True).order_by("id"):
        card = by_id[stamp.collection_id]
        if stamp.day is not None:
            card.days.add(stamp.day)
        if stamp.reward_id is None and card.open is not None and stamp.collection_id in wanted:
            card.open.append(stamp)


def read_purchases_stamps(cards: Cards, config: Snapshot, events: Collection[UUID]) -> None:
    """All that refunds of these purchases may move; one statement where they have stamped nothing, else five at
    most."""
    own = {stamp.id: stamp for stamp in Stamp.objects.filter(event__in=events).order_by("id")}
    if not own:
        return
    for stamp in own.values():
        cards.of_event.setdefault(stamp.event_id, []).append(stamp)
    keys = {stamp.collection_id for stamp in own.values()}
    for row in StampCollection.objects.filter(pk__in=keys - set(cards.by_id)).order_by("id"):
        cards.learn(row, program_of(config, row.stamp_program_id))
    rewards = {stamp.reward_id for stamp in own.values() if stamp.reward_id}
    for reward in StampReward.objects.filter(Q(pk__in=rewards) | Q(collection__in=keys, owed__gt=0)):
        card = cards.by_id[reward.collection_id]
        card.rewards.setdefault(reward.id, reward)
        card.held.setdefault(reward.id, [])
    _read_others(cards, own, keys, rewards)


def _read_others(
    cards: Cards, own: dict[UUID, Stamp], keys: set[UUID], rewards: Collection[UUID | None]
) -> None:
    """Of the purchases' cards: what is in no reward, what shares one with theirs, and their days."""
    days = {stamp.day for stamp in own.values() if stamp.day}
    which = Q(reward__isnull=True) | Q(reward__in=[key for key in rewards if key]) | Q(day__in=days)
    for key in keys:
        cards.by_id[key].open = []
    rows = Stamp.objects.filter(which, collection__in=keys, returned_at__isnull=True).order_by("id")
    for found in rows:
        stamp = own.get(found.id, found)
        card = cards.by_id[stamp.collection_id]
        if stamp.day is not None:
            card.days.add(stamp.day)
        if stamp.reward_id is None:
            assert card.open is not None  # noqa: S101 - set above
            card.open.append(stamp)
        elif stamp.reward_id in card.held:
            card.held[stamp.reward_id].append(stamp)
