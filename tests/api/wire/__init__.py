"""Requests and answers as they go over the wire, and a comparison to the letter."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conftest import Api

# A string "<name>" in a fixture stands for any value of that form; the same "<name:x>" for the same value.
FORMS = {
    "txn id": r"txn_[0-9a-f]{32}",
    "red id": r"red_[0-9a-f]{32}",
    "sc id": r"sc_[0-9a-f]{32}",
    "sr id": r"sr_[0-9a-f]{32}",
    "ach id": r"ach_[0-9a-f]{32}",
    "itc id": r"itc_[0-9a-f]{32}",
    "ms": r"1[0-9]{12}",
    "spring code": r"SPRING-[2-9A-HJ-NP-Z]{8}",
    "redeem code": r"REDEEM-[2-9A-HJ-NP-Z]{8}",
    "instant": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z",
    "trace id": r"[0-9a-f]{32}",
    "key prefix": r"sk_sandbox_[A-Za-z0-9_-]{6}",
    "cursor": r"[A-Za-z0-9_-]+",
}
_PLACEHOLDER = re.compile(r"<([a-z ]+)(?::(\w+))?>")


def exchanges(name: str) -> list[dict[str, Any]]:
    """The exchanges of tests/api/wire/<name>.json, in order: request, status, answer."""
    found: list[dict[str, Any]] = json.loads((Path(__file__).parent / f"{name}.json").read_text())[
        "exchanges"
    ]
    return found


def play(api: Api, name: str, *, errors: str = "application/problem+json", to_the_byte: bool = False) -> None:
    """Send each request of the fixture and compare status and body to the letter; `to_the_byte`: and in the
    fixture's own order. Without `answer` the body is empty. A placeholder in a body stands for what it stood for in an
    answer before."""
    bound: dict[str, Any] = {}
    for number, exchange in enumerate(exchanges(name), 1):
        method, path = exchange["request"].split(" ")
        answer = api.call(method, path, _filled(exchange.get("body"), bound))
        at = f"{name} {number} ({exchange['request']})"
        assert answer.status_code == exchange["status"], f"{at}: {answer.content.decode()}"
        if "answer" not in exchange:
            assert (answer.content, answer.headers.get("Content-Type")) == (b"", None), at
            continue
        kind = "application/json" if answer.status_code < 400 else errors
        assert answer.headers["Content-Type"] == kind, at
        found = json.loads(answer.content)
        assert list(differences(exchange["answer"], found, "", bound)) == [], at
        if to_the_byte:
            whole = json.dumps(_with(exchange["answer"], found), ensure_ascii=False, separators=(",", ":"))
            assert answer.content.decode() == whole, at


def _filled(body: Any, bound: dict[str, Any]) -> Any:
    if isinstance(body, dict):
        return {name: _filled(value, bound) for name, value in body.items()}
    return bound.get(body, body) if isinstance(body, str) else body


def _with(expected: Any, found: Any) -> Any:
    """The fixture's answer, its placeholders as they were found."""
    if isinstance(expected, dict):
        return {name: _with(value, found[name]) for name, value in expected.items()}
    if isinstance(expected, list):
        return [_with(one, other) for one, other in zip(expected, found, strict=True)]
    return found if isinstance(expected, str) and _PLACEHOLDER.fullmatch(expected) else expected


def differences(expected: Any, found: Any, path: str, bound: dict[str, Any]) -> Iterator[str]:
    """Where `found` is not what the fixture says; types count, and no key may be missing or too many."""
    if isinstance(expected, str) and (placeholder := _PLACEHOLDER.fullmatch(expected)):
        yield from _matches(placeholder, expected, found, path, bound)
    elif type(expected) is not type(found):
        yield f"{path}: {found!r} is not {expected!r}"
    elif isinstance(expected, dict):
        for name in sorted(expected.keys() | found.keys()):
            if name not in found:
                yield f"{path}.{name} is missing"
            elif name not in expected:
                yield f"{path}.{name} is too many: {found[name]!r}"
            else:
                yield from differences(expected[name], found[name], f"{path}.{name}", bound)
    elif isinstance(expected, list):
        if len(expected) != len(found):
            yield f"{path}: {len(found)} items, not {len(expected)}"
        for index, (one, other) in enumerate(zip(expected, found, strict=False)):
            yield from differences(one, other, f"{path}[{index}]", bound)
    elif expected != found:
        yield f"{path}: {found!r} is not {expected!r}"


def _matches(
    placeholder: re.Match[str], name: str, found: Any, path: str, bound: dict[str, Any]
) -> Iterator[str]:
    form, label = placeholder.groups()
    text = str(found) if form == "ms" and type(found) is int else found
    if not isinstance(text, str) or not re.fullmatch(FORMS[form], text):
        yield f"{path}: {found!r} is no {form}"
    elif label and bound.setdefault(name, found) != found:
        yield f"{path}: {found!r} is another {name} than {bound[name]!r} before"
