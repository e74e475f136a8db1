"""JSON from outside takes time by its size alone, and a refusal is no longer than a sentence, whatever is sent."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from audit.errors import InvalidRequest
from audit.json_in import check_values, read_json
from tests.own_time import fastest


def test_a_name_that_stands_twice_is_named_the_first_of_them() -> None:
    with pytest.raises(ValueError, match="the name 'b' stands twice in one object"):
        read_json('{"a": 1, "b": 2, "c": 3, "c": 4, "b": 5}')


@pytest.mark.parametrize(
    ("length", "shown"), [(60, "n" * 60), (61, "n" * 59 + "…"), (500_000, "n" * 59 + "…")]
)
def test_of_a_long_name_that_stands_twice_the_message_shows_sixty_characters(length: int, shown: str) -> None:
    name = "n" * length
    with pytest.raises(ValueError) as refused:
        read_json(f'{{"{name}": 1, "{name}": 2}}')
    assert str(refused.value) == f"the name '{shown}' stands twice in one object"


def test_what_is_refused_is_named_by_its_path() -> None:
    deep: dict[str, Any] = {"a": [{"b": [0, {"c": "\0"}]}]}
    for value, path, at in (
        (deep, "", "a[0].b[1].c"),
        (deep, "data", "data.a[0].b[1].c"),
        ([[10**100]], "", "[0][0]"),
        ("\0", "", "body"),
        ({"a": {"\0": 1}}, "", "a"),
    ):
        with pytest.raises(InvalidRequest) as refused:
            check_values(value, path, 0, look_at_text=True)
        assert refused.value.errors[0].field == at


def _a_name_twice(count: int) -> Callable[[], Any]:
    text = f'{{{",".join(f"{json.dumps(str(number))}:1" for number in range(count))},"{count - 1}":2}}'

    def refused() -> None:
        with pytest.raises(ValueError, match="stands twice"):
            read_json(text)

    return refused


def _many_below_a_long_name(count: int) -> Callable[[], Any]:
    values = {"n" * count * 20: [1] * count}
    return lambda: check_values(values, "", 0, look_at_text=True)


@pytest.mark.parametrize("made", [_a_name_twice, _many_below_a_long_name])
def test_ten_times_as_much_takes_about_ten_times_as_long(made: Callable[[int], Callable[[], Any]]) -> None:
    assert fastest(made(20_000)) < 40 * fastest(made(2_000))
