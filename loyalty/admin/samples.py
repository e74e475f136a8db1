"""An event's data as rows that people edit: `amount`, `items[0].sku`, each with its value."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import simplejson

from audit.errors import InvalidRequest
from audit.json_in import MAX_DEPTH, check_values, read_json

MOST_ROWS = 80
_PART = re.compile(r"([^.\[\]]+)|\[(\d{1,3})\]")


class FaultySampleError(ValueError):
    """The sample is no event's data; says why in a sentence."""


@dataclass(frozen=True, slots=True)
class SampleRow:
    """`kind` "text" keeps "50" a text; any other value is JSON where it reads as such: 50, true."""

    path: str
    value: str
    kind: str = ""


def sample_rows(data: dict[str, Any]) -> tuple[list[SampleRow], dict[str, Any]]:
    """The data's plain values as rows, those in lists last, and the fields that stay JSON: they hold too
    many values, or names to which no path leads."""
    rows: list[SampleRow] = []
    rest: dict[str, Any] = {}
    for key, value in sorted(data.items(), key=lambda item: isinstance(item[1], dict | list)):
        found: list[SampleRow] = []
        if _collect("", {key: value}, found) and len(rows) + len(found) <= MOST_ROWS:
            rows += found
        else:
            rest[key] = value
    return sorted(rows, key=lambda row: "[" in row.path), rest


def _collect(path: str, value: Any, found: list[SampleRow]) -> bool:
    if len(found) > MOST_ROWS:
        return False
    if isinstance(value, dict) and value:
        plain = all(key and not any(character in key for character in ".[]") for key in value)
        return plain and all(
            _collect(f"{path}.{key}" if path else key, inner, found) for key, inner in value.items()
        )
    if isinstance(value, list) and value:
        return all(_collect(f"{path}[{index}]", inner, found) for index, inner in enumerate(value))
    if path and isinstance(value, str):
        found.append(SampleRow(path, value, "text"))
    elif path:
        found.append(SampleRow(path, simplejson.dumps(value, use_decimal=True)))
    return True


def data_from(rows: Iterable[SampleRow], rest: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """What the rows say, added to the fields of `rest`. Raises FaultySampleError where a path leads nowhere
    or to a field that has a value already: nothing that was typed is passed over; and, as the API does, for
    what can't be stored."""
    data: dict[Any, Any] = _opened(rest or {})
    for row in rows:
        _put(data, row.path, _read(row))
    found: dict[str, Any] = _listed(data)
    _checked(found)
    return found


def parsed(text: str) -> dict[str, Any]:
    """The data as JSON. Raises FaultySampleError."""
    try:
        data = read_json(text)
    except (simplejson.JSONDecodeError, RecursionError) as error:
        raise FaultySampleError("The data is not JSON.") from error
    except ValueError as error:
        raise FaultySampleError(f"The data is not JSON: {error}.") from error
    if not isinstance(data, dict):
        raise FaultySampleError('The data is an object, such as {"amount": "50.00"}.')
    _checked(data)
    return data


def _checked(data: Any) -> Any:
    """It, if it can be stored and read again. Raises FaultySampleError."""
    try:
        check_values(data, "", 0, look_at_text=True)
    except InvalidRequest as error:
        raise FaultySampleError(error.detail) from error
    return data


def _read(row: SampleRow) -> Any:
    if row.kind == "text":
        return row.value
    try:
        value = read_json(row.value)
    except (ValueError, RecursionError):
        return row.value
    return _checked({row.path: value})[row.path]


def _put(data: dict[Any, Any], path: str, value: Any) -> None:
    if not path.strip():
        raise FaultySampleError(f"Name the field of the value {value!s:.40}.")
    parts = [name or int(index) for name, index in _PART.findall(path.strip())]
    said = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts).removeprefix(".")
    if not parts or isinstance(parts[0], int) or said != path.strip():
        raise FaultySampleError(f"{path!r} is no field; write amount or items[0].sku.")
    if len(parts) > MAX_DEPTH:
        raise FaultySampleError(f"Nest at most {MAX_DEPTH} levels.")
    for part in parts[:-1]:
        inner = data.setdefault(part, {})
        if not isinstance(inner, dict):
            raise FaultySampleError(f"{path!r} lies inside another field that has a value.")
        data = inner
    if parts[-1] in data:
        raise FaultySampleError(
            f"{path!r} is given twice, in a row and in another row or in the JSON; keep one."
        )
    data[parts[-1]] = value


def _opened(value: Any) -> Any:
    """Lists that hold something as objects whose keys are numbers, so that rows can be put into them."""
    if isinstance(value, Mapping):
        return {key: _opened(inner) for key, inner in value.items()}
    if isinstance(value, list) and value:
        return {index: _opened(inner) for index, inner in enumerate(value)}
    return value


def _listed(value: Any) -> Any:
    """Objects whose keys are numbers are lists."""
    if not isinstance(value, dict) or not value:
        return value
    if all(isinstance(key, int) for key in value):
        return [_listed(value[key]) for key in sorted(value)]
    return {str(key): _listed(inner) for key, inner in value.items()}


def as_text(data: dict[str, Any]) -> str:
    return str(simplejson.dumps(data, use_decimal=True, indent=2, ensure_ascii=False))
