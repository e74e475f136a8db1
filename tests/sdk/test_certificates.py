"""A certificate that is not valid is told at once; a connection that breaks in between is tried again."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import loyalty_engine_client as library
from loyalty_engine_client import Client
from tests.sdk import node

SCRIPT = """
const { Client } = await import(process.env.LIBRARY);
let waits = 0;
const loyalpro = new Client("sk", { baseUrl: process.env.URL, sleep: async () => { waits++; } });
await loyalpro.points.award({ customer_id: "ada", points: 1 }).catch((error) => {
  console.log(JSON.stringify([error.name, error.code, waits]));
});
"""


@contextmanager
def met(treat: Callable[[socket.socket], None]) -> Iterator[str]:
    """The address of a server that treats each connection so, and closes it."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.05)
        over = threading.Event()

        def serve() -> None:
            while not over.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    connection.settimeout(60)
                    treat(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.getsockname()[1]}"
        finally:
            over.set()
            thread.join()


def hangs_up(connection: socket.socket) -> None:
    connection.recv(4096)  # the greeting of TLS


@pytest.fixture
def untrusted(tmp_path: Path) -> Iterator[str]:
    """The address of a server whose certificate is signed by nobody but itself."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string("CN=127.0.0.1")
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)

    def greet(connection: socket.socket) -> None:
        with suppress(OSError):  # the caller turns away
            context.wrap_socket(connection, server_side=True).recv(1)

    with met(greet) as url:
        yield url


def by_python(url: str) -> tuple[type, int]:
    waits: list[float] = []
    with Client("sk", base_url=url, sleep=waits.append) as client:
        with pytest.raises(library.LoyaltyError) as caught:
            client.points.award(customer_id="ada", points=1)
        return type(caught.value), len(waits)


def test_python_tells_a_certificate_that_is_not_valid_and_does_not_try_again(untrusted: str) -> None:
    assert by_python(untrusted) == (library.InsecureConnectionError, 0)


def test_javascript_does_the_same(untrusted: str) -> None:
    assert node.lines_of(SCRIPT, URL=untrusted) == [["InsecureConnectionError", "insecure_connection", 0]]


def test_python_tries_again_where_the_greeting_broke_off() -> None:
    with met(hangs_up) as url:
        assert by_python(url) == (library.NoAnswerError, 4)


def test_javascript_tries_again_as_well() -> None:
    with met(hangs_up) as url:
        assert node.lines_of(SCRIPT, URL=url) == [["NoAnswerError", "no_answer", 4]]
