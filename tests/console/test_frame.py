"""Every page of the console can be read by a screen reader and holds nothing that the content policy stops.

Pages are taken from the registry, as in test_isolation, so a new one is covered by itself.
"""

from typing import Any

import pytest
from django.contrib.admin import site
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from programs.models import Environment
from tests import factories
from tests.console.pages import read
from tests.console.tenants import Tenant, furnish, registered

pytestmark = pytest.mark.django_db

PAGES = [
    (model, pattern.name, "object_id" in str(pattern.pattern))
    for model in registered()
    for pattern in site._registry[model].get_urls()
    if pattern.name and ("object_id" in str(pattern.pattern) or "<" not in str(pattern.pattern))
]


@pytest.fixture(scope="module")
def _ours(module_data: None) -> Tenant:
    return furnish("ours")


@pytest.fixture
def ours(_ours: Tenant, db: None, fresh_snapshots: None) -> Tenant:
    return _ours


def _id(value: Any) -> str:
    return str(value._meta.model_name) if hasattr(value, "_meta") else str(value)


READABLE: Any = ([], 1, 1, [])


def _read(text: str) -> Any:
    """Faults, headings of the first order, main landmarks, and fields without a label."""
    page = read(text)
    return page.faults, page.headings.count(1), page.landmarks.count("main"), page.fields_without_label()


@pytest.mark.parametrize(("model", "name", "is_of_one"), PAGES, ids=_id)
def test_every_page_is_readable(
    login: Any, ours: Tenant, model: type[Model], name: str, is_of_one: bool
) -> None:
    keys = [ours.rows[model].pk] if is_of_one else []
    answer = login(ours.environment).get(reverse(f"admin:{name}", args=keys), follow=True)
    is_page = answer.headers["Content-Type"].startswith("text/html") and not answer.streaming
    if is_page and answer.status_code != 405:
        assert _read(answer.content.decode()) == READABLE


@pytest.mark.parametrize(
    "path", ["/console/", "/console/find/?q=x", "/console/jobs/", "/console/password_change/"]
)
def test_so_are_the_pages_of_no_model(login: Any, ours: Tenant, path: str) -> None:
    assert _read(login(ours.environment).get(path).content.decode()) == READABLE


def test_the_log_in_page_is_readable(db: None) -> None:
    assert _read(Client().get("/console/login/").content.decode()) == READABLE


def test_the_first_thing_of_a_page_is_the_way_past_the_menus(login: Any, ours: Tenant) -> None:
    text = login(ours.environment).get("/console/").content.decode()
    assert text.index('class="lc-skip" href="#content"') < text.index("<nav")
    assert '<main id="content" tabindex="-1"' in text


def test_a_sorted_column_says_so(login: Any, ours: Tenant) -> None:
    client = login(ours.environment)
    text = client.get("/console/programs/program/?o=1").content.decode()
    assert text.count('aria-sort="ascending"') == 1
    assert client.get("/console/programs/program/?o=-1").content.decode().count('aria-sort="descending"') == 1


def test_a_filter_left_at_all_filters_nothing(login: Any, ours: Tenant) -> None:
    """The filters' form sends every field that it has."""
    client = login(ours.environment)
    path = "/console/programs/earningrule/"
    assert client.get(f"{path}?status__exact=&q=").context["cl"].result_count == 1
    assert client.get(f"{path}?status__exact=archived").context["cl"].result_count == 0


def test_the_switcher_offers_a_search_among_many(login: Any, environment: Environment) -> None:
    for number in range(8):
        factories.make_environment(project=factories.make_project(f"shop-{number}"))
    text = login(environment, is_superuser=True).get("/console/").content.decode()
    switcher = text[(start := text.index("data-environments")) : text.index("</details>", start)]
    assert switcher.count('name="environment"') >= 9
    assert switcher.count('aria-current="true"') == 1
    assert 'aria-label="Find a project"' in switcher
