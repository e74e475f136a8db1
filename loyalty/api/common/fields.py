"""Request fields that take what the schema says and nothing else."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, cast

from django.core.validators import RegexValidator
from django.utils.dateparse import parse_datetime
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from audit.errors import InvalidRequest
from loyalty.api.common.rendering import dumps
from loyalty.rules.days import FIRST_YEAR, LAST_YEAR

CHOSEN_ID = r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}\Z"  # of what the tenant sets up, by an id of their own
_TOLD = 40  # characters of a faulty value that are said back


class Body(serializers.Serializer[Any]):
    """A request body. A field that it does not know is refused, never dropped.

    `any_of` documents names of which at least one must be there; `validate` checks it.
    """

    any_of: ClassVar[Sequence[str]] = ()

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                known = ", ".join(self.fields)
                raise serializers.ValidationError(
                    {
                        name: serializers.ErrorDetail(f"Unknown field; known: {known}.", "unknown_field")
                        for name in unknown
                    }
                )
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A JSON string, as it is: not trimmed, not made from numbers."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"trim_whitespace": False, "max_length": 500, **options})

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class ExternalId(Text):
    """The tenant's own id of a member, event …: 1 to 200 characters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"max_length": 200, **options})

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if text != text.strip() or not text.isprintable():
            raise serializers.ValidationError(
                "No spaces at the ends, and no control characters.", code="invalid"
            )
        return text


_EXTERNAL_ID = ExternalId()


def check_external_id(text: str, name: str) -> None:
    """Raises InvalidRequest, naming `name`, for what nobody can be called: of ids that stand in a path."""
    try:
        _EXTERNAL_ID.run_validation(text)
    except serializers.ValidationError as error:
        first = cast("list[Any]", error.detail)[0]
        raise InvalidRequest.field(name, first.code, str(first)) from error


class Pattern(Text):
    """A JSON string that the regular expression matches."""

    def __init__(self, regex: str, **options: Any) -> None:
        super().__init__(**{"max_length": None, **options})
        self.validators.append(RegexValidator(regex, f"Must match {regex.removesuffix(chr(92) + 'Z')}$."))


class Flag(serializers.BooleanField):
    """true or false; no strings or numbers."""

    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Integer(serializers.IntegerField):
    """A JSON integer; no strings, fractions or booleans."""

    def to_internal_value(self, data: Any) -> int:
        low, high = self.min_value, self.max_value
        if isinstance(data, bool) or not isinstance(data, int):
            raise serializers.ValidationError(self._wanted(data), "invalid")
        if low is not None and data < low:
            raise serializers.ValidationError(self._wanted(data), "min_value")
        if high is not None and data > high:
            raise serializers.ValidationError(self._wanted(data), "max_value")
        return data

    def _wanted(self, given: Any) -> str:
        low, high = self.min_value, self.max_value
        if low is not None and high is not None:
            among = f" from {low} to {high}"
        else:
            among = (
                f" of {low} or more" if low is not None else f" of {high} or less" if high is not None else ""
            )
        return f"Give a whole number{among}{not_this(given)}."


