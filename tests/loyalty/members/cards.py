"""Two members' stamp cards, for tests of what becomes of them."""

from typing import Any

from loyalty.models import Stamp, StampCollection
from loyalty.queries.stamps import collections_of
from programs.models import StampProgram
from tests.loyalty.stamps.cafe import Cafe


def both(cafe: Cafe, **changes: Any) -> StampProgram:
    """A stamp program that ada and bob have a card of."""
    return cafe.card("ada", "bob", **changes)


def buy(cafe: Cafe, number: int, member: str = "ada", amount: str = "3.00", **data: Any) -> None:
    """So many purchases: `ada-1`, `ada-2`, …; more of them go on counting."""
    had = Stamp.objects.filter(event__event_id__startswith=f"{member}-", environment_id=cafe.environment.id)
    for place in range(had.count() + 1, had.count() + 1 + number):
        cafe.buy(f"{member}-{place}", amount, member, **data)


def found(cafe: Cafe, member: str | None = None) -> list[StampCollection]:
    return list(collections_of(environment=cafe.environment, member=member).order_by("id"))
