"""The Audience document's requests, as they stand there, and its answers: their shapes to the letter."""

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from tests.api.audience.club import Club, complete
from tests.api.audience.letter import faults
from tests.api.wire import exchanges, play

DOCUMENT = exchanges("audience/document")
ANSWERS = [exchange for exchange in DOCUMENT if "answer" in exchange]


def ask(exchange: dict[str, Any], token: str) -> Any:
    """The document's request, with its own headers; `JWT` is this token."""
    method, path = exchange["request"].split(" ")
    headers = {name: value.replace("JWT", token) for name, value in exchange["headers"].items()}
    return Client(raise_request_exception=False).generic(
        method,
        path.replace("{couponId}", "spring"),
        json.dumps(exchange["body"]) if "body" in exchange else "",
        content_type=headers.pop("Content-Type", "application/json"),
        headers={name: value for name, value in headers.items() if name != "Content-Length"},
    )


@pytest.mark.parametrize("algorithm", ["HS256", "RS256"])
def test_every_request_of_the_document_is_answered_in_its_shape(club: Club, algorithm: str) -> None:
    token = club.token() if algorithm == "HS256" else club.rs256_token()
    complete(club.app())
    for exchange in DOCUMENT:
        answer = ask(exchange, token)
        assert answer.status_code == 200, (exchange["title"], answer.content.decode())
        if "answer" not in exchange:
            assert (answer.content, answer.headers.get("Content-Type")) == (b"", None)
            continue
        assert answer.headers["Content-Type"] == "application/json"
        assert list(faults(exchange["answer"], answer.json())) == [], exchange["title"]
        assert unseen(exchange["answer"], answer.json()) == [], exchange["title"]


def unseen(documented: Any, found: Any, path: str = "") -> list[str]:
    """The documented lists and maps of which no answer shows an example; `lost` needs a refund."""
    if path.endswith(".lost"):
        return []
    if isinstance(documented, list):
        return [path] if not found else _in_none(documented[0], found, f"{path}[]")
    if isinstance(documented, dict) and next(iter(documented)).startswith("<"):
        (name,) = documented
        return [path] if not found else _in_none(documented[name], list(found.values()), f"{path}.*")
    if isinstance(documented, dict):
        return [
            each for name in documented for each in unseen(documented[name], found[name], f"{path}.{name}")
        ]
    return []


def _in_none(documented: Any, found: list[Any], path: str) -> list[str]:
    missing = [set(unseen(documented, value, path)) for value in found]
    return sorted(set.intersection(*missing))


def test_each_call_of_the_surface_stands_in_the_document() -> None:
    from loyalty.api.audience.urls import urlpatterns

    paths = [str(each.pattern).replace("<str:", "{").replace(">", "}") for each in urlpatterns]
    assert [f"/api/loyalty/{path}" for path in paths[:-1]] == [
        exchange["request"].split(" ")[1] for exchange in DOCUMENT
    ]


def test_the_calls_of_a_member_are_answered_to_the_byte(club: Club) -> None:
    play(club.app(), "audience/member", errors="application/json", to_the_byte=True)


def broken(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The answer with one thing wrong in it: a name missing or too many, or a value of another kind."""
    if isinstance(value, dict):
        for name in value:
            if not name.startswith("<"):
                yield f"without {path}.{name}", {key: kept for key, kept in value.items() if key != name}
            for what, inner in broken(value[name], f"{path}.{name}"):
                yield what, {**value, name: inner}
        if not any(name.startswith("<") for name in value):
            yield f"with {path}.more", {**value, "more": None}
            yield f"in another order: {path}", dict(reversed(value.items())) if len(value) > 1 else {}
    elif isinstance(value, list):
        for what, inner in broken(value[0], f"{path}[]"):
            yield what, [inner]
        yield f"no list: {path}", {}
    else:
        yield f"another kind: {path}", [] if isinstance(value, str) else str(value)


@pytest.mark.parametrize("exchange", ANSWERS, ids=lambda each: each["title"])
def test_the_shape_refuses_what_the_document_does_not_show(exchange: dict[str, Any]) -> None:
    """The counterpart, without which the tests above would prove little."""
    documented = exchange["answer"]
    assert list(faults(documented, copy.deepcopy(documented))) == []
    wrong = dict(broken(documented))
    assert len(wrong) > 10
    assert [what for what, answer in wrong.items() if not list(faults(documented, answer))] == []
