"""The curl lines of docs/publisher.md work as they stand there, in their order, against a live server."""

import json
import re
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

_NOW = """date() { [ "$*" = "-u +%Y-%m-%dT%H:%M:%SZ" ] && echo 2024-01-15T10:00:00Z; }"""
_POLL = re.compile(r"`GET (/v1/audit-events\?\S+)`")
_EXAMPLE = re.compile(r"```bash\n(curl .*?)```\n\n```json\n(.*?)```", re.DOTALL)


@pytest.fixture
def shop(committed_environment: Environment) -> Environment:
    """The document's program, at the document's instant, of which somebody has filled a card."""
    then = set_clock(environment=committed_environment, clock=DOCUMENTED_AT, actor=factories.make_actor())
    factories.make_card(then, make_program(then, **COFFEE), "m_a1b2c3")
    for number in range(12395, 12400):
        factories.report(
            then,
            f"order-{number}",
            member="m_a1b2c3",
            data={"amount": "2.80", "currency": "GBP"},
            now=DOCUMENTED_AT,
        )
    return then


@pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("bash")), reason="There is no curl, or no bash."
)
def test_every_curl_line_of_the_page_answers_what_stands_below_it(shop: Environment) -> None:
    page = (Path(settings.BASE_DIR) / "docs" / "publisher.md").read_text()
    examples = _EXAMPLE.findall(page)
    assert len(examples) == page.count("\ncurl ") == 9
    known: dict[str, str] = {"<token>": factories.make_key(shop)}
    with live_server() as server:
        known["https://<your-instance-url>"] = server.url
        for command, answer in examples:
            for name, value in known.items():
                command = command.replace(name, value)  # noqa: PLW2901
            _compare(json.loads(answer), _run(command), known)
        (poll,) = _POLL.findall(page)
        told = _run(f'curl "{server.url}{poll}" -H "Authorization: Bearer {known["<token>"]}"')
    assert [known[name][:3] for name in ("<collection>", "<full>", "<reward>")] == ["sc_", "sc_", "sr_"]
    assert [each["object"]["id"] for each in told["data"]] == [known["<reward>"]]


def _run(command: str) -> Any:
    """What the line answers, pasted into a shell at the document's instant."""
    line = f"{_NOW}; {command.replace('curl ', 'curl -s ', 1)}"
    ran = subprocess.run(["bash", "-c", line], capture_output=True, check=True, timeout=60)
    return json.loads(ran.stdout)


def _compare(said: Any, got: Any, known: dict[str, str]) -> None:
    """Equal, in the same order; `<name>` stands for one id."""
    if isinstance(said, dict):
        assert list(said) == list(got)
        for name, value in said.items():
            _compare(value, got[name], known)
    elif isinstance(said, list):
        assert len(said) == len(got)
        for one, other in zip(said, got, strict=True):
            _compare(one, other, known)
    elif isinstance(said, str) and re.fullmatch("<[a-z]+>", said):
        assert known.setdefault(said, got) == got
    else:
        assert said == got
