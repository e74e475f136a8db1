"""What challenges cost an event: nothing where no mission is of its type, two statements where one is, one more where
it may give an item; whatever the member's history, other members and other missions. A batch's do not grow with it."""

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty.actions.events import record_batch
from loyalty.models import Event
from loyalty.queries.events import RecordedEvent, ReportedEvent
from tests.factories import make_metric, reload
from tests.loyalty.challenges.camp import Camp

TRANSACTION = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK")
TABLES = ("loyalty_missionprogress", "loyalty_achievement", "loyalty_memberitem", "loyalty_itemchange")
NUMBERS = count()


def statements(call: Callable[[], object]) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        call()
    return [query["sql"] for query in seen if not query["sql"].startswith(TRANSACTION)]


def reading(found: list[str]) -> list[str]:
    """The tables of challenges that are read, in order."""
    selects = [sql for sql in found if sql.lstrip("(").startswith("SELECT")]
    return [table for sql in selects for table in TABLES if f'FROM "{table}"' in sql]


def visiting(camp: Camp, member: str = "ada", event_type: str = "visit") -> list[str]:
    return statements(lambda: camp.visit(member, event_type=event_type))


def test_an_event_costs_what_it_did_where_no_mission_is_of_its_type(field: Camp) -> None:
    visiting(field)
    without = visiting(field)
    assert reading(without) == []
    field.challenge(status="draft")
    field.challenge(missions=[{"title": "Post", "event_type": "post", "target": 2}])
    visiting(field)  # compiles the configuration
    assert len(visiting(field)) == len(without)


def test_two_more_where_one_is_and_one_more_where_it_may_give_an_item(field: Camp) -> None:
    visiting(field)
    without = len(visiting(field))
    missions = [{"title": "Visit", "event_type": "visit", "target": 3}]
    field.challenge(missions=missions, rewards=[])
    visiting(field)
    found = visiting(field)
    assert (len(found), reading(found)) == (without + 2, list(TABLES[:2]))
    assert [len(visiting(field)), len(visiting(field))] == [without + 2] * 2  # the first of them completes it
    field.challenge(missions=missions, rewards=[field.prize(), field.prize("Cup")])
    costs = [len(visiting(field)) for _ in range(5)][1:]
    assert costs == [without + 3, without + 3, without + 2, without + 2]
    assert field.items_of() == {"Badge": 1, "Cup": 1}


def test_points_lock_their_account_with_all_others(field: Camp) -> None:
    make_metric(reload(field.environment), "stars")
    field.challenge(rewards=[field.points(5), field.points(5, "stars")])
    visiting(field)
    completing, beyond = visiting(field), visiting(field)
    assert len(completing) == len(beyond) + 1
    assert (field.total(), field.total(metric="stars")) == (5, 5)


def test_neither_history_nor_members_nor_other_missions_cost_more(field: Camp) -> None:
    field.challenge(per="day", rewards=[field.points(1), field.prize()])
    for _ in range(2):
        visiting(field)
        field.today += 1
    field.visit("bob")
    few = [visiting(field), visiting(field), visiting(field)]
    missions = [{"title": f"T{n}", "event_type": f"type-{n}", "target": 1} for n in range(40)]
    field.challenge(missions=missions)
    field.challenge(missions=[{"title": "Post", "event_type": "post", "target": 2}])
    for number in range(12):
        field.today += 1
        field.visit(times=2)
        field.visit(f"m{number}", 2)
    field.today += 1
    assert [len(visiting(field)) for _ in range(3)] == [len(each) for each in few]


def test_ten_challenges_of_its_type_cost_what_one_does(field: Camp) -> None:
    field.challenge()
    visiting(field)
    one = len(visiting(field, "bob"))
    for _ in range(9):
        field.challenge()
    visiting(field, "cyd")
    assert len(visiting(field, "dan")) == one
    completing = [len(visiting(field, "dan")), len(visiting(field, "cyd"))]
    assert completing[0] == completing[1]


def test_a_refund_costs_two_more_where_it_counted_and_its_rewards_cost_the_same_however_many(
    field: Camp,
) -> None:
    field.visit(times=3)
    field.refund("ada-1")
    without = len(statements(lambda: field.refund("ada-2")))
    field.challenge(missions=[{"title": "V", "event_type": "visit", "target": 9}], rewards=[])
    field.visit(times=3)
    field.refund("ada-4")
    assert len(statements(lambda: field.refund("ada-5"))) == without + 2
    costs = {}
    for many in (1, 4):
        given = [field.points(5) for _ in range(many)] + [field.prize() for _ in range(many)]
        field.challenge(rewards=given)
        who = f"m{many}"
        field.visit(who, 2)
        costs[many] = len(statements(lambda who=who: field.refund(last_of(field, who), member=who)))  # type: ignore[misc]
    assert costs[1] == costs[4] <= without + 12


def last_of(camp: Camp, member: str) -> str:
    """The event that completed what the member achieved last."""
    found = camp.achievements(member)[-1].event_id
    assert found
    return Event.objects.get(pk=found).event_id


class Batches:
    SIZES = ((5, 5), (60, 60), (60, 6), (60, 1))

    def __init__(self, camp: Camp) -> None:
        self.camp = camp
        make_metric(reload(camp.environment), "stars")
        for target in (1, 2):
            mission = {"title": "Visit", "event_type": "visit", "target": target}
            camp.challenge(missions=[mission], rewards=[camp.points(5, "stars"), camp.prize()])
        camp.visit("warm")  # compiles the configuration

    def send(self, size: tuple[int, int], kind: str, turn: int) -> int:
        number, people = size
        events = [
            ReportedEvent(
                f"{kind}-{size}-{n}-{turn}",
                kind,
                f"{size}-{n % people}",
                {"purchase": f"visit-{size}-{n}-0"} if kind == "refund" else {},
            )
            for n in range(number)
        ]
        results: list[Any] = []
        found = len(statements(lambda: results.extend(self.camp.do(record_batch, events=events))))
        assert all(isinstance(result, RecordedEvent) and not result.duplicate for result in results)
        return found


@pytest.mark.parametrize("kind", ["visit", "refund"])
def test_a_batchs_statements_do_not_grow_with_its_events(field: Camp, kind: str) -> None:
    batches = Batches(field)
    first = {size: batches.send(size, "visit", 0) for size in batches.SIZES}
    second = {size: batches.send(size, kind, 1) for size in batches.SIZES}
    assert len(set(first.values())) == 1, first
    assert len({second[size] for size in batches.SIZES[:2]}) == 1, second
    assert max(second.values()) <= min(second.values()) + 2, second
