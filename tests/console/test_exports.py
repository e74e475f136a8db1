"""A list becomes a file: what the page shows, harmless in a spreadsheet, for a day, and for nobody else."""

import csv
import io
import tracemalloc
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from audit.ids import new_id
from audit.models import AuditEvent
from loyalty.actions import exporting_lists
from loyalty.actions.back_tests import Interrupted
from loyalty.actions.erasing import erase_member
from loyalty.actions.exporting_lists import CHOICES, delete_expired, run_export
from loyalty.actions.pace import Pace
from loyalty.models import Export, ExportPiece, Member
from loyalty.queries.exported_lists import COLUMNS
from programs.models import Environment
from tests import factories
from tests.console.deeds import told
from tests.console.tenants import Tenant

pytestmark = pytest.mark.django_db
PAGES = {
    "members": "loyalty/member",
    "ledger": "loyalty/ledgerentry",
    "events": "loyalty/event",
    "redemptions": "loyalty/redemption",
    "stamp_rewards": "loyalty/stampreward",
    "audit": "audit/auditevent",
    "deliveries": "audit/webhookdelivery",
}

FILTERS = {
    "members": "status__exact=frozen",
    "ledger": "type__exact=earned&metric=points&occurred_at_from=2020-01-01&occurred_at_to=2001-01-01",
    "events": "type=purchase",
    "redemptions": "status=failed",
    "stamp_rewards": "status=paid&issued_at_from=2020-01-01",
    "audit": "subject=points&actor=staff",
    "deliveries": "status=failed",
}


def ask(client: Client, kind: str, query: str = "") -> Export:
    answer = client.post(f"/console/{PAGES[kind]}/make-file/", {"query": query})
    assert answer.status_code == 302, told(answer)
    return Export.objects.latest("id")


def run(export: Export) -> dict[str, Any]:
    return run_export(export=export.pk, pace=Pace(rest=0))


def url_of(export: Export, page: str = "download") -> str:
    return f"/console/loyalty/export/{export.pk}/{page}/"


