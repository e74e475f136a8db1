"""The analyst reads last month's liability and takes its file along; the figures are those of the database."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from playwright.sync_api import expect

from programs.models import Environment
from tests import factories
from tests.browser.chromium import aside
from tests.browser.conftest import Visit

# Told by nothing but the entries: what was there before, what each kind moved, what was there at the end.
_BY_KIND = """
SELECT type, sum(points) FROM loyalty_ledgerentry
WHERE environment_id = %s AND occurred_at >= %s AND occurred_at < %s GROUP BY type
"""


@pytest.fixture
def months() -> tuple[datetime, datetime]:
    """When the last one began, and when this one did."""
    this = timezone.now().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    return (this - timedelta(days=1)).replace(day=1), this


@pytest.fixture
def shop(committed_environment: Environment, months: tuple[datetime, datetime]) -> Environment:
    """Points of three months, some of them spent last month."""
    last, this = months
    environment = factories.make_plan(committed_environment)
    factories.make_metric(environment, expiry="months", expiry_count=6)
    factories.make_reward(environment, "rwd_mug", name="Mug", points=300)
    factories.give(environment, 1000, now=last - timedelta(days=20))
    factories.give(environment, 500, now=last + timedelta(hours=12))
    factories.buy(environment, "rwd_mug", now=last + timedelta(days=9))
    factories.give(environment, 70, now=this + timedelta(minutes=1))
    return environment


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_from_the_overview_to_the_file(
    visit: Visit, shop: Environment, months: tuple[datetime, datetime], tmp_path: Path, width: int, theme: str
) -> None:
    analyst = visit("analyst", shop, width=width, theme=theme)
    page = analyst.open("index")
    analyst.check_access()
    analyst.choose("Liability")
    expect(page.get_by_role("link", name="Last month")).to_have_attribute("aria-current", "page")
    statement = page.get_by_role("table", name="What was outstanding")
    analyst.check_access()

    figures = aside(_told_by_the_database, shop, *months)
    for line in ("opening", "issued", "redeemed", "closing"):
        row = statement.get_by_role("row").filter(has_text=line.capitalize())
        expect(row.first).to_contain_text(f"{abs(figures[line]):,}")

    with page.expect_download() as taken:
        page.get_by_role("link", name="CSV of the statement").click()
    taken.value.save_as(tmp_path / "statement.csv")
    rows = {row["line"]: row for row in csv.DictReader((tmp_path / "statement.csv").read_text().splitlines())}
    assert {line: int(rows[line]["points"]) for line in figures} == figures
    assert sum(int(row["points"]) for line, row in rows.items() if line != "closing") == figures["closing"]
    assert {row["from"] for row in rows.values()} == {f"{months[0]:%Y-%m-%d}"}


def _told_by_the_database(shop: Environment, last: datetime, this: datetime) -> dict[str, int]:
    def moved(since: datetime, until: datetime) -> dict[str, int]:
        with connection.cursor() as cursor:
            cursor.execute(_BY_KIND, [shop.pk, since, until])
            return {kind: int(points) for kind, points in cursor.fetchall()}

    opening = sum(moved(datetime(2000, 1, 1, tzinfo=UTC), last).values())
    within = moved(last, this)
    closing = opening + sum(within.values())
    assert (opening, within, closing) == (1000, {"earned": 500, "redeemed": -300}, 1200)
    return {
        "opening": opening,
        "issued": within["earned"],
        "redeemed": within["redeemed"],
        "closing": closing,
    }
