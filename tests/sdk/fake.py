"""A server that answers what a test tells it to, and remembers what it was asked."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def key(self) -> str | None:
        return self.headers.get("idempotency-key")


@dataclass
class Answer:
    """One answer. `breaks`: the connection is closed instead; `cut`: so many bytes are promised and never come;
    `delay`: seconds before it."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    breaks: bool = False
    cut: int = 0
    delay: float = 0


class Fake:
    """Answers in the order of `answers`; the last one again and again."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers = [Answer()]
        self.asked: list[Asked] = []
        self._lock = threading.Lock()

    def will(self, *answers: Answer) -> None:
        self.answers = list(answers)

    def next(self, asked: Asked) -> Answer:
        with self._lock:
            self.asked.append(asked)
            return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


def refusal(code: str, status: int, headers: dict[str, str] | None = None, **data: Any) -> Answer:
    """A problem as the engine words it."""
    problem = {
        "type": f"https://docs.example/{code}",
        "title": "T",
        "status": status,
        "code": code,
        "detail": "A sentence.",
        "request_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        "errors": [],
        **data,
        "error": {"code": code, "message": "A sentence."},
    }
    return Answer(status, problem, headers or {})


@contextmanager
def fake_server() -> Iterator[Fake]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            told = fake.next(Asked(self.command, self.path, headers, body))
            time.sleep(told.delay)
            if told.breaks:
                self.close_connection = True
                return
            text = told.body if isinstance(told.body, bytes) else json.dumps(told.body).encode()
            try:
                self.send_response(told.status)
                for name, value in told.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text) + told.cut))
                self.end_headers()
                self.wfile.write(text)
                self.close_connection = self.close_connection or told.cut > 0
            except OSError:  # the caller had enough of waiting
                self.close_connection = True

        do_GET = do_POST = do_PATCH = do_DELETE = answer  # noqa: N815 - the names of its hooks

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        fake = Fake(f"http://127.0.0.1:{server.server_address[1]}")
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield fake
        finally:
            server.shutdown()
