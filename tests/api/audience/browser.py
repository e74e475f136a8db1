"""A real browser, with a page of an origin of its own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from playwright.sync_api import sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# What a page gets to see of each answer; of one that the browser keeps from it, only that it failed.
_FETCH = """async calls => {
    const found = [];
    for (const {url, ...options} of calls) {
        try {
            const answer = await fetch(url, options);
            found.push({
                status: answer.status,
                headers: Object.fromEntries(answer.headers),
                body: await answer.text(),
            });
        } catch (error) {
            found.push({failed: String(error)});
        }
    }
    return found;
}"""


class _Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>The app</title>")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def pages() -> Iterator[int]:
    """A web server with one page; its port, on 127.0.0.1."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Page)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def fetched(calls_by_origin: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """What a page of each origin got for its calls. Not for the ORM: an event loop runs meanwhile."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"], timeout=60_000
        )
        try:
            found = {}
            for origin, calls in calls_by_origin.items():
                page = browser.new_page()
                page.goto(f"{origin}/", timeout=60_000)
                found[origin] = page.evaluate(_FETCH, calls)
            return found
        finally:
            browser.close()
