"""`make bench` on a few rows: what it seeds is a right ledger, and each of the three can be measured."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.models import Sum

from benchmarks import acting, document, judging, load, stamping
from benchmarks.earning import report
from benchmarks.measuring import CASES, Figures, Place, Plan, figures, measure
from benchmarks.seeding import Seeded, seed
from benchmarks.servers import web_server
from benchmarks.table import table
from loyalty.ledger.checks import Inspection
from loyalty.models import Account, Achievement, Event, LedgerEntry, MissionProgress, Stamp
from programs.models import Environment
from programs.queries.environments import environment_by_id
from tests.loyalty.own_server import database_url

ROWS, DEEP = 400, 100


@pytest.fixture(scope="module")
def seeded(test_database: None, django_db_blocker: Any) -> Iterator[Seeded]:
    """Seeded once, and committed: the servers that are measured have connections of their own."""
    with django_db_blocker.unblock():
        yield seed(rows=ROWS, deep=DEEP)


def test_what_is_seeded_is_a_right_ledger(seeded: Seeded) -> None:
    environment = environment_by_id(seeded.environment_id)  # type: ignore[arg-type]
    assert list(Inspection(environment=environment).violations()) == []
    entries = LedgerEntry.objects.filter(environment_id=environment.id)
    assert (entries.count(), seeded.members, seeded.due) == (ROWS - 2, 29, 8), "ten a member, so two are over"
    accounts = Account.objects.filter(environment_id=environment.id)
    assert accounts.filter(sequence=DEEP, total=1000).count() == 1
    assert accounts.filter(sequence=10, total=600, earned=800, redeemed=200).count() == 29
    assert accounts.filter(next_due_at__lt=connection_now()).count() == 8


def connection_now() -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        return cursor.fetchone()[0]


@pytest.fixture(scope="module")
def servers(seeded: Seeded) -> Iterator[Place]:
    url = f"{database_url()}&options=-c%20lock_timeout%3D60s"  # a machine that stalls refuses nobody
    with web_server("product", url) as product, web_server("yardstick", url) as yardstick:
        yield Place({**vars_of(seeded), "database": url}, {"product": product, "yardstick": yardstick})


def vars_of(seeded: Seeded) -> dict[str, Any]:
    return {name: getattr(seeded, name) for name in Seeded.__slots__}


def test_product_limit_and_yardstick_answer_every_call(servers: Place) -> None:
    targets = ("product", "limit", "yardstick")
    plan = Plan(cases=CASES, targets=targets, clients=(2,), rounds=1, seconds=0.1, connections=1)
    said: list[str] = []
    found = measure(plan, {ROWS: servers}, said.append)
    assert set(found) == {(ROWS, case, 2, target) for case in CASES for target in targets}
    assert len(said) == len(CASES)
    text = table(found, [ROWS])
    assert text.count("\n") == 2 + len(CASES)
    environment = environment_by_id(servers.facts["environment_id"])
    assert list(Inspection(environment=environment, digests=False).violations()) == [], (
        "all three keep the books"
    )


def test_events_one_by_one_and_at_once_write_right_ledgers_and_are_told(servers: Place) -> None:
    targets = ("product", "limit")
    plan = Plan(cases=(), targets=targets, clients=(2,), rounds=1, seconds=0.1, connections=1)
    said: list[str] = []
    text = report(plan, servers, said.append, quick=True)
    assert text.count("| one a call | 8 |") == text.count("| 29 of 29 members a call | 2 |") == 1
    assert text.count("\n") == (2 + 2) + 1 + (2 + len(judging.RULES)) + 1 + (2 + 1)
    assert len(said) == 1 + len(judging.RULES) + 1
    environment = environment_by_id(servers.facts["environment_id"])
    assert list(Inspection(environment=environment, digests=False).violations()) == []


def test_purchases_with_and_without_a_card_are_measured_and_write_right_cards(servers: Place) -> None:
    plan = Plan(cases=(), targets=("product",), clients=(2,), rounds=1, seconds=0.2, connections=1)
    said: list[str] = []
    text = stamping.report(plan, servers, said.append)
    assert (text.count("\n"), len(said)) == (2 + 3, 3)
    live = environment_by_id(servers.facts["environment_id"])
    sandbox = Environment.objects.select_related("project").get(project=live.project, kind="sandbox")
    assert Stamp.objects.filter(environment_id=sandbox.pk).exists()
    assert list(Inspection(environment=sandbox, digests=False).violations()) == []


def test_actions_with_and_without_missions_are_measured_and_count_right(servers: Place) -> None:
    plan = Plan(cases=(), targets=("product",), clients=(2,), rounds=1, seconds=0.2, connections=1)
    said: list[str] = []
    text = acting.report(plan, servers, said.append)
    assert (text.count("\n"), len(said)) == (2 + 4, 4)
    live = environment_by_id(servers.facts["environment_id"])
    sandbox = Environment.objects.select_related("project").get(project=live.project, kind="sandbox")
    own = {"environment_id": sandbox.pk}
    events = {name: Event.objects.filter(type=name, **own) for name in load.ACTIONS.values()}
    assert all(events.values())
    counted = {
        name: MissionProgress.objects.filter(mission__event_type=name, **own).aggregate(Sum("progress"))
        for name in events
    }
    assert {name: one["progress__sum"] for name, one in counted.items()} == {
        "looked": None,
        "played": events["played"].count(),
        "shared": 5 * events["shared"].count(),
        "visited": events["visited"].count(),
    }
    completed = Achievement.objects.filter(kind="challenge", **own)
    assert 0 < completed.count() <= events["visited"].count()
    assert LedgerEntry.objects.filter(type="bonus", points=5, **own).count() == completed.count()
    assert list(Inspection(environment=sandbox, digests=False).violations()) == []


def test_figures_are_calls_a_second_and_milliseconds() -> None:
    found = figures([0.001] * 98 + [0.002, 0.5], elapsed=0.5)
    assert found == Figures(rate=200.0, p50=1.0, p99=500.0, calls=100)


def test_the_table_goes_between_its_marks(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "performance.md"
    file.write_text(f"before\n{document.BEGIN}old\n{document.END}after\n")
    monkeypatch.setattr(document, "DOCUMENT", file)
    document.write("| new |\n")
    text = file.read_text()
    assert text.startswith(f"before\n{document.BEGIN}Measured on ")
    assert text.endswith(f"| new |\n{document.END}after\n")
    assert "old" not in text
    file.write_text("no marks")
    with pytest.raises(ValueError, match="has lost its marks"):
        document.write("| new |\n")
    assert file.read_text() == "no marks"
