"""A server, a browser and its visitors."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from django.conf import settings
from django.test import Client

from programs.admin.base import SESSION_KEY
from programs.models import Environment
from tests import factories
from tests.api.audience.browser import CHROMIUM
from tests.browser.chromium import Chromium, aside
from tests.browser.visitor import WIDTHS, Visitor
from tests.sdk.live import live_server

Visit = Callable[..., Visitor]
FAILED = Path(settings.DATA_DIR) / "shots" / "failed"


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """The body of a test with visitors runs in the browser's thread; it fails too for what they noted."""
    if "visit" not in pyfuncitem.fixturenames:
        return None
    visitors = cast("list[Visitor]", pyfuncitem.funcargs["_visitors"])
    given = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}

    def body() -> None:
        try:
            pyfuncitem.obj(**given)
            for visitor in visitors:
                visitor.complain()
        except BaseException:
            _photograph(visitors, pyfuncitem.name)
            raise

    cast("Chromium", pyfuncitem.funcargs["chromium"]).run(body)
    return True


def _photograph(visitors: list[Visitor], name: str) -> None:
    """What each saw last, in .data/shots/failed."""
    FAILED.mkdir(parents=True, exist_ok=True)
    for number, visitor in enumerate(visitors):
        safe = "".join(letter if letter.isalnum() else "-" for letter in name)
        visitor.page.screenshot(path=FAILED / f"{safe}-{number}.png", full_page=True)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    if not CHROMIUM:
        pytest.skip("There is no Chromium (Debian: apt-get install chromium).")
    made = Chromium()
    yield made
    made.close()


@pytest.fixture(scope="session")
def server(test_database: None) -> Iterator[str]:
    """The URL of the engine, in this process and its test database, with its static files."""
    with live_server() as live:
        yield live.url


@pytest.fixture
def _visitors(chromium: Chromium) -> Iterator[list[Visitor]]:
    made: list[Visitor] = []
    yield made
    for visitor in made:
        if not visitor.stays:
            chromium.run(visitor.context.close)


@pytest.fixture
def visit(committed: None, chromium: Chromium, server: str, _visitors: list[Visitor]) -> Iterator[Visit]:
    """`visit("support", environment, width=390, theme="dark")`: somebody new with that role, logged in, in that
    environment; `visit()`: somebody who is not logged in yet. `user`: this one, instead of somebody new."""

    requests = logging.getLogger("django_structlog")
    level = requests.level
    requests.setLevel(logging.WARNING)  # three lines for each file of a page would bury what failed

    def enter(
        role: str = "",
        environment: Environment | None = None,
        *,
        width: int = 1280,
        theme: str = "light",
        user: Any = None,
    ) -> Visitor:
        visitor = make_visitor(chromium, server, width=width, theme=theme)
        _visitors.append(visitor)
        if environment is not None:
            visitor.carry(*aside(sign_in, environment, role, user))
        return visitor

    yield enter
    requests.setLevel(level)


def make_visitor(chromium: Chromium, url: str, *, width: int, theme: str) -> Visitor:
    """In the browser's thread."""
    context = chromium.browser.new_context(
        viewport={"width": width, "height": WIDTHS[width]},
        color_scheme="dark" if theme == "dark" else "light",
        locale="en-GB",
        reduced_motion="reduce",
        accept_downloads=True,
    )
    context.set_default_timeout(10_000)  # milliseconds
    return Visitor(context, url)


def sign_in(environment: Environment, role: str, user: Any = None) -> tuple[str, str]:
    """A session in the environment: its cookie's value and the name of who has it. Not in the browser's thread."""
    user = user or factories.make_staff(environment.project, role)
    client = Client()
    client.force_login(user)
    session = client.session
    session[SESSION_KEY] = str(environment.pk)  # as the switcher does
    session.save()
    return client.cookies[settings.SESSION_COOKIE_NAME].value, str(user.get_username())
