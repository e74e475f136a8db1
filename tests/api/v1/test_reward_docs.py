"""The examples of docs/rewards.md, stamps.md, tiers.md and challenges.md run as they stand there, in their order, each
page in a new environment."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.conftest import Api

_BLOCK = re.compile(r"```http\n(.*?)```", re.DOTALL)
_EXAMPLE = re.compile(r"^(GET|POST|PATCH|DELETE) (\S+)\n(.*?)→ (\d{3}) (.*?)$", re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    ("page", "examples"), [("rewards.md", 25), ("stamps.md", 14), ("tiers.md", 1), ("challenges.md", 16)]
)
def test_every_example_of_the_documentation_is_real(api: Api, page: str, examples: int) -> None:
    text = (Path(settings.BASE_DIR) / "docs" / page).read_text()
    known: dict[str, str] = {}
    run = 0
    for block in _BLOCK.findall(text):
        found = _EXAMPLE.findall(block)
        assert len(found) == block.count("→"), block
        for method, path, body, status, answer in found:
            run += 1
            got = api.call(method, _filled(path, known), _filled(body, known) or None)
            assert got.status_code == int(status), (path, got.content.decode())
            _compare(json.loads(answer), got.json(), path, known)
    assert run == examples


def _filled(text: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        text = text.replace(name, value)
    return text


def _compare(said: Any, got: Any, at: str, known: dict[str, str]) -> None:
    """What the documentation says of the answer is so; of objects it may say a part. `<name>` stands for any
    text, the same wherever it stands."""
    if isinstance(said, dict):
        for name, value in said.items():
            _compare(value, got[name], f"{at}.{name}", known)
    elif isinstance(said, list):
        assert len(said) == len(got), at
        for one, other in zip(said, got, strict=True):
            _compare(one, other, at, known)
    elif isinstance(said, str) and re.fullmatch("<[a-z]+>", said):
        assert known.setdefault(said, got) == got, at
    else:
        assert said == got, at
