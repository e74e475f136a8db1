"""The watch itself: each thing that it must note, it notes."""

import pytest

from programs.models import Environment
from tests import factories
from tests.browser import axe
from tests.browser.chromium import aside
from tests.browser.conftest import Visit

SPOILT: dict[str, tuple[str, str]] = {
    "another host": ("location.assign('http://example.com/x')", "asks another host: http://example.com/x"),
    "an error of a script": ("setTimeout(() => { throw new Error('oh') })", "script failed"),
    "an error that a script tells": ("console.error('oh no')", "console error: oh no"),
    "an answer that nobody expects": ("fetch('/console/nothing/')", "404 from GET"),
    "what the policy holds back": (
        "document.head.append(Object.assign(document.createElement('style'), {textContent: 'p {}'}))",
        "Content Security Policy",
    ),
}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_what_a_page_does_wrong_is_noted(
    visit: Visit, committed_environment: Environment, spoilt: str
) -> None:
    visitor = visit("analyst", committed_environment)
    visitor.open("index")
    visitor.complain()
    script, told = SPOILT[spoilt]
    visitor.page.evaluate(f"() => {{ {script} }}")
    for _ in range(100):
        if told in "\n".join(visitor.wrong):
            break
        visitor.page.wait_for_timeout(100)
    assert told in "\n".join(visitor.wrong)
    with pytest.raises(AssertionError):
        visitor.complain()


@pytest.mark.skipif(not axe.is_installed(), reason=axe.MISSING)
def test_a_barrier_is_noted(visit: Visit, committed_environment: Environment) -> None:
    visitor = visit("analyst", committed_environment)
    visitor.open("index")
    visitor.page.evaluate("document.querySelector('main').append(document.createElement('input'))")
    visitor.check_access()
    assert "critical label" in "\n".join(visitor.wrong)
    visitor.wrong.clear()


def test_a_status_that_is_expected_is_nothing_wrong(visit: Visit, committed_environment: Environment) -> None:
    visitor = visit("analyst", committed_environment)
    with visitor.expecting(404):
        visitor.open("/nothing/")
    assert visitor.told() == []


def test_who_logs_in_by_the_form_stands_on_the_overview(
    visit: Visit, committed_environment: Environment
) -> None:
    user = aside(factories.make_staff, committed_environment.project, "owner")
    visitor = visit(width=390, theme="dark")
    visitor.log_in(user.username, "correct horse battery staple")
    visitor.page.get_by_role("heading", name="Overview").first.wait_for()
    assert "dark" in (visitor.page.locator("html").get_attribute("class") or "")
