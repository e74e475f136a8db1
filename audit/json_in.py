"""JSON from outside, whoever brings it: exact numbers, no name twice, and nothing that can't be stored or shown."""

import re
from collections import Counter
from typing import Any, TypeAlias

import simplejson

from audit.errors import InvalidRequest

_NOT_STORABLE = re.compile("[\x00\ud800-\udfff]")
MAX_DEPTH = 64
_MOST_OF_NAME = 60  # characters of a name that a message repeats
_Keys: TypeAlias = tuple[str | int, ...]


def read_json(text: str) -> Any:
    """What the text says, decimals as Decimal. Raises ValueError where it is no JSON, RecursionError where it is
    nested beyond all measure. What it says is then to be checked by `check_values`."""
    try:
        return simplejson.loads(
            text, use_decimal=True, parse_constant=_refuse_constant, object_pairs_hook=_unique
        )
    except ArithmeticError as error:  # an exponent that not even a Decimal holds
        raise ValueError("a number is too large") from error
    except ValueError as error:
        if "integer string conversion" in str(error):  # Python's own limit, said in words for programmers
            raise ValueError("a number is too large") from error
        raise


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number in JSON")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object; refused where a name stands in it twice, since readers differ on which one counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        times = Counter(name for name, _ in pairs)
        twice = next(name for name in found if times[name] > 1)
        raise ValueError(f"the name {_shortened(twice)!r} stands twice in one object")
    return found


def _shortened(name: str) -> str:
    return name if len(name) <= _MOST_OF_NAME else f"{name[: _MOST_OF_NAME - 1]}…"


def check_values(value: Any, path: str, depth: int, *, look_at_text: bool) -> None:
    """Refuse what can't be stored: text with NUL or half a surrogate pair, huge numbers, deep nesting."""
    _check(value, (path,) if path else (), depth, look_at_text=look_at_text)


# The path is put together where something is refused: for each value it would cost as much as its names are long.
def _check(value: Any, keys: _Keys, depth: int, *, look_at_text: bool) -> None:
    if depth > MAX_DEPTH:
        raise InvalidRequest.field(_path(keys), "too_deep", f"Nest at most {MAX_DEPTH} levels.")
    if isinstance(value, dict):
        for name, inner in value.items():
            if look_at_text:
                _check_text(name, keys)
            _check(inner, (*keys, name), depth + 1, look_at_text=look_at_text)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _check(inner, (*keys, index), depth + 1, look_at_text=look_at_text)
    elif isinstance(value, str) and look_at_text:
        _check_text(value, keys)
    elif not isinstance(value, str | bool | None) and _is_absurd(value):
        raise InvalidRequest.field(_path(keys), "invalid", "Use a number of at most 100 digits.")


def check_text(text: str, path: str) -> None:
    """Raises InvalidRequest for text that PostgreSQL can't store."""
    _check_text(text, (path,) if path else ())


def _check_text(text: str, keys: _Keys) -> None:
    if _NOT_STORABLE.search(text):
        detail = "Leave out NUL characters and lone surrogates."
        raise InvalidRequest.field(_path(keys) or "body", "invalid", detail)


def _path(keys: _Keys) -> str:
    """`data.items[0].sku`."""
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".")


def _is_absurd(number: Any) -> bool:
    if isinstance(number, int):
        return abs(number) >= 10**100
    return not -100 < number.adjusted() < 100 or len(number.as_tuple().digits) > 100
