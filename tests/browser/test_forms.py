"""What a form asks for and what it says on leaving, and what stands beside what, as people see it."""

import re

import pytest
from playwright.sync_api import Dialog, Page, expect

from programs.actions.staff import reset_password
from programs.models import Environment, ProjectMembership
from tests import factories
from tests.browser.chromium import aside
from tests.browser.conftest import Visit
from tests.browser.look import look

OWN = "a staple that nobody else knows"


def _ready_to_copy(environment: Environment) -> None:
    factories.make_rule(environment)
    factories.make_key(environment, "*")
    factories.report(environment)


@pytest.mark.parametrize("width", [1280, 390])
def test_the_first_steps_stand_clear_of_the_periods(
    visit: Visit, committed_environment: Environment, width: int
) -> None:
    aside(_ready_to_copy, committed_environment)
    page = visit("owner", committed_environment, width=width).open("index")
    steps = page.get_by_role("region", name="First steps").bounding_box()
    tabs = page.get_by_role("link", name="7 days").bounding_box()
    assert steps is not None
    assert tabs is not None
    assert tabs["y"] - (steps["y"] + steps["height"]) >= 15


def test_a_long_trail_wraps_beside_the_menu_of_a_phone(
    visit: Visit, committed_environment: Environment
) -> None:
    page = visit("owner", committed_environment, width=390).open(
        "programs_project_copy", committed_environment.project_id
    )
    menu = page.get_by_role("button", name="Menu", exact=True).bounding_box()
    trail = page.locator(".lc-trail").bounding_box()
    assert menu is not None
    assert trail is not None
    assert trail["x"] >= menu["x"] + menu["width"]


def test_a_row_that_may_stay_empty_asks_for_nothing_until_it_is_begun(
    visit: Visit, committed_environment: Environment
) -> None:
    page = visit("owner", committed_environment).open("programs_challenge_add")
    missions = page.get_by_role("group", name=re.compile("^Mission"))
    expect(missions).to_have_count(1)
    expect(missions.locator(".lc-must:visible")).to_have_count(0)
    page.get_by_role("button", name="Add a mission").click()
    expect(missions).to_have_count(2)
    expect(missions.locator(".lc-must:visible")).to_have_count(0)
    expect(page.get_by_role("group", name="Reward").locator(".lc-must:visible")).to_have_count(0)
    missions.last.get_by_label(re.compile("^Title")).fill("Come twice")
    expect(missions.last.locator(".lc-must:visible")).not_to_have_count(0)
    expect(missions.first.locator(".lc-must:visible")).to_have_count(0)


def _asked_on_leaving(page: Page) -> list[str]:
    """The questions that the browser asks when the page is left by a link; it is left all the same."""
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    with page.expect_navigation(url=re.compile("/console/programs/earningrule/$")):
        page.locator(".lc-trail a").first.click()
    return asked


@pytest.mark.parametrize("stored", [False, True])
def test_a_rule_that_nobody_touched_is_left_without_a_question(
    visit: Visit, committed_environment: Environment, stored: bool
) -> None:
    page = _rule_form(visit, committed_environment, stored=stored)
    page.get_by_role("main").get_by_label(re.compile("^Name")).click()  # to look is not to touch
    assert _asked_on_leaving(page) == []


@pytest.mark.parametrize("stored", [False, True])
def test_a_rule_that_somebody_touched_is_left_after_a_question(
    visit: Visit, committed_environment: Environment, stored: bool
) -> None:
    page = _rule_form(visit, committed_environment, stored=stored)
    page.get_by_role("main").get_by_label(re.compile("^Name")).fill("Weekend")
    assert _asked_on_leaving(page) == ["beforeunload"]


def test_a_condition_that_somebody_began_is_touched(visit: Visit, committed_environment: Environment) -> None:
    page = _rule_form(visit, committed_environment, stored=False)
    page.get_by_role("button", name="+ Condition").first.click()
    assert _asked_on_leaving(page) == ["beforeunload"]


def _rule_form(visit: Visit, environment: Environment, *, stored: bool) -> Page:
    condition = {"field": "data.amount", "op": "gte", "value": 50}
    rule = aside(lambda: factories.make_rule(environment, condition=condition)) if stored else None
    visitor = visit("owner", environment)
    page = (
        visitor.open("programs_earningrule_change", rule.pk)
        if rule
        else visitor.open("programs_earningrule_add")
    )
    page.wait_for_load_state("networkidle")  # the scripts ask for the fields, and draw their rows
    return page


def test_a_password_that_an_owner_made_is_changed_first(
    visit: Visit, committed_environment: Environment
) -> None:
    owner = aside(factories.make_staff, committed_environment.project, "owner")
    ada = aside(factories.make_staff, committed_environment.project, "support")
    given = aside(
        lambda: reset_password(
            project=committed_environment.project, user=ada, by=owner, actor=factories.make_actor()
        )
    )
    visitor = visit()
    visitor.log_in(ada.username, given)
    page = visitor.page
    expect(page.get_by_role("heading", name="Choose a password of your own")).to_be_visible()
    expect(page.get_by_role("navigation", name="Console")).to_have_count(0)
    assert look(visitor) == []
    page.get_by_label(re.compile("^The password that you were given")).fill(given)
    page.get_by_label(re.compile("^New password(?! conf)")).fill(OWN)
    page.get_by_label(re.compile("^New password conf")).fill(OWN)
    visitor.follow(page.get_by_role("button", name="Go on with this password"))
    expect(page.get_by_text("The password is yours alone now.")).to_be_visible()
    assert (
        aside(ProjectMembership.objects.filter(user=ada, user__log_ins__must_choose_password=True).count) == 0
    )
