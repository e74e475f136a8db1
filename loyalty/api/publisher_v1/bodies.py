"""The requests of the K42 document."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from loyalty.api.common.fields import (
    Body,
    ExternalId,
    Figure,
    Instant,
    Integer,
    Items,
    JsonObject,
    Pattern,
    Text,
)
from loyalty.api.common.pages import DEFAULT_LIMIT, MAX_LIMIT

MAX_MINOR = 10**12
MAX_LINES = 1000
_MINOR = "In the currency's smallest unit: 1250 is 12.50 GBP."


class PublisherPageBody(Body):
    limit = Integer(
        min_value=1,
        max_value=MAX_LIMIT,
        required=False,
        help_text=f"Rows a page; {DEFAULT_LIMIT}, if absent.",
    )
    cursor = Text(
        required=False, allow_null=True, help_text="page.cursor of the page before; null: the first."
    )


class PublisherListBody(Body):
    pagination = PublisherPageBody(required=False, allow_null=True)


class PublisherProgramBody(Body):
    id = Text(max_length=100, help_text="lp_…")


class PublisherCardBody(Body):
    id = Text(max_length=100, help_text="sc_…")


class PublisherEnrolBody(Body):
    loyalty_program_id = Text(max_length=100, help_text="lp_…")
    member_id = ExternalId(help_text="Your own id of the member, who is made if new.")


class PublisherCardListBody(PublisherListBody):
    member_id = ExternalId(help_text="Your own id of the member.")


@extend_schema_field({"anyOf": [{"type": "string", "minLength": 1}, {"type": "integer"}]})
class LineName(serializers.Field[str | int, Any, Any, Any]):
    """A line's own name: text, or a whole number."""

    default_error_messages = {"invalid": "Give a text of 1 to 200 characters, or a whole number."}

    def to_internal_value(self, data: Any) -> str | int:
        if isinstance(data, bool) or not isinstance(data, str | int) or data == "" or len(str(data)) > 200:
            self.fail("invalid")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


@extend_schema_field(
    {
        "anyOf": [
            {"type": "string", "minLength": 1, "maxLength": 500},
            {"type": "object", "additionalProperties": True},
        ]
    }
)
class Merchant(serializers.Field[Any, Any, Any, Any]):
    """Where it was bought: a text, or an object of anything."""

    default_error_messages = {"invalid": "Give a text or a JSON object."}
    _text, _object = Text(), JsonObject()

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str):
            return self._text.run_validation(data)
        if isinstance(data, dict):
            return self._object.run_validation(data)
        return self.fail("invalid")

    def to_representation(self, value: Any) -> Any:
        return value


class _Line(serializers.Serializer[Any]):
    """What of a line is read; it may say more."""

    line = LineName(required=False)
    sku = Text(required=False)
    description = Text(required=False)
    quantity = Figure(required=False)
    unit_price = Integer(min_value=0, max_value=MAX_MINOR, required=False)
    amount = Integer(min_value=0, max_value=MAX_MINOR, required=False)


@extend_schema_field(
    {
        "type": "array",
        "maxItems": MAX_LINES,
        "items": {
            "type": "object",
            "properties": {
                "line": {"anyOf": [{"type": "string", "minLength": 1}, {"type": "integer"}]},
                "sku": {"type": "string", "minLength": 1, "maxLength": 500},
                "description": {"type": "string", "minLength": 1, "maxLength": 500},
                "quantity": {"anyOf": [{"type": "number", "minimum": 0}, {"type": "string"}]},
                "unit_price": {
                    "type": "integer",
                    "minimum": 0,
                    "maximum": MAX_MINOR,
                    "description": f"Of one piece. {_MINOR}",
                },
                "amount": {
                    "type": "integer",
                    "minimum": 0,
                    "maximum": MAX_MINOR,
                    "description": f"Of the whole line. {_MINOR}",
                },
            },
            "additionalProperties": True,
        },
    }
)
class Lines(serializers.Field[list[dict[str, Any]], Any, Any, Any]):
    """The lines of a purchase, as they came: what is known of them is checked, all else passes through."""

    default_error_messages = {"invalid": "Must be a list.", "max_length": "Must have at most {most}."}

    def to_internal_value(self, data: Any) -> list[dict[str, Any]]:
        if not isinstance(data, list):
            self.fail("invalid")
        if len(data) > MAX_LINES:
            self.fail("max_length", most=MAX_LINES)
        errors: list[Any] = []
        for item in data:
            try:
                _LINE.run_validation(item)
                errors.append({})
            except serializers.ValidationError as error:
                errors.append(error.detail)
        if any(errors):
            raise serializers.ValidationError(errors)
        return data

    def to_representation(self, value: Any) -> Any:
        return value


_LINE = _Line()


class PublisherPurchaseBody(Body):
    id = ExternalId(help_text="Your own id of the purchase; the same purchase again changes nothing.")
    member_id = ExternalId(help_text="Your own id of the member, who is made if new.")
    amount = Integer(min_value=0, max_value=MAX_MINOR, help_text=_MINOR)
    currency = Pattern(r"^[A-Za-z]{3}\Z", help_text="ISO 4217.")
    occurred_at = Instant(help_text="At most 30 days ago.")
    merchant = Merchant(required=False, help_text="Programs may match it.")
    items = Lines(required=False, help_text="The lines; programs may match each, by any name in it.")


class PublisherRefundLineBody(Body):
    line = LineName(help_text="The purchase's line: its own `line`, or else its place from 1.")
    quantity = Figure(required=False)
    amount = Integer(min_value=0, max_value=MAX_MINOR, required=False, help_text=_MINOR)


class PublisherRefundBody(Body):
    id = ExternalId(help_text="Your own id of the refund; the same refund again changes nothing.")
    transaction_id = ExternalId(help_text="The id of the purchase that is given back.")
    amount = Integer(min_value=1, max_value=MAX_MINOR, help_text=_MINOR)
    items = Items(
        PublisherRefundLineBody(),
        max_length=MAX_LINES,
        required=False,
        help_text="What of which lines; each with a quantity, an amount, or both.",
    )
