"""Sends requests. A write carries an Idempotency-Key, and each retry of it the same one."""

import copy
import json
import random
import re
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Self
from urllib.parse import urlsplit
from uuid import UUID, uuid4
from weakref import WeakSet

import requests

from loyalty_engine_client.answers import value_of
from loyalty_engine_client.errors import (
    InsecureConnectionError,
    LoyaltyError,
    NoAnswerError,
    TimedOutError,
    UnexpectedAnswerError,
)

USER_AGENT = "loyalty-engine-client-python/0.1.0"
LONGEST_DELAY = 8.0  # seconds between two attempts, where the server does not ask for more
LONGEST_WAIT = (
    60.0  # seconds that a server's Retry-After is waited for; asked for more, the call fails at once
)
_PASSING = {429, 502, 503, 504}
_LONGEST_TIMEOUT = 2_147_483.0  # seconds; both libraries take the same
_WRITABLE = re.compile(r"[\x21-\x7e]+")  # in a header


class _Bearer(requests.auth.AuthBase):
    """Without an auth of its own, requests would let a .netrc replace the key."""

    def __init__(self, api_key: str) -> None:
        self.header = f"Bearer {api_key}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self.header
        return request


class Transport:
    """One for a client; threads may share it, each has connections of its own."""

    def __init__(
        self,
        api_key: str,
        *,
        base_url: str,
        timeout: float,
        max_retries: int,
        retry_delay: float,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not _WRITABLE.fullmatch(api_key):
            raise ValueError("api_key must be printable ASCII characters without spaces.")
        address = urlsplit(base_url)
        if address.scheme not in {"http", "https"} or not address.hostname:
            raise ValueError("base_url must be an address that begins with https:// or http://.")
        self._auth = _Bearer(api_key)
        self._base_url = base_url.rstrip("/")
        self._timeout = _checked_timeout(timeout)
        self._max_retries = max_retries
        self._retry_delay = retry_delay
        self._sleep = sleep
        self._local = threading.local()
        self._sessions: WeakSet[requests.Session] = WeakSet()
        self._lock = threading.Lock()

    def with_timeout(self, timeout: float) -> Self:
        """The same, with the same connections, but for the seconds that it waits."""
        made = copy.copy(self)
        made._timeout = _checked_timeout(timeout)  # noqa: SLF001 - of our own kind
        return made

    def read(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """GET; names of the query whose value is None are left out."""
        return self._call("GET", path, query=query)

    def write(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, key: str | None = None
    ) -> Any:
        """POST, PATCH or DELETE with the caller's idempotency key, or a new one."""
        sent = None if method == "DELETE" else dumps(body or {})
        return self._call(method, path, sent=sent, key=str(uuid4()) if key is None else _checked_key(key))

    def close(self) -> None:
        """End the open connections of all threads."""
        with self._lock:
            for session in list(self._sessions):
                session.close()

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        sent: bytes | None = None,
        key: str | None = None,
    ) -> Any:
        headers = {"Accept": "application/json", "User-Agent": USER_AGENT}
        if key is not None:
            headers["Idempotency-Key"] = key
        if sent is not None:
            headers["Content-Type"] = "application/json"
        asked = {name: _text(value) for name, value in (query or {}).items() if value is not None}
        attempt = 0
        while True:
            try:
                return self._send(method, path, params=asked, data=sent, headers=headers)
            except LoyaltyError as error:
                wait = self._wait(error, attempt)
                if wait is None:
                    raise
            self._sleep(wait)
            attempt += 1

    def _send(self, method: str, path: str, **request: Any) -> Any:
        try:
            response = self._session().request(
                method,
                self._base_url + path,
                auth=self._auth,
                timeout=self._timeout,
                allow_redirects=False,  # a redirected POST would become a GET
                **request,
            )
        except requests.exceptions.SSLError as error:
            if _is_untrusted(error):  # no retry makes a certificate valid
                raise InsecureConnectionError(f"No secure connection: {error}") from error
            raise NoAnswerError(f"No answer: {error}") from error
        except requests.Timeout as error:
            raise TimedOutError(f"No answer in {self._timeout:g} seconds: {error}") from error
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
            raise NoAnswerError(f"No answer: {error}") from error
        except requests.exceptions.ContentDecodingError as error:
            raise UnexpectedAnswerError(f"The answer can't be read: {error}") from error
        return value_of(response)

    def _wait(self, error: LoyaltyError, attempt: int) -> float | None:
        """Seconds until the next attempt; None: there is none."""
        if attempt >= self._max_retries or not _passes(error):
            return None
        if (error.retry_after or 0) > LONGEST_WAIT:
            return None
        longest: float = min(LONGEST_DELAY, self._retry_delay * 2 ** min(attempt, 30))
        # Half of it at random, so that callers who failed together don't come back together.
        jittered = longest * (0.5 + random.random() / 2)  # noqa: S311 - no secret
        return max(jittered, error.retry_after or 0)

    def _session(self) -> requests.Session:
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            with self._lock:
                self._sessions.add(session)
        return session


def _checked_key(key: str) -> str:
    if not _WRITABLE.fullmatch(key) or len(key) > 255:
        raise ValueError("idempotency_key must be 1 to 255 printable ASCII characters without spaces.")
    return key


def _checked_timeout(timeout: float) -> float:
    if not 0 < timeout <= _LONGEST_TIMEOUT:
        raise ValueError(f"timeout must be more than 0 and at most {_LONGEST_TIMEOUT:.0f} seconds.")
    return timeout


def _is_untrusted(error: BaseException) -> bool:
    """Whether a certificate that is not valid is at the bottom of it, rather than a connection that broke."""
    causes: list[object] = [error]
    while causes:
        cause = causes.pop()
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        if isinstance(cause, BaseException):  # urllib3 names it in `reason`, or as an argument
            causes += [*cause.args, getattr(cause, "reason", None)]
    return False


def _passes(error: LoyaltyError) -> bool:
    """Whether the same request may well succeed later."""
    return (
        isinstance(error, NoAnswerError) or error.status in _PASSING or error.code == "idempotency_key_in_use"
    )


def dumps(body: Mapping[str, Any]) -> bytes:
    """JSON. Decimals and UUIDs go as strings, instants as RFC 3339; raises ValueError for NaN and a naive datetime."""
    return json.dumps(body, default=_json, allow_nan=False, separators=(",", ":")).encode()


def _json(value: object) -> str:
    match value:
        case datetime():
            return _instant(value)
        case Decimal() if not value.is_finite():
            raise ValueError(f"{value} is no number.")
        case Decimal():
            return format(value, "f")
        case UUID():
            return str(value)
    raise TypeError(f"{type(value).__name__} can't be sent as JSON.")


def _text(value: object) -> str:
    """A value in a query string."""
    match value:
        case datetime():
            return _instant(value)
        case bool():
            return str(value).lower()
    return str(value)


def _instant(value: datetime) -> str:
    if value.utcoffset() is None:
        raise ValueError("Instants need a time zone: datetime(…, tzinfo=UTC).")
    return value.isoformat()
