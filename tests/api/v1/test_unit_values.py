"""What one point is worth in money: both amount and currency or none (domain.md 11)."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from audit.models import AuditEvent
from programs.models import Environment, Metric
from tests.conftest import Api

PENNY = {"unit_value": "0.01", "unit_currency": "GBP"}


def stored(environment: Environment) -> tuple[Decimal | None, str]:
    return Metric.objects.values_list("unit_value", "unit_currency").get(
        environment=environment, code="points"
    )


def test_it_is_set_read_and_taken_away_again(environment: Environment, api: Api) -> None:
    assert api.get("/v1/metrics/points").json()["unit_value"] is None
    assert api.patch("/v1/metrics/points", {"unit_value": 0.01, "unit_currency": "GBP"}).status_code == 200
    shown = api.get("/v1/metrics/points").json()
    assert {name: shown[name] for name in PENNY} == PENNY
    assert stored(environment) == (Decimal("0.01"), "GBP")
    nothing = {"unit_value": None, "unit_currency": None}
    answer = api.patch("/v1/metrics/points", nothing).json()
    assert {name: answer[name] for name in nothing} == nothing
    assert stored(environment) == (None, "")


def test_a_new_metric_may_have_one(api: Api) -> None:
    made = api.post("/v1/metrics", {"code": "miles", "title": "Miles", **PENNY})
    assert (made.status_code, made.json()["unit_value"], made.json()["unit_currency"]) == (201, "0.01", "GBP")


def test_it_is_audited_once_and_the_same_again_is_no_change(environment: Environment, api: Api) -> None:
    for _ in range(2):
        api.patch("/v1/metrics/points", PENNY)
    event = AuditEvent.objects.get(environment_id=environment.pk, verb="metric.updated")
    assert (event.before["unit_value"], event.before["unit_currency"]) == (None, "")
    assert (Decimal(event.after["unit_value"]), event.after["unit_currency"]) == (Decimal("0.01"), "GBP")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"unit_value": "0.01"}, "unit_currency"),
        ({"unit_currency": "GBP"}, "unit_value"),
        (PENNY | {"unit_value": 0}, "unit_value"),
        (PENNY | {"unit_value": -1}, "unit_value"),
        (PENNY | {"unit_value": "1000000.1"}, "unit_value"),
        (PENNY | {"unit_value": "0.0000001"}, "unit_value"),
        (PENNY | {"unit_currency": "pounds"}, "unit_currency"),
        (PENNY | {"unit_currency": "gbp"}, "unit_currency"),
    ],
)
def test_a_faulty_one_is_refused_at_its_field_and_nothing_changes(
    environment: Environment, api: Api, change: dict[str, Any], field: str
) -> None:
    before = Metric.objects.filter(environment=environment).values().get()
    answer = api.patch("/v1/metrics/points", change)
    assert (answer.status_code, [one["field"] for one in answer.json()["errors"]]) == (400, [field])
    assert Metric.objects.filter(environment=environment).values().get() == before


@pytest.mark.parametrize(
    "pair", [(Decimal(1), ""), (None, "GBP"), (Decimal(0), "GBP"), (Decimal(-1), "GBP"), (Decimal(1), "gbp")]
)
def test_the_database_refuses_one_without_the_other(environment: Environment, pair: tuple[Any, str]) -> None:
    with pytest.raises(IntegrityError, match="metric_unit_value_valid"), transaction.atomic():
        Metric.objects.filter(environment=environment).update(unit_value=pair[0], unit_currency=pair[1])
    assert stored(environment) == (None, "")
