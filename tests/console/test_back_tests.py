"""A back-test is begun in the console, worked off by the worker, and read as chart, table and file."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from loyalty.actions.back_tests import run_back_test
from loyalty.actions.pace import Pace
from loyalty.models import BackTest
from programs.models import EarningRule, Environment
from tests import factories
from tests.console.tenants import Tenant, state_of_everything

pytestmark = pytest.mark.django_db

PAGE = "/console/loyalty/backtest"


@pytest.fixture
def operator(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "operator")
    return client


@pytest.fixture
def draft(environment: Environment) -> EarningRule:
    """Double of what the published rule gave on 10.00 by ada, and on 5.00 by bob two days later."""
    rule = factories.make_rule(environment, published_at=timezone.now() - timedelta(days=20))
    for days, member, amount in ((5, "ada", "10.00"), (3, "bob", "5.00")):
        at = timezone.now() - timedelta(days=days)
        factories.report(
            environment, f"order-{member}", member=member, data={"amount": amount}, occurred_at=at
        )
    EarningRule.objects.filter(pk=rule.pk).update(
        award={"kind": "per_amount", "field": "data.amount", "rate": "2", "step": "1"}, budget=1000
    )
    rule.refresh_from_db()
    return rule


def _begin(operator: Client, rule: EarningRule, **sent: str) -> BackTest:
    answer = operator.post(f"/console/programs/earningrule/{rule.pk}/back-test/", {"days": "30"} | sent)
    found = BackTest.objects.get(rule=rule)
    assert answer["Location"] == f"{PAGE}/{found.pk}/change/"
    return found


def test_it_waits_for_a_worker_and_looks_again_by_itself(operator: Client, draft: EarningRule) -> None:
    found = _begin(operator, draft)
    assert (found.status, found.actor_kind) == ("queued", "staff")
    text = operator.get(f"{PAGE}/{found.pk}/change/").content.decode()
    assert "Waiting for a worker." in text
    assert "console/again.js" in text
    assert AuditEvent.objects.filter(verb="backtest.started", actor_kind="staff").count() == 1


def test_how_far_it_has_come_is_a_bar(operator: Client, draft: EarningRule) -> None:
    found = _begin(operator, draft)
    BackTest.objects.filter(pk=found.pk).update(status="running", total=12_000, done=4_000)
    text = operator.get(f"{PAGE}/{found.pk}/change/").content.decode()
    assert '<progress max="12000" value="4000"' in text
    assert "4,000 of 12,000 events tried." in text


def test_the_result_is_figures_a_chart_a_table_and_members(operator: Client, draft: EarningRule) -> None:
    found = _begin(operator, draft)
    run_back_test(back_test=found.pk, pace=Pace())
    page = operator.get(f"{PAGE}/{found.pk}/change/")
    text = page.content.decode()
    assert "refresh" not in text
    assert (page.context["result"]["would"], page.context["result"]["given"]) == (30, 15)
    assert page.context["difference"] == 15
    assert "of 1,000" in text
    assert "<p>Of 2 events: 2 awarded.</p>" in text
    report = page.context["report"]
    assert [tuple(row[1:]) for row in report.sheet.rows] == [(20, 10, 10), (0, 0, 0), (10, 5, 5)]
    assert text.count('<rect class="lc-place"') == 3
    assert [(one.member, one.would, one.given) for one in page.context["affected"]] == [
        ("ada", 20, 10),
        ("bob", 10, 5),
    ]
    rows = operator.get(f"{PAGE}/{found.pk}/csv/")
    assert rows["Content-Type"] == "text/csv; charset=utf-8"
    lines = rows.getvalue().decode().splitlines()
    assert lines[0] == "day,would_give,given,difference"
    assert [line.split(",")[1:3] for line in lines[1:]] == [["20", "10"], ["0", "0"], ["10", "5"]]
    listed = operator.get(f"/console/programs/earningrule/{draft.pk}/change/").content.decode()
    assert f"{PAGE}/{found.pk}/change/" in listed


def test_a_result_of_no_effect_says_why(operator: Client, draft: EarningRule) -> None:
    found = _begin(operator, draft)
    run_back_test(back_test=found.pk, pace=Pace())
    found.refresh_from_db()
    assert found.result is not None
    counts = {"outside_schedule": 1_389, "not_reached": 3, "awarded": 12, "of_later_code": 1}
    BackTest.objects.filter(pk=found.pk).update(result=found.result | {"events": 1_405, "outcomes": counts})
    text = operator.get(f"{PAGE}/{found.pk}/change/").content.decode()
    told = "12 awarded, 3 did not reach its program, 1,389 outside its days and hours, 1 of later code"
    assert f"<p>Of 1,405 events: {told}.</p>" in text


def test_a_draft_that_was_changed_since_is_told(operator: Client, draft: EarningRule) -> None:
    found = _begin(operator, draft)
    run_back_test(back_test=found.pk, pace=Pace())
    told = "The draft has been changed since"
    assert told not in operator.get(f"{PAGE}/{found.pk}/change/").content.decode()
    EarningRule.objects.filter(pk=draft.pk).update(priority=9)
    page = operator.get(f"{PAGE}/{found.pk}/change/").content.decode()
    assert told in page
    assert "earn 2 points per 1" in page


def test_a_failure_says_why(operator: Client, draft: EarningRule) -> None:
    found = _begin(operator, draft)
    BackTest.objects.filter(pk=found.pk).update(status="failed", error="The metric is gone.")
    text = operator.get(f"{PAGE}/{found.pk}/change/").content.decode()
    assert "It failed: The metric is gone." in text
    assert "refresh" not in text


def test_a_period_of_days_ends_with_its_last_midnight_in_the_projects_zone(login: Any) -> None:
    environment = factories.make_environment(time_zone="Europe/Berlin")
    rule = factories.make_rule(environment)
    found = _begin(login(environment, "operator"), rule, days="", first="2026-01-01", last="2026-01-31")
    assert found.begins_at.isoformat() == "2025-12-31T23:00:00+00:00"
    assert found.ends_at.isoformat() == "2026-01-31T23:00:00+00:00"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"days": ""}, "first"),
        ({"days": "", "first": "2026-01-01"}, "last"),
        ({"days": "", "first": "2026-01-31", "last": "2026-01-01"}, "last"),
        ({"days": "", "first": "2001-01-01", "last": "2026-01-01"}, "first"),
        ({"days": "", "first": "2900-01-01", "last": "2900-02-01"}, "last"),
        ({"days": "", "first": "9999-12-31", "last": "9999-12-31"}, "__all__"),
        ({"days": "8"}, "days"),
    ],
)
def test_a_period_that_cannot_be_tried_is_said_on_the_form(
    operator: Client, draft: EarningRule, sent: dict[str, str], field: str
) -> None:
    before = state_of_everything()
    answer = operator.post(f"/console/programs/earningrule/{draft.pk}/back-test/", sent)
    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    assert state_of_everything() == before


def test_an_analyst_reads_but_does_not_begin(login: Any, ours: Tenant) -> None:
    client, found = login(ours.environment, "analyst"), ours.rows[BackTest]
    text = client.get(f"{PAGE}/{found.pk}/change/").content.decode()
    assert "Another back-test" not in text
    before = state_of_everything()
    rule = ours.rows[EarningRule]
    answer = client.post(f"/console/programs/earningrule/{rule.pk}/back-test/", {"days": "30"})
    assert answer.status_code == 403
    assert state_of_everything() == before
