"""Purchases and refunds of one batch do to cards what they do one after the other, and both do what plain Python
that shares no code with the engine works out (oracle.py)."""

import os
from itertools import count
from typing import Any, NamedTuple

from hypothesis import HealthCheck, Phase, given, note, settings
from hypothesis import strategies as st

from loyalty.models import Stamp, StampReward
from loyalty.queries.events import RecordedEvent, ReportedEvent
from programs.models import StampProgram
from tests.loyalty.ledger.till import day
from tests.loyalty.stamps.cafe import Cafe, Standing, told
from tests.loyalty.stamps.oracle import Bought, Card, Per, Purchase, points

STORIES = int(os.environ.get("LOYALTY_STAMP_STORIES", "0"))  # more of them, other ones each time
KINDS: tuple[Per, ...] = ("purchase", "quantity", "day")
PRICES = (200, 350, 525)
ONE, MANY = "one", "many"  # who sends one event at a time, and who batches


class Step(NamedTuple):
    """What a step is of is chosen among what there is, by these numbers."""

    kind: str
    first: int
    second: int
    third: int


steps = st.builds(
    Step,
    st.sampled_from(["buy"] * 5 + ["refund"] * 4 + ["whole"] * 2 + ["pay"] * 2 + ["threshold", "job"]),
    *[st.integers(0, 20)] * 3,
)


