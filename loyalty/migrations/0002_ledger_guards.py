"""What Django can't say: keys that stay inside one member, append-only tables, room for hot updates."""

from django.db import migrations

from audit.append_only import foreign_key, guard, guard_all_but

def to_member(table: str, name: str, column: str = "member_id") -> migrations.RunSQL:
    return foreign_key(
        f"loyalty_{table}", name, f"environment_id, {column}", "loyalty_member", "environment_id, id"
    )


def to_account(table: str, name: str) -> migrations.RunSQL:
    columns = "member_id, environment_id, account_id"
    return foreign_key(f"loyalty_{table}", name, columns, "loyalty_account", "member_id, environment_id, id")


def same_member(table: str, name: str, column: str, target: str) -> migrations.RunSQL:
    return foreign_key(f"loyalty_{table}", name, f"member_id, {column}", f"loyalty_{target}", "member_id, id")


def same_account(table: str, name: str, column: str, target: str) -> migrations.RunSQL:
    columns = f"member_id, account_id, {column}"
    return foreign_key(f"loyalty_{table}", name, columns, f"loyalty_{target}", "member_id, account_id, id")


KEYS = [
    to_member("member", "member_redirect_fk", "redirect_to_id"),
    to_member("account", "account_member_fk"),
    to_member("event", "event_member_fk"),
    to_member("eventcount", "event_count_member_fk"),
    foreign_key(
        "loyalty_account", "account_metric_fk", "environment_id, metric_id", "programs_metric", "environment_id, id"
    ),
    same_member("event", "event_purchase_fk", "purchase_id", "event"),
    to_account("ledgerentry", "entry_account_fk"),
    same_member("ledgerentry", "entry_event_fk", "event_id", "event"),
    same_account("ledgerentry", "entry_reverses_fk", "reverses_id", "ledgerentry"),
    same_account("ledgerentry", "entry_hold_fk", "hold_id", "hold"),
    to_account("lot", "lot_account_fk"),
    same_account("lot", "lot_entry_fk", "entry_id", "ledgerentry"),
    same_account("lotuse", "lot_use_lot_fk", "lot_id", "lot"),
    same_account("lotuse", "lot_use_entry_fk", "entry_id", "ledgerentry"),
    to_account("uncovered", "uncovered_account_fk"),
    same_account("uncovered", "uncovered_entry_fk", "entry_id", "ledgerentry"),
    to_account("hold", "hold_account_fk"),
    same_account("holdlot", "hold_lot_hold_fk", "hold_id", "hold"),
    same_account("holdlot", "hold_lot_lot_fk", "lot_id", "lot"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0001_initial"),
        ("audit", "0002_append_only"),
        ("programs", "0002_append_only"),
    ]
    operations = [
        *KEYS,
        guard("loyalty_ledgerentry", "reason", "metadata", "digest_salt"),
        guard("loyalty_lotuse"),
        guard("loyalty_holdlot"),
        guard("loyalty_event", "data", "explanation", "facts"),
        guard_all_but("loyalty_lot", "remaining", "held", "pending"),
        migrations.RunSQL(
            "ALTER TABLE loyalty_account SET (fillfactor = 70); ALTER TABLE loyalty_lot SET (fillfactor = 80);",
            "ALTER TABLE loyalty_account RESET (fillfactor); ALTER TABLE loyalty_lot RESET (fillfactor);",
        ),
    ]
