"""What all resources have in common."""

from collections.abc import Mapping
from typing import Any, TypeVar, cast
from urllib.parse import quote

from loyalty_engine_client.pages import Page
from loyalty_engine_client.transport import Transport

T = TypeVar("T")


def path(*parts: str) -> str:
    """`/v1/…` of these parts, each quoted; raises ValueError for one that would lead elsewhere."""
    for part in parts:
        if part in {"", ".", ".."}:
            raise ValueError(f"{part!r} is no id.")
    return "/v1/" + "/".join(quote(part, safe="") for part in parts)


class Resource:
    """Calls under one name of the client."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def _read(self, shape: type[T], where: str, query: Mapping[str, Any] | None = None) -> T:
        return cast("T", self._transport.read(where, query))

    def _page(self, shape: type[T], where: str, query: Mapping[str, Any]) -> Page[T]:
        def fetch(cursor: str) -> Page[T]:
            return self._page(shape, where, {**query, "cursor": cursor})

        return Page(self._transport.read(where, query), fetch)

    def _write(self, shape: type[T], method: str, where: str, body: Mapping[str, Any], key: str | None) -> T:
        return cast("T", self._transport.write(method, where, body, key))
