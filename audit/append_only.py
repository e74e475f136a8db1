"""What Django can't say about tables: rows that never change, and keys of several columns (domain.md 3, 9).

Plain SQL, used by migrations only. `append_only(columns…)` refuses UPDATE, DELETE and TRUNCATE; the
columns that it is given may be redacted to NULL, everything else must stay as it is.
"""

from django.db import migrations

FUNCTION = """
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    redactable text[] := coalesce(TG_ARGV::text[], '{}');
    was jsonb;
    becomes jsonb;
BEGIN
    IF TG_OP = 'UPDATE' AND cardinality(redactable) > 0 THEN
        was := to_jsonb(OLD);
        becomes := to_jsonb(NEW);
        IF was - redactable = becomes - redactable AND NOT EXISTS (
            SELECT FROM unnest(redactable) AS name
            WHERE becomes -> name <> 'null'::jsonb AND becomes -> name IS DISTINCT FROM was -> name
        ) THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END
$$;
"""


CHANGES_ONLY = """
CREATE FUNCTION changes_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(OLD) - TG_ARGV::text[] = to_jsonb(NEW) - TG_ARGV::text[] THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% of % refused: what it holds may move, what it is may not', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
"""


def guard(table: str, *redactable: str) -> migrations.RunSQL:
    """Rows never change; only `redactable` columns may become NULL."""
    return _triggers(table, "append_only", redactable)


def guard_all_but(table: str, *columns: str) -> migrations.RunSQL:
    """Rows stay, and only `columns` of them ever change."""
    return _triggers(table, "changes_only", columns)


def _triggers(table: str, function: str, columns: tuple[str, ...]) -> migrations.RunSQL:
    """The two triggers of one table; ALWAYS, so that no session setting switches them off."""
    names = ", ".join(f"'{column}'" for column in columns)
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER {function}_row BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION {function}({names});
        CREATE TRIGGER {function}_table BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION append_only();
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER {function}_row;
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER {function}_table;
        """,
        f"DROP TRIGGER {function}_row ON {table}; DROP TRIGGER {function}_table ON {table};",
    )


def foreign_key(table: str, name: str, columns: str, target: str, target_columns: str) -> migrations.RunSQL:
    """A key over several columns, so that a row can only point at rows of the same member or environment."""
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({columns})"
        f" REFERENCES {target} ({target_columns}) NOT DEFERRABLE;",
        f"ALTER TABLE {table} DROP CONSTRAINT {name};",
    )
