"""An operator copies the sandbox to live: what will change is shown, then all of it is done."""

import re

import pytest
from playwright.sync_api import expect

from programs.models import EarningRule, Environment, Reward
from tests import factories
from tests.browser.chromium import aside
from tests.browser.conftest import Visit
from tests.browser.keys import press, reach


@pytest.fixture
def sandbox(committed_environment: Environment) -> Environment:
    """With a rule and a reward that live has not."""
    environment = factories.make_plan(committed_environment)
    factories.make_rule(environment, name="1 point per £1")
    factories.make_reward(environment, "rwd_mug", name="Mug", stock=5)
    return environment


def test_on_a_phone_the_difference_is_shown_and_copied_and_live_has_it(
    visit: Visit, sandbox: Environment
) -> None:
    operator = visit("operator", sandbox, width=390, theme="light")
    page = operator.open("index")
    operator.choose("Project")
    operator.follow(page.get_by_role("link", name="Copy configuration to live"))
    expect(page.get_by_text("Live gets 2 new and 0 changed objects")).to_be_visible()
    operator.check_access()
    operator.follow(page.get_by_role("button", name="Copy to live"))
    expect(page.get_by_text("Live is configured as the sandbox is: 2 made, 0 changed.")).to_be_visible()
    page.get_by_role("region", name="Environment").locator("summary").click()
    operator.follow(page.get_by_role("button", name="LIVE"))
    expect(page.get_by_role("region", name="Environment").locator("summary")).to_contain_text("LIVE")
    operator.choose("Catalogue")
    expect(page.get_by_role("link", name="Mug").first).to_be_visible()
    operator.check_access()
    aside(_live_has_it, sandbox)


def test_the_same_without_a_mouse(visit: Visit, sandbox: Environment) -> None:
    operator = visit("operator", sandbox, width=1280, theme="dark")
    page = operator.open("index")
    press(page, "Project")
    expect(page).to_have_url(re.compile("/project/"))
    press(page, "Copy configuration to live")
    expect(page.get_by_text("Live gets 2 new and 0 changed objects")).to_be_visible()
    press(page, "Copy to live")
    expect(page.get_by_text("Live is configured as the sandbox is: 2 made, 0 changed.")).to_be_visible()
    reach(page, "SANDBOX")
    page.keyboard.press("Enter")
    press(page, "LIVE")
    expect(page.get_by_role("region", name="Environment").locator("summary")).to_contain_text("LIVE")
    press(page, "Catalogue")
    press(page, "Mug")
    expect(page).to_have_title(re.compile("Mug"))
    operator.check_access()
    aside(_live_has_it, sandbox)


def test_the_switcher_leaves_the_focus_with_a_hand_that_was_faster(
    visit: Visit, sandbox: Environment
) -> None:
    page = visit("operator", sandbox).open("index")
    menu = page.get_by_role("region", name="Environment")
    reach(page, "SANDBOX")
    page.keyboard.press("Enter")
    expect(menu.get_by_role("button", name="SANDBOX")).to_be_focused()
    reach(page, "LIVE", at_most=1)
    menu.locator("details").evaluate(
        "menu => menu.dispatchEvent(new Event('toggle'))"
    )  # the one that was late
    expect(menu.get_by_role("button", name="LIVE")).to_be_focused()


def _live_has_it(sandbox: Environment) -> None:
    live = {"environment__project": sandbox.project, "environment__kind": "live"}
    assert EarningRule.objects.get(**live).status == "published"
    assert Reward.objects.get(**live).name == "Mug"
