"""What happened can't be changed, not even by raw SQL."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit.models import AuditEvent
from loyalty.actions.points import spend
from loyalty.models import Event, LedgerEntry, LotUse
from programs.models import EarningRuleRevision, Environment
from tests.factories import give, make_actor, make_rule, reload, report

TABLES = {
    "loyalty_ledgerentry": "points = points + 1",
    "loyalty_lotuse": "points = points + 1",
    "loyalty_event": "type = 'other'",
    "audit_auditevent": "verb = 'other'",
    "programs_earningrulerevision": "number = number + 1",
}
REDACTIONS = {
    "loyalty_ledgerentry": ["reason", "metadata", "digest_salt"],
    "loyalty_event": ["data", "explanation"],
    "audit_auditevent": ["before", "after", "ip", "salt"],
}


@pytest.fixture
def history(environment: Environment) -> Environment:
    """At least one row in every append-only table that this version writes."""
    make_rule(environment)
    report(environment, "order-1", data={"amount": "20.00"})
    give(environment, 5, metadata={"order": 1})
    spend(
        environment=reload(environment),
        member="ada",
        points=3,
        reason="x",
        actor=make_actor(),
        now=timezone.now(),
    )
    for model in (LedgerEntry, LotUse, Event, AuditEvent, EarningRuleRevision):
        assert model.objects.filter(environment_id=environment.id).exists()
    return environment


def run(sql: str) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no deferred check stands in a TRUNCATE's way
        cursor.execute(sql)
        return int(cursor.rowcount)


def rows(table: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} ORDER BY id")
        return list(cursor.fetchall())


@pytest.mark.parametrize("table", TABLES)
def test_raw_sql_can_neither_update_nor_delete_nor_truncate(history: Environment, table: str) -> None:
    before = rows(table)
    for sql in (f"UPDATE {table} SET {TABLES[table]}", f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"):
        with pytest.raises(DatabaseError, match="is append-only"):
            run(sql)
    assert rows(table) == before


@pytest.mark.parametrize("table", TABLES)
def test_the_guard_stands_even_when_a_session_switches_triggers_off(history: Environment, table: str) -> None:
    with pytest.raises(DatabaseError, match="is append-only"):
        run(f"SET LOCAL session_replication_role = replica; DELETE FROM {table}")


@pytest.mark.parametrize("table", REDACTIONS)
def test_personal_columns_can_be_redacted_to_null_and_to_nothing_else(
    history: Environment, table: str
) -> None:
    whose = "WHERE member_id IS NOT NULL" if table == "audit_auditevent" else ""
    for column in REDACTIONS[table]:
        assert run(f"UPDATE {table} SET {column} = NULL {whose}") > 0
    with pytest.raises(DatabaseError, match="is append-only"):
        run(f"UPDATE {table} SET {REDACTIONS[table][0]} = NULL, {TABLES[table]} {whose}")


def test_a_redacted_column_can_not_be_filled_again(history: Environment) -> None:
    run("UPDATE loyalty_ledgerentry SET reason = NULL")
    with pytest.raises(DatabaseError, match="is append-only"):
        run("UPDATE loyalty_ledgerentry SET reason = 'forged'")


def test_the_models_refuse_to_save_again(history: Environment) -> None:
    for model in (LedgerEntry, LotUse, Event, AuditEvent, EarningRuleRevision):
        row = model.objects.filter(environment_id=history.id).first()
        assert row is not None
        with pytest.raises(TypeError, match="immutable"):
            row.save()
        with pytest.raises(TypeError, match="immutable"):
            row.delete()
