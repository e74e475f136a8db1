"""What happens in the demo's shop between the orders: customers buy rewards, some are given points that end soon, and
what has expired is settled.

Each is made by the time of then, once: whoever has the reward, or was given the points, is left out.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial

from audit.errors import DomainError
from audit.record import Actor
from loyalty.actions.pace import Pace
from loyalty.actions.points import award
from loyalty.actions.sweep import sweep
from loyalty.demo.orders import DemoEvent, History
from loyalty.demo.replay import DAYS, Schedule, Visit
from loyalty.demo.rewards import CAFE, REDEMPTIONS, TEN, VOUCHER, Bought, redeem_once
from loyalty.models import LedgerEntry
from programs.models import Environment

PRESENT = "Come back soon: 100 points for 30 days"
_MINUTE = timedelta(minutes=1)
_NOON = 4 * 60 * 60  # seconds after opening
_USUAL = (Bought("", TEN, None, "use", "Covent Garden, till 1"), Bought("", VOUCHER), Bought("", CAFE))


def visits_of(history: History, schedule: Schedule) -> list[Visit]:
    """All of them, none after the last event; in no order."""
    purchases = [event for event in history.events if event.type == "purchase"]
    taken = {(one.customer, one.reward) for one in REDEMPTIONS}
    return [
        *_chosen(schedule),
        *_after_large_orders(purchases, schedule, taken),
        *_presents(purchases, schedule, taken),
        *(Visit(schedule.on(day, _NOON), _settle) for day in range(6, DAYS, 7)),
    ]


def _chosen(schedule: Schedule) -> Iterator[Visit]:
    """The redemptions that are named."""
    for number, one in enumerate(REDEMPTIONS):
        at = schedule.on(DAYS - 1 - one.ago, _NOON + 60 * number)
        yield Visit(at, partial(_redeem, one))


def _after_large_orders(
    purchases: list[DemoEvent], schedule: Schedule, taken: set[tuple[str, str]]
) -> Iterator[Visit]:
    """A minute after every third order of £200 or more its customer buys one of the usual rewards, another one each
    time; as a voucher half of what the order gave."""
    large = [event for event in purchases[:-1] if Decimal(event.data["amount"]) >= 200]
    for number, event in enumerate(large[::3]):
        turns = [_USUAL[(number + turn) % len(_USUAL)] for turn in range(len(_USUAL))]
        kind = next((one for one in turns if (event.member, one.reward) not in taken), None)
        if kind is None:
            continue
        taken.add((event.member, kind.reward))
        points = int(Decimal(event.data["amount"])) // 200 * 100 if kind.reward == VOUCHER else None
        bought = kind._replace(customer=event.member, points=points)
        yield Visit(schedule.at(event.occurred_at) + _MINUTE, partial(_redeem, bought))


def _presents(purchases: list[DemoEvent], schedule: Schedule, taken: set[tuple[str, str]]) -> Iterator[Visit]:
    """Every fifth customer is given points two weeks after their first order; every second of these takes a voucher
    for them, ten days later."""
    first = {event.member: schedule.day_of(event.occurred_at) for event in reversed(purchases)}
    named = {one.customer for one in REDEMPTIONS}  # a present would make Gold of one who buys that
    for number, member in enumerate(sorted(first.keys() - named, key=lambda one: (first[one], one))[::5]):
        given, used = first[member] + 14, first[member] + 24
        if given < DAYS:
            yield Visit(schedule.on(given, _NOON), partial(_give, member))
        if number % 2 and used < DAYS and (member, VOUCHER) not in taken:
            yield Visit(schedule.on(used, _NOON), partial(_redeem, Bought(member, VOUCHER, 100)))


def _redeem(one: Bought, environment: Environment, actor: Actor, at: datetime) -> None:
    redeem_once(environment=environment, one=one, actor=actor, now=at)


def _settle(_environment: Environment, actor: Actor, at: datetime) -> None:
    """As the worker would have, though it does so every few minutes: what expired stands between the orders."""
    sweep(actor=actor, now=at, pace=Pace(rest=0))


def _give(member: str, environment: Environment, actor: Actor, at: datetime) -> None:
    given = LedgerEntry.objects.filter(
        environment_id=environment.pk, member__external_id=member, reason=PRESENT
    )
    if given.exists():
        return
    try:
        award(
            environment=environment,
            member=member,
            points=100,
            reason=PRESENT,
            actor=actor,
            now=at,
            type="bonus",
            expires_at=at + timedelta(days=30),
        )
    except DomainError:  # frozen by a visitor while the replay was interrupted
        return
