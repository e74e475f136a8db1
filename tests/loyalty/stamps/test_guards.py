"""What the database refuses of cards, stamps and rewards, whoever asks; tried with raw SQL."""

from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from loyalty.models import Stamp, StampCollection, StampReward
from tests.factories import make_environment, make_stamp_program
from tests.loyalty.stamps.cafe import FIXED, Cafe

Row = Stamp | StampCollection | StampReward


def run(sql: str, *parameters: Any) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def change(row: Row, columns: str, *parameters: Any) -> int:
    return run(f"UPDATE {row._meta.db_table} SET {columns} WHERE id = %s", *parameters, row.pk)


def refused(row: Row, columns: str, words: str, *parameters: Any) -> None:
    rows = type(row)._default_manager.filter(pk=row.pk)
    before = rows.values().get()
    with pytest.raises(DatabaseError, match=words):
        change(row, columns, *parameters)
    assert rows.values().get() == before


def copy(row: Row, **changes: Any) -> None:
    """Insert the row again with these changes."""
    row.pk = None
    for name, value in changes.items():
        setattr(row, name, value)
    row.pk = changes.get("id") or UUID(int=row.environment_id.int ^ 1)
    with transaction.atomic():
        row.save(force_insert=True)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_a_day_has_one_live_stamp(cafe: Cafe) -> None:
    card = cafe.card(stamps_per="day")
    cafe.buy_many(2)
    (stamp,) = cafe.stamps(card)
    other = cafe.buy("other", "3.00").event
    with pytest.raises(DatabaseError, match="stamp_once_a_day"):
        copy(cafe.stamps(card)[0], event_id=other.pk)
    assert [each.pk for each in cafe.stamps(card)] == [stamp.pk]


def test_a_purchase_stamps_a_card_once(cafe: Cafe) -> None:
    card = cafe.card()
    cafe.buy("p", "3.00")
    (stamp,) = cafe.stamps(card)
    with pytest.raises(DatabaseError, match="stamp_once"):
        copy(stamp)
    assert len(cafe.stamps(card)) == 1


def test_a_member_has_one_card_of_a_program(cafe: Cafe) -> None:
    card = cafe.card()
    with pytest.raises(DatabaseError, match="stamp_collection_once"):
        copy(cafe.collection(card))
    assert StampCollection.objects.filter(stamp_program=card).count() == 1


def test_what_was_returned_stays_so(cafe: Cafe) -> None:
    card = cafe.card(threshold=1, **FIXED)
    cafe.buy_many(2)
    cafe.refund("p1")
    returned, other = cafe.stamps(card)
    for columns in ("returned_at = NULL, returned_by_id = NULL", "returned_at = now()", "day = '2026-03-01'"):
        refused(returned, columns, "it was returned, and stays so")
    refused(returned, "reward_id = %s", "it was returned, and stays so", other.reward_id)


def test_a_return_says_when_and_by_what(cafe: Cafe) -> None:
    card = cafe.card()
    cafe.buy("p", "3.00")
    (stamp,) = cafe.stamps(card)
    refused(stamp, "returned_at = now()", "stamp_return_fits")


def test_a_stamp_stays_what_it_was_given_for(cafe: Cafe) -> None:
    card = cafe.card()
    cafe.buy_many(2)
    stamp, other = cafe.stamps(card)
    for columns in ("unit_price = 1", "line = 7", "number = 7", "collected_at = now()"):
        refused(stamp, columns, "what it holds may move, what it is may not")
    refused(stamp, "event_id = %s", "what it holds may move, what it is may not", other.event_id)


_STATUSES = {
    "issued": "status = 'issued', owed = 0, paid_at = NULL, revoked_at = NULL",
    "paid": "status = 'paid', owed = 0, paid_at = now(), revoked_at = NULL",
    "revoked": "status = 'revoked', owed = 0, paid_at = NULL, revoked_at = now()",
}


@pytest.mark.parametrize("was", ["paid", "revoked"])
def test_what_is_paid_or_revoked_stays_so(cafe: Cafe, was: str) -> None:
    card = cafe.card(threshold=1, **FIXED)
    cafe.buy("p", "3.00")
    if was == "paid":
        cafe.pay(cafe.rewards(card)[0])
    else:
        cafe.refund("p")
    (reward,) = cafe.rewards(card)
    for becomes, columns in _STATUSES.items():
        if becomes != was:
            refused(reward, columns, f"from {was} to {becomes} refused")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ("status = 'paid'", "stamp_reward_status_fits"),
        ("owed = 1", "stamp_reward_status_fits"),
        ("status = 'paid', paid_at = now(), owed = 2", "stamp_reward_status_fits"),
        ("amount = 9", "what it holds may move, what it is may not"),
        ("stamp_ids = '{}'", "what it holds may move, what it is may not"),
        ("currency = 'EUR'", "what it holds may move, what it is may not"),
    ],
)
def test_a_reward_is_what_was_issued(cafe: Cafe, columns: str, words: str) -> None:
    card = cafe.card(threshold=1, **FIXED)
    cafe.buy("p", "3.00")
    refused(cafe.rewards(card)[0], columns, words)


def test_a_stamp_is_in_no_other_members_reward(cafe: Cafe) -> None:
    card = cafe.card("ada", "bob", threshold=2, **FIXED)
    cafe.buy_many(2)
    cafe.buy("b", "3.00", "bob")
    (stamp,) = cafe.stamps(card, "bob")
    refused(stamp, "reward_id = %s", "stamp_reward_fk", cafe.rewards(card)[0].pk)
    refused(stamp, "collection_id = %s", "stamp_collection_fk", cafe.collection(card).pk)


def test_a_reward_is_of_its_own_members_card(cafe: Cafe) -> None:
    card, other = cafe.card("ada", "bob", threshold=1, **FIXED), cafe.card(**FIXED)
    cafe.buy("p", "3.00")
    (reward,) = cafe.rewards(card)
    for collection in (cafe.collection(card, "bob"), cafe.collection(other)):
        refused(reward, "collection_id = %s", "stamp_reward_collection_fk", collection.pk)


def test_a_card_is_of_its_own_environments_program(cafe: Cafe) -> None:
    card = cafe.collection(cafe.card())
    others = make_stamp_program(make_environment())
    with pytest.raises(DatabaseError, match="stamp_collection_program_fk"):
        copy(card, stamp_program_id=others.pk)


def test_a_card_keeps_its_program(cafe: Cafe) -> None:
    card, other = cafe.card(), cafe.program()
    refused(
        cafe.collection(card), "stamp_program_id = %s", "what it holds may move, what it is may not", other.pk
    )


def test_nothing_of_a_card_is_deleted(cafe: Cafe) -> None:
    card = cafe.card(threshold=1, **FIXED)
    cafe.buy("p", "3.00")
    rows: list[Row] = [cafe.stamps(card)[0], cafe.rewards(card)[0], cafe.collection(card)]
    for row in rows:
        table = row._meta.db_table
        for sql in (f"DELETE FROM {table} WHERE id = '{row.pk}'", f"TRUNCATE {table} CASCADE"):
            with pytest.raises(DatabaseError, match=r"append-only|refused|may not"):
                run(sql)
        assert type(row)._default_manager.filter(pk=row.pk).exists()
