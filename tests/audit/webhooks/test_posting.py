"""A post ends within its time and takes a bounded answer, whatever the server does."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from audit.webhooks.posting import NotSent, post
from tests.audit.webhooks.receiver import receiving, status


@contextmanager
def raw(*pieces: bytes, each: float = 0.0, forever: bool = False) -> Iterator[str]:
    """A server that sends these bytes, one piece after the other, whatever it is asked."""
    ended = threading.Event()
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            connection, _ = listening.accept()
            with connection:
                connection.recv(65_536)
                while not ended.is_set():
                    for piece in pieces:
                        connection.sendall(piece)
                        if ended.wait(each):
                            return
                    if not forever:
                        return
        except OSError:
            pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
    finally:
        ended.set()
        listening.close()
        thread.join(2)


@pytest.mark.parametrize(
    "pieces",
    [[b"H"], [b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"], [b"HTTP/1.1 100 Continue\r\n\r\n"]],
    ids=["a letter", "headers", "continue"],
)
def test_a_server_that_drips_is_left_when_the_time_is_over(pieces: list[bytes]) -> None:
    with (
        raw(*pieces, each=0.02, forever=True) as url,
        pytest.raises(NotSent, match=r"within 0.2 seconds|no HTTP"),
    ):
        post(url, "{}", {}, seconds=0.2)  # it never ends by itself


def test_a_body_that_drips_is_no_success() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"
    with raw(head, *[b"x"] * 400, each=0.02) as url, pytest.raises(NotSent, match=r"within 0.2 seconds"):
        post(url, "{}", {}, seconds=0.2)


@pytest.mark.parametrize(
    ("sent", "forever"),
    [
        (b"not http at all\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", False),
        (b"a" * 65_536, True),
    ],
    ids=["another protocol", "cut off", "an endless line"],
)
def test_what_is_no_whole_answer_is_none(sent: bytes, forever: bool) -> None:
    with (
        raw(sent, forever=forever) as url,
        pytest.raises(NotSent, match=r"no HTTP, or was cut off|without end"),
    ):
        post(url, "{}", {}, seconds=60)


def test_of_a_large_answer_the_beginning_is_read() -> None:
    with raw(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65_536, forever=True) as url:
        assert post(url, "{}", {}, seconds=60).text == "x" * 65_536


def test_a_redirect_is_an_answer_and_no_more() -> None:
    with receiving() as other, receiving(status(307, Location=other.url)) as receiver:
        answer = post(receiver.url, "{}", {"webhook-id": "aud_1"}, seconds=60)
    assert (answer.status, len(receiver.requests), other.requests) == (307, 1, [])
    headers = receiver.requests[0].headers
    assert (headers["webhook-id"], headers["content-type"]) == ("aud_1", "application/json")
    assert headers["host"] == f"127.0.0.1:{receiver.port}"
    assert "authorization" not in headers


def test_a_certificate_that_is_not_trusted_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with raw(b"plain words") as url, pytest.raises(NotSent, match="No TLS"):
        post(url.replace("http:", "https:"), "{}", {}, seconds=60)