class Story:
    """Two members do the same, one event at a time and in batches; `cards` are what the oracle says of both."""

    def __init__(self, cafe: Cafe, number: int) -> None:
        self.cafe, self.prefix = cafe, f"s{number}"
        self.cards = {kind: Card(kind, [3]) for kind in KINDS}
        self.programs: dict[Per, StampProgram] = {
            kind: cafe.card(self.who(ONE), self.who(MANY), threshold=3, stamps_per=kind) for kind in KINDS
        }
        self.purchases: list[Purchase] = []
        self.waiting: list[ReportedEvent] = []
        self.told: dict[str, list[Any]] = {ONE: [], MANY: []}
        self.numbers = count(1)

    def who(self, way: str) -> str:
        return f"{self.prefix}-{way}"

    def do(self, step: Step) -> None:
        getattr(self, step.kind)(step)

    # -- events

    def buy(self, step: Step) -> None:
        lines = [Bought(1 + step.first % 4, PRICES[step.second % 3])]
        if step.third % 2:
            lines.append(Bought(1 + step.second % 2, PRICES[step.first % 3]))
        purchase = Purchase(f"p{next(self.numbers)}", step.third % 4, lines)
        self.purchases.append(purchase)
        items = [{"quantity": each.pieces, "unit_price": pounds(each.pence)} for each in lines]
        data = {"amount": pounds(purchase.pence), "items": items}
        self.send("purchase", purchase.name, purchase.day, data)
        for card in self.cards.values():
            card.buy(purchase)

    def refund(self, step: Step) -> None:
        bought = [purchase for purchase in self.purchases if purchase.pence]
        if not bought:
            return
        purchase = bought[step.first % len(bought)]
        lines = [place for place, left in enumerate(purchase.left) if left]
        place = lines[step.second % len(lines)]
        pieces = 1 + step.third % purchase.left[place]
        purchase.left[place] -= pieces
        amount = pounds(pieces * purchase.lines[place].pence)
        items = [{"line": place + 1, "quantity": pieces, "amount": amount}]
        self._take_back(purchase, {"amount": amount, "items": items})

    def whole(self, step: Step) -> None:
        bought = [purchase for purchase in self.purchases if purchase.pence]
        if bought:
            purchase = bought[step.first % len(bought)]
            purchase.left = [0] * len(purchase.left)
            self._take_back(purchase, {})

    def _take_back(self, purchase: Purchase, data: dict[str, Any]) -> None:
        self.send("refund", f"r{next(self.numbers)}", None, {"purchase": purchase.name, **data})
        for card in self.cards.values():
            card.refund(purchase)

    def send(self, kind: str, name: str, on: int | None, data: dict[str, Any]) -> None:
        self._record(ONE, [self._event(ONE, kind, name, on, data)])
        self.waiting.append(self._event(MANY, kind, name, on, data))

    def _event(self, way: str, kind: str, name: str, on: int | None, data: dict[str, Any]) -> ReportedEvent:
        own = {**data, "purchase": f"{self.who(way)}-{data['purchase']}"} if "purchase" in data else data
        return ReportedEvent(
            f"{self.who(way)}-{name}", kind, self.who(way), own, None if on is None else day(on)
        )

    def _record(self, way: str, events: list[ReportedEvent]) -> None:
        for result in self.cafe.send(events) if events else ():
            assert isinstance(result, RecordedEvent), result
            self.told[way].append([without_ids(effect) for effect in told(result)])

    def flush(self) -> None:
        self._record(MANY, self.waiting)
        self.waiting = []

    # -- what else happens, to both at once

    def pay(self, step: Step) -> None:
        kind = KINDS[step.first % 3]
        unpaid = [place for place, r in enumerate(self.cards[kind].rewards) if r.status == "issued"]
        if unpaid:
            self.flush()
            place = unpaid[step.second % len(unpaid)]
            for way in (ONE, MANY):
                self.cafe.pay(self.cafe.rewards(self.programs[kind], self.who(way))[place])
            self.cards[kind].rewards[place].status = "paid"

    def threshold(self, step: Step) -> None:
        kind, threshold = KINDS[step.first % 3], 1 + step.second % 6
        self.flush()
        self.cafe.save(self.programs[kind], threshold=threshold)
        if threshold != self.cards[kind].history[-1]:
            self.cards[kind].history.append(threshold)

    def job(self, step: Step) -> None:
        self.flush()
        self.cafe.settle()
        for card in self.cards.values():
            card.settle()

    # -- what came of it

    def compare(self) -> None:
        self.flush()
        assert self.told[ONE] == self.told[MANY]
        for kind, card in self.cards.items():
            for way in (ONE, MANY):
                assert self._stored(kind, way) == _expected(card), (kind, way)
                found = self.cafe.standing(self.programs[kind], self.who(way))
                assert found == Standing(
                    live=sum(not stamp.gone for stamp in card.stamps),
                    rewards=[(reward.status, reward.pence) for reward in card.rewards],
                    owed=sum(reward.owed for reward in card.rewards),
                    counter=card.counter,
                    shown=card.shown,
                    points=points(self.purchases),
                )
        self.cafe.check()

    def _stored(self, kind: Per, way: str) -> list[Any]:
        """Purchase, line, whether it was returned, and the place of its reward, of each stamp."""
        rewards = {reward.pk: place for place, reward in enumerate(self._rewards(kind, way))}
        prefix = len(self.who(way)) + 1
        rows = Stamp.objects.filter(collection=self.cafe.collection(self.programs[kind], self.who(way)))
        return [
            (
                stamp.event.event_id[prefix:],
                stamp.line,
                stamp.returned_at is not None,
                rewards[stamp.reward_id] if stamp.reward_id else None,
            )
            for stamp in rows.select_related("event").order_by("id")
        ]

    def _rewards(self, kind: Per, way: str) -> list[StampReward]:
        return self.cafe.rewards(self.programs[kind], self.who(way))


def _expected(card: Card) -> list[Any]:
    places = {id(reward): place for place, reward in enumerate(card.rewards)}
    return [
        (stamp.purchase.name, stamp.line, stamp.gone, places[id(stamp.reward)] if stamp.reward else None)
        for stamp in card.stamps
    ]


def pounds(pence: int) -> str:
    return f"{pence // 100}.{pence % 100:02}"


def without_ids(effect: dict[str, Any]) -> dict[str, Any]:
    named = {name: [each["amount"] for each in effect[name]] for name in ("issued", "revoked", "standing")}
    return {**effect, **named, "stamp_collection": None}


NUMBERS = count()


@settings(
    max_examples=STORIES or 10,
    deadline=None,
    derandomize=not STORIES,
    phases=[Phase.generate, *([Phase.shrink] if STORIES else [])],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(told_steps=st.lists(steps, min_size=6, max_size=16))
def test_any_story_in_batches_is_what_it_is_one_by_one(cafe: Cafe, told_steps: list[Step]) -> None:
    cafe.today = 5
    note(str(told_steps))
    story = Story(cafe, next(NUMBERS))
    for step in told_steps:
        story.do(step)
    story.compare()
    for program in story.programs.values():  # the next story's members have no card of it
        cafe.save(program, status="ended")
