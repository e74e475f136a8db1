"""JSON from outside is work by its size alone, and a refusal is no longer than a sentence, whatever is sent."""

from typing import Any

import pytest
import simplejson

from audit.errors import InvalidRequest
from audit.json_in import check_values, read_json
from tests.work import Watched, touches_of


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


def test_to_find_the_name_that_stands_twice_each_is_looked_at_three_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pairs = [(Watched(number), 1) for number in [*range(2_000), 1_999]]
    monkeypatch.setattr(simplejson, "loads", lambda _text, **options: options["object_pairs_hook"](pairs))

    def refused() -> None:
        with pytest.raises(ValueError, match="the name '1999' stands twice"):
            read_json("{}")

    assert touches_of(refused) < 3.1 * len(pairs)


def test_a_name_is_put_into_a_path_only_where_something_below_it_is_refused() -> None:
    name = Watched("n" * 100_000)
    values: dict[str, Any] = {name: [{name: [1] * 1_000}] * 20}
    assert touches_of(lambda: check_values(values, "", 0, look_at_text=True)) == 0
    values[name].append({"\0": 1})

    def refused() -> None:
        with pytest.raises(InvalidRequest):
            check_values(values, "", 0, look_at_text=True)

    assert touches_of(refused) <= 2
