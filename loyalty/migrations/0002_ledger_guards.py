"""What Django can't say: keys that stay inside one member, append-only tables, room for hot updates."""

from django.db import migrations

from audit.append_only import guard

ACCOUNT = ("member_id, environment_id, account_id", "loyalty_account", "member_id, environment_id, id")
MEMBER = ("environment_id, member_id", "loyalty_member", "environment_id, id")


def same_member(column: str, target: str) -> tuple[str, str, str]:
    return f"member_id, {column}", f"loyalty_{target}", "member_id, id"


KEYS = [
    ("loyalty_account", "account_member_fk", MEMBER),
    ("loyalty_event", "event_member_fk", MEMBER),
    ("loyalty_eventcount", "event_count_member_fk", MEMBER),
    ("loyalty_ledgerentry", "entry_account_fk", ACCOUNT),
    ("loyalty_ledgerentry", "entry_event_fk", same_member("event_id", "event")),
    ("loyalty_ledgerentry", "entry_reverses_fk", same_member("reverses_id", "ledgerentry")),
    ("loyalty_ledgerentry", "entry_hold_fk", same_member("hold_id", "hold")),
    ("loyalty_lot", "lot_account_fk", ACCOUNT),
    ("loyalty_lot", "lot_entry_fk", same_member("entry_id", "ledgerentry")),
    ("loyalty_lotuse", "lot_use_lot_fk", same_member("lot_id", "lot")),
    ("loyalty_lotuse", "lot_use_entry_fk", same_member("entry_id", "ledgerentry")),
    ("loyalty_uncovered", "uncovered_account_fk", ACCOUNT),
    ("loyalty_uncovered", "uncovered_entry_fk", same_member("entry_id", "ledgerentry")),
    ("loyalty_hold", "hold_account_fk", ACCOUNT),
    ("loyalty_holdlot", "hold_lot_hold_fk", same_member("hold_id", "hold")),
    ("loyalty_holdlot", "hold_lot_lot_fk", same_member("lot_id", "lot")),
]


def foreign_key(table: str, name: str, key: tuple[str, str, str]) -> migrations.RunSQL:
    columns, target, target_columns = key
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({columns})"
        f" REFERENCES {target} ({target_columns}) NOT DEFERRABLE;",
        f"ALTER TABLE {table} DROP CONSTRAINT {name};",
    )


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0001_initial"), ("audit", "0002_append_only")]
    operations = [
        *[foreign_key(*key) for key in KEYS],
        guard("loyalty_ledgerentry", "reason", "metadata", "digest_salt"),
        guard("loyalty_lotuse"),
        guard("loyalty_holdlot"),
        guard("loyalty_event", "data", "explanation"),
        migrations.RunSQL(
            "ALTER TABLE loyalty_account SET (fillfactor = 70); ALTER TABLE loyalty_lot SET (fillfactor = 80);",
            "ALTER TABLE loyalty_account RESET (fillfactor); ALTER TABLE loyalty_lot RESET (fillfactor);",
        ),
    ]
