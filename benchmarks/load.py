"""The load generator: a process of its own that keeps CLIENTS connections busy (a JSON order on stdin).

Raw sockets in one thread, so that it takes as little as possible of the cores that it measures. Each
connection sends its next request when its answer is there. Standard library only.
"""

import base64
import json
import random
import re
import secrets
import selectors
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

HOST = "127.0.0.1"
WARM_UP = 0.25  # seconds that are not counted
BATCH = 1000  # events
CARD_CASES = ("no card", "stamped")  # where there is a stamp program
ACTIONS = {"no mission": "looked", "one mission": "played", "five missions": "shared", "completes": "visited"}
DAYS = 28  # within the late window: "visited" completes a challenge once for each member and day
GIVE_UP = 30  # seconds to wait for an answer
_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)


@dataclass(slots=True)
class Client:
    """One kept-alive connection."""

    socket: socket.socket
    sent_at: float = 0.0
    received: bytearray = field(default_factory=bytearray)

    def send(self, request: bytes) -> None:
        self.received.clear()
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def answer(self) -> tuple[int, bytes] | None:
        """Read what is there: status and answer once it is whole. Raises ConnectionError."""
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the server closed a connection that it was to keep")
        self.received += data
        head = self.received.find(b"\r\n\r\n")
        length = _LENGTH.search(self.received, 0, head + 2) if head > 0 else None
        if head > 0 and length is None:
            raise ConnectionError("the answer has no Content-Length")
        if length is None or len(self.received) < head + 4 + int(length[1]):
            return None
        return int(self.received[9:12]), bytes(self.received[head + 4 :])


def main() -> None:
    order = json.load(sys.stdin)
    sys.stdout.write(json.dumps(run(order)) + "\n")


def run(order: dict[str, Any]) -> dict[str, Any]:
    """Keep the server busy for `seconds`; the latencies in seconds, and how long it took."""
    request = requests(order)
    clients = [
        Client(socket.create_connection((HOST, order["port"]), GIVE_UP)) for _ in range(order["clients"])
    ]
    with selectors.DefaultSelector() as ready:
        for client in clients:
            client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            ready.register(client.socket, selectors.EVENT_READ, client)
            client.send(request())
        began = time.perf_counter() + WARM_UP
        ends = began + order["seconds"]
        latencies = _until(ends, ready, request, began)
        elapsed = time.perf_counter() - began
        _drain(ready, len(clients))
    for client in clients:
        client.socket.close()
    return {"latencies": latencies, "elapsed": elapsed}


def _until(
    ends: float, ready: selectors.BaseSelector, request: Callable[[], bytes], began: float
) -> list[float]:
    """Send and receive until the time is over; every connection then still waits for one answer."""
    latencies: list[float] = []
    while True:
        events = ready.select(GIVE_UP)
        if not events:
            raise TimeoutError(f"no answer within {GIVE_UP} s")
        for key, _ in events:
            client: Client = key.data
            answer = client.answer()
            if answer is None:
                continue
            now = time.perf_counter()
            if answer[0] not in (200, 201):
                raise ConnectionError(f"status {answer[0]}: {answer[1][:300]!r}")
            if now >= began:
                latencies.append(now - client.sent_at)
            client.send(request())
        if latencies and time.perf_counter() >= ends:
            return latencies


def _drain(ready: selectors.BaseSelector, open_requests: int) -> None:
    """Let the server finish, so that nothing of this run falls into the next."""
    while open_requests:
        events = ready.select(GIVE_UP)
        if not events:
            return
        for key, _ in events:
            open_requests -= key.data.answer() is not None


def requests(order: dict[str, Any]) -> Callable[[], bytes]:
    """A function that makes the next request of the case."""
    key = order["card_key"] if order["case"] in (*CARD_CASES, *ACTIONS) else order["key"]
    head = f"HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {key}\r\nAccept: */*\r\n"
    random_member = random.Random().randint
    members, deep = order["members"], order["deep"]

    def read(path: str) -> bytes:
        return f"GET {path} {head}\r\n".encode()

    def write(path: str) -> bytes:
        body = f'{{"customer_id":"m-{random_member(1, members)}","points":1,"reason":"Purchase"}}'
        headers = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return f"POST {path} {head}{headers}Idempotency-Key: {secrets.token_hex(16)}\r\n\r\n{body}".encode()

    def post(path: str, body: str) -> bytes:
        headers = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        return f"POST {path} {head}{headers}\r\n{body}".encode()

    def redeem(reward: str) -> bytes:
        body = f'{{"customer_id":"m-{random_member(1, members)}","reward_id":"{reward}"}}'
        return post("/v1/points/redeem", body)

    def event(member: int, who: str = "m-") -> str:
        name, bought = secrets.token_hex(12), '{"amount":"10.00","currency":"GBP"}'
        return f'{{"event_id":"{name}","type":"purchase","member_id":"{who}{member}","data":{bought}}}'

    def buy(who: str) -> bytes:
        return post("/v1/events", event(random_member(1, order["cards"]), who))

    def batch() -> bytes:
        named = random.sample(range(1, members + 1), min(BATCH, members))
        return post("/v1/events/batch", f'{{"events":[{",".join(map(event, named))}]}}')

    def deep_page() -> bytes:
        # Somewhere in the older half, as a caller who follows next_cursor gets there.
        before = random_member(30, deep // 2)
        if order["target"] == "yardstick":
            return read(f"/v1/points?customer_id=deep&before={before}")
        cursor = json.dumps(["ledgerentry", before]).encode()
        text = base64.urlsafe_b64encode(cursor).decode().rstrip("=")
        return read(f"/v1/points?customer_id=deep&cursor={text}")

    return {
        "award": lambda: write("/v1/points/award"),
        "spend": lambda: write("/v1/points/redeem"),
        "balance": lambda: read(f"/v1/members/m-{random_member(1, members)}/balances"),
        "first page": lambda: read(f"/v1/points?customer_id=m-{random_member(1, members)}"),
        "deep page": deep_page,
        "event": lambda: post("/v1/events", event(random_member(1, members))),
        "no card": lambda: buy("u-"),
        "stamped": lambda: buy("c-"),
        "batch": batch,
        **dict.fromkeys(
            ACTIONS, lambda: post("/v1/events", _action(order["case"], random_member(1, order["cards"])))
        ),
        "reward": lambda: redeem("rwd_plain"),
        "stock": lambda: redeem("rwd_stock"),
        "pool": lambda: redeem("rwd_pool"),
    }[order["case"]]


def _action(case: str, member: int) -> str:
    """An event of one of the last days, at this time of the day."""
    at = time.gmtime(time.time() - 86400 * random.randint(0, DAYS))
    what = f'"type":"{ACTIONS[case]}","occurred_at":"{time.strftime("%Y-%m-%dT%H:%M:%SZ", at)}"'
    who = f'"event_id":"{secrets.token_hex(12)}","member_id":"c-{member}"'
    return f'{{{who},{what},"data":{{"place":"home"}}}}'


if __name__ == "__main__":
    main()
