"""The liability of a month: a statement that ties out, its money, its entries, its charts and files."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import AuditEvent
from loyalty.actions.points import adjust, spend
from loyalty.actions.reversals import reverse
from loyalty.admin.liability import REPORTS
from loyalty.management.commands.demo import Command
from loyalty.management.commands.replay_orders import sandbox
from loyalty.queries.reward_figures import reward_figures
from programs.models import Environment
from tests import factories
from tests.console.figured import moved_by_the_ledger, plans_of, rows_of
from tests.console.many import make_many
from tests.console.tenants import Tenant
from tests.loyalty.analytics.rolled import roll

pytestmark = pytest.mark.django_db

PAGE = "/console/liability/"
LONDON = ZoneInfo("Europe/London")
JUNE = {"month": "2026-06"}
REVERSED = ("reversed_issued", "reversed_redeemed", "reversed_adjusted")


@pytest.fixture
def june(environment: Environment) -> Environment:
    """In May 400 were earned; in June 500, 200 spent, 30 taken by hand, 50 of May expired."""
    at = datetime(2026, 6, 10, 12, tzinfo=UTC)
    factories.give(environment, 350, "ada", now=at - timedelta(days=30))
    factories.give(environment, 50, "ada", now=at - timedelta(days=30), expires_at=at - timedelta(days=3))
    factories.give(environment, 500, "ada", now=at)
    reward = factories.make_reward(factories.reload(environment), "mug", points=200)
    factories.buy(environment, reward.public_id, "ada", now=at + timedelta(days=2))
    adjust(
        environment=environment,
        member="ada",
        points=-30,
        reason="correction",
        note="Counted twice",
        actor=factories.make_actor(),
        now=at + timedelta(days=3),
    )
    return factories.reload(environment)


def _lines(client: Client, **query: str) -> dict[str, int]:
    statement = client.get(PAGE, query).context["statement"]
    return {line.key: line.points for whole in statement.lines for line in whole.parts or (whole,)}


def test_the_statement_goes_from_the_opening_to_the_closing(login: Any, june: Environment) -> None:
    lines = _lines(login(june, "analyst"), **JUNE)
    assert {key: points for key, points in lines.items() if points} == {
        "opening": 400,
        "issued": 500,
        "redeemed": -200,
        "expired": -50,
        "adjusted": -30,
        "closing": 620,
    }
    closing = lines.pop("closing")
    assert sum(lines.values()) == closing
    assert _lines(login(june, "analyst"), month="2026-05")["closing"] == 400
    assert _lines(login(june, "analyst"), month="2026-07")["opening"] == 620


def test_its_file_says_the_same_with_what_it_is_of(login: Any, june: Environment) -> None:
    client = login(june, "analyst")
    url = client.get(PAGE, JUNE).context["statement_csv"]
    rows = rows_of(client, url)
    assert {row["line"]: int(row["points"]) for row in rows} == _lines(client, **JUNE)
    assert {(row["metric"], row["from"], row["to"]) for row in rows} == {
        ("points", "2026-06-01", "2026-06-30")
    }
    assert {(row["environment"], row["value"], row["currency"]) for row in rows} == {(str(june), "", "")}
    (event,) = AuditEvent.objects.filter(verb="report.downloaded", environment_id=june.pk)
    assert event.after["name"] == "Movement statement"


def test_each_line_leads_to_its_entries_which_sum_to_it(login: Any, june: Environment) -> None:
    at = datetime(2026, 6, 20, 12, tzinfo=UTC)
    for entry, points in ((factories.give(june, 100, "bob", now=at), 40), (_spent(june, at), 15)):
        actor = factories.make_actor()
        reverse(environment=june, entry=entry.pk, points=points, reason=None, actor=actor, now=at)
    client = login(june, "analyst")
    lines = [line for line in client.get(PAGE, JUNE).context["statement"].lines if line.link]
    for line in lines:
        page = client.get(line.link)
        assert page.status_code == 200
        assert sum(entry.points for entry in page.context["cl"].result_list) == line.points, line.key
    (undone,) = [line for line in lines if line.parts]
    assert (undone.name, undone.points) == ("Reversed", -25)
    assert [(part.key, part.points, part.link) for part in undone.parts] == [
        ("reversed_issued", -40, ""),
        ("reversed_redeemed", 15, ""),
        ("reversed_adjusted", 0, ""),
    ]


def _spent(environment: Environment, at: datetime) -> Any:
    actor = factories.make_actor()
    return spend(environment=environment, member="ada", points=20, reason=None, actor=actor, now=at)


def test_money_is_shown_where_it_is_said_what_a_point_is_worth(login: Any, june: Environment) -> None:
    client = login(june, "analyst")
    without = client.get(PAGE, JUNE).content.decode()
    assert "Say what one of “Points” is worth" in without
    factories.make_metric(june, unit_value="0.0125", unit_currency="GBP")
    text = login(factories.reload(june), "analyst").get(PAGE, JUNE).content.decode()
    for value in ("5.00 GBP", "6.25 GBP", "−2.50 GBP", "−0.63 GBP", "−0.38 GBP", "7.75 GBP"):
        assert f'<td data-label="Value" class="lc-num">{value}</td>' in text
    rows = rows_of(client, f"{PAGE}statement.csv", JUNE)
    assert {row["line"]: row["value"] for row in rows}["closing"] == "7.75"


@pytest.mark.usefixtures("at_noon")
def test_last_month_is_shown_unless_another_is_asked_for(login: Any, environment: Environment) -> None:
    client = login(environment, "analyst")
    today = timezone.now().date()
    last = today.replace(day=1) - timedelta(days=1)
    for query in ({}, {"month": "2026-13"}, {"month": "x"}, {"month": "9999-12"}, {"month": "0000-01"}):
        period = client.get(PAGE, query).context["asked"].period
        assert (period.first, period.last) == (last.replace(day=1), last), query
    so_far = client.get(PAGE, {"month": f"{today:%Y-%m}"}).context["asked"].period
    assert (so_far.first, so_far.last) == (today.replace(day=1), today)
    told = client.get(PAGE, {"month": "2999-01"}).content.decode()
    assert "That month is still to come." in told


@pytest.mark.parametrize(
    ("at", "month"),
    [
        (datetime(2026, 3, 31, 22, 59, tzinfo=UTC), "2026-03"),
        (datetime(2026, 3, 31, 23, 0, tzinfo=UTC), "2026-04"),  # summer time since the 29th
        (datetime(2025, 10, 31, 23, 59, tzinfo=UTC), "2025-10"),
        (datetime(2025, 11, 1, 0, 0, tzinfo=UTC), "2025-11"),
    ],
)
def test_months_begin_at_the_projects_midnight(login: Any, at: datetime, month: str) -> None:
    london = factories.make_environment(time_zone="Europe/London")
    factories.give(london, 5, now=at)
    client = login(factories.reload(london), "analyst")
    other = {"2026-03": "2026-04", "2026-04": "2026-03", "2025-10": "2025-11", "2025-11": "2025-10"}[month]
    assert (_lines(client, month=month)["issued"], _lines(client, month=other)["issued"]) == (5, 0)
    assert "Europe/London" in client.get(PAGE).content.decode()


@pytest.mark.usefixtures("at_noon")
def test_the_forecasts_rows_sum_to_what_is_outstanding(login: Any, environment: Environment) -> None:
    now = timezone.now()
    for number, member in enumerate(("ada", "bob", "cy", "dan")):
        expires_at = now + timedelta(days=40 * number) if number else None
        factories.give(environment, 100 + number, member, expires_at=expires_at)
    factories.give(environment, 7, "eve", expires_at=now + timedelta(days=365 * 5))
    client = login(factories.reload(environment), "analyst")
    rows = rows_of(client, f"{PAGE}liability.csv")
    assert rows[-1]["expires_in"] == "Outstanding"
    assert sum(int(row["points"]) for row in rows[:-1]) == int(rows[-1]["points"]) == 413
    assert rows[-2]["expires_in"] == "never"
    forecast = next(r for r in client.get(PAGE).context["reports"] if r.slug == "liability")
    names = [place.words.partition(":")[0] for place in forecast.drawing.places]
    assert names[-2].startswith("After ")
    assert names[-1] == "Never"


@pytest.mark.usefixtures("at_noon")
def test_nothing_of_another_project_is_counted_or_told(login: Any, ours: Tenant, theirs: Tenant) -> None:
    client = login(ours.environment, "analyst")
    this = {"month": f"{timezone.now():%Y-%m}"}
    page = client.get(PAGE, this)
    assert theirs.mark not in page.content.decode()
    first = timezone.now().date().replace(day=1)
    code = page.context["asked"].metric.code
    moved = moved_by_the_ledger(ours.environment, first=first, last=timezone.now().date(), metric=code)
    assert _lines(client, **this)["closing"] == moved["closing"]
    for slug in REPORTS:
        assert theirs.mark.encode() not in client.get(f"{PAGE}{slug}.csv", this).getvalue()


def test_who_is_in_no_project_is_refused_and_an_unknown_file_is_not_found(
    login: Any, environment: Environment
) -> None:
    assert login(environment, "analyst").get(f"{PAGE}secrets.csv").status_code == 404
    stranger = Client()
    stranger.force_login(factories.make_staff())
    assert (stranger.get(PAGE).status_code, stranger.get(f"{PAGE}days.csv").status_code) == (403, 403)
    assert Client().get(PAGE).status_code == 302


def test_it_takes_as_many_statements_whatever_the_month_and_never_scans_the_ledger(
    login: Any, environment: Environment
) -> None:
    make_many(environment)
    roll()
    client = login(factories.reload(environment), "analyst")
    counts = []
    for query in ({}, {"month": f"{timezone.now():%Y-%m}"}, {"month": "2020-02"}):
        client.get(PAGE, query)  # the snapshot is known
        with CaptureQueriesContext(connection) as queries:
            assert client.get(PAGE, query).status_code == 200
        counts.append(len(queries))
        for plan in plans_of(queries):
            assert "Seq Scan on loyalty_ledgerentry" not in plan, plan
            assert "Seq Scan on audit_auditevent" not in plan, plan
    assert len(set(counts)) == 1
    assert counts[0] <= 30


@pytest.mark.parametrize("at", [None, datetime(2027, 1, 1, 0, 30, tzinfo=UTC)], ids=str)
def test_the_demos_pages_and_files_equal_an_independent_calculation(
    login: Any, tmp_path: Path, at: datetime | None
) -> None:
    """Overview and liability, as pages and as files, beside plain SQL over the ledger's entries (issue 9): of a demo
    that was begun today, and in the first hour of a year."""
    with time_machine.travel(at or datetime.now(UTC).replace(hour=12, minute=0)):
        _the_demo_equals_an_independent_calculation(login, tmp_path)


def _the_demo_equals_an_independent_calculation(login: Any, tmp_path: Path) -> None:
    Command().set_up(tmp_path, "http://127.0.0.1:8000")
    environment = sandbox()
    client = login(environment, "analyst")
    today = timezone.localdate()
    for metric in ("points", "xp"):
        for first, last in ((today - timedelta(days=29), today), (today - timedelta(days=400), today)):
            _overview_equals_the_ledger(client, environment, metric, first, last)
        _liability_equals_the_ledger(client, environment, metric, today.replace(day=1), today)
        last = today.replace(day=1) - timedelta(days=1)
        _liability_equals_the_ledger(client, environment, metric, last.replace(day=1), last)
    _the_analyst_has_something_to_read(client)
    rewards = rows_of(client, "/console/overview/rewards.csv")
    bought = reward_figures(
        environment=environment,
        begins_at=timezone.now() - timedelta(days=29),
        ends_at=timezone.now(),
        now=timezone.now(),
    )
    assert len(bought) == len(rewards) > 5
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM loyalty_redemption WHERE environment_id = %s AND occurred_at >= %s",
            [environment.pk, datetime.combine(today - timedelta(days=29), time(), LONDON)],
        )
        assert cursor.fetchone() == (sum(int(row["redemptions"]) for row in rewards),)


def _the_analyst_has_something_to_read(client: Client) -> None:
    """Last month, its worth, what expires when, and what each period is compared with."""
    page = client.get(PAGE)
    lines = {line.key: line for whole in page.context["statement"].lines for line in whole.parts or (whole,)}
    for key in ("opening", "issued", "redeemed", "expired", "closing"):
        assert lines[key].points != 0, key
        assert lines[key].value.endswith(" GBP"), key
    forecast = rows_of(client, f"{PAGE}liability.csv")[:-1]
    assert sum(int(row["points"]) > 0 for row in forecast) >= 6
    for period in ("30", "90", "last-month"):
        figures = {one.name: one for one in client.get("/console/", {"period": period}).context["figures"]}
        compared = [figures[name] for name in ("Issued", "Redeemed", "Outstanding", "Active members")]
        assert [one.name for one in compared if "(0 before)" in one.change] == [], period


def _overview_equals_the_ledger(
    client: Client, environment: Environment, metric: str, first: date, last: date
) -> None:
    days = {"metric": metric, "first": f"{first}", "last": f"{last}"}
    expected = moved_by_the_ledger(environment, first=first, last=last, metric=metric)
    figures = {figure.name: figure.figure for figure in client.get("/console/", days).context["figures"]}
    for name, key in (("Issued", "issued"), ("Redeemed", "redeemed"), ("Outstanding", "closing")):
        assert figures[name] == f"{expected[key]:,}"
    rows = rows_of(client, "/console/overview/points.csv", days)
    for key in ("issued", "redeemed", "expired", "reversed", "adjusted", "transferred"):
        assert sum(int(row[key]) for row in rows) == expected[key], key
    assert int(rows[-1]["outstanding"]) == expected["closing"] > 0


def _liability_equals_the_ledger(
    client: Client, environment: Environment, metric: str, first: date, last: date
) -> None:
    query = {"metric": metric, "month": f"{first:%Y-%m}"}
    expected = moved_by_the_ledger(environment, first=first, last=last, metric=metric)
    lines = _lines(client, **query)
    assert sum(lines[key] for key in REVERSED) == expected["reversed"]
    signs = {"redeemed": -1, "expired": -1}
    for key in ("opening", "issued", "redeemed", "expired", "adjusted", "transferred", "closing"):
        assert lines[key] == expected[key] * signs.get(key, 1), key
    rows = rows_of(client, f"{PAGE}statement.csv", query)
    assert {row["line"]: int(row["points"]) for row in rows} == lines
    forecast = rows_of(client, f"{PAGE}liability.csv", query)
    today = timezone.localdate()
    outstanding = moved_by_the_ledger(environment, first=first, last=today, metric=metric)["closing"]
    assert sum(int(row["points"]) for row in forecast[:-1]) == int(forecast[-1]["points"]) == outstanding


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("/console/overview/points.csv?first=2026-13-01&last=x", "From: Enter a valid date."),
        ("/console/overview/points.csv?first=2026-06-01", "To, this day included: This field is required."),
        ("/console/overview/points.csv?period=zzz", "There is no such period."),
        ("/console/overview/points.csv?metric=zzz", "There is no such metric here."),
        (f"{PAGE}statement.csv?month=x", "Month: Write the month as year and month: 2026-02."),
        (f"{PAGE}statement.csv?month=2999-01", "Month: That month is still to come."),
        (f"{PAGE}days.csv?month=2026-06&metric=zzz", "There is no such metric here."),
        ("/console/programs/reward/figures/csv/?first=x&last=x", "From: Enter a valid date."),
    ],
)
def test_a_file_of_other_figures_than_were_asked_for_is_refused(
    login: Any, june: Environment, address: str, says: str
) -> None:
    answer = login(june, "analyst").get(address)
    assert (answer.status_code, answer.content.decode()) == (400, says)
    assert not AuditEvent.objects.filter(verb="report.downloaded").exists()
