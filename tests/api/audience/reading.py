"""How tests read answers of /api/loyalty."""

import json
from typing import Any


def done(answer: Any) -> Any:
    """The `data` of a call that succeeded."""
    assert answer.status_code == 200, answer.content.decode()
    body = answer.json()
    assert list(body) == ["message", "data"]
    assert body["message"] == "OK"
    return body["data"]


def refused(answer: Any, status: int, code: str) -> str:
    """The message of a refusal, in the document's envelope and nothing else."""
    assert answer.status_code == status, answer.content.decode()
    assert answer.headers["Content-Type"] == "application/json"
    body = json.loads(answer.content)
    assert list(body) == ["message", "code"]
    assert body["code"] == code
    assert answer.headers["X-Request-Id"]
    assert answer.headers["Cache-Control"] == "no-store"
    message: str = body["message"]
    return message
