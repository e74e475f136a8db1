"""Which URLs may be sent to: public ones alone, so that nobody reaches through us what only we can reach."""

import ipaddress
import re
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from audit.errors import InvalidRequest
from audit.models.webhooks import LONGEST_URL

LOOK_UP_SECONDS = 3.0  # for a name, when its URL is saved
_AT_ONCE = threading.BoundedSemaphore(16)  # names of URLs that are being saved: a resolver may hang for long

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Sequence[str]]

# The registries of special purposes (IANA), written out: what Python knows of them hangs on its version.
_REFUSED_4 = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT, and Alibaba's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # what Azure's machines ask
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
)
_GLOBAL_6 = IPv6Network("2000::/3")  # beyond it: private, link-local, multicast, NAT64, IPv4 in other clothes
_REFUSED_6 = tuple(
    IPv6Network(text)
    for text in ("2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20")
)
_HOST = re.compile(
    r"(?=.{1,253}\.?$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.?"
)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_PRINTABLE = re.compile(r"[!-~]+")


class AddressRefused(Exception):
    """Nothing may be sent there; says why."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL taken apart. `host` as a certificate names it; `path` with the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


_PORTS = {"https": 443, "http": 80}


def checked_url(url: str) -> str:
    """The URL as it is kept, if its form will do and so does the address in it, if it has one. No name is looked up:
    this may be called in a transaction. Raises InvalidRequest on `url`.
    """
    try:
        target = target_of(url)
        _check_literal(target.host)
    except AddressRefused as error:
        raise InvalidRequest.field("url", "invalid", str(error)) from error
    return target.scheme + url[len(target.scheme) :]


def look_up(url: str, *, resolve: Resolve | None = None, seconds: float = LOOK_UP_SECONDS) -> None:
    """Raises InvalidRequest on `url` where it may not be sent to as far as is known now. Within `seconds`; never
    called in a transaction, which would hold up everybody's relay as long as a name server likes.

    A name that isn't known by then is taken: it is looked up again before each attempt.
    """
    checked_url(url)
    if not _AT_ONCE.acquire(blocking=False):
        return
    try:
        addresses_within(target_of(url), seconds, resolve=resolve, ended=_AT_ONCE.release)
    except AddressRefused as error:
        raise InvalidRequest.field("url", "invalid", str(error)) from error
    except (OSError, UnicodeError):
        pass


def addresses_within(
    target: Target,
    seconds: float,
    *,
    resolve: Resolve | None = None,
    ended: Callable[[], None] = lambda: None,
) -> list[str]:
    """`addresses_of`, or TimeoutError after `seconds`: a resolver knows no limit, and is left behind in its thread.
    `ended`: called when it has ended, perhaps later.
    """
    found: list[Any] = []

    def look() -> None:
        try:
            found.append(addresses_of(target, resolve=resolve))
        except (OSError, UnicodeError, AddressRefused) as error:
            found.append(error)
        finally:
            ended()

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(seconds)
    if not found:
        raise TimeoutError
    if isinstance(found[0], Exception):
        raise found[0]
    addresses: list[str] = found[0]
    return addresses


def target_of(url: str) -> Target:
    """The parts of a URL. Raises AddressRefused where it is none of ours."""
    if len(url) > LONGEST_URL or not _PRINTABLE.fullmatch(url) or "\\" in url:
        raise AddressRefused(
            f"Send a URL of at most {LONGEST_URL} printable ASCII characters (names as xn--…), without spaces."
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefused("Send a URL such as https://example.com/hooks.") from error
    schemes = ("https", "http") if settings.WEBHOOKS_ALLOW_LOOPBACK else ("https",)
    if parts.scheme not in schemes:
        raise AddressRefused("Send a URL that begins with https://.")
    if "@" in parts.netloc:
        raise AddressRefused("Leave user name and password out of the URL: signatures prove who sends.")
    if "#" in url:
        raise AddressRefused("Leave the fragment (#…) out of the URL: it is never sent.")
    if port == 0:
        raise AddressRefused("Port 0 can't be sent to.")
    host = _checked_host(parts.hostname or "")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], path)


def addresses_of(target: Target, *, resolve: Resolve | None = None) -> list[str]:
    """The addresses of the host, at least one, all of which may be sent to.

    Raises AddressRefused where any may not, OSError where the name doesn't resolve. Whoever connects must
    connect to one of these, not to the name: it may mean another address the next time.
    """
    found = list(dict.fromkeys((resolve or resolve_name)(target.host, target.port)))
    if not found:
        raise OSError(f"{target.host} has no address.")
    for text in found:
        _check_public(target.host, text)
    return found


def _check_literal(host: str) -> None:
    try:
        ipaddress.ip_address(host.rstrip("."))
    except ValueError:
        return
    _check_public(host, host.rstrip("."))


def _check_public(host: str, address: str) -> None:
    if not may_send_to(ipaddress.ip_address(address)):
        raise AddressRefused(f"{host} is at {address}, which is not a public address: send to a public one.")


def may_send_to(address: Address) -> bool:
    """Whether that is a public address, or a loopback one where the settings allow it."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return may_send_to(address.ipv4_mapped)
        if address.is_loopback:
            return bool(settings.WEBHOOKS_ALLOW_LOOPBACK)
        return address in _GLOBAL_6 and not any(address in each for each in _REFUSED_6)
    if address.is_loopback:
        return bool(settings.WEBHOOKS_ALLOW_LOOPBACK)
    return not any(address in each for each in _REFUSED_4)


def resolve_name(host: str, port: int) -> list[str]:
    """What the system's resolver says, in its order. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(each[4][0]) for each in found]


def _checked_host(host: str) -> str:
    if ":" in host:
        try:
            address = IPv6Address(host)
        except ValueError as error:
            raise AddressRefused("The address in the URL is none.") from error
        if address.scope_id:
            raise AddressRefused("Leave the zone out of the address.")
        return str(address)
    if not _HOST.fullmatch(host):
        raise AddressRefused("The host in the URL is no name and no address.")
    # `2130706433`, `0x7f.1` and `0177.0.0.1` are addresses to a resolver, and look like none to a reader.
    if _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        try:
            IPv4Address(host)
        except ValueError as error:
            raise AddressRefused(
                "Write the address as four decimal numbers, 203.0.113.7, or name a host."
            ) from error
    return host
