"""How tests read answers of /publisher.v1."""

import json
from collections.abc import Callable
from typing import Any

from tests.conftest import Api


def done(answer: Any) -> Any:
    """The body of a call that succeeded: always 200."""
    assert answer.status_code == 200, answer.content.decode()
    return answer.json()


def refused(answer: Any, status: int, code: str) -> str:
    """The message of a refusal, in the document's envelope and nothing else."""
    assert answer.status_code == status, answer.content.decode()
    assert answer.headers["Content-Type"] == "application/json"
    body = json.loads(answer.content)
    assert list(body) == ["error"]
    assert list(body["error"]) == ["code", "message"]
    assert body["error"]["code"] == code
    assert answer.headers["X-Request-Id"]
    message: str = body["error"]["message"]
    return message


def walk(
    api: Api,
    path: str,
    body: dict[str, Any],
    *,
    limit: int,
    between: Callable[[int], None] = lambda _: None,
) -> list[Any]:
    """Every page of a list; `between` is called with the page's number before the next one is asked for."""
    pages: list[Any] = []
    cursor = None
    while not pages or cursor is not None:
        if pages:
            between(len(pages))
        pages.append(done(api.post(path, body | {"pagination": {"limit": limit, "cursor": cursor}})))
        cursor = pages[-1]["page"]["cursor"]
        assert len(pages) < 20
    return pages
