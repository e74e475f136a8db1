"""Which purchases stamp a card: those that the stamp program, its condition and its lines ask for, in its currency;
explain says why another did not (domain.md 7)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from loyalty.models import Event, Stamp
from loyalty.queries.events import ReportedEvent
from programs.models import Environment, Program
from tests.factories import make_environment, make_ladder, make_member, report
from tests.loyalty.ledger.till import day
from tests.loyalty.stamps.cafe import FIXED, Cafe, Standing, verdicts

# -- prices and currencies


@pytest.mark.parametrize(
    ("currency", "amounts", "reward"),
    [
        ("GBP", ["3.00", "2.509", "7.25"], 250),
        ("JPY", ["300", "250.9", "720"], 250),
        ("KWD", ["3.000", "2.5099", "7.250"], 2509),
    ],
)
def test_the_lowest_price_on_the_card_is_paid_back_in_minor_units_rounded_down(
    cafe: Cafe, currency: str, amounts: list[str], reward: int
) -> None:
    card = cafe.card(threshold=3, currency=currency)
    for number, amount in enumerate(amounts):
        cafe.buy(f"p{number}", amount, currency=currency)
    assert cafe.standing(card).rewards == [("issued", reward)]
    assert cafe.rewards(card)[0].currency == currency


def test_of_its_own_cycle(cafe: Cafe) -> None:
    card = cafe.card(threshold=2)
    for number, amount in enumerate(["1.00", "9.00", "5.00", "7.00"]):
        cafe.buy(f"p{number}", amount)
    assert cafe.standing(card).rewards == [("issued", 100), ("issued", 500)]


def test_a_price_that_has_to_be_divided_is_rounded_down(cafe: Cafe) -> None:
    card = cafe.card(threshold=3, stamps_per="quantity")
    cafe.buy("p", "20.00", items=[{"quantity": 3, "amount": "20.00"}])
    assert {str(stamp.unit_price) for stamp in cafe.stamps(card)} == {"6.666666"}
    assert cafe.standing(card).rewards == [("issued", 666)]


def test_a_purchase_in_another_currency_does_not_qualify_and_explain_says_so(cafe: Cafe) -> None:
    card = cafe.card(threshold=2)
    euros = cafe.buy("p1", "3.00", currency="EUR")
    cafe.buy("p2", "3.00", currency="gbp")
    assert verdicts(euros) == [
        ("other_currency", "The purchase is in EUR; the card takes purchases in GBP.", 0)
    ]
    assert cafe.standing(card) == Standing(1, [], 0, 1, 1, 6)


def test_a_purchase_that_names_no_currency_is_taken_to_be_in_the_programs(cafe: Cafe) -> None:
    pounds, yen = cafe.card(), cafe.card(currency="JPY")
    cafe.buy("p", "300")
    assert (cafe.standing(pounds).live, cafe.standing(yen).live) == (1, 1)


def test_a_currency_that_is_none_is_not_taken_for_the_programs(cafe: Cafe) -> None:
    """Whoever sends POUNDS means some currency, but nobody knows that it is this one."""
    card = cafe.card()
    bought = cafe.buy("p", "3.00", currency="POUNDS")
    assert verdicts(bought) == [
        ("other_currency", "The purchase's currency, POUNDS, is no ISO 4217 code; the card takes GBP.", 0)
    ]
    assert cafe.standing(card).live == 0


# -- in force


def test_a_program_that_is_paused_stamps_nothing_and_says_so(cafe: Cafe) -> None:
    card = cafe.card()
    cafe.save(card, status="paused")
    bought = cafe.buy("p1", "3.00")
    assert verdicts(bought) == [("not_in_force", "The stamp program is paused.", 0)]
    cafe.save(card, status="active")
    cafe.buy("p2", "3.00")
    assert cafe.standing(card) == Standing(1, [], 0, 1, 1, 6)


def test_one_that_has_ended_stamps_nothing_and_says_nothing(cafe: Cafe) -> None:
    card = cafe.card()
    cafe.save(card, status="ended")
    assert verdicts(cafe.buy("p", "3.00")) == []
    assert cafe.standing(card).live == 0


def test_it_stamps_from_its_first_instant_to_before_its_last(cafe: Cafe) -> None:
    cafe.today = 10
    card = cafe.card(starts_at=day(8), ends_at=None)
    cafe.save(card, ends_at=day(12))
    cafe.buy("first", "3.00", on=8)
    early = cafe.buy("early", "3.00", on=7.9)
    cafe.today = 13
    cafe.buy("last", "3.00", on=11.9)
    late = cafe.buy("late", "3.00", on=12)
    assert verdicts(early) == verdicts(late) == [
        ("not_in_force", "The purchase lies outside the stamp program's dates.", 0)
    ]  # fmt: skip
    assert {stamp.collected_at for stamp in cafe.stamps(card)} == {day(8), day(11.9)}


@pytest.mark.parametrize("how", ["paused", "ended", "before"])
def test_it_stamps_only_while_its_program_is_in_force(cafe: Cafe, how: str) -> None:
    card = cafe.card()
    changed = {"starts_at": day(1)} if how == "before" else {"status": how}
    Program.objects.filter(environment=cafe.environment).update(**changed)
    cafe.save(card, name="Another")  # so that the configuration is read anew
    bought = cafe.buy("p", "3.00")
    assert verdicts(bought) == [("not_in_force", "Its program was not active when the purchase happened.", 0)]
    assert cafe.standing(card).live == 0


def test_a_purchase_for_another_program_is_none_of_its_own(cafe: Cafe) -> None:
    Program.objects.create(
        environment=cafe.environment, code="bakery", name="Bakery", status="active",
    )  # fmt: skip
    card, other = cafe.card(), cafe.card(program="bakery")
    sent = report(cafe.environment, "p", program="bakery", data={"amount": "3.00"}, now=day(0))
    assert [one for one, *_ in verdicts(sent)] == ["stamped"]
    assert (cafe.standing(card).live, cafe.standing(other).live) == (0, 1)
    cafe.buy("q", "3.00")
    assert (cafe.standing(card).live, cafe.standing(other).live) == (1, 2)


# -- conditions


MERCHANT = {"all": [{"field": "data.merchant", "op": "in", "value": ["shop-1", "shop-2"]}]}
LARGE = {"all": [{"field": "data.amount", "op": "gte", "value": "10"}]}
MUG = {"items": "any", "where": {"all": [{"field": "item.sku", "op": "eq", "value": "mug"}]}}
MORNING = {"all": [{"field": "event.occurred_at.hour", "op": "lt", "value": 10}]}
FIRST_TWO = {"all": [{"field": "member.event_count.purchase", "op": "lt", "value": 2}]}
STUDENT = {"all": [{"field": "member.attributes.student", "op": "eq", "value": True}]}


@pytest.mark.parametrize(
    ("condition", "matching", "failing"),
    [
        (MERCHANT, {"merchant": "shop-2"}, {"merchant": "shop-3"}),
        (MERCHANT, {"merchant": "shop-1"}, {}),
        (LARGE, {"amount": "10.00"}, {"amount": "9.99"}),
        (
            {"all": [MUG]},
            {"items": [{"sku": "mug", "amount": "5"}]},
            {"items": [{"sku": "cup", "amount": "5"}]},
        ),
    ],
)
def test_by_what_was_bought_where_and_for_how_much(
    cafe: Cafe, condition: dict[str, Any], matching: dict[str, Any], failing: dict[str, Any]
) -> None:
    card = cafe.card(condition=condition)
    no = cafe.buy("no", **{"amount": "5", **failing})
    yes = cafe.buy("yes", **{"amount": "5", **matching})
    assert [(outcome, stamps) for outcome, _, stamps in verdicts(no)] == [("condition_failed", 0)]
    assert verdicts(no)[0][1].startswith("The condition is not met: ")
    assert verdicts(yes) == [("stamped", "One stamp for the purchase.", 1)]
    assert cafe.standing(card).live == 1


def test_by_the_lines_that_count(cafe: Cafe) -> None:
    mugs = {"all": [{"field": "item.sku", "op": "eq", "value": "mug"}]}
    card = cafe.card(stamps_per="quantity", item_where=mugs)
    items = [
        {"sku": "tea", "quantity": 9, "unit_price": "1.00"},
        {"sku": "mug", "quantity": 2, "unit_price": "6.00"},
    ]
    cafe.buy("p", "21.00", items=items)
    none = cafe.buy("q", "9.00", items=items[:1])
    assert cafe.pieces(card) == [(2, "6.000000")] * 2
    why = "None of the purchase's lines counts: the card asks for lines where sku is mug."
    assert verdicts(none) == [("no_line_matches", why, 0)]


def test_by_the_number_of_purchases_before_in_one_batch_too(cafe: Cafe) -> None:
    card = cafe.card(condition=FIRST_TWO)
    cafe.buy_many(4)
    assert cafe.standing(card).live == 2
    other = cafe.card("bob", condition=FIRST_TWO)
    cafe.send([ReportedEvent(f"b{n}", "purchase", "bob", {"amount": "3"}) for n in range(4)])
    assert cafe.standing(other, "bob").live == 2


def test_a_refund_judges_by_the_count_of_then(cafe: Cafe) -> None:
    card = cafe.card(condition=FIRST_TWO)
    cafe.buy_many(4)
    cafe.refund("p2", "1.00")
    assert cafe.standing(card).live == 2


def test_by_the_members_attributes_as_they_were(cafe: Cafe) -> None:
    ada = make_member(cafe.environment, "ada", attributes={"student": True, "age": 20})
    card = cafe.card(condition=STUDENT)
    bought = cafe.buy("p", "3.00")
    ada.attributes = {}
    ada.save()
    cafe.buy("q", "3.00")
    cafe.refund("p", "1.00")
    assert cafe.standing(card).live == 1
    assert (bought.event.facts or {})["attributes"] == {"student": True}


def test_by_the_members_level_before_the_purchase(cafe: Cafe) -> None:
    make_ladder(cafe.environment, ("silver", "10"))
    card = cafe.card(condition={"all": [{"field": "member.tier", "op": "eq", "value": "silver"}]})
    first, second = cafe.buy("p1", "12.00"), cafe.buy("p2", "1.00")
    assert [verdicts(each)[0][0] for each in (first, second)] == ["condition_failed", "stamped"]
    cafe.refund("p1")  # below silver, yet the second was bought at it
    cafe.refund("p2", "0.50")
    assert cafe.standing(card).live == 1


# -- one a day


def tokyo() -> tuple[Environment, Cafe]:
    environment = make_environment(time_zone="Asia/Tokyo")
    return environment, Cafe(environment)


@pytest.mark.django_db
def test_a_day_is_the_projects_own() -> None:
    """Midnight in Tokyo is at 15:00 UTC."""
    environment, cafe = tokyo()
    card = cafe.card(stamps_per="day")
    for name, hour in (("before", 14), ("at", 15), ("after", 23)):
        when = datetime(2026, 2, 28, hour, tzinfo=UTC)
        report(environment, name, data={"amount": "3"}, occurred_at=when, now=day(0))
    stamps = Stamp.objects.filter(environment_id=environment.id).order_by("id")
    assert [(stamp.event.event_id, str(stamp.day)) for stamp in stamps] == [
        ("before", "2026-02-28"), ("at", "2026-03-01")
    ]  # fmt: skip
    after = Event.objects.get(environment_id=environment.id, event_id="after")
    assert [each["outcome"] for each in (after.explanation or {})["stamps"]] == ["stamped_that_day"]
    assert cafe.standing(card).counter == 2
    cafe.check()


@pytest.mark.django_db
def test_an_hour_is_the_projects_own() -> None:
    environment, cafe = tokyo()
    card = cafe.card(condition=MORNING)
    for name, hour in (("nine", 0), ("ten", 1)):  # in Tokyo
        when = datetime(2026, 3, 1, hour, 30, tzinfo=UTC)
        report(environment, name, data={"amount": "3"}, occurred_at=when, now=day(0))
    (stamp,) = cafe.stamps(card)
    assert stamp.event.event_id == "nine"


def test_one_stamp_a_day_and_a_refund_frees_it(cafe: Cafe) -> None:
    card = cafe.card(stamps_per="day", threshold=2)
    cafe.buy("p1", "3.00")
    second = cafe.buy("p2", "4.00")
    assert verdicts(second) == [
        ("stamped_that_day", "Another purchase of 2026-03-01 has stamped the card.", 0)
    ]
    cafe.refund("p1")
    assert cafe.standing(card).live == 0  # what was judged before is not judged again
    cafe.buy("p3", "5.00")
    cafe.today = 1
    cafe.buy("p4", "6.00")
    assert cafe.standing(card) == Standing(2, [("issued", 500)], 0, 0, 0, 15)


def test_a_day_in_a_reward_is_taken_too(cafe: Cafe) -> None:
    card = cafe.card(stamps_per="day", threshold=1, **FIXED)
    assert [verdicts(each)[0][0] for each in cafe.buy_many(3)] == ["stamped"] + ["stamped_that_day"] * 2
    assert cafe.standing(card).rewards == [("issued", 500)]


def test_three_pieces_are_one_stamp_of_the_day(cafe: Cafe) -> None:
    card = cafe.card(stamps_per="day")
    cafe.buy("p", "9.00", items=[{"quantity": 3, "unit_price": "3.00"}])
    assert cafe.pieces(card) == [(None, "3.000000")]


@pytest.mark.parametrize("replaced", ["in one batch", "one by one", "by itself"])
def test_a_day_that_is_freed_is_taken_at_once(cafe: Cafe, replaced: str) -> None:
    """Also within the statement that returns the other stamp."""
    card = cafe.card(stamps_per="day")
    events = [
        ReportedEvent("p1", "purchase", "ada", {"amount": "3"}),
        ReportedEvent("r1", "refund", "ada", {"purchase": "p1"}),
        ReportedEvent("p2", "purchase", "ada", {"amount": "4"}),
    ]
    for part in {
        "in one batch": [events],
        "one by one": [[each] for each in events],
        "by itself": [events[:1], events[1:]],
    }[replaced]:
        cafe.send(part)
    assert [(stamp.event.event_id, stamp.returned_at is None) for stamp in cafe.stamps(card)] == [
        ("p1", False), ("p2", True)
    ]  # fmt: skip
