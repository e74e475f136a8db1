"""How a test goes through a page that shows its effect before it acts."""

from typing import Any

from django.test import Client


def show(client: Client, url: str, **entered: str) -> Any:
    """The page of the effect, or the form again where it was refused."""
    return client.post(url, entered | {"step": "effect"})


def confirm(client: Client, url: str, shown: Any, **entered: str) -> Any:
    """Confirm what `shown` showed, as the browser posts it."""
    said = {name: shown.context[name] for name in ("token", "seen")}
    return client.post(url, entered | said | {"step": "confirm"}, headers={"X-Request-Id": "trace-77"})


def told(answer: Any) -> str:
    """The sentences that the next page begins with."""
    return " ".join(str(message) for message in answer.wsgi_request._messages)
