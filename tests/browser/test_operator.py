"""An operator begins with nothing and comes to the first points by clicks, led by the first steps on every page."""

import re

import pytest
from playwright.sync_api import expect

from loyalty.models import Account
from programs.models import Environment, Project
from tests import factories
from tests.browser.chromium import aside
from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor

PASSWORD = "correct horse battery staple"  # of factories.make_staff


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_from_an_empty_organization_to_the_first_points(
    visit: Visit, committed_environment: Environment, width: int, theme: str
) -> None:
    owner = aside(factories.make_staff, committed_environment.project, "owner")
    operator = visit(width=width, theme=theme)
    page = operator.page
    operator.log_in(owner.username, PASSWORD)
    _make_a_project(operator)
    expect(page.get_by_text("2 of 6 done")).to_be_visible()
    operator.check_access()

    operator.follow(page.get_by_role("link", name="Make the first rule").first)
    _write_a_rule(operator)
    operator.check_access()
    operator.follow(page.get_by_role("link", name="Publish…"))
    operator.check_access()
    operator.follow(page.get_by_role("button", name="Publish", exact=True))

    operator.follow(page.get_by_role("region", name="First steps").get_by_role("link", name="Make a key"))
    page.get_by_label("Name").fill("Shop server")
    operator.follow(page.get_by_role("button", name="Make the key"))
    expect(page.get_by_text("Copy it now: it is shown only this once.")).to_be_visible()
    operator.check_access()

    operator.follow(page.get_by_role("region", name="First steps").get_by_role("link", name="Send an event"))
    page.get_by_label("Member id").fill("ada")
    operator.check_access()
    operator.follow(page.get_by_role("button", name="Send the event"))
    expect(page.get_by_role("heading", name="What the event did")).to_be_visible()
    expect(page.get_by_text("earned by “1 point per £1”")).to_be_visible()
    operator.check_access()

    operator.follow(page.get_by_role("link", name="The member’s page"))
    expect(page.locator(".lc-standing")).to_contain_text("50")
    expect(page.get_by_role("region", name="First steps")).to_have_count(0)
    assert aside(_points, committed_environment) == 50


def _make_a_project(operator: Visitor) -> None:
    page = operator.page
    operator.choose("Project")
    operator.follow(page.get_by_role("link", name="New project"))
    operator.check_access()
    page.get_by_label("Name").fill("Tea room")
    page.get_by_label("Time zone").select_option("Europe/London")
    operator.follow(page.get_by_role("button", name="Make the project"))
    expect(page.get_by_role("region", name="Environment").locator("summary")).to_contain_text("Tea room")


def _write_a_rule(operator: Visitor) -> None:
    """One point for each pound, with the sentence beside it."""
    page = operator.page
    form = page.get_by_role("main")
    form.get_by_label(re.compile("^Name")).fill("1 point per £1")
    form.get_by_label(re.compile("^Program")).select_option(label="Default program")
    form.get_by_label(re.compile("^Metric")).select_option(label="Points")
    form.get_by_label(re.compile("^Event type")).fill("purchase")
    form.get_by_label(re.compile("^Award")).select_option(label="Points per amount")
    page.locator("[name=award_rate]").fill("1")
    expect(page.locator("[data-sentence]")).to_contain_text("1 point")
    operator.follow(page.get_by_role("button", name="Save", exact=True))


def _points(environment: Environment) -> int:
    project = Project.objects.get(organization=environment.project.organization, name="Tea room")
    return Account.objects.get(member__environment__project=project, metric__code="points").total
