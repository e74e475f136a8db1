"""The curl lines of docs/publisher.md work as they stand there, in their order, against a live server."""

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from loyalty.actions.clock import set_clock
from programs.models import Environment
from tests import factories
from tests.api.publisher_v1.conftest import COFFEE, DOCUMENTED_AT, make_program
from tests.sdk.live import live_server

_EXAMPLE = re.compile(r"```bash\n(curl .*?)```\n\n```json\n(.*?)```", re.DOTALL)


@pytest.fixture
def shop(committed_environment: Environment) -> Environment:
    """The document's program, at the document's instant."""
    then = set_clock(environment=committed_environment, clock=DOCUMENTED_AT, actor=factories.make_actor())
    make_program(then, **COFFEE)
    return then


@pytest.mark.skipif(shutil.which("curl") is None, reason="There is no curl on this machine.")
def test_every_curl_line_of_the_page_answers_what_stands_below_it(shop: Environment) -> None:
    page = (Path(settings.BASE_DIR) / "docs" / "publisher.md").read_text()
    examples = _EXAMPLE.findall(page)
    assert len(examples) == page.count("\ncurl ") == 6
    known: dict[str, str] = {"<token>": factories.make_key(shop)}
    with live_server() as server:
        known["https://<your-instance-url>"] = server.url
        for command, answer in examples:
            for name, value in known.items():
                command = command.replace(name, value)  # noqa: PLW2901
            ran = subprocess.run(
                ["curl", "-s", *shlex.split(command.replace("\\\n", " "))[1:]],
                capture_output=True,
                check=True,
                timeout=30,
            )
            _compare(json.loads(answer), json.loads(ran.stdout), known)
    assert known["<collection>"].startswith("sc_")


def _compare(said: Any, got: Any, known: dict[str, str]) -> None:
    """Equal, in the same order; `<collection>` stands for one id."""
    if isinstance(said, dict):
        assert list(said) == list(got)
        for name, value in said.items():
            _compare(value, got[name], known)
    elif isinstance(said, list):
        assert len(said) == len(got)
        for one, other in zip(said, got, strict=True):
            _compare(one, other, known)
    elif said == "<collection>":
        assert known.setdefault(said, got) == got
    else:
        assert said == got
