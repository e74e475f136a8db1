"""A tenant's server, real, on this machine; and what the tests of webhooks share."""

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.db import connection
from django.utils import timezone
from standardwebhooks import Webhook

from audit.models import AuditEvent, WebhookDelivery, WebhookEndpoint, WebhookRelay
from audit.record import Place, record
from audit.webhooks.endpoints import create_endpoint
from audit.webhooks.relay import relay
from loyalty.queries.webhooks import TENANTS
from programs.actions.configure import place_of
from programs.models import Environment
from tests.factories import make_actor

Answering = Callable[[BaseHTTPRequestHandler], None]


@dataclass(frozen=True)
class Request:
    path: str
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:
        return json.loads(self.text)

    def verified(self, secret: str) -> Any:
        """The body, as the receivers' own library sees it. Raises where the signature is not of this secret."""
        return Webhook(secret).verify(self.text, dict(self.headers))


@dataclass
class Receiver:
    """Answers 200, or as `answers` say, one for each request."""

    answers: list[Answering] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    port: int = 0
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hooks?tenant=1"

    def ids(self) -> list[str]:
        return [request.headers["webhook-id"] for request in self.requests]


def status(code: int, text: str = "", **headers: str) -> Answering:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in ({"Content-Length": str(len(text.encode()))} | headers).items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(text.encode())

    return answer


def drop(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection without a word."""
    handler.connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def receiving(*answers: Answering) -> Iterator[Receiver]:
    receiver = Receiver(list(answers))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            receiver.requests.append(
                Request(self.path, {k.lower(): v for k, v in self.headers.items()}, text)
            )
            answer = receiver.answers.pop(0) if receiver.answers else status(200, "ok")
            answer(self)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        server.server_close()


def hang(receiver: Receiver) -> Answering:
    """Not a byte until the receiver ends."""

    def answer(_: BaseHTTPRequestHandler) -> None:
        receiver.released.wait(60)

    return answer


def make_endpoint(
    environment: Environment, url: str, *event_types: str, now: Any = None
) -> tuple[WebhookEndpoint, str]:
    return create_endpoint(
        place=place_of(environment),
        url=url,
        event_types=event_types or ["*"],
        actor=make_actor(),
        now=now or timezone.now(),
    )


def happen(environment: Environment, verb: str = "points.earned", **fields: Any) -> AuditEvent:
    """An audit event of the environment."""
    return record(
        **{
            "place": place_of(environment),
            "actor": make_actor(),
            "verb": verb,
            "object_type": "thing",
            "object_id": "thing-1",
            **fields,
        }
    )


def happen_nowhere(verb: str = "project.created") -> AuditEvent:
    return record(place=Place(), actor=make_actor(), verb=verb, object_type="thing", object_id="1")


def present_transaction() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        number: int = cursor.fetchone()[0]
    return number


def relay_all(now: Any) -> int:
    """Everything that was written until here, also by the test's own transaction, which may go on to write."""
    present = present_transaction()
    last = AuditEvent.objects.order_by("-id").values_list("pk", flat=True).first()
    count = relay(tenants=TENANTS, now=now, horizon=present + 1)
    WebhookRelay.objects.update(transaction=str(present), event_id=last)
    return count


def deliveries(environment: Environment) -> list[WebhookDelivery]:
    rows = WebhookDelivery.objects.filter(environment_id=environment.pk)
    return list(rows.order_by("id"))
