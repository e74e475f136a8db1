"""Pages that no address alone leads to: effects before a deed, refusals at their fields, empty lists, what is found."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import expect

from loyalty.models import Hold, LedgerEntry, Member, Redemption
from programs.models import EarningRule, Environment, Metric
from tests import factories
from tests.browser.chromium import aside
from tests.browser.conftest import Visit
from tests.browser.look import look
from tests.browser.visitor import Visitor
from tests.console.second_factors import set_up
from tests.console.tenants import Tenant

Scene = Callable[[Visitor, Tenant], Any]


def effect_of(page: str, model: Any, **entered: str) -> Scene:
    """What a deed would do, after the fields of its form are filled in; a choice by its value."""

    def scene(visitor: Visitor, world: Tenant) -> None:
        visitor.open(page, world.rows[model].pk)
        form = visitor.page.get_by_role("main")
        for name, value in entered.items():
            field = form.locator(f"[name={name}]").first
            is_choice = field.evaluate("field => field.tagName === 'SELECT'")
            field.select_option(value) if is_choice else field.fill(value)
        visitor.follow(form.locator("[name=step][value=effect]").first)
        expect(form.locator("[name=step][value=confirm]").first).to_be_visible()

    return scene


def refused(page: str, button: str, *arguments: Any) -> Scene:
    """The form again, sent empty past the browser's own check: each refusal stands at its field."""

    def scene(visitor: Visitor, world: Tenant) -> None:
        visitor.open(page, *(world.rows[model].pk for model in arguments))
        visitor.page.evaluate(
            "document.querySelectorAll('main form').forEach(form => { form.noValidate = true })"
        )
        main = visitor.page.get_by_role("main")
        visitor.follow(main.get_by_role("button", name=button, exact=True))
        expect(main.locator(".lc-error-line, .errorlist, .lc-error").first).to_be_visible()

    return scene


def at(path: str) -> Scene:
    return lambda visitor, world: visitor.open(path)


def a_rule_tried(visitor: Visitor, world: Tenant) -> None:
    visitor.open("programs_earningrule_try", world.rows[EarningRule].pk)
    visitor.page.get_by_role("main").get_by_label("Event id").fill(f"{world.mark}-event-1")
    visitor.follow(visitor.page.get_by_role("button", name="Try this event"))
    expect(visitor.page.locator(".lc-verdicts").first).to_be_visible()


def an_event_sent(visitor: Visitor, world: Tenant) -> None:
    visitor.open("loyalty_event_add")
    visitor.page.get_by_label("Member id").fill(f"{world.mark}-eve")
    visitor.follow(visitor.page.get_by_role("button", name="Send the event"))
    expect(visitor.page.get_by_role("heading", name="What the event did")).to_be_visible()


def a_holds_effect(visitor: Visitor, world: Tenant) -> None:
    """Of the metric in which the member has points."""
    metric = world.rows[Metric]
    assert isinstance(metric, Metric)
    effect_of("loyalty_member_hold", Member, metric=metric.code, points="5", reason="Order 7")(visitor, world)


SCENES: dict[str, Scene] = {
    "an adjustment's effect": effect_of(
        "loyalty_member_adjust", Member, points="5", reason="goodwill", note="A flood"
    ),
    "a reversal's effect": effect_of(
        "loyalty_ledgerentry_reverse", LedgerEntry, points="5", reason="Came back"
    ),
    "a fulfilment's effect": effect_of("loyalty_redemption_fulfil", Redemption),
    "a cancellation's effect": effect_of(
        "loyalty_redemption_cancel", Redemption, reason="Changed their mind"
    ),
    "a capture's effect": effect_of("loyalty_hold_capture", Hold, points="5", reason="Order shipped"),
    "a hold's effect": a_holds_effect,
    "a reward refused": refused("programs_reward_add", "Save as a draft"),
    "a challenge refused": refused("programs_challenge_add", "Save as a draft"),
    "an adjustment refused": refused("loyalty_member_adjust", "Show the effect", Member),
    "a metric refused": refused("programs_metric_add", "Save"),
    "a rule refused": refused("programs_earningrule_add", "Save"),
    "a key refused": refused("programs_apikey_add", "Make the key"),
    "a rule tried": a_rule_tried,
    "an event sent": an_event_sent,
    "found": lambda visitor, world: visitor.open(f"/console/find/?q={world.mark}"),
    "nothing found": at("/console/find/?q=nobody-is-called-so"),
    "a list without a hit": at("/console/loyalty/member/?q=nobody-is-called-so"),
}
EMPTY: tuple[str, ...] = (
    "index",
    "liability",
    "loyalty_member_changelist",
    "programs_earningrule_changelist",
)
EMPTY += ("programs_reward_changelist", "loyalty_event_changelist", "loyalty_export_changelist")


@pytest.mark.parametrize("name", SCENES)
def test_each_scene_is_sound(owner: Visitor, world: Tenant, name: str) -> None:
    owner.page.set_viewport_size({"width": 1280, "height": 900})
    SCENES[name](owner, world)
    assert look(owner) == []


@pytest.mark.parametrize("page", EMPTY)
def test_a_page_without_anything_on_it_is_sound(
    visit: Visit, committed_environment: Environment, page: str
) -> None:
    visitor = visit("owner", committed_environment)
    visitor.open(page)
    assert look(visitor) == []


def test_what_a_role_may_not_open_is_said_in_the_frame(
    visit: Visit, committed_environment: Environment
) -> None:
    analyst = visit("analyst", committed_environment)
    with analyst.expecting(403):
        analyst.open("programs_apikey_add")
        assert look(analyst) == []


def test_who_is_in_no_project_is_told_so(visit: Visit, committed_environment: Environment) -> None:
    visitor = visit("owner", committed_environment)
    aside(committed_environment.project.memberships.all().delete)
    visitor.open("index")
    expect(visitor.page.get_by_role("heading", name="You are in no project yet")).to_be_visible()
    assert look(visitor) == []


def test_the_two_steps_of_a_log_in_and_their_refusals(
    visit: Visit, committed_environment: Environment
) -> None:
    user = aside(factories.make_staff, committed_environment.project, "owner")
    visitor = visit()
    visitor.log_in(user.username, "wrong")
    expect(visitor.page.get_by_role("alert").first).to_be_visible()
    assert look(visitor) == []
    phone = aside(_with_a_phone, user)
    visitor.page.set_viewport_size({"width": 1280, "height": 900})
    visitor.log_in(user.username, "correct horse battery staple")
    assert look(visitor) == []
    visitor.page.get_by_label("Code", exact=False).first.fill(phone.code())
    visitor.follow(visitor.page.get_by_role("main").get_by_role("button").first)
    expect(visitor.page.get_by_role("heading", name="Overview").first).to_be_visible()


def _with_a_phone(user: Any) -> Any:
    client = Client()
    client.force_login(user)
    return set_up(client)[0]
