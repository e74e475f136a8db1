"""A file is worked off by whoever is there, once."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from audit.errors import InvalidRequest
from loyalty.actions import importing, importing_run
from loyalty.actions.back_tests import Interrupted
from loyalty.actions.erasing import erase_member
from loyalty.actions.importing import delete_texts, start_import
from loyalty.actions.importing_members import take_members
from loyalty.actions.importing_run import run_import
from loyalty.actions.pace import Pace
from loyalty.models import Import, ImportPiece, LedgerEntry, Member
from programs.models import Environment
from tests.factories import make_environment
from tests.loyalty.imports.files import ANNA, BEN, balances, bring, counts, look, problems, run
from tests.waiting import while_uncommitted

LINES = "member_id,points\n" + "".join(f"m-{number},{number}\n" for number in range(1, 101))
SUM = 5050


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "PIECE", 10)


def of(environment: Environment) -> tuple[int, int]:
    points = LedgerEntry.objects.filter(environment_id=environment.pk).values_list("points", flat=True)
    return len(points), sum(points)


def test_four_at_once_share_a_file_and_two_files_of_the_same_lines_give_them_once(
    committed_environment: Environment, together: Callable[..., list[Any]]
) -> None:
    look(committed_environment, LINES)  # goes, since it is not started
    files = [look(committed_environment, LINES), look(committed_environment, LINES, actor=BEN)]
    assert Import.objects.filter(environment=committed_environment).count() == 2
    for file in files:
        start_import(environment=committed_environment, key=file.pk, trial=False, actor=ANNA)
    results = together(lambda number: run_import(file=files[number % 2].pk, pace=Pace(rest=0)), threads=4)
    assert [result for result in results if isinstance(result, Exception)] == []
    done = [counts(Import.objects.get(pk=file.pk)) for file in files]
    assert {(status, lines, refused) for status, lines, _, _, refused in done} == {("done", 100, 0)}
    assert sum(added for _, _, added, _, _ in done) == 100
    assert of(committed_environment) == (100, SUM)
    assert Member.objects.filter(environment=committed_environment).count() == 100


def test_one_that_fails_keeps_what_it_did_and_goes_on_behind_it(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = look(environment, LINES + "m-1,1\nbad,x\n")
    take = take_members

    def faulty(journal: Any, config: Any, lines: Any, found: Import) -> Any:
        if lines[0].member == "m-31":
            raise ZeroDivisionError
        return take(journal, config, lines, found)

    with monkeypatch.context() as patched:
        patched.setattr(importing_run, "take_members", faulty)
        with pytest.raises(ZeroDivisionError):
            run(file)
    file.refresh_from_db()
    assert counts(file) == ("failed", 102, 30, 0, 0)
    assert "ZeroDivisionError" in file.error
    assert of(environment) == (30, 465)
    with pytest.raises(InvalidRequest, match="Part of this file is imported"):
        start_import(environment=environment, key=file.pk, trial=True, actor=ANNA)

    with pytest.raises(Interrupted):
        run(file, pace=Pace(seconds=0, rest=0))
    with pytest.raises(InvalidRequest, match="imported already"):
        start_import(environment=environment, key=file.pk, trial=False, actor=ANNA)
    run_import(file=file.pk, pace=Pace(rest=0))
    run_import(file=file.pk, pace=Pace(rest=0))
    file.refresh_from_db()
    assert counts(file) == ("done", 102, 100, 0, 2)
    assert list(problems(file)) == [102, 103]
    assert of(environment) == (100, SUM)
    assert not ImportPiece.objects.filter(file=file).exists()
    with pytest.raises(InvalidRequest, match="it is done"):
        start_import(environment=environment, key=file.pk, trial=False, actor=ANNA)


def test_one_whose_lines_are_gone_is_chosen_again_and_is_never_done_without_them(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*_: Any) -> Any:
        raise ZeroDivisionError

    tried, brought = look(environment, LINES), look(environment, LINES, actor=BEN)
    with monkeypatch.context() as patched:
        patched.setattr(importing_run, "take_members", faulty)
        for file, trial in ((tried, True), (brought, False)):
            with pytest.raises(ZeroDivisionError):
                run(file, trial=trial)
    delete_texts(now=timezone.now() + timedelta(days=8), pace=Pace(rest=0))
    for file in (tried, brought):
        with pytest.raises(InvalidRequest, match="not kept any more; choose the file again"):
            run(file)
        file.refresh_from_db()
        assert counts(file) == ("failed", 100, 0, 0, 0)

    cut = look(environment, LINES)
    ImportPiece.objects.filter(file=cut, number__gt=3).delete()
    monkeypatch.setattr(importing, "is_kept", lambda _: True)
    assert counts(run(cut)) == ("failed", 100, 30, 0, 0)
    assert cut.error == "Only 30 of 100 lines are there; choose the file again."


def test_one_that_is_being_started_stays_when_its_owner_looks_at_another(
    committed_environment: Environment,
) -> None:
    first = look(committed_environment, LINES)

    def another() -> None:
        look(committed_environment, LINES)
        connection.close()

    looking = threading.Thread(target=another)
    with transaction.atomic():
        start_import(environment=committed_environment, key=first.pk, trial=False, actor=ANNA)
        looking.start()
        looking.join(timeout=60)
        is_waiting = looking.is_alive()
    looking.join()
    assert not is_waiting
    found = Import.objects.filter(environment=committed_environment)
    assert set(found.values_list("status", flat=True)) == {"queued", "preview"}
    assert Import.objects.filter(pk=first.pk, status="queued").exists()


def test_who_is_erased_while_a_file_is_read_is_not_in_it(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(environment, "member_id,points\nmaria-schmidt,1\n")
    before = set(Import.objects.values_list("pk", flat=True))
    read = importing.read_line

    def reading(found: Import, line: Any) -> Any:
        if line.number == 15:
            assert Import.objects.get(pk=found.pk).status == "reading"
            assert found.pieces.count() == 1
            erase_member(environment=environment, member="maria-schmidt", actor=ANNA, now=timezone.now())
        return read(found, line)

    monkeypatch.setattr(importing, "read_line", reading)
    with pytest.raises(InvalidRequest, match="a member was erased meanwhile"):
        look(environment, LINES.replace("m-20,", "maria-schmidt,"))
    assert set(Import.objects.values_list("pk", flat=True)) == before
    assert not ImportPiece.objects.filter(environment_id=environment.pk).exists()


def test_an_erasure_waits_for_the_piece_that_is_worked_off(
    committed_environment: Environment,
) -> None:
    bring(committed_environment, "member_id,points\nmaria-schmidt,1\n")

    def erase() -> None:
        erase_member(
            environment=committed_environment, member="maria-schmidt", actor=ANNA, now=timezone.now()
        )

    def work_off() -> None:
        Import.objects.filter(pk=file.pk).update(status="running")
        assert importing_run._step(file.pk) == "done"

    file = look(committed_environment, LINES)
    start_import(environment=committed_environment, key=file.pk, trial=False, actor=ANNA)
    while_uncommitted(work_off, erase)
    members = Member.objects.filter(environment=committed_environment)
    assert not members.filter(external_id="maria-schmidt").exists()


def test_a_job_that_never_ends_is_given_up_and_another_tenants_file_is_not_found(
    environment: Environment,
) -> None:
    file = look(environment, LINES)
    with pytest.raises(Exception, match="There is no such import"):
        start_import(environment=make_environment(), key=file.pk, trial=False, actor=ANNA)
    assert counts(run(file, attempt=10)) == ("failed", 100, 0, 0, 0)
    assert file.error.startswith("It was begun 10 times")
    assert balances(environment) == {}
    jobs = ProcrastinateJob.objects.filter(task_name="import", args__file=str(file.pk))
    assert [job.lock for job in jobs] == [f"import {environment.pk}"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no line below the heading"),
        ("member_id\n", "no line below the heading"),
        ("name\nada\n", "not known here"),
        (b"member_id\n\xff\n", "is not text in UTF-8"),
    ],
)
def test_what_is_no_such_file_leaves_nothing(environment: Environment, text: str | bytes, told: str) -> None:
    with pytest.raises(InvalidRequest, match=told):
        look(environment, text)
    assert not Import.objects.filter(environment=environment).exists()


def test_a_file_that_is_too_large_is_refused(environment: Environment, settings: Any) -> None:
    settings.LARGEST_IMPORT_FILE = 20
    with pytest.raises(InvalidRequest, match="part the file"):
        look(environment, LINES)
    assert counts(bring(environment, "member_id\nada\n")) == ("done", 1, 1, 0, 0)
