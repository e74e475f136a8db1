"""`manage.py import_members` and `import_purchases`."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from audit.errors import InvalidRequest
from loyalty.models import Import
from programs.models import Environment
from tests.loyalty.imports.files import balances


def test_a_file_is_tried_imported_and_what_is_wrong_written_down(
    environment: Environment, tmp_path: Path
) -> None:
    file, wrong = tmp_path / "members.csv", tmp_path / "wrong.csv"
    file.write_text("member_id,points,attributes.phone\nada,5,+44\nbob,x,+45\n")

    def run(*words: str) -> tuple[object, list[str]]:
        out = StringIO()
        with pytest.raises(SystemExit) as ended:
            call_command(
                "import_members", str(file), "--environment", str(environment.pk), *words, stdout=out
            )
        return ended.value.code, out.getvalue().splitlines()

    assert run("--try") == (
        1,
        [
            "2 lines, 1 of them can't be read.",
            "2 of 2 lines",
            "1 would be imported, 0 there already, 1 with a problem.",
        ],
    )
    assert balances(environment) == {}
    assert run("--problems", str(wrong))[1][-1] == "1 imported, 0 there already, 1 with a problem."
    assert run()[1][-1] == "0 imported, 1 there already, 1 with a problem."
    assert balances(environment) == {("ada", "points"): 5}
    told = "points: A whole number from 0 to 1,000,000,000,000, written in figures alone."
    assert wrong.read_text().splitlines() == [
        "member_id,points,attributes.phone,import_line,import_problem",
        f'bob,x,\'+45,3,"{told}"',
    ]

    bought = tmp_path / "bought.csv"
    bought.write_text("event_id,member_id,occurred_at,amount\ne-1,ada,2020-01-01,5\n")
    call_command("import_purchases", str(bought), "--environment", str(environment.pk), stdout=StringIO())
    assert balances(environment) == {("ada", "points"): 5}


def test_a_file_or_environment_that_is_none_is_told(environment: Environment, tmp_path: Path) -> None:
    file = tmp_path / "members.csv"
    for name, key, told in (
        (file, str(environment.pk), "can't be read"),
        (file, "sandbox", "There is no environment 'sandbox'"),
        (tmp_path, str(environment.pk), "can't be read"),
    ):
        with pytest.raises(CommandError, match=told) as refusal:
            call_command("import_members", str(name), "--environment", key)
        assert refusal.value.returncode == 2
    file.write_text("name\nada\n")
    with pytest.raises(CommandError, match="not known here"):
        call_command("import_members", str(file), "--environment", str(environment.pk))


def test_where_the_problems_can_t_be_written_nothing_is_imported(
    environment: Environment, tmp_path: Path
) -> None:
    file = tmp_path / "members.csv"
    file.write_text("member_id,points\nada,5\n")
    for name in (tmp_path / "missing" / "x.csv", tmp_path):
        with pytest.raises(CommandError, match="can't be written") as refusal:
            call_command(
                "import_members",
                str(file),
                "--environment",
                str(environment.pk),
                "--problems",
                str(name),
                stdout=StringIO(),
            )
        assert refusal.value.returncode == 2
    assert balances(environment) == {}
    assert not Import.objects.filter(environment=environment).exists()


def test_what_is_refused_when_it_starts_is_told(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: object) -> None:
        raise InvalidRequest("Not now.")

    monkeypatch.setattr("loyalty.management.importing.start_import", refuse)
    file = tmp_path / "members.csv"
    file.write_text("member_id,points\nada,5\n")
    with pytest.raises(CommandError, match="Not now") as refusal:
        call_command("import_members", str(file), "--environment", str(environment.pk), stdout=StringIO())
    assert refusal.value.returncode == 2
    assert balances(environment) == {}
