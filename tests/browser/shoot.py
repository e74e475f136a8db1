"""Pictures of every page type, to be looked at by a person: `DEBUG=on .venv/bin/python -m tests.browser.shoot --help`.

They are of what is in the database (`make demo` fills it), of the newest object of each kind.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django
from playwright.sync_api import Error

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("LOG_LEVEL", "WARNING")
django.setup()

from django.conf import settings  # noqa: E402 - Django has to be set up before its parts are imported
from django.contrib.admin import site  # noqa: E402
from django.contrib.auth.models import User  # noqa: E402
from django.db.models import Model  # noqa: E402
from django.urls import reverse  # noqa: E402

from programs.models import Environment  # noqa: E402
from tests.browser.addresses import Address, pages  # noqa: E402
from tests.browser.chromium import Chromium, aside  # noqa: E402
from tests.browser.conftest import make_visitor, sign_in  # noqa: E402
from tests.browser.look import show  # noqa: E402
from tests.browser.visitor import THEMES, WIDTHS, Visitor  # noqa: E402
from tests.sdk.live import live_server  # noqa: E402

SHOTS = Path(settings.DATA_DIR) / "shots"


def main() -> None:
    given = _arguments()
    environment = _environment(given.project, given.kind)
    wanted = [page for page in pages() if not given.only or any(part in page.name for part in given.only)]
    paths = [(page.name, path) for page in wanted for path in _paths(page, environment)]
    paths += [(f"path-{number}", path) for number, path in enumerate(given.path)]
    SHOTS.mkdir(parents=True, exist_ok=True)
    with live_server() as live, _chromium() as chromium:
        chromium.run(_shoot, chromium, live.url, environment, paths)
    sys.stdout.write(f"{len(paths)} pages are in {SHOTS}\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=[], help="page types whose names hold one of these")
    parser.add_argument("--path", nargs="*", default=[], help="these paths too, such as /console/find/?q=x")
    parser.add_argument("--project", default="", help="the name of a project; the newest unless told")
    parser.add_argument("--kind", default="sandbox", choices=["sandbox", "live"])
    return parser.parse_args()


def _environment(project: str, kind: str) -> Environment:
    found = Environment.objects.filter(kind=kind, archived_at__isnull=True, project__name__contains=project)
    return found.select_related("project__organization__plan").order_by("-pk")[0]


@contextmanager
def _chromium() -> Iterator[Chromium]:
    made = Chromium()
    try:
        yield made
    finally:
        made.close()


def _paths(page: Address, environment: Environment) -> Iterator[str]:
    """The page's address, of the newest row if it is of one; none where there is no row."""
    if not page.of_row:
        yield reverse(f"admin:{page.name}")
    elif page.model and (row := _newest(page.model, environment)):
        yield reverse(f"admin:{page.name}", args=[row.pk])


def _newest(model: type[Model], environment: Environment) -> Any:
    scope = getattr(site._registry[model], "scope")(environment)  # noqa: B009 - every page here is of a tenant
    return model._default_manager.filter(scope).order_by("-pk").first()


def _shoot(chromium: Chromium, url: str, environment: Environment, paths: list[tuple[str, str]]) -> None:
    visitor = make_visitor(chromium, url, width=1280, theme="light")
    visitor.carry(*aside(sign_in, environment, "owner", aside(_a_superuser)))
    for name, path in paths:
        try:
            visitor.page.goto(f"{url}{path}")
            visitor.hold_still()
            _pictures(visitor, name)
        except Error as error:
            sys.stdout.write(f"{name}: {error}\n")
        for wrong in dict.fromkeys(visitor.wrong):
            sys.stdout.write(f"{wrong}\n")
        visitor.wrong.clear()


def _a_superuser() -> User:
    """Who may see every page; without a password, so nobody logs in as them."""
    return User.objects.get_or_create(
        username="shoot", defaults={"is_staff": True, "is_superuser": True, "password": "!"}
    )[0]


def _pictures(visitor: Visitor, name: str) -> None:
    for width in WIDTHS:
        for theme in THEMES:
            show(visitor, width, theme)
            visitor.page.screenshot(path=SHOTS / f"{name}-{width}-{theme}.png", full_page=True)


if __name__ == "__main__":
    main()
