"""What docs/webhooks.md says: its snippets verify, and its types are the engine's."""

import json
import re
import sqlite3
import time
from contextlib import closing
from http.server import HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import requests

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
    namespace: dict[str, Any] = {}
    exec(snippet("python"), namespace)
    namespace["remember"] = lambda name, _body: seen.append(name)
    answers = [namespace["receive"](BODY, signed(), secrets) for secrets in ([OTHER, SECRET], [OTHER])]
    assert (answers, seen) == ([204, 400], ["aud_1"])
    assert webhooks.verify(BODY, signed(), SECRET)["data"]["id"] == "aud_1"


def test_the_python_receiver_runs_as_it_stands_and_keeps_each_event_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WEBHOOK_SECRETS", f"{OTHER} {SECRET}")
    namespace: dict[str, Any] = {}
    exec(snippet("python"), namespace)
    with HTTPServer(("127.0.0.1", 0), namespace["Receiver"]) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/"
        forged = {**signed(), "webhook-signature": "v1,AAAA"}
        statuses = [
            requests.post(url, BODY, headers=each).status_code for each in (signed(), signed(), forged)
        ]
        server.shutdown()
    with closing(sqlite3.connect("events.db")) as database:
        kept = database.execute("SELECT name, body FROM event").fetchall()
    assert (statuses, kept) == ([204, 204, 400], [("aud_1", BODY)])


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
