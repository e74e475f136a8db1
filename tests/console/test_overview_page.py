"""The overview: a period against the one before, its charts, their tables and files, and who sees what."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from loyalty.admin.overview_figures import counted, rated
from loyalty.admin.overview_reports import REPORTS
from programs.models import Environment
from tests import factories
from tests.console.figured import into_debt, moved_by_the_ledger, plans_of, rows_of
from tests.console.many import make_many
from tests.console.tenants import Tenant
from tests.loyalty.analytics.rolled import roll

pytestmark = pytest.mark.django_db

JUNE = {"first": "2026-06-01", "last": "2026-06-30"}


@pytest.fixture
def june(environment: Environment) -> Environment:
    """In June 500 and 300 were earned and 200 spent, in May 400 earned; one metric more, in which 7 were."""
    at = datetime(2026, 6, 10, 12, tzinfo=UTC)
    factories.give(environment, 400, "ada", now=at - timedelta(days=30))
    factories.give(environment, 500, "ada", now=at)
    factories.give(environment, 300, "bob", now=at + timedelta(days=1))
    reward = factories.make_reward(factories.reload(environment), "mug", name="=Mug", points=200)
    factories.buy(environment, reward.public_id, "ada", now=at + timedelta(days=2))
    factories.make_metric(environment, "xp", title="XP")
    factories.give(factories.reload(environment), 7, "ada", metric="xp", now=at)
    return factories.reload(environment)


def _figures(client: Client, **query: str) -> dict[str, tuple[str, str, str]]:
    shown = client.get("/console/", query).context["figures"]
    return {figure.name: (figure.figure, figure.arrow, figure.change) for figure in shown}


def test_a_period_stands_against_the_one_before_in_words_and_arrows(login: Any, june: Environment) -> None:
    figures = _figures(login(june, "analyst"), **JUNE)
    assert figures["Issued"] == ("800", "▲", "100% more (400 before)")
    assert figures["Redeemed"] == ("200", "▲", "200 more (0 before)")
    assert figures["Expired"] == ("0", "=", "as before")
    assert figures["Outstanding"] == ("1,000", "▲", "150% more (400 before)")
    assert figures["Redemption rate"] == ("25%", "▲", "25 percentage points more (0% before)")
    assert figures["Active members"] == ("2", "▲", "100% more (1 before)")


def test_what_came_stands_above_zero_and_what_went_below_it(login: Any, june: Environment) -> None:
    plot = login(june, "analyst").get("/console/", JUNE).context["reports"][0].drawing
    assert plot.places[9].words == "Wed 10 Jun 2026: issued 500, redeemed 0, expired 0, other 0"
    assert plot.places[11].words == "Fri 12 Jun 2026: issued 0, redeemed −200, expired 0, other 0"
    heights = {box.look: (float(box.y), float(box.y) + float(box.height)) for box in plot.boxes}
    assert heights["issued"][1] == pytest.approx(float(plot.zero), abs=0.02)
    assert heights["redeemed"][0] == pytest.approx(float(plot.zero), abs=0.02)


def test_another_metric_has_figures_of_its_own(login: Any, june: Environment) -> None:
    client = login(june, "analyst")
    assert _figures(client, metric="xp", **JUNE)["Issued"][0] == "7"
    assert _figures(client, metric="nothing", **JUNE)["Issued"][0] == "800"
    assert 'aria-current="page">XP</a>' in client.get("/console/", {"metric": "xp"}).content.decode()


@pytest.mark.parametrize("slug", ["points", "liability", "active", "rewards"])
def test_each_chart_has_a_name_a_sentence_a_table_and_a_file(
    login: Any, june: Environment, slug: str
) -> None:
    client = login(june, "analyst")
    page = client.get("/console/", JUNE)
    report = next(report for report in page.context["reports"] if report.slug == slug)
    text = page.content.decode()
    card = text[text.index(f'<section class="lc-card lc-report" id="{slug}"') :]
    card = card[: card.index("</section>")]
    assert f'role="img" aria-label="{report.title}. ' in card
    assert card.count('<th scope="col"') == len(report.sheet.columns)
    assert card.count('<th scope="row"') == len(report.sheet.rows) > 0
    assert f'href="{report.csv.replace("&", "&amp;")}"' in card
    rows = rows_of(client, report.csv)
    assert list(rows[0]) == [column.key for column in (report.file or report.sheet).columns]


def test_the_file_of_points_has_a_row_for_each_day_that_ties_out(login: Any, june: Environment) -> None:
    rows = rows_of(login(june, "analyst"), "/console/overview/points.csv", JUNE)
    assert [row["day"] for row in rows] == [f"2026-06-{day:02}" for day in range(1, 31)]
    held = 400
    for row in rows:
        held += int(row["issued"]) - int(row["redeemed"]) - int(row["expired"])
        held += int(row["reversed"]) + int(row["adjusted"]) + int(row["transferred"])
        assert int(row["outstanding"]) == held
    assert held == 1_000


def test_a_file_holds_no_formula_and_is_in_the_trail(login: Any, june: Environment) -> None:
    rows = rows_of(login(june, "analyst"), "/console/overview/rewards.csv", JUNE)
    assert [(row["name"], row["redemptions"], row["points"]) for row in rows] == [("'=Mug", "1", "200")]
    (event,) = AuditEvent.objects.filter(verb="report.downloaded", environment_id=june.pk)
    assert (event.actor_kind, event.object_id) == ("staff", "rewards")
    assert event.after == {"name": "Top rewards", "metric": "points", **JUNE}


def test_a_long_period_is_drawn_by_weeks_or_months_and_its_file_has_the_days(
    login: Any, june: Environment
) -> None:
    client = login(june, "analyst")
    for first, unit, columns in (("2026-01-01", "week", 27), ("2024-07-01", "month", 24)):
        days = {"first": first, "last": "2026-06-30"}
        report = client.get("/console/", days).context["reports"][0]
        assert (report.title, len(report.drawing.places)) == (f"Points per {unit}", columns)
        rows = rows_of(client, "/console/overview/points.csv", days)
        assert sum(int(row["issued"]) for row in rows) == sum(row[1] for row in report.sheet.rows) == 1_200
        assert int(rows[-1]["outstanding"]) == report.sheet.rows[-1][-1] == 1_000


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 3, 28, 23, 59, tzinfo=UTC), "2026-03-28"),
        (datetime(2026, 3, 29, 0, 0, tzinfo=UTC), "2026-03-29"),
        (datetime(2026, 3, 29, 22, 59, tzinfo=UTC), "2026-03-29"),  # a day of 23 hours
        (datetime(2026, 3, 29, 23, 0, tzinfo=UTC), "2026-03-30"),
        (datetime(2025, 10, 25, 23, 0, tzinfo=UTC), "2025-10-26"),  # one of 25
        (datetime(2025, 10, 26, 23, 59, tzinfo=UTC), "2025-10-26"),
        (datetime(2025, 10, 27, 0, 0, tzinfo=UTC), "2025-10-27"),
    ],
)
def test_days_are_those_of_the_projects_zone_also_when_the_clocks_change(
    login: Any, at: datetime, day: str
) -> None:
    london = factories.make_environment(time_zone="Europe/London")
    factories.give(london, 5, now=at)
    client = login(factories.reload(london), "analyst")
    around = {
        "first": f"{at.date() - timedelta(days=2)}",
        "last": f"{at.date() + timedelta(days=2)}",
    }
    rows = rows_of(client, "/console/overview/points.csv", around)
    assert [row["day"] for row in rows if row["issued"] == "5"] == [day]
    active = rows_of(client, "/console/overview/active.csv", around)
    assert [row["day"] for row in active if row["active_members"] == "1"] == [day]
    assert _figures(client, first=day, last=day)["Issued"][0] == "5"


def test_an_empty_project_says_what_each_chart_will_show(login: Any, environment: Environment) -> None:
    page = login(environment).get("/console/")
    assert [report.slug for report in page.context["reports"] if report.drawing] == []
    text = page.content.decode()
    assert "No points moved in this period" in text
    assert "<svg role" not in text
    assert ".csv" not in text


def test_debts_stand_below_zero(login: Any, environment: Environment) -> None:
    into_debt(environment, 100)
    page = login(factories.reload(environment), "analyst").get("/console/", {"period": "7"})
    assert _figures(login(factories.reload(environment), "analyst"))["Outstanding"][0] == "−100"
    forecast = next(report for report in page.context["reports"] if report.slug == "liability")
    assert [tuple(row) for row in forecast.sheet.rows] == [("Owed by members", -100), ("Outstanding", -100)]
    assert (forecast.drawing.zero, forecast.drawing.boxes[0].look) == ("0", "expired")
    assert "Members owe 100, which is taken off" in forecast.summary


def test_huge_figures_fit(login: Any, environment: Environment) -> None:
    for _ in range(2):
        factories.give(environment, 10**12, "ada")
    page = login(factories.reload(environment), "analyst").get("/console/", {"period": "7"})
    outstanding = next(figure for figure in page.context["figures"] if figure.name == "Outstanding")
    assert (outstanding.figure, outstanding.is_long) == ("2,000,000,000,000", True)
    assert page.context["reports"][0].drawing.ticks[0].words == "2tn"


def test_what_a_point_is_worth_is_said_beside_what_is_outstanding(login: Any, june: Environment) -> None:
    factories.make_metric(june, unit_value="0.005", unit_currency="GBP")
    client = login(factories.reload(june), "analyst")
    assert "5.00 GBP" in client.get("/console/", JUNE).content.decode()
    rows = rows_of(client, "/console/overview/liability.csv")
    assert [(row["expires_in"], row["points"], row["value"], row["currency"]) for row in rows] == [
        ("never", "1000", "5.00", "GBP"),
        ("Outstanding", "1000", "5.00", "GBP"),
    ]


@pytest.mark.usefixtures("at_noon")
def test_nothing_of_another_project_is_counted_or_told(login: Any, ours: Tenant, theirs: Tenant) -> None:
    client = login(ours.environment, "analyst")
    page = client.get("/console/")
    assert theirs.mark not in page.content.decode()
    foreign = client.get("/console/", {"metric": f"{theirs.mark}-coins"})
    assert foreign.context["asked"].metric == page.context["asked"].metric
    first, last = timezone.now().date() - timedelta(days=29), timezone.now().date()
    code = page.context["asked"].metric.code
    moved = moved_by_the_ledger(ours.environment, first=first, last=last, metric=code)
    assert _figures(client)["Issued"][0] == f"{moved['issued']:,}"
    for slug in REPORTS:
        address = f"/console/overview/{slug}.csv"
        assert theirs.mark.encode() not in client.get(address).getvalue()
        assert client.get(address, {"metric": f"{theirs.mark}-coins"}).status_code in (400, 404)


def test_an_unknown_file_is_not_found_and_who_is_in_no_project_is_refused(
    login: Any, environment: Environment
) -> None:
    assert login(environment, "analyst").get("/console/overview/secrets.csv").status_code == 404
    stranger = Client()
    stranger.force_login(factories.make_staff())
    assert stranger.get("/console/overview/points.csv").status_code == 403
    assert Client().get("/console/overview/points.csv").status_code == 302
    assert not AuditEvent.objects.filter(verb="report.downloaded", environment_id=environment.pk).exists()


@pytest.mark.usefixtures("at_noon")
def test_it_takes_as_many_statements_whatever_the_period_and_never_scans_the_ledger(
    login: Any, environment: Environment
) -> None:
    make_many(environment)
    roll()
    client = login(factories.reload(environment), "analyst")
    counts = []
    today = timezone.localdate()
    for query, days in (
        ({"period": "7"}, 7),
        ({"first": f"{today - timedelta(days=999)}", "last": f"{today}"}, 1_000),
    ):
        assert client.get("/console/", query).context["asked"].period.days == days  # the snapshot is known
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/console/", query).status_code == 200
        counts.append(len(queries))
        for plan in plans_of(queries):
            assert "Seq Scan on loyalty_ledgerentry" not in plan, plan
            assert "Seq Scan on audit_auditevent" not in plan, plan
    assert counts[0] == counts[1] <= 45


class TestComparing:
    @pytest.mark.parametrize(
        ("now", "before", "arrow", "change"),
        [
            (3, 2, "▲", "50% more (2 before)"),
            (1, 2, "▼", "50% less (2 before)"),
            (5, 0, "▲", "5 more (0 before)"),
            (0, 0, "=", "as before"),
            (-5, 10, "▼", "15 less (10 before)"),
            (0, -5, "▲", "5 more (−5 before)"),
            (1_000_000, 1, "▲", "999,999 more (1 before)"),
        ],
    )
    def test_numbers(self, now: int, before: int, arrow: str, change: str) -> None:
        found = counted("Issued", now, before)
        assert (found.arrow, found.change) == (arrow, change)

    def test_rates(self) -> None:
        rate = rated("Rate", Decimal("0.2500"), Decimal("0.1234"))
        assert (rate.figure, rate.arrow, rate.change) == (
            "25%",
            "▲",
            "12.7 percentage points more (12.3% before)",
        )
        assert rated("Rate", None, Decimal(1)).figure == "–"
        assert rated("Rate", Decimal(1), None).change == "nothing to compare with"
        assert rated("Rate", Decimal("0.1"), Decimal("0.1")).change == "as before"
