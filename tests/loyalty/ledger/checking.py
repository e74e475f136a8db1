"""The ledger, checked by the command."""

import json
from collections import defaultdict
from collections.abc import Sequence
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Model

from tests.loyalty.ledger.story import Story
from tests.loyalty.ledger.till import Till


def check(**options: Any) -> str:
    """What check_ledger writes. Raises SystemExit where it found something."""
    out = StringIO()
    call_command("check_ledger", stdout=out, **options)
    return out.getvalue()


def assert_found(story: Story | Till, member: str | None = None, **rows: Model | Sequence[Model]) -> None:
    """These checks, and no others, name these rows, and no others; the command exits 1.

    The digests are left out: they tell of every change of an entry, and have tests of their own.
    """
    named = {"member": member} if member else {}
    expected = {name: _ids(row) for name, row in rows.items()}
    out = StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command(
            "check_ledger",
            environment=str(story.environment.id),
            json=True,
            no_digests=True,
            stdout=out,
            **named,
        )
    assert stopped.value.code == 1
    *lines, counts = [json.loads(line) for line in out.getvalue().splitlines()]
    found = defaultdict(set)
    for line in lines:
        found[line["check"]].add(f"{line['table']} {line['id']}")
    assert found == expected
    assert set(counts["violations"]) == set(expected)


def _ids(rows: Model | Sequence[Model]) -> set[str]:
    return {f"{row._meta.db_table} {row.pk}" for row in (rows if isinstance(rows, Sequence) else [rows])}
