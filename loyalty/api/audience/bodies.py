"""The requests of the Audience document."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from audit.ids import parse_public
from loyalty.api.common.fields import Body, ExternalId, QueryInteger

MAX_KEYS, MAX_KEY, MAX_TEXT = 100, 64, 1024
_LATEST = 2**48 - 1  # ms since 1970, which are the first 48 bits of the lines' ids
_MOST_ACKNOWLEDGED = 100
_CODE = "invalid"


@extend_schema_field(
    {
        "type": "object",
        "maxProperties": MAX_KEYS,
        "propertyNames": {"minLength": 1, "maxLength": MAX_KEY},
        "additionalProperties": {
            "anyOf": [{"type": "string", "maxLength": MAX_TEXT}, {"type": "number"}, {"type": "boolean"}]
        },
    }
)
class ActionData(serializers.Field[dict[str, Any], Any, Any, Any]):
    """Texts, numbers and booleans by their names."""

    default_error_messages = {"invalid": "Must be a JSON object.", "too_many": f"At most {MAX_KEYS} names."}

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict):
            self.fail("invalid")
        if len(data) > MAX_KEYS:
            self.fail("too_many")
        faults = {name: fault for name, value in data.items() if (fault := _fault(name, value))}
        if faults:
            raise serializers.ValidationError(faults)
        return data

    def to_representation(self, value: Any) -> Any:
        return value


def _fault(name: str, value: Any) -> serializers.ErrorDetail | None:
    if not 1 <= len(name) <= MAX_KEY:
        return serializers.ErrorDetail(f"A name has 1 to {MAX_KEY} characters.", _CODE)
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            return serializers.ErrorDetail(f"A text has at most {MAX_TEXT} characters.", "max_length")
        return None
    if isinstance(value, bool | int | Decimal):
        return None
    return serializers.ErrorDetail("Give a text, a number, true or false.", _CODE)


class AudienceActionBody(Body):
    action = ExternalId(max_length=100, help_text="What the member did: the event's type.")
    data = ActionData(  # type: ignore[assignment]  # a field of that name, not DRF's property
        required=False,
        allow_null=True,
        help_text="What missions and rules may look at; at most 32 KiB. null: none.",
    )


_SPAN = f"Give Unix time in milliseconds, a whole number from 0 to {_LATEST}."


class Milliseconds(QueryInteger):
    """Since 1970."""

    default_error_messages = {"invalid": _SPAN, "min_value": _SPAN, "max_value": _SPAN}


class HistoryQuery(Body):
    to = Milliseconds(
        required=False, min_value=0, max_value=_LATEST, help_text="Unix time in ms; until then, inclusive."
    )

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        begin = Milliseconds(
            required=False,
            min_value=0,
            max_value=_LATEST,
            help_text="Unix time in ms; from then on, inclusive.",
        )
        return {"from": begin, **super().get_fields()}  # `from` is a word of Python's


@extend_schema_field({"type": "string", "pattern": "^(ach_[0-9a-f]{32}(,ach_[0-9a-f]{32})*)?$"})
class Acknowledged(serializers.Field[list[UUID], Any, Any, Any]):
    """Ids of notifications, with commas between them; or nothing."""

    default_error_messages = {
        "invalid": "Give ids of notifications (`ach_…`) with commas between them, or leave it empty.",
        "too_many": f"At most {_MOST_ACKNOWLEDGED} ids.",
    }

    def to_internal_value(self, data: Any) -> list[UUID]:
        names = data.split(",") if data else []
        if len(names) > _MOST_ACKNOWLEDGED:
            self.fail("too_many")
        found = [parse_public("ach", name) for name in names]
        if None in found:
            self.fail("invalid")
        return [each for each in found if each]

    def to_representation(self, value: Any) -> Any:
        return value


class NotificationsQuery(Body):
    ack = Acknowledged(
        required=False,
        help_text="Ids that were received before: these are marked as read, and what is unread then is answered "
        "without marking it. May be empty. Without `ack` what is answered is marked.",
    )
