"""Levels inside events: the crossing event keeps the multiplier from before it (domain.md 6)."""

from decimal import Decimal

import pytest

from loyalty.models import TierChange
from loyalty.queries.tiers import TierStatus, tiers_of
from programs.models import Environment
from tests.conftest import Api
from tests.factories import make_ladder, reload
from tests.loyalty.earning.desk import Desk, at
from tests.loyalty.ledger.checking import check


@pytest.fixture
def desk(environment: Environment) -> Desk:
    desk = Desk(environment)
    desk.rule("pounds")
    levels = [("silver", "100", "1.5"), ("gold", "400", "2")]
    make_ladder(environment, *levels, period="rolling", days=30, downgrade="to_qualified")
    return desk


def status(desk: Desk, member: str = "ada") -> TierStatus:
    (found,) = tiers_of(environment=reload(desk.environment), member_id=desk.key(member), now=at(desk.today))
    return found


def read(desk: Desk, member: str = "ada") -> str | None:
    """The level as read today, whatever was written."""
    level = status(desk, member).level
    return level.code if level else None


def test_the_crossing_purchase_keeps_its_multiplier_and_the_next_has_the_new(desk: Desk) -> None:
    crossing = desk.buy("order-1", "390.00")
    assert (crossing.entries[0].points, read(desk)) == (390, "silver")
    crossing = desk.buy("order-2", "10.00")
    assert (crossing.entries[0].points, read(desk)) == (15, "gold")
    assert desk.buy("order-3", "10.00").entries[0].points == 20
    assert [(change.from_code, change.to_code) for change in crossing.changes] == [("silver", "gold")]
    assert crossing.event.facts is not None
    (level,) = crossing.event.facts["levels"].values()
    assert level["code"] == "silver"


def test_one_purchase_may_reach_the_highest_level_at_once(desk: Desk) -> None:
    recorded = desk.buy("order-1", "400.00")
    assert [(c.kind, c.from_code, c.to_code, int(c.progress)) for c in recorded.changes] == [
        ("reached", None, "gold", 400)
    ]
    assert read(desk) == "gold"


def test_a_point_less_does_not_reach_it(desk: Desk) -> None:
    assert desk.buy("order-1", "99.99").changes == []
    assert (read(desk), status(desk).missing) == (None, Decimal(1))
    assert [c.to_code for c in desk.buy("order-2", "1.00").changes] == ["silver"]


def test_a_bonus_counts_and_is_not_multiplied(desk: Desk) -> None:
    desk.rule("welcome", award={"kind": "fixed", "points": 60}, entry_type="bonus")
    desk.buy("order-1", "40.00")
    assert (read(desk), desk.total()) == ("silver", 100)
    desk.buy("order-2", "40.00")
    assert desk.total() == 100 + 60 + 60


def test_points_given_by_hand_count_and_adjustments_do_not(desk: Desk) -> None:
    desk.adjust(500)
    assert read(desk) is None
    desk.give(100)
    assert read(desk) == "silver"
    change = TierChange.objects.get(environment_id=desk.environment.id)
    assert (change.event_id, change.progress) == (None, Decimal(100))


def test_spending_and_expiry_do_not_lower_progress(desk: Desk) -> None:
    desk.give(100, expires=1)
    desk.buy("order-1", "10.00")
    desk.spend(90)
    desk.today = 2
    desk.buy("order-2", "10.00")
    assert (read(desk), status(desk).progress) == ("silver", Decimal(130))


def test_a_refund_lowers_progress_at_once_and_the_level_at_its_next_evaluation(desk: Desk) -> None:
    desk.buy("order-1", "100.00")
    desk.today = 5
    desk.refund("order-1", "40.00")
    assert (read(desk), status(desk).progress) == ("silver", Decimal(60))
    assert desk.buy("order-2", "20.00").entries[0].points == 30
    # Reached at 09:00 on the 1st of March: the first midnight after 30 days begins the 1st of April.
    desk.today = 30.6  # 23:24 on the 31st
    assert read(desk) == "silver"
    desk.today = 30.63  # 00:07 on the 1st
    assert (read(desk), status(desk).progress) == (None, Decimal(30))
    assert desk.buy("order-3", "20.00").entries[0].points == 20
    kinds = TierChange.objects.filter(environment_id=desk.environment.id).order_by("id")
    assert [(c.kind, c.from_code, c.to_code, c.event_id is None) for c in kinds] == [
        ("reached", None, "silver", False),
        ("lowered", "silver", None, True),
    ]
    assert kinds[1].occurred_at == at(30).replace(day=1, month=4, hour=0)
    check(environment=str(desk.environment.id))


def test_a_late_purchase_counts_on_its_own_day(desk: Desk) -> None:
    desk.today = 29
    recorded = desk.buy("order-1", "100.00", on=0.5)
    assert desk.progress() == {"2026-03-01": 100}
    assert [change.kind for change in recorded.changes] == ["reached"]
    assert status(desk).since == at(29)
    desk.today = 31
    assert status(desk).progress == 0


def test_a_purchase_too_old_for_the_window_reaches_nothing(desk: Desk) -> None:
    make_ladder(desk.environment, ("silver", "100", "1.5"), ("gold", "400", "2"), days=10)
    desk.today = 20
    assert desk.buy("order-1", "150.00", on=5).changes == []
    assert (read(desk), status(desk).progress) == (None, Decimal(0))


def test_a_level_that_is_still_earned_is_confirmed_at_midnight(desk: Desk) -> None:
    desk.buy("order-1", "100.00")
    desk.today = 20
    desk.buy("order-2", "100.00")
    desk.today = 40
    found = status(desk)
    assert (read(desk), found.since) == ("silver", at(0).replace(month=4, hour=0))
    assert found.valid_until == at(0).replace(month=5, hour=0)
    desk.today = 70
    assert read(desk) is None


def test_a_batch_of_one_member_crosses_in_its_middle(environment: Environment, api: Api, desk: Desk) -> None:
    assert api.post("/v1/sandbox/clock", {"now": at(0).isoformat()}).status_code == 200
    events = [
        {"event_id": f"o{n}", "type": "purchase", "member_id": "ada", "data": {"amount": "60.00"}}
        for n in range(6)
    ]
    results = api.post("/v1/events/batch", {"events": events}).json()["results"]
    points = [
        effect["transaction"]["points"]
        for r in results
        for effect in r["effects"]
        if effect["kind"] == "points"
    ]
    assert points == [60, 60, 90, 90, 90, 90]
    tiers = [
        (n, e["from"], e["to"]) for n, r in enumerate(results) for e in r["effects"] if e["kind"] == "tier"
    ]
    assert tiers == [(1, None, "silver"), (5, "silver", "gold")]  # 120, 210, 300, 390, 480
