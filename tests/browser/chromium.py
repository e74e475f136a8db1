"""One Chromium a process, in a thread of its own: Playwright's interface runs an event loop, and beside one Django
refuses its ORM. Fixtures run as ever; the body of a test that has `visit` runs in the browser's thread, and
reaches the database by `aside`."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import connections
from playwright.sync_api import Browser, Playwright, expect, sync_playwright

from tests.api.audience.browser import CHROMIUM

P = ParamSpec("P")
R = TypeVar("R")
PATIENCE = 60_000  # milliseconds: a busy machine is no fault of a page
_ARGUMENTS = (
    "--no-sandbox",
    # What a page asks of another host fails, and is told: nothing leaves the machine.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--disable-dev-shm-usage",
    "--font-render-hinting=none",
)


class Chromium:
    """`run` does a thing in the browser's thread and gives what it returned or raised."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="browser")
        self._playwright: Playwright = self.run(lambda: sync_playwright().start())
        self.browser: Browser = self.run(
            self._playwright.chromium.launch, executable_path=CHROMIUM, args=_ARGUMENTS, timeout=PATIENCE
        )
        expect.set_options(timeout=PATIENCE)

    def run(self, do: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        return self._thread.submit(do, *args, **kwargs).result()

    def close(self) -> None:
        self.run(self.browser.close)
        self.run(self._playwright.stop)
        self._thread.shutdown()


def aside(do: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Do it in a thread where the ORM may be used; its connection is closed after it."""

    def done() -> R:
        try:
            return do(*args, **kwargs)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(done).result()
