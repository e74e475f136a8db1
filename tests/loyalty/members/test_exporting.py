"""All that is kept of a member, as JSON (domain.md 10)."""

from typing import Any

import pytest
import simplejson
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.errors import NotFound
from audit.models import AuditEvent
from loyalty.actions.exporting import export
from loyalty.queries.exports import export_member
from programs.models import Environment
from tests.factories import make_ladder, make_member, reload
from tests.loyalty.earning.desk import Desk
from tests.loyalty.ledger.till import day


@pytest.fixture
def desk(environment: Environment) -> Desk:
    desk = Desk(environment)
    desk.rule("pounds", caps=[{"per": "day", "points": 500}])
    make_ladder(environment, ("silver", "40", "1.5"))
    return desk


def exported(desk: Desk, member: str = "ada") -> dict[str, Any]:
    return desk.do(export, member=member)


def test_an_export_tells_where_every_point_came_from(desk: Desk) -> None:
    desk.buy("order-1", "60.50", sku="mug")
    desk.spend(10)
    told = exported(desk)
    earned, spent = told["transactions"]
    assert (earned["points"], earned["event_id"], earned["rule"]["name"]) == (60, "order-1", "pounds")
    assert [lot["remaining"] for lot in earned["lots"]] == [50]
    assert [(use["transaction_id"], use["points"]) for use in spent["uses"]] == [(earned["id"], 10)]
    (event,) = told["events"]
    assert (event["data"], event["amount"]) == ({"amount": "60.50", "sku": "mug"}, "60.5")
    assert event["explanation"]["verdicts"][0]["points"] == 60
    assert told["event_counts"] == [{"member_id": "ada", "type": "purchase", "count": 1}]
    assert [row["points"] for row in told["usage"]] == [60]
    (level,) = told["tiers"]["levels"]
    assert (level["program"], level["tier"], level["since"]) == ("default", "silver", "2026-03-01T09:00:00Z")
    assert [(row["day"], row["figure"]) for row in told["tiers"]["progress"]] == [("2026-03-01", "60")]
    assert [row["kind"] for row in told["tiers"]["changes"]] == ["reached"]


def test_balances_are_those_of_now(desk: Desk) -> None:
    desk.give(100, expires=5)
    desk.today = 6
    (account,) = exported(desk)["accounts"]
    assert (account["balance"], account["lifetime"]["expired"]) == (0, 100)


def test_it_is_json_with_a_trail(desk: Desk) -> None:
    desk.buy("order-1", "60.50")
    told = exported(desk)
    assert simplejson.loads(simplejson.dumps(told, use_decimal=True), use_decimal=True) == told
    trail = AuditEvent.objects.filter(member_id=desk.key("ada"), verb="member.exported")
    assert (trail.count(), trail.get().occurred_at.isoformat()) == (1, "2026-03-01T09:00:00+00:00")


def test_a_merged_id_exports_the_survivor_with_what_came_before(desk: Desk) -> None:
    desk.buy("order-1", "60.00", "bob")
    desk.buy("order-2", "5.00")
    desk.merge("bob", "ada")
    one, other = exported(desk, "bob"), exported(desk)
    assert one["member"] == other["member"]
    assert one["member"]["member_id"] == "ada"
    assert [row["member_id"] for row in one["member"]["merged"]] == ["bob"]
    assert {row["event_id"] for row in one["events"]} == {"order-1", "order-2"}
    balances = {row["member_id"]: row["balance"] for row in one["accounts"]}
    assert balances == {"ada": 65, "bob": 0}


def test_nobody_exports_what_was_before_an_erasure(desk: Desk) -> None:
    desk.buy("order-1", "60.00")
    desk.erase()
    with pytest.raises(NotFound):
        exported(desk)
    assert not AuditEvent.objects.filter(verb="member.exported", environment_id=desk.environment.id).exists()
    desk.give(1)
    told = exported(desk)
    assert (len(told["transactions"]), told["events"], told["tiers"]["changes"]) == (1, [], [])


def test_another_environments_member_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFound):
        exported(desk, "nobody")


def test_the_number_of_statements_does_not_grow(desk: Desk) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            export_member(environment=reload(desk.environment), member="ada", now=day(0))
        return len(queries)

    make_member(desk.environment, "bob")
    desk.buy("order-0", "60.00")
    desk.transfer(1, "ada", "bob")
    few = statements()
    for number in range(1, 5):
        desk.buy(f"order-{number}", "60.00")
        desk.spend(10)
        desk.hold(5)
        desk.transfer(1, "ada", "bob")
    assert statements() == few <= 25
