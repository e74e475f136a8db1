"""What the database refuses of redemptions, codes and rewards, whoever asks; tried with raw SQL."""

from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from loyalty.models import Redemption, RewardCode
from programs.models import Environment, Reward
from tests.factories import make_environment, make_ladder
from tests.loyalty.members.shop import Shop


@pytest.fixture
def shop(environment: Environment) -> Shop:
    shop = Shop(environment)
    shop.give(1000)
    return shop


def run(sql: str, *parameters: Any) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def change(row: Redemption | RewardCode, columns: str) -> int:
    return run(f"UPDATE {row._meta.db_table} SET {columns} WHERE id = %s", row.pk)


def refused(row: Redemption | RewardCode, columns: str, constraint: str) -> None:
    model = type(row)
    before = model.objects.filter(pk=row.pk).values().get()
    with pytest.raises(IntegrityError, match=constraint):
        change(row, columns)
    assert model.objects.filter(pk=row.pk).values().get() == before


# -- redemptions

_STEPS = {
    "pending": "status = 'pending', fulfilled_at = NULL, closed_at = NULL",
    "fulfilled": "status = 'fulfilled', fulfilled_at = now(), closed_at = NULL",
    "cancelled": "status = 'cancelled', closed_at = now()",
    "failed": "status = 'failed', fulfilled_at = NULL, closed_at = now()",
}
_ALLOWED = {
    ("pending", "fulfilled"),
    ("pending", "cancelled"),
    ("pending", "failed"),
    ("fulfilled", "cancelled"),
}


@pytest.mark.parametrize("was", _STEPS)
def test_a_redemption_goes_one_way(shop: Shop, was: str) -> None:
    for becomes, columns in _STEPS.items():
        row = shop.redeem("coffee")
        if was != "pending":
            change(row, _STEPS[was])
        if was == becomes or (was, becomes) in _ALLOWED:
            assert change(row, columns) == 1
        else:
            refused(row, columns, f"from {was} to {becomes} refused")


@pytest.mark.parametrize("status", ["pending", "fulfilled"])
def test_only_what_was_closed_says_why(shop: Shop, status: str) -> None:
    row = shop.redeem("coffee")
    if status != "pending":
        change(row, _STEPS[status])
    refused(row, "closed_reason = 'None left'", "redemption_reason_fits")
    assert change(row, _STEPS["cancelled"] + ", closed_reason = 'None left'") == 1


def test_a_redemption_stays_what_it_was_sold_as(shop: Shop) -> None:
    row = shop.redeem("coffee")
    for columns in ("points = 1", "name = 'Tea'", "member_id = reward_id"):
        refused(row, columns, "what it holds may move, what it is may not")


# -- codes


def codes(shop: Shop) -> dict[str, RewardCode]:
    """One in each status; all uploaded but the void one."""
    issued, used, voucher = shop.redeem("mug"), shop.redeem("mug"), shop.redeem("voucher")
    shop.use(shop.text_of(used), "Till 1")
    shop.take_back(voucher)
    available = RewardCode.objects.filter(reward=shop.rewards["mug"], status="available").first()
    assert available is not None
    return {
        "available": available,
        "issued": shop.code_of(issued),
        "used": shop.code_of(used),
        "void": shop.code_of(voucher),
    }


_FREE = "status = 'available', member_id = NULL, redemption_id = NULL, issued_at = NULL, expires_at = NULL"
_USED = "used_at = now(), used_recorded_at = now()"


_FORBIDDEN = {
    "available": ["code = 'ANOTHER'", "reward_id = id"],
    "issued": [
        "id = reward_id",
        "reward_id = id",
        "environment_id = id",
        "source = 'generated'",
        "added_at = now()",
        "code = 'ANOTHER'",
        "redemption_id = id",
        "member_id = id",
        "issued_at = now()",
        "expires_at = now() + interval '1 year'",
        f"status = 'used', expires_at = now() + interval '1 day', {_USED}",
    ],
    "used": [
        "status = 'issued', used_at = NULL, used_recorded_at = NULL",
        "status = 'void', used_at = NULL",
        f"{_FREE}, used_at = NULL",
        "used_at = now()",
        "used_place = 'Till 2'",
        "used_by = 'staff:eve'",
    ],
    "void": ["status = 'issued'", f"status = 'used', {_USED}", _FREE, "code = 'ANOTHER'"],
}


@pytest.mark.parametrize("was", _FORBIDDEN)
def test_a_code_stays_what_it_is_and_goes_one_way(shop: Shop, was: str) -> None:
    code = codes(shop)[was]
    for columns in _FORBIDDEN[was]:
        refused(code, columns, f"UPDATE of one that is {was} refused")


def test_a_code_that_was_issued_can_not_go(shop: Shop) -> None:
    found = codes(shop)
    sql = "DELETE FROM loyalty_rewardcode WHERE id = %s"
    for status in ("issued", "used", "void"):
        with pytest.raises(IntegrityError, match=f"DELETE of one that is {status} refused"):
            run(sql, found[status].pk)
    assert run(sql, found["available"].pk) == 1
    with pytest.raises(DatabaseError, match="is append-only"):
        run("TRUNCATE loyalty_rewardcode CASCADE")


def test_the_guards_stand_even_when_a_session_switches_triggers_off(shop: Shop) -> None:
    used, row = codes(shop)["used"], shop.redeem("coffee")
    off = "SET LOCAL session_replication_role = replica; UPDATE"
    with pytest.raises(IntegrityError, match="is used refused"):
        run(f"{off} loyalty_rewardcode SET used_at = now() WHERE id = '{used.pk}'")
    change(row, _STEPS["cancelled"])
    with pytest.raises(IntegrityError, match="from cancelled to pending refused"):
        run(f"{off} loyalty_redemption SET {_STEPS['pending']} WHERE id = '{row.pk}'")


def test_an_erasure_may_blank_a_code_that_was_made_and_no_other(shop: Shop) -> None:
    found = codes(shop)
    assert change(found["void"], "code = NULL") == 1
    assert change(found["used"], "used_place = NULL, used_by = NULL") == 1
    for status in ("available", "issued", "used"):
        refused(found[status], "code = NULL", "code_named")


def test_an_uploaded_code_can_go_back_to_its_pool_and_one_that_was_made_can_not(shop: Shop) -> None:
    made = shop.code_of(shop.redeem("voucher"))
    refused(made, _FREE, "code_status_fits")
    assert change(codes(shop)["issued"], _FREE) == 1


def test_a_code_is_of_the_reward_and_the_member_of_its_redemption(shop: Shop) -> None:
    free, row = codes(shop)["available"], shop.redeem("tea")
    issue = "status = 'issued', issued_at = now(), redemption_id = '{}', member_id = '{}'"
    refused(free, issue.format(row.pk, row.member_id), "code_redemption_fk")
    other = shop.redeem("mug")
    shop.take_back(other, reason="Wrong one")
    refused(free, issue.format(other.pk, uuid4()), "code_redemption_fk")


# -- rewards


def test_a_reward_gives_a_tier_of_its_own_environment(shop: Shop) -> None:
    here, there = make_environment(), make_environment()
    theirs = make_ladder(there, ("gold", "10", "1")).tiers.get()
    make_ladder(here, ("gold", "10", "1"))
    reward = Shop(here).reward("gold")
    with pytest.raises(IntegrityError, match="reward_gives_tier_fk"):
        run("UPDATE programs_reward SET gives_tier_id = %s WHERE id = %s", theirs.pk, reward.pk)
    assert Reward.objects.get(pk=reward.pk).gives_tier_id == reward.gives_tier_id
