"""What one point is worth in money, on the console's pages (domain.md 11)."""

from decimal import Decimal

from django.utils import timezone

from loyalty.actions.copy_configuration import copy_to_live, look_at_copy
from programs.models import Environment, Metric
from tests import factories
from tests.console.conftest import Login

PENNY = {"unit_value": "0.01", "unit_currency": "GBP"}


def stored(environment: Environment) -> tuple[Decimal | None, str]:
    return Metric.objects.values_list("unit_value", "unit_currency").get(
        environment=environment, code="points"
    )


def test_the_console_asks_for_both_and_lists_them(login: Login, environment: Environment) -> None:
    client = login(environment, "operator")
    metric = Metric.objects.get(environment=environment)
    form = {"title": "Points", "code": "points", "program": str(metric.program_id), "expiry": "never"}
    form |= {"default_value": "0", "vesting_days": "0", "negative_balance": "debt", "rounding": "down"}
    url = f"/console/programs/metric/{metric.pk}/change/"
    assert "What one point costs you" in client.get(url).content.decode()
    refused = client.post(url, form | {"unit_value": "0.01"})
    assert "Give the currency of the worth of one." in refused.content.decode()
    assert stored(environment) == (None, "")
    assert client.post(url, form | PENNY).status_code == 302
    assert stored(environment) == (Decimal("0.01"), "GBP")
    assert "0.01 GBP" in client.get("/console/programs/metric/").content.decode()


def test_a_copy_to_live_takes_it_along_and_says_it_in_words(login: Login, environment: Environment) -> None:
    project, live = environment.project, factories.make_environment("live", project=environment.project)
    factories.make_metric(environment, unit_value=Decimal("0.01"), unit_currency="GBP")
    client = login(environment)
    page = client.get(f"/console/programs/project/{project.pk}/copy/").content.decode()
    assert "Worth of one in money" in page
    assert "Currency of the worth" in page
    seen = look_at_copy(project=project, actor=factories.make_actor(), now=timezone.now())
    copy_to_live(
        project=project, actor=factories.make_actor(), now=timezone.now(), expected=seen.difference.digest
    )
    assert stored(live) == (Decimal("0.01"), "GBP")
