"""Ledger rows in bulk, by set-based SQL: every figure, key and digest as the engine would have written it."""

from collections.abc import Mapping

from django.db import models

from audit.models import AuditEvent
from loyalty.models import LedgerEntry

# A UUIDv7 made of an instant and a name, so that rows can name each other without a look-up.
KEY = """
CREATE FUNCTION pg_temp.key(at timestamptz, name text) RETURNS uuid IMMUTABLE LANGUAGE sql AS $$
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7' || substr(md5(name), 1, 3)
        || '8' || substr(md5(name), 4, 15))::uuid
$$
"""
INSTANT = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS') || '+00:00'"""


def insert(model: type[models.Model], values: Mapping[str, str], source: str) -> str:
    """INSERT of these columns, each given as an SQL expression over `source`; the others stay NULL."""
    table = model._meta.db_table
    return f"INSERT INTO {table} ({', '.join(values)}) SELECT {', '.join(values.values())} FROM {source}"


def entry_digest(texts: Mapping[str, str]) -> str:
    """SQL of a ledger entry's digest (audit/digests.py), given its columns as SQL text."""
    return _digest(LedgerEntry(), texts)


def audit_digest(texts: Mapping[str, str]) -> str:
    """SQL of an audit event's digest; `before` and `after` must be given as canonical JSON."""
    return _digest(AuditEvent(), texts)


def _digest(blank: LedgerEntry | AuditEvent, texts: Mapping[str, str]) -> str:
    """The salt is the column `salt` of the source. Names sorted, numbers as text, what is not given null."""
    parts = [f"'\"{name}\": ' || {_json(name, texts)}" for name in sorted(blank.content())]
    return "sha256(salt || convert_to('{' || " + " || ', ' || ".join(parts) + " || '}', 'UTF8'))"


def _json(name: str, texts: Mapping[str, str]) -> str:
    if name not in texts:
        return "'null'"
    return texts[name] if name in ("before", "after") else f"'\"' || {texts[name]} || '\"'"
