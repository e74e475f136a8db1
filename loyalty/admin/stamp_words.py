"""How the console writes members' stamp cards, their stamps and what full ones gave."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.errors import DomainError
from audit.ids import public
from loyalty.errors import AlreadyEnrolled, StampProgramNotAvailable, StampRewardClosed
from loyalty.models import Event, Stamp, StampCollection, StampReward
from loyalty.queries.stamp_details import reward_counts
from loyalty.queries.stamps import running_threshold, shown_counter
from programs.admin.stamp_words import MOST_SLOTS, amount_words, price_words
from programs.models import StampProgram

STATUSES: Mapping[str, str] = {"issued": "To be paid", "paid": "Paid", "revoked": "Revoked"}
_COLOURS = {"issued": "hold-open", "paid": "hold-captured", "revoked": "revoked"}
_CLOSED = {
    "paid": "It is marked as paid already.",
    "revoked": "It was revoked: a purchase of it was refunded before it was paid. There is nothing to pay.",
}


@dataclass(frozen=True, slots=True)
class CardRow:
    """A member's card, with how many rewards it gave by what became of them."""

    collection: StampCollection
    rewards: Mapping[str, int]

    @property
    def stamps(self) -> int:
        return shown_counter(self.collection)

    @property
    def threshold(self) -> int:
        return running_threshold(self.collection)

    @property
    def owed(self) -> int:
        return max(0, -self.collection.counter)

    @property
    def dots(self) -> list[bool]:
        """Of each stamp of the card whether it is there; none of a card that is too long to be drawn."""
        if self.threshold > MOST_SLOTS:
            return []
        return [number < self.stamps for number in range(self.threshold)]

    @property
    def gave(self) -> str:
        """ "1 to be paid, 2 paid"; empty of none."""
        return self._counted(STATUSES)

    @property
    def closed(self) -> str:
        """The same without what is to be paid."""
        return self._counted([status for status in STATUSES if status != StampReward.Status.ISSUED])

    def _counted(self, statuses: Iterable[str]) -> str:
        counted = [(self.rewards.get(status, 0), STATUSES[status]) for status in statuses]
        return ", ".join(f"{count:,} {words.lower()}" for count, words in counted if count)


@dataclass(frozen=True, slots=True)
class StampRow:
    """A stamp, the purchase that it is for, and the refund that took it back; `count` of them that were taken back
    alike."""

    stamp: Stamp
    price: str
    refund: Event | None
    count: int = 1

    @property
    def reward(self) -> str:
        """The id of the reward that it is in."""
        return public("sr", self.stamp.reward_id) if self.stamp.reward_id else ""


def card_rows(collections: Iterable[StampCollection]) -> list[CardRow]:
    """One statement for all of them."""
    rows = list(collections)
    counts = reward_counts([row.pk for row in rows])
    return [CardRow(row, counts.get(row.pk, {})) for row in rows]


def stamp_rows(stamps: Iterable[Stamp], stamp_program: StampProgram) -> list[StampRow]:
    """At most one statement, for the refunds. The stamps come with their purchases. Those of one line of a purchase
    that one refund took back are one row, where the first of them stands."""
    rows = list(stamps)
    refunds = Event.objects.in_bulk([row.returned_by_id for row in rows if row.returned_by_id])
    alike: dict[tuple[object, ...], list[Stamp]] = {}
    for row in rows:
        alike.setdefault(_alike(row), []).append(row)
    currency = stamp_program.currency
    return [
        StampRow(
            stamp=row,
            price="–" if row.unit_price is None else price_words(row.unit_price, currency),
            refund=refunds.get(row.returned_by_id) if row.returned_by_id else None,
            count=len(together),
        )
        for row, together in ((each[0], each) for each in alike.values())
    ]


def _alike(stamp: Stamp) -> tuple[object, ...]:
    if stamp.returned_by_id is None:
        return (stamp.pk,)
    return (
        stamp.event_id,
        stamp.line,
        stamp.returned_by_id,
        stamp.returned_at,
        stamp.unit_price,
        stamp.reward_id,
    )


def status_tag(status: str) -> SafeString:
    colour, words = _COLOURS.get(status, "none"), STATUSES.get(status, status)
    return format_html('<span class="lc-tag lc-{}">{}</span>', colour, words)


def worth_of(reward: StampReward) -> str:
    """ "£4.50"."""
    return amount_words(reward.amount, reward.currency)


def kind_words(reward: StampReward) -> str:
    """How its amount came about."""
    if reward.kind == StampProgram.RewardKind.REFUND:
        return "The lowest price on the card"
    return "A fixed amount"


def said(error: DomainError, stamp_program: StampProgram) -> DomainError:
    """A refusal in the console's words; one that reads well as it is stays."""
    if isinstance(error, StampRewardClosed):
        status = str(error.data.get("reward_status", ""))
        return type(error)(_CLOSED.get(status, error.detail), **error.data)
    if isinstance(error, AlreadyEnrolled | StampProgramNotAvailable):
        plain = error.detail.replace(f"Stamp program {stamp_program.public_id}", stamp_program.name)
        detail = plain.replace(f"a card of {stamp_program.public_id}", f"the card {stamp_program.name}")
        return type(error)(detail, **error.data)
    return error
