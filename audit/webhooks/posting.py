"""One POST to a tenant's server: to a public address that was looked up just now, and over within a given time.

Not through a library for HTTP: their time limits are for each read, so that a server that sends a byte now and then
holds us for as long as it likes; they follow redirects, and take proxies and passwords from files around them.
"""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from audit.webhooks.addresses import (
    Resolve,
    Target,
    addresses_within,
    resolve_name,
    target_of,
)

SECONDS = 15.0  # for the whole of it
CONNECT_SECONDS = 5.0  # for one address of several
LARGEST_ANSWER = 64 * 1024  # bytes of a body that are read
_LARGEST_HEAD = 64 * 1024
_PIECE = 16 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered; `text` is the beginning of it."""

    status: int
    text: str


class NotSent(Exception):
    """No answer that counts: says why, in a few words."""


Post = Callable[[str, str, Mapping[str, str]], Answer]


def post(
    url: str,
    body: str,
    headers: Mapping[str, str],
    *,
    seconds: float = SECONDS,
    resolve: Resolve = resolve_name,
) -> Answer:
    """POST the body; whatever status is answered. Raises NotSent, AddressRefused. Ends within `seconds`."""
    end = time.monotonic() + seconds
    target = target_of(url)
    try:
        found = _connected(target, _looked_up(target, resolve, end), end)
        with found:
            return _exchanged(found, _request(target, body.encode(), headers), end)
    except TimeoutError as error:
        raise NotSent(f"No whole answer within {seconds:g} seconds.") from error
    except ssl.SSLCertVerificationError as error:
        raise NotSent(f"Its certificate was refused: {error.verify_message.rstrip('.')}.") from error
    except ssl.SSLError as error:
        raise NotSent(f"No TLS: {error.reason or error}.") from error
    except http.client.HTTPException as error:
        raise NotSent(f"What it answered is no HTTP, or was cut off: {error!r}") from error
    except (OSError, ValueError) as error:
        raise NotSent(f"{error.strerror or error}." if isinstance(error, OSError) else str(error)) from error


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _looked_up(target: Target, resolve: Resolve, end: float) -> list[str]:
    try:
        return addresses_within(target, _left(end), resolve=resolve)
    except TimeoutError:
        raise
    except (OSError, UnicodeError) as error:
        raise NotSent(f"{target.host} is not known to the name servers.") from error


def _connected(target: Target, addresses: list[str], end: float) -> socket.socket:
    """To the first of the addresses that takes it; never to the name, which may mean another one by now."""
    failure: OSError = OSError("No address")
    for address in addresses:
        try:
            plain = socket.create_connection((address, target.port), min(CONNECT_SECONDS, _left(end)))
        except OSError as error:
            _left(end)
            failure = OSError(f"Could not connect: {error.strerror or 'it does not answer'}")
            continue
        if target.scheme == "http":
            return plain
        try:
            plain.settimeout(_left(end))
            return _tls().wrap_socket(plain, server_hostname=target.host.rstrip("."))
        except BaseException:
            plain.close()
            raise
    raise failure


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _request(target: Target, body: bytes, headers: Mapping[str, str]) -> bytes:
    own = {
        "Host": target.host_header,
        "Content-Length": str(len(body)),
        "Content-Type": "application/json",
        "User-Agent": "loyalty-engine-webhooks/1",
        "Accept-Encoding": "identity",
        "Connection": "close",
    }
    lines = [
        f"POST {target.path} HTTP/1.1",
        *(f"{name}: {value}" for name, value in (own | dict(headers)).items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


def _exchanged(connection: socket.socket, request: bytes, end: float) -> Answer:
    for start in range(0, len(request), _PIECE):
        connection.settimeout(_left(end))
        connection.sendall(request[start : start + _PIECE])
    answer = http.client.HTTPResponse(_Incoming(connection, end), method="POST")  # type: ignore[arg-type]
    try:
        answer.begin()
        text = answer.read(LARGEST_ANSWER)
        if answer.length and len(text) < LARGEST_ANSWER:
            raise http.client.IncompleteRead(text, answer.length)
    finally:
        answer.close()
    return Answer(answer.status, text.decode("utf-8", "replace"))


class _Incoming(io.RawIOBase):
    """What comes in, until the time or the bytes that we take are over; in the place of a socket."""

    def __init__(self, connection: socket.socket, end: float) -> None:
        self._connection, self._end = connection, end
        self._bytes = _LARGEST_HEAD + LARGEST_ANSWER

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if self._bytes <= 0:
            raise ValueError("It answers without end.")
        self._connection.settimeout(_left(self._end))
        got = self._connection.recv_into(buffer)
        self._bytes -= got
        return got
