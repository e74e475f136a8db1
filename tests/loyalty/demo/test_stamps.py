"""The shop's stamp cards over several starts, whatever a visitor or an interruption has left."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from loyalty.actions.erasing import erase_member
from loyalty.actions.members import update_member
from loyalty.actions.stamps import enrol
from loyalty.demo import stamps
from loyalty.demo.orders import DATA, History, read_history, read_rows
from loyalty.demo.replay import replay
from loyalty.demo.stamps import CARDS, DAYS, T_LIGHT
from loyalty.models import Member, Stamp, StampCollection, StampReward
from programs.actions.stamp_programs import save_stamp_program
from programs.models import Environment, Picture, StampProgram
from tests import factories
from tests.loyalty.ledger.checking import check

WHOLE = read_history()


@pytest.fixture
def short() -> History:
    """The orders of three customers: two buy T-light holders, ten and more at once; one comes on three days."""
    events = tuple(event for event in WHOLE.events if event.member in ("17850", "13777", "13767"))
    return replace(WHOLE, events=events)


def _common(environment: Environment) -> dict[str, Any]:
    return {
        "environment": factories.reload(environment),
        "actor": factories.make_actor(),
        "now": timezone.now(),
    }


def _programs(environment: Environment) -> list[str]:
    return stamps.ensure_stamp_programs(**_common(environment))


def _cards(environment: Environment, history: History) -> int:
    return stamps.ensure_cards(history=history, **_common(environment))


def _payments(environment: Environment) -> int:
    return stamps.ensure_payments(**_common(environment))


def _replay(environment: Environment, history: History) -> None:
    replay(history=history, progress=lambda *_: None, **_common(environment))


def _change(environment: Environment, public_id: str, **changes: Any) -> None:
    row = StampProgram.objects.get(environment=environment, public_id=public_id)
    save_stamp_program(stamp_program=row, changes=changes, **_common(environment))


def _standing(environment: Environment) -> dict[tuple[str, str], tuple[int, Counter[str]]]:
    """Each card's counter, and its rewards by what became of them."""
    rows = StampCollection.objects.filter(environment_id=environment.id)
    return {
        (row.member.external_id or "", row.stamp_program.public_id): (
            row.counter,
            Counter(row.rewards.values_list("status", flat=True)),
        )
        for row in rows.select_related("member", "stamp_program")
    }


def test_the_programs_are_made_once_with_all_that_a_card_shows(environment: Environment) -> None:
    assert _programs(environment) == ["Three days, five pounds", "Every tenth T-light holder free"]
    assert _programs(environment) == []
    made = StampProgram.objects.filter(environment=environment)
    assert len(made) == 2
    for one in made:
        shown = (one.title, one.summary, one.description, one.terms, one.reward_text)
        assert all(shown), one.public_id
        assert one.picture is not None
        assert (one.picture.width, one.picture.height) == (800, 400)
    assert Picture.objects.filter(environment=environment).count() == 2


def test_what_a_visitor_changed_stays_so(environment: Environment, short: History) -> None:
    _programs(environment)
    _change(environment, DAYS, name="My card", status="paused")
    assert _programs(environment) == []
    assert StampProgram.objects.get(environment=environment, public_id=DAYS).name == "My card"
    assert _cards(environment, short) == 2, "nobody joins one that is paused"
    assert {card for _, card in _standing(environment)} == {T_LIGHT}


def test_customers_get_the_cards_that_their_orders_can_stamp() -> None:
    bought = [row for row in read_rows(DATA) if row.customer and not row.is_cancelled]
    holders = [row for row in bought if "T-LIGHT HOLDER" in row.description]
    by_id = {card.public_id: list(stamps.customers(WHOLE, card)) for card in CARDS}
    assert {name: len(found) for name, found in by_id.items()} == {DAYS: 303, T_LIGHT: 85}
    assert set(by_id[DAYS]) == {row.customer for row in bought}
    assert set(by_id[T_LIGHT]) == {row.customer for row in holders}


def test_cards_are_handed_out_once_and_stamped_by_the_orders(
    environment: Environment, short: History, django_assert_max_num_queries: Any
) -> None:
    _programs(environment)
    assert _cards(environment, short) == 5
    assert _cards(environment, short) == 0
    _replay(environment, short)
    before = _standing(environment)
    assert before["13767", DAYS] == (0, Counter(issued=1))
    assert before["17850", T_LIGHT][1] == Counter(issued=_holders("17850") // 10)
    assert before["17850", T_LIGHT][0] == _holders("17850") % 10
    assert before["13777", DAYS] == (0, Counter(issued=1)), (
        "seven orders of twenty minutes are of three days here"
    )
    with django_assert_max_num_queries(8):  # a later start asks nothing of each customer
        assert _cards(environment, short) == 0
    assert _standing(environment) == before
    created = AuditEvent.objects.filter(environment_id=environment.id, verb="stamp_collection.created")
    assert created.count() == 5


def _holders(customer: str) -> int:
    """Pieces in the file; this customer gives none of them back."""
    rows = [row for row in read_rows(DATA) if row.customer == customer]
    return sum(row.quantity for row in rows if "T-LIGHT HOLDER" in row.description)


def test_interrupted_anywhere_the_next_start_ends_the_same(
    environment: Environment, short: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    _programs(environment)
    monkeypatch.setattr(stamps, "BATCH", 2)
    calls: list[Any] = []

    def interrupted(**arguments: Any) -> StampCollection:
        calls.append(arguments)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return enrol(**arguments)

    monkeypatch.setattr(stamps, "enrol", interrupted)
    with pytest.raises(KeyboardInterrupt):
        _cards(environment, short)
    assert len(_standing(environment)) == 2, "the batch that was interrupted is undone"
    assert _cards(environment, short) == 3
    assert len(_standing(environment)) == 5


def test_orders_that_were_replayed_before_there_were_cards_stamp_none(
    environment: Environment, short: History
) -> None:
    _replay(environment, short)
    _programs(environment)
    assert _cards(environment, short) == 5
    assert _payments(environment) == 0
    assert not Stamp.objects.filter(environment_id=environment.id).exists()
    assert {standing for standing, _ in _standing(environment).values()} == {0}


def test_a_customer_whom_a_visitor_erased_stays_so(environment: Environment, short: History) -> None:
    _programs(environment)
    _cards(environment, short)
    _replay(environment, short)
    erase_member(member="13777", **_common(environment))
    members = Member.objects.filter(environment=environment).count()
    assert _cards(environment, short) == 0
    assert Member.objects.filter(environment=environment).count() == members


def test_a_frozen_customer_gets_no_card_and_stops_nothing(environment: Environment, short: History) -> None:
    _replay(environment, short)
    update_member(member="13777", status="frozen", **_common(environment))
    _programs(environment)
    assert _cards(environment, short) == 3
    assert {customer for customer, _ in _standing(environment)} == {"13767", "17850"}


def test_some_full_cards_are_paid_once(environment: Environment, short: History) -> None:
    _programs(environment)
    _cards(environment, short)
    _replay(environment, short)
    assert _payments(environment) == 3
    assert _payments(environment) == 0
    paid = StampReward.objects.filter(environment_id=environment.id, status="paid")
    references = dict(paid.values_list("member__external_id", "reference"))
    assert references == {
        "13767": "Bank transfer 2041",
        "17850": "Voucher HOLDER-17",
        "13777": "Bank transfer 2043",
    }
    first = StampReward.objects.filter(member__external_id="17850").earliest("id")
    assert (first.status, first.amount) == ("paid", 255)
    assert "no violation" in check(environment=str(environment.id))  # £2.55 is 255 pence in every arithmetic
