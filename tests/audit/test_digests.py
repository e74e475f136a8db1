"""A row's digest is the same when it is written and when it is read back, and outlives a redaction."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from audit.digests import salted_digest
from audit.models import AuditEvent
from loyalty.models import LedgerEntry
from programs.models import Environment
from tests.factories import give, make_rule, report

METADATA: dict[str, Any] = {
    "price": Decimal("100.50"),
    "large": Decimal("1E+20"),
    "tiny": Decimal("1E-7"),
    "zero": Decimal("-0.0"),
    "count": 3,
    "flag": True,
    "none": None,
    "text": "ünï",
    "list": [{"b": 1, "a": 2}],
}

LAGOS = timezone(timedelta(hours=1))


def test_digests_of_stored_rows_can_be_worked_out_again(environment: Environment) -> None:
    make_rule(environment)
    report(environment)
    give(environment, 5, metadata=METADATA, reason="Größe")
    entries = LedgerEntry.objects.filter(environment_id=environment.id)
    assert entries.count() == 2
    for entry in entries:
        assert bytes(entry.digest) == salted_digest(bytes(entry.digest_salt or b""), entry.content())
    events = AuditEvent.objects.filter(environment_id=environment.id)
    assert events.count() > 5
    for event in events:
        assert bytes(event.digest) == salted_digest(bytes(event.salt or b""), event.content())


def test_a_digest_outlives_the_redaction_of_its_row(environment: Environment) -> None:
    entry = give(environment, 5, metadata=METADATA)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE loyalty_ledgerentry SET reason = NULL, metadata = NULL, digest_salt = NULL WHERE id = %s",
            [entry.id],
        )
    assert bytes(LedgerEntry.objects.get(pk=entry.pk).digest) == bytes(entry.digest)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"a": Decimal("1.0")}, {"a": 1}),
        (
            {"a": datetime(2026, 1, 1, 12, tzinfo=UTC)},
            {"a": datetime(2026, 1, 1, 13, tzinfo=timezone(timedelta(hours=1)))},
        ),
    ],
)
def test_equal_content_has_one_digest(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert salted_digest(b"s", one) == salted_digest(b"s", other)
    assert salted_digest(b"t", one) != salted_digest(b"s", one)
    assert salted_digest(b"s", {**one, "c": 0}) != salted_digest(b"s", one)


def test_what_has_no_canonical_form_is_refused() -> None:
    with pytest.raises(TypeError):
        salted_digest(b"", {"a": object()})
