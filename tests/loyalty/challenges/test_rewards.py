"""What a completed challenge gives: points up to the metric's maximum, items, and coupons with codes of their own."""

import re
from datetime import timedelta

from loyalty.models import ItemChange, LedgerEntry
from tests.factories import PER_POUND, make_coupon, make_metric, reload
from tests.loyalty.challenges.camp import Camp
from tests.loyalty.challenges.telling import rewards
from tests.loyalty.ledger.till import day

BUY = {"title": "Buy", "event_type": "purchase", "target": 1}


def test_points_are_cut_to_what_the_metric_has_room_for_and_it_is_told(field: Camp) -> None:
    make_metric(reload(field.environment), "stars", default_value=40, maximum=100)
    given = [field.points(50, "stars"), field.points(50, "stars"), field.points(5, "stars")]
    field.challenge(rewards=given)
    first, second = field.visit(times=2)
    assert rewards(second) == [("stars", 50, 50), ("stars", 50, 10), ("stars", 5, 0)]
    entries = LedgerEntry.objects.filter(event=second.event.pk).order_by("id")
    assert list(entries.values_list("points", "nominal", "origin")) == [
        (50, None, f"challenge:{field.achievements()[1].challenge_id.hex}:0"),
        (10, 50, f"challenge:{field.achievements()[1].challenge_id.hex}:1"),
    ]
    assert field.total(metric="stars") == 100
    back = field.refund(first.event.event_id)
    assert rewards(back, "revoked") == [("stars", 50, -50), ("stars", 10, -10)]
    assert field.total(metric="stars") == 40


def test_what_the_event_itself_earns_takes_the_room_first(field: Camp) -> None:
    make_metric(reload(field.environment), "stars", maximum=100)
    field.rule("1 star per £1", award=PER_POUND, metric="stars")
    field.challenge(missions=[BUY], rewards=[field.points(50, "stars")])
    assert [entry.points for entry in field.buy("p", "80.00").entries] == [80, 20]
    assert field.total(metric="stars") == 100


def test_the_same_item_twice_is_owned_twice_and_lost_twice(field: Camp) -> None:
    field.challenge(rewards=[field.prize(), field.prize(), field.prize("Cup")])
    first, _ = field.visit(times=2)
    assert field.items_of() == {"Badge": 2, "Cup": 1}
    field.refund(first.event.event_id)
    assert (field.items_of(), [change[:2] for change in field.changes_of()]) == (
        {},
        [("Badge", 1), ("Badge", 1), ("Cup", 1), ("Badge", -1), ("Badge", -1), ("Cup", -1)],
    )


def test_a_coupon_with_a_pattern_gives_each_a_code_of_their_own_and_takes_it_back(field: Camp) -> None:
    tea = make_coupon(reload(field.environment), code_pattern="TEA-########")
    cake = make_coupon(reload(field.environment), id="cake", title="Cake")
    given = [{"kind": "coupon", "item": tea.item}, {"kind": "coupon", "item": cake.item}]
    field.challenge(rewards=given, per="day")
    for member in ("ada", "bob"):
        first, second = field.visit(member, 2)
    assert rewards(second) == [("coupon", "tea"), ("coupon", "cake")]
    codes = list(ItemChange.objects.filter(item=tea.item).order_by("id").values_list("code", flat=True))
    assert len(set(codes)) == 2
    assert all(re.fullmatch(r"TEA-[0-9]{8}|TEA-[0-9A-Z]{8}", code or "") for code in codes)
    assert set(ItemChange.objects.filter(item=cake.item).values_list("code", flat=True)) == {None}
    field.refund(first.event.event_id, member="bob")
    lost = ItemChange.objects.filter(item=tea.item, member=field.key("bob")).order_by("id")
    assert list(lost.values_list("quantity", "code")) == [(1, codes[1]), (-1, codes[1])]
    assert field.items_of("bob") == {}


def test_points_of_a_late_event_expire_by_the_day_on_which_they_were_earned(field: Camp) -> None:
    make_metric(reload(field.environment), "stars", expiry="days", expiry_count=10)
    field.challenge(missions=[BUY], rewards=[field.points(50, "stars")])
    field.today = 20
    bought = field.buy("p", "3.00", on=5)
    assert [(entry.points, entry.occurred_at) for entry in bought.entries] == [(50, day(5))]
    assert (rewards(bought), field.total(metric="stars")) == ([("stars", 50, 50)], 0)
    assert day(5) + timedelta(days=10) < day(20)
    field.refund("p")
    assert (field.live(), field.total(metric="stars")) == ([], 0)
