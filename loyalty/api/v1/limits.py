"""Caps and schedules of earning rules, as the schema shows them; what they may say is `programs.limits`' to judge."""

from drf_spectacular.utils import extend_schema_field

from loyalty.api.common.fields import JsonList, JsonObject

_WHOLE = {"type": "integer", "minimum": 1}


@extend_schema_field(
    {
        "type": "array",
        "maxItems": 9,
        "items": {
            "type": "object",
            "properties": {
                "per": {"type": "string", "enum": ["event", "day", "week", "month", "ever"]},
                "points": {**_WHOLE, "maximum": 10**15},
                "times": {**_WHOLE, "maximum": 10**9},
            },
            "required": ["per"],
            "oneOf": [{"required": ["points"]}, {"required": ["times"]}],
            "additionalProperties": False,
        },
        "examples": [[{"per": "day", "points": 100}, {"per": "ever", "times": 1}]],
    }
)
class Caps(JsonList):
    """`[{"per": "day", "points": 100}, {"per": "ever", "times": 1}]`."""


@extend_schema_field(
    {
        "type": "object",
        "properties": {
            "weekdays": {
                "type": "array",
                "minItems": 1,
                "maxItems": 7,
                "items": {"type": "integer", "minimum": 1, "maximum": 7},
            },
            "hours": {
                "type": "object",
                "properties": {
                    "from": {"type": "integer", "minimum": 0, "maximum": 23},
                    "until": {"type": "integer", "minimum": 0, "maximum": 24},
                },
                "required": ["from", "until"],
                "additionalProperties": False,
            },
        },
        "additionalProperties": False,
        "examples": [{"weekdays": [6, 7], "hours": {"from": 9, "until": 17}}],
    }
)
class Schedule(JsonObject):
    """`{"weekdays": [6, 7], "hours": {"from": 9, "until": 17}}`: ISO weekdays, `from` <= hour < `until`."""
