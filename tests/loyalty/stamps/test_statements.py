"""What cards cost: nothing where none is configured, one statement where nobody's fills, two where one does; and a
batch's do not grow with its events."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty.models import Event
from loyalty.queries.events import RecordedEvent, ReportedEvent
from programs.models import StampProgram
from tests.loyalty.stamps.cafe import FIXED, Cafe

TRANSACTION = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK")
NUMBERS = count()


def statements(call: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        call()
    return [query["sql"] for query in seen if not query["sql"].startswith(TRANSACTION)]


def of_cards(found: list[str]) -> list[str]:
    """Those that read cards, their stamps or rewards."""
    return [sql for sql in found if "loyalty_stamp" in sql and sql.startswith("SELECT")]


def buying(cafe: Cafe, member: str = "ada") -> list[str]:
    name = f"n{next(NUMBERS)}"
    return statements(lambda: cafe.buy(name, "3.00", member))


def test_an_event_costs_what_it_did_where_no_card_is_configured(cafe: Cafe) -> None:
    buying(cafe)
    without = buying(cafe)
    assert of_cards(without) == []
    cafe.program(status="draft")
    buying(cafe)  # compiles the configuration
    assert len(buying(cafe)) == len(without)


def test_one_more_with_a_card_and_two_where_it_fills(cafe: Cafe) -> None:
    buying(cafe)
    without = len(buying(cafe))
    cafe.card(threshold=4, **FIXED)
    buying(cafe)  # the first stamp
    assert len(buying(cafe)) == without + 1
    assert len(buying(cafe)) == without + 1
    assert len(buying(cafe)) == without + 2  # the fourth
    assert len(buying(cafe)) == without + 1
    buying(cafe, "bob")
    assert len(buying(cafe, "bob")) == without + 1  # who has no card


def test_other_events_read_no_card(cafe: Cafe) -> None:
    cafe.card()
    found = statements(lambda: cafe.buy("v", "3.00", event_type="visit"))
    assert of_cards(found) == []


def test_a_refund_of_what_stamped_nothing_costs_nothing_more(cafe: Cafe) -> None:
    for name in ("p1", "p2"):
        cafe.buy(name, "3.00")
    cafe.refund("p1", "1.00")
    without = len(statements(lambda: cafe.refund("p1", "1.00")))
    cafe.card()
    cafe.refund("p2", "1.00")
    assert len(statements(lambda: cafe.refund("p2", "1.00"))) == without


def test_a_refund_that_takes_a_paid_rewards_stamp_costs_six_more_at_most(cafe: Cafe) -> None:
    for name in ("p1", "p2"):
        cafe.buy(name, "3.00")
    cafe.refund("p1", "1.00")
    without = len(statements(lambda: cafe.refund("p1")))
    card = cafe.card(threshold=1, **FIXED)
    cafe.buy("p3", "3.00")
    cafe.pay(cafe.rewards(card)[0])
    assert len(statements(lambda: cafe.refund("p3"))) <= without + 6


def test_a_chunk_of_the_job_costs_the_same_however_many_cards_are_due(cafe: Cafe) -> None:
    members = [f"m{number}" for number in range(12)]
    card = cafe.card(*members, **FIXED)
    cafe.send([ReportedEvent(f"of-{who}", "purchase", who, {"amount": "3"}) for who in members])
    cafe.save(card, threshold=1)
    cafe.settle(limit=1)
    few, many = (statements(lambda limit=limit: cafe.settle(limit=limit)) for limit in (1, 10))  # type: ignore[misc]
    assert cafe.settle() == 0
    own = [sql for sql in many if "programs_environment" not in sql]  # which the tests read themselves
    assert (len(few), len(own)) == (len(many), 5)
    nothing = [sql for sql in statements(cafe.settle) if "programs_environment" not in sql]
    assert len(nothing) == 1


class Batches:
    """Members of each size are people of their own, with two cards each: one fills with every batch."""

    SIZES = ((5, 5), (60, 60), (60, 6), (60, 1))

    def __init__(self, cafe: Cafe) -> None:
        self.cafe = cafe
        self.programs: list[StampProgram] = [
            cafe.program(threshold=1, **FIXED), cafe.program(threshold=50, stamps_per="day"),
        ]  # fmt: skip
        for size in self.SIZES:
            for member in range(size[1]):
                for program in self.programs:
                    cafe.join(program, f"{size}-{member}")

    def send(self, size: tuple[int, int], kind: str, turn: int, **data: Any) -> int:
        number, people = size
        events = [
            ReportedEvent(
                f"{kind}-{size}-{n}-{turn}",
                kind,
                f"{size}-{n % people}",
                {"purchase": f"purchase-{size}-{n}-0", **data}
                if kind == "refund"
                else {"amount": "3", **data},
            )
            for n in range(number)
        ]
        results: list[Any] = []
        found = len(statements(lambda: results.extend(self.cafe.send(events))))
        assert all(isinstance(result, RecordedEvent) and not result.duplicate for result in results)
        return found


@pytest.mark.parametrize("kind", ["purchase", "refund"])
def test_a_batchs_statements_do_not_grow_with_its_events(cafe: Cafe, kind: str) -> None:
    batches = Batches(cafe)
    first = {size: batches.send(size, "purchase", 0) for size in batches.SIZES}
    second = {size: batches.send(size, kind, 1) for size in batches.SIZES}
    assert len(set(second.values())) == 1, (first, second)
    assert Event.objects.filter(environment_id=cafe.environment.id, type=kind).count() >= 185
