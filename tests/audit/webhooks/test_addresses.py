"""Nothing is sent but to public addresses, whatever is written into a URL and whatever name servers say."""

import threading
from collections.abc import Sequence
from typing import Any

import pytest

from audit.errors import InvalidRequest
from audit.webhooks.addresses import AddressRefused, Resolve, checked_url, look_up, target_of
from audit.webhooks.posting import NotSent, post

PUBLIC = "93.184.215.14"


def says(*addresses: str) -> Resolve:
    return lambda host, port: list(addresses)


@pytest.fixture(autouse=True)
def _public_only(settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_LOOPBACK = False


HOSTILE = {
    "decimal": "https://2130706433/",
    "decimal of a public address": "https://134744072/",
    "hex": "https://0x7f000001/",
    "hex in parts": "https://0x7f.0.0.1/",
    "octal": "https://0177.0.0.1/",
    "short": "https://127.1/",
    "short with a stop": "https://127.1./",
    "loopback": "https://127.0.0.1/",
    "loopback by name": "https://localhost/",
    "nobody": "https://0.0.0.0/",
    "private": "https://10.1.2.3/",
    "private b": "https://172.31.0.1/",
    "private c": "https://192.168.0.1:8443/",
    "link-local": "https://169.254.1.1/",
    "metadata": "https://169.254.169.254/latest/meta-data/",
    "metadata of Azure": "https://168.63.129.16/",
    "carrier-grade NAT": "https://100.64.0.1/",
    "documentation": "https://203.0.113.7/",
    "multicast": "https://224.0.0.1/",
    "reserved": "https://240.0.0.1/",
    "broadcast": "https://255.255.255.255/",
    "loopback 6": "https://[::1]/",
    "mapped": "https://[::ffff:127.0.0.1]/",
    "mapped in hex": "https://[::ffff:a9fe:a9fe]/",
    "compatible": "https://[::127.0.0.1]/",
    "NAT64": "https://[64:ff9b::7f00:1]/",
    "NAT64 of one's own": "https://[64:ff9b:1::7f00:1]/",
    "6to4": "https://[2002:7f00:1::]/",
    "Teredo": "https://[2001:0:7f00:1::]/",
    "unique local": "https://[fd00:ec2::254]/",
    "site-local": "https://[fec0::1]/",
    "link-local 6": "https://[fe80::1]/",
    "with a zone": "https://[fe80::1%25eth0]/",
    "multicast 6": "https://[ff02::1]/",
    "http": "http://example.com/",
    "another scheme": "gopher://example.com/",
    "a file": "file:///etc/passwd",
    "no scheme": "//example.com/",
    "no host": "https:///hooks",
    "userinfo": "https://public.example@127.0.0.1/",
    "a user": "https://user@example.com/",
    "a fragment": "https://example.com/#x",
    "an empty fragment": "https://example.com/#",
    "a backslash": "https://example.com\\@127.0.0.1/",
    "a space": "https://example.com/ x",
    "a line": "https://example.com/\r\nHost: 127.0.0.1",
    "a tab": "https://exam\tple.com/",
    "letters that look like others": "https://１２７.0.0.1/",
    "an unfinished address": "https://[::1/",
    "port 0": "https://example.com:0/",
    "a large port": "https://example.com:99999/",
    "an empty label": "https://example..com/",
    "too long": "https://example.com/" + "x" * 2_000,
}


@pytest.mark.parametrize("url", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_url_is_refused_when_it_is_saved_and_when_it_is_sent_to(url: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        look_up(url)
    assert [error.field for error in refusal.value.errors] == ["url"]
    with pytest.raises(AddressRefused):
        post(url, "{}", {})


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], [PUBLIC, "10.0.0.1"], ["2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:10.0.0.1"]],
    ids=["private", "public and private", "public and mapped"],
)
def test_a_name_of_which_any_address_is_private_is_refused(addresses: Sequence[str]) -> None:
    with pytest.raises(InvalidRequest):
        look_up("https://hooks.example/", resolve=says(*addresses))
    with pytest.raises(AddressRefused):
        post("https://hooks.example/", "{}", {}, resolve=says(*addresses))


def test_a_name_that_was_public_when_saved_and_is_private_when_sent_to_is_refused() -> None:
    answers = iter([[PUBLIC], ["127.0.0.1"]])

    def rebound(host: str, port: int) -> list[str]:
        return next(answers)

    url = "https://hooks.example/"
    look_up(url, resolve=rebound)
    with pytest.raises(AddressRefused, match=r"hooks.example is at 127\.0\.0\.1"):
        post(url, "{}", {}, resolve=rebound)


def test_what_was_looked_up_is_what_is_connected_to(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def connect(address: tuple[str, int], timeout: float) -> Any:
        asked.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr("audit.webhooks.posting.socket.create_connection", connect)
    addresses = [PUBLIC, "2606:2800:21f:cb07:6820:80da:af6b:8b2c"]
    with pytest.raises(NotSent, match="Could not connect: Connection refused"):
        post("https://hooks.example:8443/", "{}", {}, resolve=says(*addresses))
    assert asked == [(address, 8443) for address in addresses]


def test_a_name_that_does_not_resolve_is_taken_and_then_not_sent_to() -> None:
    def unknown(host: str, port: int) -> list[str]:
        raise OSError("Name or service not known")

    look_up("https://later.example/x", resolve=unknown)
    with pytest.raises(NotSent, match=r"later\.example is not known"):
        post("https://later.example/x", "{}", {}, resolve=unknown)


def test_a_name_server_that_hangs_ends_with_the_time() -> None:
    answering, left = threading.Event(), []

    def slow(host: str, port: int) -> list[str]:
        left.append(threading.current_thread())
        answering.wait(60)
        return ["127.0.0.1"]

    with pytest.raises(NotSent, match=r"within 0\.05 seconds"):
        post("https://hooks.example/", "{}", {}, seconds=0.05, resolve=slow)
    look_up("https://hooks.example/", seconds=0.05, resolve=slow)  # not known yet: it is taken
    assert [thread.is_alive() for thread in left] == [True, True]
    answering.set()


@pytest.mark.parametrize("url", ["https://10.1.2.3/", "https://[::ffff:10.0.0.1]/", "https://127.0.0.1./"])
def test_an_address_is_refused_without_a_name_server(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("audit.webhooks.addresses.resolve_name")
    with pytest.raises(InvalidRequest):
        checked_url(url)
    assert checked_url("HTTPS://Hooks.example/A") == "https://Hooks.example/A"  # as the database wants it


def test_loopback_and_http_are_allowed_by_the_setting_alone_and_nothing_else_is(settings: Any) -> None:
    settings.WEBHOOKS_ALLOW_LOOPBACK = True
    for url in ("http://127.0.0.1:8000/x", "http://[::1]:8000/x", "https://localhost/x"):
        look_up(url, resolve=says("127.0.0.1"))
        assert checked_url(url) == url
    for url in ("http://10.0.0.1/", "http://169.254.169.254/", "http://2130706433/"):
        with pytest.raises(InvalidRequest):
            checked_url(url)


def test_a_url_is_taken_apart() -> None:
    target = target_of("https://Hooks.Example:8443/a/b?c=d&e=%20")
    assert (target.host, target.port, target.path) == ("hooks.example", 8443, "/a/b?c=d&e=%20")
    assert target.host_header == "hooks.example:8443"
    assert target_of("https://hooks.example").path == "/"
    assert target_of("https://hooks.example?x=1").path == "/?x=1"
    assert target_of("https://[2606:2800:21f::1]/").host_header == "[2606:2800:21f::1]"