class Choice(serializers.ChoiceField):
    """One of some words; a fault names them."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or data not in self.choices:
            *others, last = (str(choice) for choice in self.choices)
            words = f"{', '.join(others)} or {last}" if others else last
            raise serializers.ValidationError(f"Choose {words}{not_this(data)}.", "invalid_choice")
        return data


def not_this(given: Any) -> str:
    """What was given instead, where it is short enough to be told."""
    told = repr(given) if isinstance(given, str) else dumps(given)
    return f", not {told}" if len(told) <= _TOLD else ""


@extend_schema_field(
    {
        "anyOf": [
            {"type": "number", "minimum": 0},
            {"type": "string", "pattern": r"^[0-9]{1,15}(\.[0-9]{1,6})?$"},
        ]
    }
)
class Figure(serializers.Field[Decimal, Any, str, Any]):
    """A number of zero or more, or such a text: exact, with up to 6 decimal places."""

    default_error_messages = {
        "invalid": 'Give a number from 0 to 10^15 with at most 6 decimal places, such as 250 or "1.25".'
    }

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, int | Decimal | str):
            self.fail("invalid")
        if isinstance(data, str) and not re.fullmatch(r"[0-9]{1,15}(\.[0-9]{1,6})?", data):
            self.fail("invalid")
        try:
            value = Decimal(data)
        except InvalidOperation:
            self.fail("invalid")
        if not 0 <= value <= 10**15 or value != round(value, 6):
            self.fail("invalid")
        return value

    def to_representation(self, value: Any) -> str:
        return str(value)


class QueryInteger(serializers.IntegerField):
    """ASCII digits of a query string; not 1_0 or ４, which Python would read too."""

    def to_internal_value(self, data: Any) -> int:
        if not re.fullmatch(r"-?[0-9]{1,18}", data):
            self.fail("invalid")
        return int(data)


INSTANT_HELP = "Use RFC 3339 with an offset, such as 2026-01-31T12:00:00Z, in the years 1900 to 9000."


_RFC_3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)


def parse_instant(text: Any) -> datetime | None:
    """The instant that RFC 3339 text names, in UTC, or None."""
    if not isinstance(text, str) or not _RFC_3339.fullmatch(text):
        return None
    try:
        value = parse_datetime(text.upper())
    except ValueError:
        return None
    return value.astimezone(UTC) if value and FIRST_YEAR <= value.year <= LAST_YEAR else None


@extend_schema_field(OpenApiTypes.DATETIME)
class Instant(serializers.Field[datetime, Any, str, Any]):
    """RFC 3339 with an offset."""

    default_error_messages = {"invalid": INSTANT_HELP}

    def to_internal_value(self, data: Any) -> datetime:
        value = parse_instant(data)
        if value is None:
            self.fail("invalid")
        return value

    def to_representation(self, value: Any) -> str:
        return str(value)


@extend_schema_field(OpenApiTypes.DATE)
class Day(serializers.Field[date, Any, str, Any]):
    """A date, in the years 1900 to 9000."""

    default_error_messages = {"invalid": "Use a date such as 2026-01-31, in the years 1900 to 9000."}

    def to_internal_value(self, data: Any) -> date:
        try:
            value = date.fromisoformat(data) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", data) else None
        except (TypeError, ValueError):
            value = None
        if value is None or not FIRST_YEAR <= value.year <= LAST_YEAR:
            self.fail("invalid")
        return value

    def to_representation(self, value: Any) -> str:
        return str(value)


@extend_schema_field(
    {"anyOf": [{"type": "string", "format": "date"}, {"type": "string", "format": "date-time"}]}
)
class DayOrInstant(serializers.Field[Any, Any, str, Any]):
    """A date, or an instant of RFC 3339: `date` or `datetime`, which is both."""

    default_error_messages = {
        "invalid": "Use a date such as 2026-01-31, or an instant such as 2026-01-31T12:00:00Z, in the years 1900 to "
        "9000."
    }

    def to_internal_value(self, data: Any) -> date:
        instant = parse_instant(data)
        if instant is not None:
            return instant
        try:
            return _DAY.to_internal_value(data)
        except serializers.ValidationError:
            self.fail("invalid")

    def to_representation(self, value: Any) -> str:
        return str(value)


_DAY = Day()


@extend_schema_field({"type": "object", "additionalProperties": True})
class JsonObject(serializers.Field[dict[str, Any], Any, Any, Any]):
    """Any JSON object, of at most `max_bytes`."""

    default_error_messages = {
        "invalid": "Must be a JSON object.",
        "too_large": "Must be at most {max_bytes} bytes of JSON.",
    }

    def __init__(self, *, max_bytes: int = 8 * 1024, **options: Any) -> None:
        self.max_bytes = max_bytes
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("invalid")
        if len(dumps(data).encode()) > self.max_bytes:
            self.fail("too_large", max_bytes=self.max_bytes)
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class JsonList(serializers.Field[list[Any], Any, Any, Any]):
    """A JSON list of at most `max_length` objects. What they may say is for the action to check."""

    default_error_messages = {
        "invalid": "Must be a list of JSON objects.",
        "max_length": "Must have at most {max_length} items.",
        "too_large": "Must be at most {max_bytes} bytes of JSON.",
    }
    max_bytes = 8 * 1024

    def __init__(self, *, max_length: int, **options: Any) -> None:
        self.max_length = max_length
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list) or not all(isinstance(item, dict) for item in data):
            self.fail("invalid")
        if len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        if len(dumps(data).encode()) > self.max_bytes:
            self.fail("too_large", max_bytes=self.max_bytes)
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class Items(serializers.Field[list[dict[str, Any]], Any, Any, Any]):
    """A JSON list whose items `child` checks; each fault is named by its place, `levels[1].title`."""

    default_error_messages = {
        "invalid": "Must be a list.",
        "min_length": "Must have at least {min_length}.",
        "max_length": "Must have at most {max_length}.",
    }

    def __init__(self, child: Body, *, min_length: int = 0, max_length: int, **options: Any) -> None:
        self.child, self.min_length, self.max_length = child, min_length, max_length
        super().__init__(**options)

    def to_internal_value(self, data: Any) -> list[dict[str, Any]]:
        if not isinstance(data, list):
            self.fail("invalid")
        if len(data) < self.min_length:
            self.fail("min_length", min_length=self.min_length)
        if len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        found: list[dict[str, Any]] = []
        errors: list[Any] = []
        for item in data:
            try:
                found.append(dict(self.child.run_validation(item)))
                errors.append({})
            except serializers.ValidationError as error:
                errors.append(error.detail)
        if any(errors):
            raise serializers.ValidationError(errors)
        return found

    def to_representation(self, value: Any) -> Any:
        return value
