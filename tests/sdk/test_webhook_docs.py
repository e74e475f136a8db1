"""What docs/webhooks.md says: its snippets verify, and its types are the engine's."""

import json
import re
import time
from typing import Any

from audit.event_types import EVENT_TYPES
from audit.webhooks.schedule import DELAYS
from loyalty_engine_client import webhooks
from tests.sdk import ROOT, node
from tests.sdk.test_webhooks import OTHER, SECRET, headers, signature

PAGE = (ROOT / "docs" / "webhooks.md").read_text()
BODY = b'{"type": "points.earned", "data": {"id": "aud_1"}}'
SCRIPT = """
globalThis.remember = (id) => console.log(JSON.stringify(id));
const { webhooks, WebhookVerificationError } = await import(process.env.LIBRARY);
SNIPPET
for (const secrets of JSON.parse(process.env.SECRETS)) {
  console.log(JSON.stringify(await receive(process.env.BODY, JSON.parse(process.env.HEADERS), secrets)));
}
"""


def snippet(language: str) -> str:
    return str(re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[0])


def signed() -> dict[str, str]:
    """As it would come now."""
    now = int(time.time())
    return headers(timestamp=str(now), signature=signature(BODY, at=now))


def test_the_python_snippet_takes_what_is_signed_and_nothing_else() -> None:
    seen: list[str] = []
    namespace: dict[str, Any] = {"remember": lambda name, _event: seen.append(name)}
    exec(snippet("python"), namespace)
    answers = [namespace["receive"](BODY, signed(), secrets) for secrets in ([OTHER, SECRET], [OTHER])]
    assert (answers, seen) == ([204, 400], ["aud_1"])
    assert webhooks.verify(BODY, signed(), SECRET)["data"]["id"] == "aud_1"


def test_the_javascript_snippet_does_the_same() -> None:
    code = snippet("js").partition("\n\n")[2].replace("export ", "")
    found = node.lines_of(
        SCRIPT.replace("SNIPPET", code),
        SECRETS=json.dumps([[OTHER, SECRET], [OTHER]]),
        BODY=BODY.decode(),
        HEADERS=json.dumps(signed()),
    )
    assert found == ["aud_1", 204, 400]


def test_the_types_and_the_retries_are_the_engines() -> None:
    told = dict(re.findall(r"^\| `([a-z_]+\.[a-z_]+)` \| (.*) \|$", PAGE, re.MULTILINE))
    assert len(told) > 40
    assert told.keys() <= EVENT_TYPES.keys()
    rows = re.findall(r"^\| (\d+) \| (\d+ \w+) \| (\d+)(?: and later)? \| (\d+ \w+) \|$", PAGE, re.MULTILINE)
    delays = {int(number): words for row in rows for number, words in (row[:2], row[2:])}
    seconds = {"s": 1, "min": 60, "h": 3600}
    said = [int(words.split()[0]) * seconds[words.split()[1]] for _, words in sorted(delays.items())]
    assert said == [delay.total_seconds() for delay in DELAYS]
