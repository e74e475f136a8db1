"""Stamp cards under lock: what is planned for them, before anything is written (domain.md 7).

Cards are read and written under the lock of their member's row. What an operation needs is read before
(`loyalty.ledger.reading_cards`); the arithmetic is in loyalty/rules/cards.py.
"""

from bisect import insort
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter
from uuid import UUID

from django.db.models import Model
from django.utils import timezone

from audit.ids import new_id
from audit.record import Actor
from loyalty.models import Event, Stamp, StampCollection, StampReward
from loyalty.rules import cards as rules
from loyalty.rules.stamps import Piece
from programs.models import StampProgram

_BY_AGE = attrgetter("id")


@dataclass(slots=True)
class Moves:
    """What became of a card by one event: stamps `collected`, `replaced` (those that took the place of stamps owed
    to paid rewards) and `returned`; rewards `issued`, `revoked`, and those that stand although one of their stamps
    was taken back, since they were paid."""

    collected: int = 0
    replaced: int = 0
    returned: int = 0
    issued: list[StampReward] = field(default_factory=list)
    revoked: list[StampReward] = field(default_factory=list)
    standing: list[StampReward] = field(default_factory=list)

    @property
    def is_any(self) -> bool:
        return any((self.collected, self.replaced, self.returned, self.issued, self.revoked, self.standing))


@dataclass(slots=True)
class Card:
    """One collection and what was read of it. `open`: its stamps in no reward, oldest first, None where they were
    not read (then it neither fills now nor owes); `rewards`: those that owe, and those whose stamps may be taken
    back, with `held`, the stamps in them; `days`: local days that have a stamp, of those that were asked for."""

    collection: StampCollection
    program: StampProgram
    open: list[Stamp] | None = None
    rewards: dict[UUID, StampReward] = field(default_factory=dict)
    held: dict[UUID, list[Stamp]] = field(default_factory=dict)
    days: set[date] = field(default_factory=set)

    @property
    def owing(self) -> list[StampReward]:
        """Paid rewards that lost stamps, oldest first."""
        return sorted((reward for reward in self.rewards.values() if reward.owed), key=_BY_AGE)

    @property
    def is_due(self) -> bool:
        """Whether a lower threshold has filled it."""
        filled, _ = rules.due(self.collection.counter, self.program.thresholds, self.collection.cycle_from)
        return bool(filled)

    @property
    def owed(self) -> int:
        """Stamps that it owes to paid rewards."""
        return max(0, -self.collection.counter)

    @property
    def shown(self) -> int:
        """The stamps that the member is shown."""
        return rules.shown(self.collection.counter, self.program.thresholds, self.collection.cycle_from)

    def count(self) -> None:
        """Bring the counter to what the card holds."""
        if self.open is not None:
            self.collection.counter = len(self.open) - sum(reward.owed for reward in self.rewards.values())


