"""JSON columns whose numbers stay exact: 19.90 comes back as Decimal("19.90"), never as a float."""

import json
from decimal import Decimal
from typing import Any

import simplejson
from django.db import models


class ExactEncoder(json.JSONEncoder):
    def encode(self, o: Any) -> str:
        return simplejson.dumps(o, use_decimal=True)


class ExactDecoder(json.JSONDecoder):
    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "parse_float": Decimal})


class ExactJSONField(models.JSONField):
    """A jsonb column with exact decimals, in and out."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "encoder": ExactEncoder, "decoder": ExactDecoder})
