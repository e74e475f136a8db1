"""The examples in the libraries' READMEs run as they stand, one after the other; only address and key are replaced."""

import re
from pathlib import Path
from typing import Any

import pytest

from loyalty.models import StampReward
from programs.models import Environment
from tests import factories
from tests.sdk import JAVASCRIPT, PYTHON, node
from tests.sdk.live import Live

ADDRESS, KEY = "https://loyalty.example.com", "sk_…"


def examples(folder: Path, language: str, live: Live, key: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", (folder / "README.md").read_text(), re.DOTALL)
    assert len(found) == 7
    return "\n".join(found).replace(ADDRESS, live.url).replace(KEY, key)


def check(printed: list[str]) -> None:
    """What both READMEs print."""
    assert printed[0].startswith("txn_")
    assert printed[0].endswith(" 500")
    assert printed[1] == "500"
    assert printed[2].startswith("Coffee 200 ")
    assert printed[3].startswith("REDEEM-")
    assert printed[4].startswith("Used ")
    assert printed[4].endswith(" at Till 3")
    assert printed[5:7] == ["0 of 2 stamps; 1 reward to be paid", "Paid 280 GBP"]
    assert printed[-1] == "400"
    points = [line.rpartition(" ")[2] for line in printed[-4:-1]]
    assert points == ["500", "-200", "50"]  # the birthday once


@pytest.fixture
def bobs(live: Live, committed_environment: Environment) -> StampReward:
    """Another customer's reward, which waits to be paid; the READMEs pay nobody but their own."""
    factories.make_card(
        committed_environment, factories.make_stamp_program(committed_environment, threshold=1), "bob"
    )
    factories.report(committed_environment, "bobs", member="bob")
    return StampReward.objects.get(environment_id=committed_environment.id)


def test_the_python_readme(
    live: Live, key: str, bobs: StampReward, capsys: pytest.CaptureFixture[str]
) -> None:
    namespace: dict[str, Any] = {}
    exec(examples(PYTHON, "python", live, key), namespace)
    status = namespace["receive"](b"{}", {})
    check([*capsys.readouterr().out.splitlines(), str(status)])
    bobs.refresh_from_db()
    assert bobs.status == "issued"


def test_the_javascript_readme(live: Live, key: str, bobs: StampReward) -> None:
    program = examples(JAVASCRIPT, "js", live, key) + '\nconsole.log(await receive("{}", {}));\n'
    done = node.run(script=program)
    assert done.returncode == 0, done.stderr[-3000:]
    check(done.stdout.splitlines())
    bobs.refresh_from_db()
    assert bobs.status == "issued"
