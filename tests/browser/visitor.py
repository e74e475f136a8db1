"""Somebody of the staff at a browser, watched: what a page does wrong is noted, whoever looks at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, Response

from tests.browser import axe

WIDTHS = {1280: 900, 390: 844}  # a desk's and a phone's, with their heights
THEMES = ("light", "dark")
# Nothing moves while a page is looked at; a style sheet made so is let through by every policy.
_STILL = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync('*, ::before, ::after { transition: none !important; animation: none !important }');
    document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
}"""


class Visitor:
    """`page`: Playwright's. `wrong`: what was noted so far. `url`: the server's, without a slash at its end."""

    def __init__(self, context: BrowserContext, url: str, name: str = "") -> None:
        self.context, self.url, self.name = context, url, name
        self.wrong: list[str] = []
        self.stays = False  # for the next test too
        self._expected: set[int] = set()
        context.on("request", self._asked)
        context.on("response", self._answered)
        context.on("console", self._said)
        context.on("weberror", lambda error: self.note(f"script failed: {error.error}"))
        self.page: Page = context.new_page()

    def open(self, address: str, *arguments: Any) -> Page:
        """A path (`/console/…`), or the name of one of the console's addresses with its arguments."""
        path = address if address.startswith("/") else reverse(f"admin:{address}", args=arguments)
        self.page.goto(f"{self.url}{path}", wait_until="load")
        return self.page

    def carry(self, session: str, name: str) -> None:
        """Be logged in as `name` by this session's cookie."""
        self.name = name
        self.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": self.url}])

    def log_in(self, username: str, password: str) -> None:
        """By the form, as a person does."""
        self.open("login")
        self.page.get_by_label("Username").fill(username)
        self.page.get_by_label("Password").fill(password)
        self.follow(self.page.get_by_role("button", name="Log in"))

    def follow(self, way: Locator) -> None:
        """Click what leads to another page, and stand on it, loaded: a click alone returns on the page before."""
        with self.page.expect_navigation():
            way.click()

    def choose(self, entry: str) -> None:
        """Press an entry of the sidebar, which has to be opened first where the screen is narrow."""
        if self.page.get_by_role("navigation", name="Console").count() == 0:
            self.page.get_by_role("button", name="Menu", exact=True).click()
        links = self.page.get_by_role("navigation", name="Console").get_by_role("link")
        self.follow(links.filter(has=self.page.get_by_text(entry, exact=True)))

    @contextmanager
    def expecting(self, *statuses: int) -> Iterator[None]:
        """Answers of these statuses are what the test wants."""
        before, self._expected = self._expected, self._expected | set(statuses)
        try:
            yield
        finally:
            self._expected = before

    def hold_still(self) -> None:
        """No transition and no animation on this page any more: colours are what they will be."""
        self.page.evaluate(_STILL)

    def check_access(self, *, only: tuple[str, ...] = ()) -> None:
        """Note what keeps people out of the page as it stands (axe-core, where it is installed)."""
        self.page.wait_for_load_state()
        self.hold_still()
        self.note(*axe.violations(self.page, only=only))

    def told(self) -> list[str]:
        """What was noted so far; it is told once."""
        found, self.wrong = self.wrong, []
        return list(dict.fromkeys(found))

    def complain(self) -> None:
        """Fail, if anything was wrong that was not told yet."""
        found = self.told()
        assert not found, "\n" + "\n".join(found)

    def note(self, *faults: str) -> None:
        """Of the page as it stands."""
        self.wrong += [f"{self._where()}: {each}" for each in faults]

    # -- what is watched

    def _where(self) -> str:
        size = self.page.viewport_size if hasattr(self, "page") else None
        return f"{self.page.url.removeprefix(self.url)} at {size['width'] if size else '?'}"

    def _asked(self, request: Request) -> None:
        if request.url.startswith(("data:", "blob:")):
            return
        if urlsplit(request.url).netloc != urlsplit(self.url).netloc:
            self.note(f"asks another host: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._expected:
            self.note(f"{response.status} from {response.request.method} {response.url}")

    def _said(self, message: ConsoleMessage) -> None:
        """Errors, among them each thing that the Content-Security-Policy held back."""
        told_by_status = message.text.startswith("Failed to load resource: the server responded")
        if message.type in ("error", "warning") and not told_by_status:
            self.note(f"console {message.type}: {message.text} ({message.location.get('url', '')})")
