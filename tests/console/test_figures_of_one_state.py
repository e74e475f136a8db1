"""A page of figures is read from one state of the database, though points move meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone

from loyalty.admin import liability, overview
from programs.admin.base import SESSION_KEY
from programs.models import Environment
from tests import factories


@pytest.mark.usefixtures("at_noon")
@pytest.mark.parametrize(
    ("page", "name", "url"), [(overview, "points_of_period", "/console/"), (liability, "statement_of", None)]
)
def test_what_is_given_while_a_page_is_read_is_in_none_of_its_figures(
    committed_environment: Environment, monkeypatch: Any, page: Any, name: str, url: str | None
) -> None:
    """The first figures are read, then points are given, then the charts are read."""
    environment = committed_environment
    factories.give(environment, 100)
    read = getattr(page, name)

    def read_then_give(*args: Any, **kwargs: Any) -> Any:
        found = read(*args, **kwargs)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(_give, environment).result()
        return found

    monkeypatch.setattr(page, name, read_then_give)
    url = url or f"/console/liability/?month={timezone.now():%Y-%m}"
    shown = _client(environment).get(url).context
    charts = {report.slug: report.sheet.rows for report in shown["reports"]}
    assert charts["points"][-1][-1] == charts["liability"][-1][1] == 100
    monkeypatch.undo()
    again = _client(environment).get(url).context
    assert {report.slug: report.sheet.rows for report in again["reports"]}["points"][-1][-1] > 100


def _give(environment: Environment) -> None:
    try:
        factories.give(environment, 7)
    finally:
        connections.close_all()


def _client(environment: Environment) -> Client:
    client = Client()
    client.force_login(factories.make_staff(environment.project, "analyst"))
    session = client.session
    session[SESSION_KEY] = str(environment.pk)
    session.save()
    return client
