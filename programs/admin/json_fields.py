"""JSON that a form takes as text: read as the API reads a body, so that the same is refused, at its field."""

from typing import Any

import simplejson
from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput

from audit.errors import InvalidRequest
from audit.json_in import check_values, read_json


def read_sent(text: str) -> Any:
    """What the text says, decimals as Decimal; None where there is none. Raises ValueError with a sentence that says
    what is no JSON in it, or can't be stored."""
    if not text.strip():
        return None
    try:
        found = read_json(text)
        check_values(found, "", 0, look_at_text=True)
    except RecursionError as error:
        raise ValueError("This is nested too deeply.") from error
    except simplejson.JSONDecodeError as error:
        raise ValueError("This is not valid JSON.") from error
    except InvalidRequest as error:
        raise ValueError(error.errors[0].detail) from error
    except ValueError as error:
        raise ValueError(f"This is not valid JSON: {error}.") from error
    return found


class JsonField(forms.JSONField):
    """Django's own takes NaN and a name twice, fails on huge numbers and on what is nested by thousands, and shows
    half a surrogate pair again, which no page can hold. What is refused is shown as it was sent."""

    def to_python(self, value: Any) -> Any:
        if self.disabled or not isinstance(value, str):
            return value
        try:
            return read_sent(value)
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from error

    def bound_data(self, data: Any, initial: Any) -> Any:
        if self.disabled:
            return initial
        if not (data or "").strip():
            return InvalidJSONInput("")  # None would be written as null
        try:
            return read_sent(data)
        except ValueError:
            return InvalidJSONInput(data)

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, InvalidJSONInput) else _written(value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        if self.disabled:
            return False
        try:
            sent = self.to_python(data)
            return _written({} if initial == "" else condition_of(initial)) != _written(condition_of(sent))
        except ValidationError:
            return True


def condition_of(sent: Any) -> Any:
    """A condition as it is stored: `{}`, always, for one that was left empty. All else is what it is, also `false` and
    `[]`, to be refused by who knows conditions."""
    return {} if sent is None else sent


def _written(value: Any) -> str:
    return str(simplejson.dumps(value, use_decimal=True, ensure_ascii=False, sort_keys=True))
