"""Support helps one person: a question answered, points given by two people, half of a transaction taken back."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from loyalty.models import Account, AdjustmentRequest, LedgerEntry
from programs.models import Environment, Program
from tests import factories
from tests.browser.chromium import aside
from tests.browser.conftest import Visit
from tests.browser.visitor import Visitor


@pytest.fixture
def shop(committed_environment: Environment) -> Environment:
    """Ada bought for 59.90 and has 59 points; above 100 points a second person is asked."""
    environment = factories.make_plan(committed_environment)
    Program.objects.filter(environment=environment).update(adjustment_limit=100)
    factories.make_rule(environment, name="1 point per £1")
    factories.report(environment, "order-1")
    return environment


def test_from_the_question_to_the_approved_points_and_half_of_a_purchase_back(
    visit: Visit, shop: Environment
) -> None:
    sven = visit("support", shop, width=1280, theme="light")
    _find_ada(sven)
    _answer_why(sven)
    _ask_for_500(sven)

    olga = visit("support", shop, width=390, theme="dark")
    _approve(olga)

    sven.page.reload()
    expect(_spendable(sven.page)).to_contain_text("559")
    _reverse_half(sven)
    expect(_spendable(sven.page)).to_contain_text("530")

    account = aside(lambda: Account.objects.get(member__environment=shop, metric__code="points"))
    assert account.total == 59 + 500 - 29
    asked = aside(lambda: AdjustmentRequest.objects.get(environment_id=shop.pk))
    assert (asked.requested_by, asked.decided_by, asked.status) == (sven.name, olga.name, "approved")
    reversed_ = aside(lambda: LedgerEntry.objects.get(environment_id=shop.pk, type="reversed"))
    assert (reversed_.points, reversed_.reason) == (-29, "Half of it came back")


def _find_ada(sven: Visitor) -> None:
    """By her id, from anywhere, with nothing but keys."""
    page = sven.open("index")
    page.keyboard.press("Control+k")
    page.keyboard.type("ada")
    expect(page.get_by_role("option", name=re.compile("ada")).first).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="ada").first).to_be_visible()
    sven.check_access()


def _answer_why(sven: Visitor) -> None:
    page = sven.page
    sven.follow(page.get_by_role("link", name="Why?").first)
    expect(page.get_by_text("1 point per £1").first).to_be_visible()
    expect(page.locator("#why")).to_contain_text("59")
    sven.follow(page.get_by_role("link", name="ada", exact=True).first)


def _ask_for_500(sven: Visitor) -> None:
    page = sven.page
    sven.follow(page.get_by_role("link", name="Adjust points"))
    page.get_by_label("Points", exact=False).last.fill("500")
    page.get_by_label("Reason").select_option(label="Goodwill")
    page.get_by_label("Note").fill("The lift was out of order on her birthday")
    sven.follow(page.get_by_role("button", name="Show the effect"))
    expect(page.get_by_text("need a second person")).to_be_visible()
    expect(page.locator(".lc-effect")).to_contain_text("559")
    sven.check_access()
    sven.follow(page.get_by_role("button", name="Ask for approval"))
    expect(page.get_by_text("it waits under Approvals")).to_be_visible()
    expect(_spendable(page)).to_contain_text("59")


def _approve(olga: Visitor) -> None:
    """On a phone."""
    page = olga.open("index")
    olga.choose("Approvals")
    olga.follow(page.get_by_role("link", name="Decide"))
    expect(page.get_by_text("The lift was out of order on her birthday")).to_be_visible()
    olga.check_access()
    olga.follow(page.get_by_role("button", name="Approve"))
    expect(page.get_by_text("nothing waits")).to_be_visible()


def _reverse_half(sven: Visitor) -> None:
    """Of what the purchase gave: what it takes back is listed before."""
    page = sven.page
    line = page.locator("#timeline li").filter(has_text="1 point per £1")
    sven.follow(line.get_by_role("link", name="Reverse"))
    page.get_by_label("How many points").fill("29")
    page.get_by_label("Reason").fill("Half of it came back")
    sven.follow(page.get_by_role("button", name="Show the effect"))
    sven.check_access()
    sven.follow(page.get_by_role("button", name="Reverse 29"))
    expect(page.get_by_text("Reversed 29 of 59 points.")).to_be_visible()
    sven.follow(page.get_by_role("link", name="ada", exact=True))


def _spendable(page: Page) -> Locator:
    return page.locator(".lc-standing")