@dataclass(slots=True)
class Cards:
    """The cards that were read, by member and program, and the rows to write. `of_event`: the stamps of
    purchases that refunds name, by the purchase's key."""

    now: datetime
    actor: Actor
    by_owner: dict[tuple[UUID, UUID], Card] = field(default_factory=dict)
    by_id: dict[UUID, Card] = field(default_factory=dict)
    of_event: dict[UUID, list[Stamp]] = field(default_factory=dict)
    new_collections: list[StampCollection] = field(default_factory=list)
    changed_collections: dict[UUID, StampCollection] = field(default_factory=dict)
    new_stamps: dict[UUID, Stamp] = field(default_factory=dict)
    changed_stamps: dict[UUID, Stamp] = field(default_factory=dict)
    new_rewards: dict[UUID, StampReward] = field(default_factory=dict)
    changed_rewards: dict[UUID, StampReward] = field(default_factory=dict)

    def learn(self, collection: StampCollection, program: StampProgram) -> Card:
        """Take in a card that was read; one known already stays as it is planned."""
        if collection.id not in self.by_id:
            card = Card(collection, program)
            self.by_id[collection.id] = self.by_owner[collection.member_id, program.id] = card
        return self.by_id[collection.id]

    def of_member(self, member_id: UUID, programs: Collection[UUID]) -> list[Card]:
        """The member's cards of these stamp programs."""
        found = [self.by_owner.get((member_id, program)) for program in programs]
        return [card for card in found if card]

    def collect(self, card: Card, event: Event, pieces: Sequence[Piece], day: date | None) -> Moves:
        """Stamp the card for a purchase; `day`: of one stamp a day. What fills it becomes a reward."""
        moves = Moves()
        self.settle_due(card, moves)
        numbered = enumerate(pieces, start=1)
        made = [self._stamp(card, event, number, piece, day) for number, piece in numbered]
        self.of_event.setdefault(event.id, []).extend(made)
        self._put(card, made)
        moves.collected = len(made)
        self.settle(card, moves, event)
        return moves

    def take_back(
        self,
        card: Card,
        stamps: Sequence[Stamp],
        again: Sequence[tuple[Stamp, Decimal | None]],
        refund: Event,
        purchase: Event,
    ) -> Moves:
        """Return these stamps of a purchase, and give those of `again` anew, each with its price by now. A reward
        that is not paid and loses one is revoked, its other stamps are on the card again; of a paid one the card
        owes the stamp."""
        moves = Moves(returned=len(stamps))
        self.settle_due(card, moves)
        for stamp in stamps:
            self._return(card, stamp, refund, moves)
        anew = [each for each in again if each[0].day is None or each[0].day not in card.days]
        number = max((stamp.number for stamp in self.of_event[purchase.id]), default=0)
        made = [
            self._stamp(card, purchase, number + index, Piece(old.line, price), old.day)
            for index, (old, price) in enumerate(anew, start=1)
        ]
        self.of_event[purchase.id] += made
        self._put(card, made)
        moves.collected = len(made)
        self.settle(card, moves, refund)
        return moves

    def settle_due(self, card: Card, moves: Moves) -> None:
        """Issue a reward for each card that a lower threshold has filled."""
        thresholds, begun = card.program.thresholds, card.collection.cycle_from
        if card.open is not None and begun < len(thresholds) - 1:
            stamps = [rules.OpenStamp(stamp.id, stamp.unit_price) for stamp in card.open]
            self._apply(card, rules.settle_due(stamps, thresholds, begun), moves, None)

    def settle(self, card: Card, moves: Moves, event: Event | None) -> None:
        """Replace what is owed, and issue a reward for each full card. `event`: what caused it, if one did."""
        card.count()
        self.changed_collections[card.collection.id] = card.collection
        if card.open is None:
            return
        settled = rules.settle(
            [rules.OpenStamp(stamp.id, stamp.unit_price) for stamp in card.open],
            [rules.Owing(reward.id, reward.owed) for reward in card.owing],
            card.program.thresholds,
            card.collection.cycle_from,
            [reward.cycle_from for reward in moves.revoked],
        )
        self._apply(card, settled, moves, event)

    def _apply(self, card: Card, settled: rules.Settled, moves: Moves, event: Event | None) -> None:
        assert card.open is not None  # noqa: S101 - the callers looked
        self.changed_collections[card.collection.id] = card.collection
        known = {stamp.id: stamp for stamp in card.open}
        moves.replaced += len(settled.replacements)
        for stamp_id, reward_id in settled.replacements:
            reward = card.rewards[reward_id]
            reward.owed -= 1
            self._reward(reward)
            self._assign(card, known.pop(stamp_id), reward)
        for full in settled.full:
            reward = self._issue(card, full, event)
            moves.issued.append(reward)
            for each in full.stamps:
                self._assign(card, known.pop(each.id), reward)
        card.open = list(known.values())
        card.collection.cycle_from = settled.cycle_from
        card.count()

    def take_freed_days(self) -> list[Stamp]:
        """Returned stamps whose day a new one takes: to be written, alone, before all others."""
        taken = {(stamp.collection_id, stamp.day) for stamp in self.new_stamps.values() if stamp.day}
        changed = self.changed_stamps.values()
        freed = [each for each in changed if each.returned_at and (each.collection_id, each.day) in taken]
        for stamp in freed:
            del self.changed_stamps[stamp.id]
        return freed

    def rows(self) -> dict[str, Iterable[Model]]:
        """All that is planned, by its section of posting.sql."""
        return {
            "stamp_collections": self.new_collections,
            "stamp_collection_changes": self.changed_collections.values(),
            "stamp_rewards": self.new_rewards.values(),
            "stamp_reward_changes": self.changed_rewards.values(),
            "stamps": self.new_stamps.values(),
            "stamp_changes": self.changed_stamps.values(),
        }

    # -- rows

    def _stamp(self, card: Card, event: Event, number: int, piece: Piece, day: date | None) -> Stamp:
        stamp = Stamp(
            id=new_id(),
            environment_id=card.collection.environment_id,
            member_id=card.collection.member_id,
            collection_id=card.collection.id,
            event_id=event.id,
            number=number,
            line=piece.line,
            day=day,
            unit_price=piece.unit_price,
            collected_at=event.occurred_at,
            recorded_at=timezone.now(),
        )
        self.new_stamps[stamp.id] = stamp
        return stamp

    def _put(self, card: Card, stamps: Iterable[Stamp]) -> None:
        """On the card, in no reward."""
        for stamp in stamps:
            if stamp.day is not None:
                card.days.add(stamp.day)
            if card.open is None:
                card.collection.counter += 1
            else:
                insort(card.open, stamp, key=_BY_AGE)

    def _return(self, card: Card, stamp: Stamp, refund: Event, moves: Moves) -> None:
        assert card.open is not None  # noqa: S101 - refunds read it
        stamp.returned_at, stamp.returned_by_id = self.now, refund.id
        self._changed(stamp)
        if stamp.day is not None:
            card.days.discard(stamp.day)
        if stamp.reward_id is None:
            card.open.remove(stamp)
            return
        reward = card.rewards[stamp.reward_id]
        card.held[reward.id].remove(stamp)
        if reward.status == StampReward.Status.PAID:
            reward.owed += 1
            self._reward(reward)
            if reward not in moves.standing:
                moves.standing.append(reward)
        else:
            stamp.reward_id = None
            self._revoke(card, reward)
            moves.revoked.append(reward)

    def _revoke(self, card: Card, reward: StampReward) -> None:
        reward.status, reward.revoked_at = StampReward.Status.REVOKED, self.now
        self._reward(reward)
        for stamp in card.held.pop(reward.id):
            stamp.reward_id = None
            self._changed(stamp)
            self._put(card, [stamp])

    def _issue(self, card: Card, full: rules.Full, event: Event | None) -> StampReward:
        program, collection = card.program, card.collection
        reward = StampReward(
            id=new_id(),
            environment_id=collection.environment_id,
            member_id=collection.member_id,
            collection_id=collection.id,
            stamp_program_id=program.id,
            kind=program.reward_kind,
            amount=rules.reward_amount(
                program.reward_kind, program.reward_amount, full.lowest_price, program.currency
            ),
            currency=program.currency,
            size=len(full.stamps),
            stamp_ids=[each.id for each in full.stamps],
            cycle_from=full.cycle_from,
            event_id=event.id if event else None,
            issued_at=self.now,
            recorded_at=timezone.now(),
            actor_kind=self.actor.kind,
            actor_id=self.actor.id,
            trace_id=self.actor.trace_id,
        )
        self.new_rewards[reward.id] = card.rewards[reward.id] = reward
        card.held[reward.id] = []
        return reward

    def _assign(self, card: Card, stamp: Stamp, reward: StampReward) -> None:
        stamp.reward_id = reward.id
        card.held.setdefault(reward.id, []).append(stamp)
        self._changed(stamp)

    def _changed(self, stamp: Stamp) -> None:
        if stamp.id not in self.new_stamps:
            self.changed_stamps[stamp.id] = stamp

    def _reward(self, reward: StampReward) -> None:
        if reward.id not in self.new_rewards:
            self.changed_rewards[reward.id] = reward
