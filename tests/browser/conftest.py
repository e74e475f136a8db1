"""A server, a browser and its visitors."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client

from programs.admin.base import SESSION_KEY
from programs.models import Environment
from tests import factories
from tests.api.audience.browser import CHROMIUM
from tests.browser.chromium import PATIENCE, Chromium, aside
from tests.browser.visitor import WIDTHS, Visitor
from tests.console.tenants import Tenant, furnish
from tests.sdk.live import live_server

Visit = Callable[..., Visitor]
FAILED = Path(settings.DATA_DIR) / "shots" / "failed"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Last of all: what they write stays, and other tests may count on an empty table."""
    items.sort(key=lambda item: Path(__file__).parent in item.path.parents)


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
    context.set_default_timeout(PATIENCE)
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


@pytest.fixture(scope="session")
def world(test_database: None, django_db_blocker: Any) -> Tenant:
    """A tenant with something on every page; once a process."""
    with django_db_blocker.unblock():
        made = furnish(f"w{uuid4().hex[:6]}")
        connections.close_all()
    return made


@pytest.fixture(scope="session")
def _owner(world: Tenant, chromium: Chromium, server: str, django_db_blocker: Any) -> Visitor:
    visitor: Visitor = chromium.run(make_visitor, chromium, server, width=1280, theme="light")
    with django_db_blocker.unblock():
        chromium.run(visitor.carry, *sign_in(world.environment, "owner"))
        connections.close_all()
    visitor.stays = True
    return visitor


@pytest.fixture
def owner(visit: Visit, _visitors: list[Visitor], _owner: Visitor) -> Visitor:
    """One owner for all pages, so that their browser has the styles and scripts already."""
    _visitors.append(_owner)
    return _owner
