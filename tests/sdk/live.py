"""The engine itself on a port, in the test's process and database; answers can be lost on their way."""

import random
import socket
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

from config.wsgi import application


class _Handler(WSGIRequestHandler):
    def get_environ(self) -> dict[str, Any]:
        return {**super().get_environ(), "live.connection": self.connection}

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class _Server(ThreadedWSGIServer):
    daemon_threads = False  # they are waited for, so that none keeps a connection to the database
    request_queue_size = 128

    def __init__(self) -> None:
        self.open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def close_request(self, request: Any) -> None:
        self.open.discard(request)
        super().close_request(request)


class Live:
    """`url`; `losing`: the share of answers to writes that get lost once the work is done; `lost`: how many were."""

    def __init__(self, server: _Server) -> None:
        self.url = f"http://127.0.0.1:{server.server_port}"
        self.losing = 0.0
        self.lost = 0
        self._random = random.Random(5)
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "GET" or not self._loses():
            return application(environ, start_response)
        answer = application(environ, lambda *_: lambda _: None)
        b"".join(answer)
        answer.close()  # type: ignore[attr-defined]  # Django's responses have it
        environ["live.connection"].shutdown(socket.SHUT_RDWR)
        raise BrokenPipeError

    def _loses(self) -> bool:
        with self._lock:
            loses = self._random.random() < self.losing
            self.lost += loses
            return loses


@contextmanager
def live_server() -> Iterator[Live]:
    server = _Server()
    live = Live(server)
    server.set_app(live)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield live
    finally:
        server.shutdown()
        for connection in list(server.open):  # those kept alive
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        server.server_close()
        thread.join()
