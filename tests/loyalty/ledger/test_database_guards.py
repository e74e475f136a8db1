"""What the database refuses, whoever asks: each constraint of docs/ledger.md, tried with raw SQL."""

import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction

from loyalty.models import Account, LedgerEntry, Lot, LotUse
from programs.models import Environment, Metric
from tests.factories import give, make_environment, make_member, make_metric, make_rule, report


def run(sql: str, *parameters: Any) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, parameters)


@pytest.fixture
def account(environment: Environment) -> Account:
    give(environment, 100)
    return Account.objects.get(environment_id=environment.id)


def refused(constraint: str, sql: str, *parameters: Any) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        run(sql, *parameters)


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("account_lifetime_adds_up", "total = total + 1"),
        ("account_lifetime_adds_up", "earned = earned + 1"),
        ("account_parts_not_negative", "pending = -1"),
        ("account_parts_not_negative", "held = -1"),
        ("account_sequence_not_negative", "sequence = -1"),
    ],
)
def test_an_accounts_figures_must_agree(account: Account, constraint: str, change: str) -> None:
    refused(constraint, f"UPDATE loyalty_account SET {change} WHERE id = %s", account.id)


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("lot_parts_not_negative", "remaining = -1"),
        ("lot_not_more_than_put_in", "remaining = points + 1"),
        ("lot_not_more_than_put_in", "held = 1"),
    ],
)
def test_a_lot_holds_no_more_than_was_put_in_and_never_less_than_nothing(
    account: Account, constraint: str, change: str
) -> None:
    refused(constraint, f"UPDATE loyalty_lot SET {change} WHERE account_id = %s", account.id)


def copy_entry(account: Account, **changes: Any) -> None:
    """The account's first entry once more, with other values."""
    row = {"id": uuid4(), "sequence": 2, "balance_after": 200, **changes}
    columns = [field.attname for field in LedgerEntry._meta.concrete_fields]
    values = ", ".join("%s" if column in row else column for column in columns)
    given = [row[column] for column in columns if column in row]
    run(
        f"INSERT INTO loyalty_ledgerentry ({', '.join(columns)}) SELECT {values} FROM loyalty_ledgerentry"
        " WHERE account_id = %s AND sequence = 1",
        *given,
        account.id,
    )


@pytest.mark.parametrize(
    ("constraint", "changes"),
    [
        ("entry_sequence_unique", {"sequence": 1}),
        ("entry_sequence_positive", {"sequence": 0}),
        ("entry_sign_fits_type", {"points": -1}),
        ("entry_sign_fits_type", {"type": "redeemed"}),
        ("entry_sign_fits_type", {"type": "expired"}),
        ("entry_(type_valid|sign_fits_type)", {"type": "gift"}),
        ("entry_reversal_names_original", {"type": "reversed"}),
        ("entry_event_has_origin", {"origin": "rule:1"}),
        ("entry_transfer_names_counterpart", {"type": "transferred"}),
        ("entry_transfer_names_counterpart", {"counterpart_id": uuid4()}),
        ("entry_actor_kind_valid", {"actor_kind": "ghost"}),
    ],
)
def test_an_entry_that_makes_no_sense_is_refused(
    account: Account, constraint: str, changes: dict[str, object]
) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        copy_entry(account, **changes)
    assert LedgerEntry.objects.filter(account=account).count() == 1


@pytest.mark.parametrize("kind", ["member", "environment"])
def test_no_row_can_point_at_another_members_or_environments_account(account: Account, kind: str) -> None:
    other = make_environment()
    give(other, 5, member="grace")
    stranger = Account.objects.get(environment_id=other.id)
    change = {"member_id": stranger.member_id} if kind == "member" else {"environment_id": other.id}
    with pytest.raises(IntegrityError, match="entry_account_fk"):
        copy_entry(account, **change)


def test_a_lot_use_joins_a_lot_and_an_entry_of_one_account(environment: Environment) -> None:
    make_metric(environment, "stars")
    give(environment, 5)
    give(environment, 5, metric="stars")
    points, stars = Account.objects.filter(environment_id=environment.id).order_by("created_at")
    lot, entry = Lot.objects.get(account=points), LedgerEntry.objects.get(account=stars)
    for account in (points, stars):
        with pytest.raises(IntegrityError, match=r"lot_use_(lot|entry)_fk"), transaction.atomic():
            LotUse.objects.create(
                environment_id=environment.id,
                member_id=lot.member_id,
                account=account,
                lot=lot,
                entry=entry,
                points=1,
                occurred_at=entry.occurred_at,
                recorded_at=entry.recorded_at,
            )