def rows_of(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = answer.getvalue().decode()
    assert int(answer["Content-Length"]) == len(text.encode())
    return list(csv.reader(io.StringIO(text, newline="")))


def crowd(environment: Environment, many: int, prefix: str = "member") -> None:
    Member.objects.bulk_create(
        [
            Member(
                id=new_id(),
                environment=environment,
                external_id=f"{prefix}-{number:05}",
                created_at=timezone.now(),
            )
            for number in range(many)
        ]
    )


def test_an_analyst_takes_the_list_as_it_is_filtered(login: Any, environment: Environment) -> None:
    evil = '=HYPERLINK("https://x.example","ada")'
    factories.make_member(environment, "ada")
    factories.make_member(environment, evil, status="frozen", attributes={"note": "+1"})
    factories.give(environment, 40, "ada")
    analyst = login(environment, "analyst")
    assert 'action="make-file/"' in analyst.get("/console/loyalty/member/").content.decode()
    made = ask(analyst, "members", "status__exact=frozen&p=7")
    assert "Waiting for a worker" in analyst.get(url_of(made, "change")).content.decode()
    assert "has no file yet" in told(analyst.get(url_of(made)))
    run(made)
    header, *rows = rows_of(analyst.get(url_of(made)))
    assert header == ["member_id", "status", "created_at", "balance:points", "attributes"]
    assert [(row[0], row[1], row[3], row[4]) for row in rows] == [
        (f"'{evil}", "frozen", "0", '{"note": "+1"}')
    ]
    whole = ask(analyst, "members")
    run(whole)
    assert {row[0]: row[3] for row in rows_of(analyst.get(url_of(whole)))[1:]} == {
        "ada": "40",
        f"'{evil}": "0",
    }
    trail = AuditEvent.objects.filter(object_id=str(made.pk)).order_by("id")
    assert [(row.verb, row.after) for row in trail] == [
        ("list.export_requested", {"list": "members", "filters": ["status__exact"]}),
        ("list.exported", {"list": "members", "filters": ["status__exact"], "rows": 1, "error": ""}),
        ("list.export_downloaded", {"list": "members", "filters": ["status__exact"]}),
    ]


def test_every_list_is_written_as_it_is_shown(login: Any, ours: Tenant, theirs: Tenant) -> None:
    assert set(PAGES) == set(CHOICES) == set(COLUMNS)
    owner = login(ours.environment)
    for kind, page in PAGES.items():
        whole, filtered = (
            len(owner.get(f"/console/{page}/?{query}").context["cl"].result_list)
            for query in ("", FILTERS[kind])
        )
        made = ask(owner, kind)
        run(made)
        header, *rows = rows_of(owner.get(url_of(made)))
        # A page of the trail does not hold all of it.
        assert len(rows) == whole or (kind == "audit" and len(rows) > whole), kind
        assert {len(row) for row in rows} <= {len(header)}, kind
        assert theirs.mark not in str(rows), kind
        assert run(ask(owner, kind, FILTERS[kind]))["rows"] == filtered < len(rows), kind


def test_five_thousand_rows_take_as_much_memory_as_one_chunk_and_each_is_written_once(
    login: Any, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd(environment, 5_000)
    owner = login(environment)
    made = ask(owner, "members")
    peaks: list[int] = []
    write = exporting_lists._write_chunk

    def measured(key: Any) -> bool:
        """Only the second chunk and the last: to measure is slow."""
        if Export.objects.get(pk=key).pieces not in (1, 4):
            return write(key)
        tracemalloc.start()
        more = write(key)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        return more

    monkeypatch.setattr(exporting_lists, "_write_chunk", measured)
    assert run(made) == {"rows": 5_000, "failed": False}
    assert len(peaks) == 2
    assert peaks[1] < 1.3 * peaks[0]
    assert ExportPiece.objects.filter(export=made).count() == 5
    rows = rows_of(owner.get(url_of(made)))[1:]
    assert sorted(row[0] for row in rows) == [f"member-{number:05}" for number in range(5_000)]


def test_a_killed_run_is_gone_on_with_where_it_was(
    login: Any, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting_lists, "CHUNK", 10)
    crowd(environment, 25)
    owner = login(environment)
    made = ask(owner, "members")
    with pytest.raises(Interrupted):
        run_export(export=made.pk, pace=Pace(seconds=0))
    save = Export.save

    def dies(export: Export, **options: Any) -> None:
        save(export, **options)
        if export.pieces == 2:
            raise OperationalError("the connection is lost")

    monkeypatch.setattr(Export, "save", dies)
    with pytest.raises(OperationalError):
        run(made)
    monkeypatch.setattr(Export, "save", save)
    assert Export.objects.get().pieces == 1
    crowd(environment, 5, "later")  # newer than what is written: not in this file
    assert run(made) == {"rows": 25, "failed": False}
    assert run(made) == {"rows": 0}
    rows = rows_of(owner.get(url_of(made)))[1:]
    assert sorted(row[0] for row in rows) == [f"member-{number:05}" for number in range(25)]


def test_a_day_later_the_file_is_gone(login: Any, environment: Environment) -> None:
    owner = login(environment)
    made = ask(owner, "members")
    run(made)
    Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    for page in ("download", "change"):
        assert owner.get(url_of(made, page)).status_code == 302
    assert delete_expired(now=timezone.now(), pace=Pace(rest=0)) == 1
    assert (Export.objects.count(), ExportPiece.objects.count()) == (0, 0)
    waiting = ask(owner, "members")  # whose worker never came
    assert delete_expired(now=timezone.now() + timedelta(days=2), pace=Pace(rest=0)) == 0
    assert delete_expired(now=timezone.now() + timedelta(days=4), pace=Pace(rest=0)) == 1
    assert run(waiting) == {"rows": 0}


def test_an_erasure_deletes_the_files_that_may_name_the_member(login: Any, environment: Environment) -> None:
    factories.make_member(environment, "yolanda")
    elsewhere = factories.make_environment()
    owner, other = login(environment), login(elsewhere)
    done, waiting, theirs = ask(owner, "members", "q=yolanda"), ask(owner, "members"), ask(other, "members")
    run(done)
    erase_member(
        environment=factories.reload(environment),
        member="yolanda",
        actor=factories.make_actor(),
        now=timezone.now(),
    )
    assert [export.pk for export in Export.objects.all()] == [theirs.pk]
    assert ExportPiece.objects.count() == 0
    assert run(waiting) == {"rows": 0}
    assert owner.get(url_of(done)).status_code == 302
    assert not AuditEvent.objects.filter(environment_id=environment.pk, after__icontains="yolanda").exists()


def test_anothers_file_is_not_there_and_a_list_that_one_may_not_read_neither(
    login: Any, environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ask(login(environment), "members")
    run(made)
    stranger = login(factories.make_environment())
    answer = stranger.get(url_of(made))
    assert (answer.status_code, answer["Location"]) == (302, "/console/loyalty/export/")
    analyst = login(environment, "analyst")
    monkeypatch.setattr("loyalty.admin.members.MemberAdmin.reader", "support")
    assert analyst.post("/console/loyalty/member/make-file/").status_code == 403
    assert analyst.get(url_of(made)).status_code == 302
    assert rows_of(login(environment, "support").get(url_of(made)))


def test_filters_that_cannot_be_read_and_too_many_at_once_are_refused(
    login: Any, environment: Environment
) -> None:
    owner = login(environment)
    for query in ("status__nonsense=1", "q=" + "x" * 2000):
        answer = owner.post("/console/loyalty/member/make-file/", {"query": query})
        assert "filters" in told(answer)
    assert Export.objects.count() == 0
    for _ in range(5):
        ask(owner, "members")
    answer = owner.post("/console/loyalty/member/make-file/", {"query": ""})
    assert "5 exports are being made already" in told(answer)
    assert Export.objects.count() == 5


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize("query", ["q=%00", "q=\x00", "type=%00", "status__regex=["])
def test_filters_that_cannot_be_read_are_refused_with_a_sentence(
    login: Any, environment: Environment, kind: str, query: str
) -> None:
    answer = login(environment).post(f"/console/{PAGES[kind]}/make-file/", {"query": query}, follow=True)
    assert answer.status_code == 200
    assert "filters can&#x27;t be read; choose them again" in answer.content.decode()
    assert not Export.objects.exists()
