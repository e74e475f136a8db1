"""The curl lines of docs/audience.md work as they stand there, in their order, against a live server with the
challenges of `make demo`."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from loyalty.demo import challenges, shop
from programs.models import Environment
from tests import factories
from tests.sdk.live import live_server

_EXAMPLE = re.compile(r"```bash\n((?:(?!```).)*)```\n\n```(json|text)\n(.*?)```", re.DOTALL)
_SET_UP = re.compile(r"```bash\n(url=.*?)```", re.DOTALL)
_MORE = "…"


def _shop(environment: Environment, url: str) -> str:
    """What `make demo` sets up, without its orders; a key of its."""
    common: dict[str, Any] = {"actor": factories.make_actor()}
    shop.ensure_rules(environment=environment, since=timezone.now(), **common)
    for ensure, more in (
        (challenges.ensure_challenges, {"now": timezone.now()}),
        (challenges.ensure_app, {"url": url}),
    ):
        ensure(environment=factories.reload(environment), **more, **common)
    return factories.make_key(environment)


@pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("bash")), reason="There is no curl, or no bash."
)
def test_every_line_of_the_page_answers_what_stands_below_it(committed_environment: Environment) -> None:
    page = (Path(settings.BASE_DIR) / "docs" / "audience.md").read_text()
    (set_up,) = _SET_UP.findall(page)
    examples = _EXAMPLE.findall(page)
    assert len(examples) + 1 == page.count("```bash\n") == 12
    known: dict[str, str] = {}
    with live_server() as server:
        key, port = _shop(committed_environment, server.url), server.url.rpartition(":")[2]
        set_up = set_up.replace("http://127.0.0.1:8000", server.url).replace("sk_sandbox_…", key)
        for command, kind, answer in examples:
            for name, value in known.items():
                command = command.replace(name, value)  # noqa: PLW2901
            got = re.sub(rf":{port}\b", ":8000", _run(set_up, command))
            if kind == "text":
                assert got == answer
            else:
                _compare(json.loads(answer), json.loads(got), known, command)
    assert known["<code>"].startswith("TEA-")


def _run(set_up: str, command: str) -> str:
    """What the lines print, pasted into a shell after those at the top of the page."""
    ran = subprocess.run(["bash", "-c", set_up + command], capture_output=True, check=True, timeout=60)
    return ran.stdout.decode()


def _compare(said: Any, got: Any, known: dict[str, str], at: str) -> None:
    """What the page says of the answer is so; of objects it may say a part, in its order, of lists the beginning before
    `…`. `<name>` stands for one text or number, the same wherever it stands."""
    if isinstance(said, dict):
        names = list(said)
        assert [name for name in got if name in said] == names, at
        for name in names:
            _compare(said[name], got[name], known, f"{at}.{name}")
    elif isinstance(said, list):
        whole = said[-1:] != [_MORE]
        said = said if whole else said[:-1]
        assert len(said) == len(got) if whole else len(said) < len(got), at
        for one, other in zip(said, got, strict=whole):
            _compare(one, other, known, at)
    elif isinstance(said, str) and re.fullmatch("<[a-z]+>", said):
        assert known.setdefault(said, str(got)) == str(got), at
    else:
        assert said == got, at
