"""Imports: looked at first, tried or imported by a worker; and what is told of them."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from loyalty.actions.importing_run import run_import
from loyalty.actions.pace import Pace
from loyalty.models import Import, Member
from programs.models import Environment, Metric
from tests.console.deeds import told

pytestmark = pytest.mark.django_db

IMPORT = "/console/loyalty/import"
FILE = "member_id;points;attributes.phone\nada;500;\nbob;x;+44\n=cmd;-3;\n"


def send(client: Client, text: str, kind: str = "members") -> Any:
    sent = SimpleUploadedFile("members.csv", text.encode(), "text/csv")
    return client.post(f"{IMPORT}/add/", {"kind": kind, "file": sent})


def page(client: Client, found: Import) -> str:
    return str(client.get(f"{IMPORT}/{found.pk}/change/").content.decode())


def test_a_file_is_looked_at_tried_imported_and_what_is_wrong_downloaded(
    login: Any, environment: Environment
) -> None:
    Metric.objects.filter(environment=environment, code="points").update(default_value=25)
    operator = login(environment, "operator")
    assert "attributes.city" in operator.get(f"{IMPORT}/add/").content.decode()
    answer = send(operator, FILE)
    found = Import.objects.get(environment=environment)
    assert answer["Location"] == f"{IMPORT}/{found.pk}/change/"
    text = page(operator, found)
    assert "3 lines with members and balances. Nothing is imported yet." in text
    assert "Each new account of points begins with 25 besides" in text
    assert "points: A balance below zero" in text
    assert "console/again.js" not in text

    operator.post(f"{IMPORT}/{found.pk}/start/", {"trial": "yes"})
    text = page(operator, found)
    assert "Trying 3 lines. Nothing is written." in text
    assert "console/again.js" in text
    run_import(file=found.pk, pace=Pace(rest=0))
    assert "1 line would be imported, 2 would not." in page(operator, found)
    assert not Member.objects.filter(environment=environment).exists()

    operator.post(f"{IMPORT}/{found.pk}/start/")
    again = operator.post(f"{IMPORT}/{found.pk}/start/", follow=True)
    assert "This file is being read or imported already, or it is done." in told(again)
    run_import(file=found.pk, pace=Pace(rest=0))
    text = page(operator, found)
    assert "1 line is imported." in text
    assert "Members" in text
    file = operator.get(f"{IMPORT}/{found.pk}/problems/")
    assert b"".join(file.streaming_content).decode().splitlines()[2].startswith("'=cmd,'-3,,4,")
    assert "members.csv" in operator.get(f"{IMPORT}/").content.decode()


def test_a_heading_is_no_formula_in_the_file_of_problems_and_comes_back_as_it_was(
    login: Any, environment: Environment
) -> None:
    operator = login(environment, "operator")
    send(operator, "event_id,member_id,occurred_at,amount,=1+1\ne-1,ada,bad,5,x\n", "purchases")
    found = Import.objects.get(environment=environment)
    file = b"".join(operator.get(f"{IMPORT}/{found.pk}/problems/").streaming_content).decode()
    assert file.startswith("event_id,member_id,occurred_at,amount,'=1+1,import_line,import_problem\r\n")
    send(operator, file, "purchases")
    again = Import.objects.get(environment=environment)
    assert again.columns[4] == "=1+1"


@pytest.mark.parametrize(
    ("text", "told_as"),
    [
        ("", "The submitted file is empty."),
        ("name\nada\n", "is not known here"),
        ("member_id\n\0", "holds a character"),
        ('"member_id\nada\n', "The heading"),
    ],
    ids=["empty", "column", "nul", "quote"],
)
def test_a_file_that_is_none_is_told_on_the_form(
    login: Any, environment: Environment, text: str, told_as: str
) -> None:
    answer = send(login(environment, "operator"), text)
    body = (
        answer.content.decode()
        if answer.status_code == 200
        else page(login(environment, "operator"), Import.objects.get(environment=environment))
    )
    assert told_as in body


def test_one_whose_lines_are_gone_offers_another_file_alone(login: Any, environment: Environment) -> None:
    operator = login(environment, "operator")
    send(operator, FILE)
    found = Import.objects.get(environment=environment)
    found.pieces.all().delete()
    Import.objects.filter(pk=found.pk).update(status="failed", error="A fault ended it.")
    text = page(operator, found)
    assert "The lines of this file are not kept any more." in text
    assert "Go on" not in text
    assert "Another file" in text
    answer = operator.post(f"{IMPORT}/{found.pk}/start/", follow=True)
    assert "not kept any more; choose the file again" in told(answer)
    Import.objects.filter(pk=found.pk).update(status="reading")
    assert "The file is being read. Nothing is imported yet." in page(operator, found)


def test_support_sees_what_was_imported_and_starts_nothing(login: Any, environment: Environment) -> None:
    send(login(environment, "operator"), FILE)
    found = Import.objects.get(environment=environment)
    support = login(environment, "support")
    text = page(support, found)
    assert "3 lines with members and balances" in text
    assert "Try the whole file" not in text
    paths = [f"{IMPORT}/add/", f"{IMPORT}/{found.pk}/problems/"]
    assert [support.get(path).status_code for path in paths] == [403, 403]
    assert support.post(f"{IMPORT}/{found.pk}/start/").status_code == 403
    found.refresh_from_db()
    assert found.status == "preview"
