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


def guard(table: str, *redactable: str) -> migrations.RunSQL:
    """The two triggers of one append-only table; ALWAYS, so that no session setting switches them off."""
    columns = ", ".join(f"'{column}'" for column in redactable)
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER append_only_row BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION append_only({columns});
        CREATE TRIGGER append_only_table BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION append_only();
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only_row;
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER append_only_table;
        """,
        f"DROP TRIGGER append_only_row ON {table}; DROP TRIGGER append_only_table ON {table};",
    )


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


def guard_all_but(table: str, *columns: str) -> migrations.RunSQL:
    """Rows stay, and only `columns` of them ever change."""
    names = ", ".join(f"'{column}'" for column in columns)
    return migrations.RunSQL(
        f"""
        CREATE TRIGGER changes_only_row BEFORE UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION changes_only({names});
        CREATE TRIGGER changes_only_table BEFORE TRUNCATE ON {table}
            FOR EACH STATEMENT EXECUTE FUNCTION append_only();
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER changes_only_row;
        ALTER TABLE {table} ENABLE ALWAYS TRIGGER changes_only_table;
        """,
        f"DROP TRIGGER changes_only_row ON {table}; DROP TRIGGER changes_only_table ON {table};",
    )


def foreign_key(table: str, name: str, columns: str, target: str, target_columns: str) -> migrations.RunSQL:
    """A key over several columns, so that a row can only point at rows of the same member or environment."""
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({columns})"
        f" REFERENCES {target} ({target_columns}) NOT DEFERRABLE;",
        f"ALTER TABLE {table} DROP CONSTRAINT {name};",
    )
