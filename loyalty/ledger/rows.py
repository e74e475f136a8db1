"""Unsaved model instances as the JSON rows of posting.sql."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import simplejson
from django.db import models
from django.db.models import BinaryField
from django.db.models.expressions import DatabaseDefault


def as_rows(instances: Iterable[models.Model]) -> str:
    """A JSON array with one object an instance: column name → value, bytes in hex."""
    return simplejson.dumps([_row(instance) for instance in instances], use_decimal=True, default=_plain)


def _row(instance: models.Model) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for field in instance._meta.concrete_fields:
        value = getattr(instance, field.attname)
        if isinstance(field, BinaryField) and value is not None:
            value = bytes(value).hex()
        row[field.attname] = value
    return row


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, DatabaseDefault):
        return None  # a column that the statement leaves to the database
    raise TypeError(f"{type(value).__name__} has no JSON form")
