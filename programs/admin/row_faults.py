"""Refusals of a list that a page edits as rows: each is told at its row, the others on the form."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from audit.errors import DomainError, InvalidRequest
from programs.admin.base import form_errors


class Faulty(Protocol):
    errors: list[str]


def tell_rows(
    form: Any, error: DomainError, name: str, rows: Sequence[Faulty], words: Mapping[str, str]
) -> None:
    """Put the faults of `name[0].title` onto their rows, with the field by its label in `words`."""
    others = []
    for fault in error.errors:
        found = re.fullmatch(rf"{name}\[(\d+)\]\.?(\w*)", fault.field)
        if found and int(found[1]) < len(rows):
            rows[int(found[1])].errors.append(f"{words.get(found[2], found[2])}: {fault.detail}")
        else:
            others.append(fault)
    if others or not error.errors:
        form_errors(form, InvalidRequest(error.detail, errors=others))
