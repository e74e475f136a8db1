"""The examples of docs/rewards.md run as they stand there, in their order."""

import json
import re
from pathlib import Path
from typing import Any

from django.conf import settings

from tests.api.v1.days import award, done
from tests.conftest import Api

_BLOCK = re.compile(r"```http\n(.*?)```", re.DOTALL)
_EXAMPLE = re.compile(r"^(GET|POST|PATCH|DELETE) (\S+)\n(.*?)→ (\d{3}) (.*?)$", re.DOTALL | re.MULTILINE)


def test_every_example_of_the_documentation_is_real(api: Api) -> None:
    award(api, 150, "cus_abc123")
    done(api.patch("/v1/customers/cus_abc123", {"attributes": {"country": "NG"}}))
    gold = {"code": "gold", "title": "Gold", "threshold": 5000}
    done(api.post("/v1/tiers", {"period": "lifetime", "levels": [gold]}))
    text = (Path(settings.BASE_DIR) / "docs" / "rewards.md").read_text()
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
    assert run == 21


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