@pytest.mark.parametrize(
    "change", ["points = points + 1", "expires_at = now()", "earned_at = now()", "entry_id = id"]
)
def test_what_a_lot_is_can_not_change_and_it_can_not_go(account: Account, change: str) -> None:
    for sql in (f"UPDATE loyalty_lot SET {change}", "DELETE FROM loyalty_lot"):
        with pytest.raises(IntegrityError, match="what it holds may move, what it is may not"):
            run(f"{sql} WHERE account_id = %s", account.id)
    run("UPDATE loyalty_lot SET remaining = 50, held = 50 WHERE account_id = %s", account.id)


def test_an_account_is_in_a_metric_of_its_own_environment(account: Account) -> None:
    stranger = Metric.objects.get(environment=make_environment())
    refused(
        "account_metric_fk",
        "UPDATE loyalty_account SET metric_id = %s WHERE id = %s",
        stranger.id,
        account.id,
    )


def test_a_member_redirects_to_another_one_of_the_same_environment(account: Account) -> None:
    sql = "UPDATE loyalty_member SET redirect_to_id = %s WHERE id = %s"
    refused("member_redirects_to_another", sql, account.member_id, account.member_id)
    other = make_environment()
    stranger = make_member(other)
    refused("member_redirect_fk", sql, stranger.id, account.member_id)


def test_an_erased_member_is_blank(account: Account) -> None:
    sql = "UPDATE loyalty_member SET status = 'erased' WHERE id = %s"
    refused("member_erased_is_blank", sql, account.member_id)


def test_configuration_stays_inside_its_environment(environment: Environment) -> None:
    rule = make_rule(environment, published=False)
    stranger = Metric.objects.get(environment=make_environment())
    refused(
        "rule_metric_fk", "UPDATE programs_earningrule SET metric_id = %s WHERE id = %s", stranger.id, rule.id
    )
    refused(
        "rule_program_fk",
        "UPDATE programs_earningrule SET program_id = %s WHERE id = %s",
        stranger.program_id,
        rule.id,
    )


@pytest.mark.parametrize(
    ("constraint", "change"),
    [
        ("metric_default_valid", "default_value = -1"),
        ("metric_limits_valid", "minimum = 5"),
        ("metric_(limits|default)_valid", "maximum = -5"),
        ("metric_days_valid", "vesting_days = 2000000000"),
    ],
)
def test_a_metrics_point_rules_stay_within_bounds(
    environment: Environment, constraint: str, change: str
) -> None:
    refused(constraint, f"UPDATE programs_metric SET {change} WHERE environment_id = %s", environment.id)


def test_a_rule_awards_an_event_once(environment: Environment) -> None:
    make_rule(environment)
    report(environment, "order-1", data={"amount": "5"})
    with pytest.raises(IntegrityError, match="entry_once_per_event_and_origin"):
        copy_entry(Account.objects.get(environment_id=environment.id))


def test_a_metric_can_not_expire_without_saying_when(environment: Environment) -> None:
    metric = Metric.objects.get(environment=environment)
    refused("metric_expiry_valid", "UPDATE programs_metric SET expiry = 'days' WHERE id = %s", metric.id)


def test_a_live_environment_can_not_have_a_clock(db: None) -> None:
    live = make_environment("live")
    refused(
        "environment_clock_sandbox_only",
        "UPDATE programs_environment SET clock = now() WHERE id = %s",
        live.id,
    )


def test_every_constraint_that_the_docs_name_exists(db: None) -> None:
    text = (Path(settings.BASE_DIR) / "docs" / "ledger.md").read_text()
    table = text.split("## What always holds")[1].split("## One write")[0]
    named = {name for name in re.findall(r"`([a-z_]+)`", table) if name.count("_") >= 2}
    with connection.cursor() as cursor:
        cursor.execute("SELECT conname FROM pg_constraint UNION SELECT indexname FROM pg_indexes")
        existing = {name for (name,) in cursor.fetchall()}
    assert len(named) >= 12
    assert named - existing - {"balance_after"} == set()
