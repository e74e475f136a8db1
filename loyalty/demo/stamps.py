"""The demo's stamp cards: what fills them, who has them, and which full ones are paid.

The cards are handed out before the orders are replayed, since a purchase stamps the cards that its member has
when it is recorded.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from audit.errors import DomainError
from audit.record import Actor
from loyalty.actions.stamps import enrol, pay_stamp_reward
from loyalty.demo.drawing import draw_card
from loyalty.demo.orders import History
from loyalty.demo.replay import is_complete, schedule_of
from loyalty.models import Member, StampReward
from loyalty.queries.stamps import collections_of, offered, rewards_of
from programs.actions.pictures import store_picture
from programs.actions.stamp_programs import save_stamp_program
from programs.models import Environment, Program, StampProgram

BATCH = 50  # cards of a transaction
DAYS, T_LIGHT = "lp_demo_days", "lp_demo_tlight"
_HOLDER = "T-LIGHT HOLDER"  # the file writes all of its articles in capitals


class ShopCard(NamedTuple):
    """A stamp card of the shop. Its public id is fixed: by it the card is found again. `counts`: of one line of
    an order, whether it can stamp the card."""

    public_id: str
    name: str
    colour: str
    counts: Callable[[dict[str, Any]], bool]
    changes: dict[str, Any]


class Paid(NamedTuple):
    """The first reward of a customer's card, paid by the shop."""

    customer: str
    card: str
    reference: str


CARDS = (
    ShopCard(
        DAYS,
        "Three days, five pounds",
        "#9c2f45",
        lambda _line: True,
        {
            "threshold": 3,
            "stamps_per": "day",
            "reward_kind": "fixed-reward",
            "reward_amount": 500,
            "title": "Shop on three days, get £5",
            "summary": "A stamp for each day on which you order. Three of them are five pounds.",
            "description": "Order whatever you like. The first order of a day stamps your card; with the third "
            "stamp we pay £5 back to you, and your next card begins.",
            "terms": "One stamp a day, by London time. Orders in pounds only. What you send back takes its "
            "stamp along.",
            "reward_text": "£5 back",
        },
    ),
    ShopCard(
        T_LIGHT,
        "Every tenth T-light holder free",
        "#2f5d9c",
        lambda line: _HOLDER in line["description"],
        {
            "threshold": 10,
            "stamps_per": "quantity",
            "item_where": {"all": [{"field": "item.description", "op": "contains", "value": _HOLDER}]},
            "reward_kind": "refund",
            "title": "Every tenth T-light holder is free",
            "summary": "A stamp for each T-light holder, whichever you choose. The tenth one is on us.",
            "description": "Glass, zinc or porcelain: every T-light holder that you order is a stamp. Ten "
            "stamps pay back the cheapest of the ten, and what is left over stays on your next card.",
            "terms": "Orders in pounds only. T-lights without a holder don't count. What you send back takes "
            "its stamps along.",
            "reward_text": "1 free T-light holder",
        },
    ),
)
PAYMENTS = (
    Paid("13767", DAYS, "Bank transfer 2041"),
    Paid("14911", DAYS, "Bank transfer 2042"),
    Paid("17850", T_LIGHT, "Voucher HOLDER-17"),
    Paid("13777", T_LIGHT, "Bank transfer 2043"),
)


@transaction.atomic
def ensure_stamp_programs(*, environment: Environment, actor: Actor, now: datetime) -> list[str]:
    """Set up the shop's stamp programs; the names of those made now. One that is there stays as it is: whoever
    tries the demo may have changed it. Locks: the environment."""
    ids = [card.public_id for card in CARDS]
    known = StampProgram.objects.filter(environment=environment, public_id__in=ids)
    there = set(known.values_list("public_id", flat=True))
    missing = [card for card in CARDS if card.public_id not in there]
    for card in missing:
        save_stamp_program(
            environment=environment,
            stamp_program=StampProgram(environment=environment, public_id=card.public_id),
            actor=actor,
            now=now,
            changes={
                "program": Program.objects.get(environment=environment, code="default"),
                "name": card.name,
                "status": "active",
                "currency": "GBP",
                "picture": store_picture(
                    environment=environment,
                    data=draw_card(spots=card.changes["threshold"], colour=card.colour),
                ),
                **card.changes,
            },
        )
    return [card.name for card in missing]


def ensure_cards(*, environment: Environment, history: History, actor: Actor, now: datetime) -> int:
    """Give every customer of the history the cards that an order of theirs can stamp, as far as they don't have
    them, by the time of their first order; how many were made now. Where the history is replayed already nobody is
    made for it: whoever is gone was erased by a visitor. A card that nobody can join now is left out."""
    living = None
    if is_complete(environment, history):
        members = Member.objects.filter(environment=environment, status__in=Member.LIVING)
        living = set(members.values_list("external_id", flat=True))
    open_now = set(offered(environment, now).values_list("public_id", flat=True))
    wanted = [
        (card.public_id, customer)
        for card in CARDS
        if card.public_id in open_now
        for customer in _lacking(environment, history, card)
        if living is None or customer in living
    ]
    schedule = schedule_of(environment, history, now)
    first = {event.member: schedule.at(event.occurred_at) for event in reversed(history.events)}
    made = 0
    for begin in range(0, len(wanted), BATCH):
        with transaction.atomic():
            made += sum(
                _give(environment, card, customer, actor, first[customer])
                for card, customer in wanted[begin : begin + BATCH]
            )
    return made


def ensure_payments(*, environment: Environment, actor: Actor, now: datetime) -> int:
    """Pay the first full card of some customers, unless one of theirs is paid already; how many were paid now."""
    paid = 0
    for one in PAYMENTS:
        cards = collections_of(environment=environment, member=one.customer, stamp_program=one.card)
        rewards = rewards_of(environment=environment).filter(collection__in=cards).order_by("id")
        if rewards.filter(status=StampReward.Status.PAID).exists():
            continue
        due = rewards.filter(status=StampReward.Status.ISSUED).first()
        if due is not None:
            pay_stamp_reward(
                environment=environment, reward=due.id, reference=one.reference, actor=actor, now=now
            )
            paid += 1
    return paid


def customers(history: History, card: ShopCard) -> Iterator[str]:
    """Who ordered something that can stamp the card, once each, in the order of their first such orders."""
    found = (
        event.member
        for event in history.events
        if event.type == "purchase" and any(map(card.counts, event.data["items"]))
    )
    yield from dict.fromkeys(found)


def _lacking(environment: Environment, history: History, card: ShopCard) -> Iterable[str]:
    """The card's customers who don't have it yet."""
    rows = collections_of(environment=environment, stamp_program=card.public_id)
    there = set(rows.values_list("member__external_id", flat=True))
    return (customer for customer in customers(history, card) if customer not in there)


def _give(environment: Environment, stamp_program: str, customer: str, actor: Actor, now: datetime) -> bool:
    try:
        enrol(environment=environment, stamp_program=stamp_program, member=customer, actor=actor, now=now)
    except DomainError:  # frozen, or merged into somebody who has the card
        return False
    return True
