"""Refunds lower progress on the day of the purchase, whatever counts, and the level at its next evaluation."""

from decimal import Decimal

import pytest

from loyalty.errors import PurchaseNotFound
from loyalty.models import TierChange
from loyalty.queries.tiers import TierStatus, tiers_of
from programs.models import Environment, Program
from tests.factories import make_ladder, make_metric, reload
from tests.loyalty.earning.desk import Desk, at
from tests.loyalty.ledger.checking import check


@pytest.fixture
def desk(environment: Environment) -> Desk:
    return Desk(environment)


def status(desk: Desk) -> TierStatus:
    (found,) = tiers_of(environment=reload(desk.environment), member_id=desk.key("ada"), now=at(desk.today))
    return found


def read(desk: Desk) -> str | None:
    level = status(desk).level
    return level.code if level else None


def kinds(desk: Desk) -> list[tuple[str, str | None, str | None]]:
    rows = TierChange.objects.filter(environment_id=desk.environment.id).order_by("id")
    return [(row.kind, row.from_code, row.to_code) for row in rows]


def test_money_spent(desk: Desk) -> None:
    make_ladder(desk.environment, ("silver", "99.50", "1"), basis="spend", currency="GBP")
    desk.buy("order-1", "60.25", currency="GBP")
    desk.buy("order-2", "70.00", currency="EUR")
    assert (status(desk).progress, read(desk)) == (Decimal("60.25"), None)
    desk.buy("order-3", "39.25", currency="GBP")
    assert (status(desk).progress, read(desk)) == (Decimal("99.5"), "silver")
    desk.today = 1
    desk.refund("order-1", "0.30")
    desk.refund("order-2", "70.00")
    assert (status(desk).progress, read(desk)) == (Decimal("99.2"), "silver")
    desk.refund("order-3")
    assert status(desk).progress == Decimal("59.95")
    check(environment=str(desk.environment.id))


def test_events_count_until_all_of_the_purchase_is_given_back(desk: Desk) -> None:
    make_ladder(desk.environment, ("regular", "2", "1"), basis="events", event_type="purchase")
    desk.buy("order-1", "60.00")
    desk.buy("order-2", "10.00")
    assert (status(desk).progress, read(desk)) == (Decimal(2), "regular")
    for part, progress in (("30.00", 2), ("29.99", 2), ("0.01", 1)):
        desk.refund("order-1", part)
        assert status(desk).progress == progress
    check(environment=str(desk.environment.id))


def test_a_level_for_life_falls_at_the_midnight_after_the_refund(desk: Desk) -> None:
    desk.rule("pounds")
    make_ladder(desk.environment, ("silver", "100", "1.5"), period="lifetime", downgrade="to_qualified")
    desk.buy("order-1", "100.00")
    assert status(desk).valid_until is None
    desk.today = 400
    assert (read(desk), status(desk).valid_until) == ("silver", None)
    desk.refund("order-1", "0.01")
    assert (read(desk), desk.buy("order-2", "0.50").changes) == ("silver", [])
    desk.today = 401
    assert read(desk) is None
    assert desk.buy("order-3", "2.00").entries[0].points == 2
    assert read(desk) == "silver"
    assert kinds(desk) == [
        ("reached", None, "silver"),
        ("lowered", "silver", None),
        ("reached", None, "silver"),
    ]
    check(environment=str(desk.environment.id))


def test_a_level_for_life_that_is_earned_again_by_midnight_stays(desk: Desk) -> None:
    desk.rule("pounds")
    make_ladder(desk.environment, ("silver", "100", "1"), period="lifetime")
    desk.buy("order-1", "100.00")
    desk.refund("order-1", "50.00")
    desk.buy("order-2", "50.00")
    desk.today = 2
    assert (read(desk), status(desk).valid_until) == ("silver", None)


def test_one_level_down_and_days_of_grace(desk: Desk) -> None:
    desk.rule("pounds")
    levels = [("bronze", "10", "1"), ("silver", "100", "1"), ("gold", "300", "1")]
    make_ladder(desk.environment, *levels, days=30, grace_days=7, downgrade="one_down")
    desk.buy("order-1", "300.00")
    desk.refund("order-1")
    assert (read(desk), status(desk).progress) == ("gold", Decimal(0))
    desk.today = 32  # the 2nd of April; since midnight of the 1st in grace
    assert (read(desk), status(desk).in_grace) == ("gold", True)
    desk.today = 37
    desk.buy("order-2", "5.00")  # the last settles what was due
    desk.today = 38  # the 8th
    assert (read(desk), status(desk).in_grace) == ("silver", False)
    desk.buy("order-3", "5.00")
    assert kinds(desk) == [
        ("reached", None, "gold"),
        ("grace", "gold", "gold"),
        ("lowered", "gold", "silver"),
    ]
    check(environment=str(desk.environment.id))


def test_the_levels_of_then_count_though_they_were_changed(desk: Desk) -> None:
    desk.rule("pounds")
    make_ladder(desk.environment, ("silver", "100", "1.5"))
    desk.buy("order-1", "100.00")
    desk.buy("order-2", "100.00")
    make_ladder(desk.environment, ("silver", "100", "3"))
    desk.refund("order-2", "50.00")
    assert desk.total() == 100 + 75
    desk.buy("order-3", "10.00")
    assert desk.total() == 100 + 75 + 30


def test_who_returns_after_an_erasure_has_bought_nothing(desk: Desk) -> None:
    desk.rule("pounds", caps=[{"per": "ever", "times": 1}], budget=500)
    make_ladder(desk.environment, ("silver", "50", "2"))
    desk.buy("order-1", "100.00")
    desk.erase()
    with pytest.raises(PurchaseNotFound):
        desk.refund("order-1", "10.00")
    # The cap and the level begin anew, too.
    assert desk.buy("order-2", "40.00").entries[0].points == 40
    check(environment=str(desk.environment.id))


def test_a_level_multiplies_the_points_of_its_own_program_and_metric_alone(desk: Desk) -> None:
    Program.objects.create(environment=desk.environment, code="club", name="Club")
    make_metric(desk.environment, "coins")
    desk.rule("pounds")
    desk.rule("coins", metric="coins")
    desk.rule("club", program="club", metric="points", award={"kind": "fixed", "points": 7})
    make_ladder(desk.environment, ("silver", "100", "2"))
    desk.buy("order-1", "100.00")
    recorded = desk.buy("order-2", "100.00")
    assert sorted(entry.points for entry in recorded.entries) == [7, 100, 200]
    # What a rule of another program earns of the metric counts all the same.
    assert desk.progress() == {"2026-03-01": 107 + 207}
