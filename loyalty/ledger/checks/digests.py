"""Each entry still is what was written: its salted digest matches (domain.md 9.1).

The database makes the digest's text itself and compares; that is many times faster than in Python. Where
it can't make the same text (metadata, rare letters) or the digest differs, Python has the last word.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, CharField, DateTimeField, Field, IntegerField, JSONField
from django.db.models.expressions import RawSQL

from audit.digests import salted_digest
from loyalty.ledger.checks.catalogue import Check
from loyalty.models import LedgerEntry

DIGEST = Check("digest_matches", "An entry that was not redacted is what its digest was made of.", "")
_ROWS_A_FETCH = 2_000


def changed_entries(account_ids: Sequence[UUID]) -> Iterator[tuple[LedgerEntry, str]]:
    """The entries of these accounts whose digest does not match, each with what it would be now, in hex."""
    entries = LedgerEntry.objects.filter(account_id__in=account_ids, digest_salt__isnull=False)
    proved = RawSQL(  # noqa: S611 - made of the model's own columns
        f"coalesce(digest = sha256(digest_salt || convert_to({_text()}, 'UTF8')), false)",
        [],
        output_field=BooleanField(),
    )
    unproved = entries.annotate(proved=proved).filter(proved=False).order_by()
    for entry in unproved.iterator(chunk_size=_ROWS_A_FETCH):
        digest = salted_digest(bytes(entry.digest_salt or b""), entry.content())
        if digest != bytes(entry.digest):
            yield entry, digest.hex()


def _text() -> str:
    """SQL for what `salted_digest` hashes: the content as JSON, names sorted, all values texts or null."""
    fields = {field.attname: field for field in LedgerEntry._meta.concrete_fields}
    values = [f"""'"{name}": ' || {_value(fields[name])}""" for name in sorted(LedgerEntry().content())]
    return "'{' || " + " || ', ' || ".join(values) + " || '}'"


def _value(field: "Field[Any, Any]") -> str:
    column = str(field.column)
    match field:
        case JSONField():
            return f"CASE WHEN {column} IS NULL THEN 'null' END"
        case DateTimeField():
            text = f"""'"' || {_part(column, "YYYY-MM-DD")} || 'T' || {_part(column, "HH24:MI:SS")} || """
            text += f"""coalesce('.' || nullif({_part(column, "US")}, '000000'), '') || '+00:00"'"""
            return f"coalesce({text}, 'null')"
        case IntegerField():
            return f"""coalesce('"' || {column} || '"', 'null')"""
        case CharField():
            return f"coalesce({_quoted(column)}, 'null')"
    return f"coalesce(to_json({column})::text, 'null')"


def _quoted(column: str) -> str:
    """A text as JSON, what is beyond ASCII as \\uXXXX. What that can't hold (emoji) stays as it is: the
    text then differs from what was hashed, and never equals that of another row."""
    escaped = f"""(
        SELECT string_agg(CASE
            WHEN ascii(letter) BETWEEN 127 AND 65535 THEN '\\u' || lpad(to_hex(ascii(letter)), 4, '0')
            ELSE letter
        END, '') FROM regexp_split_to_table(to_json({column})::text, '') AS letter
    )"""  # noqa: S608 - a column of ours
    plain = f"octet_length({column}) = length({column})"  # much the faster way
    return f"CASE WHEN {plain} THEN to_json({column})::text ELSE {escaped} END"


def _part(column: str, pattern: str) -> str:
    return f"to_char({column} AT TIME ZONE 'UTC', '{pattern}')"
