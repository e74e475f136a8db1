"""Members come with their balances and attributes, exactly once."""

from datetime import timedelta

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from loyalty.actions.erasing import erase_member
from loyalty.actions.importing import delete_texts
from loyalty.actions.members import update_member
from loyalty.actions.merging import merge_members
from loyalty.actions.pace import Pace
from loyalty.ledger.checks import Inspection
from loyalty.models import Import, ImportPiece, ImportProblem, LedgerEntry, Lot, Member, MilestoneChange
from loyalty.queries.imports import problem_cells, problem_columns
from programs.actions.milestones import save_milestone_set
from programs.models import Environment, Metric, MilestoneSet, Plan
from tests.factories import give, make_actor, make_metric, reload
from tests.loyalty.imports.files import balances, bring, counts, entries, look, problems, run

FILE = """member_id;points;metric;expires_at;attributes.city;attributes.vip
ada;500;;2030-01-01;Köln;true
Bob Smith;7;;;;
bob smith;8;points;never;;
zoe;10;;2020-01-01;Lagos;
profile;;;;Ibadan;false
ada;500;;2030-01-01;Bonn;
ada;40;;never;;
ada;3;xp;;;
bad;-3;;;;
lost;5;gems;;;
"""


def assert_sound(environment: Environment) -> None:
    assert list(Inspection(environment=environment).violations()) == []


def test_a_file_is_imported_once_however_often_it_is(environment: Environment) -> None:
    make_metric(environment, "xp")
    save_milestone_set(
        environment=reload(environment),
        milestone_set=MilestoneSet(
            environment=environment, metric=Metric.objects.get(environment=environment, code="points")
        ),
        actor=make_actor(),
        changes={"title": "Distance"},
        milestones=[{"id": "first", "title": "First", "threshold": 5}],
    )
    tried = run(look(environment, FILE), trial=True)
    assert counts(tried) == ("preview", 10, 7, 0, 3)
    assert balances(environment) == {}
    assert Member.objects.filter(environment=environment).count() == 0

    file = run(tried)
    assert counts(file) == ("done", 10, 7, 0, 3)
    told = problems(file)
    assert told[7] == "An earlier line says the same: one of the two is too much."
    assert told[10].startswith("points: A balance below zero")
    assert told[11].startswith("metric: There is no metric 'gems' here")
    expected = {
        ("ada", "points"): 540,
        ("ada", "xp"): 3,
        ("Bob Smith", "points"): 7,
        ("bob smith", "points"): 8,
        ("zoe", "points"): 0,
    }
    assert balances(environment) == expected
    assert entries(environment, "zoe") == [("adjusted", 10, "opening_balance"), ("expired", -10, "Expired")]
    lots = Lot.objects.filter(member__external_id="ada", member__environment=environment, points__gte=40)
    assert [lot.expires_at and lot.expires_at.isoformat() for lot in lots] == [
        "2030-01-01T00:00:00+00:00",
        None,
    ]
    assert not MilestoneChange.objects.filter(environment_id=environment.pk).exists()
    members = dict(Member.objects.filter(environment=environment).values_list("external_id", "attributes"))
    assert members["ada"] == {"city": "Köln", "vip": True}
    assert members["profile"] == {"city": "Ibadan", "vip": False}
    assert "lost" not in members
    assert ImportPiece.objects.filter(file=file).count() == 0

    assert counts(bring(environment, FILE)) == ("done", 10, 0, 7, 3)
    assert balances(environment) == expected
    assert_sound(environment)
    verbs = AuditEvent.objects.filter(environment_id=environment.pk, object_type="import").order_by("id")
    assert [event.verb for event in verbs] == ["import.started", "import.finished"] * 2
    assert verbs[1].after == {
        "kind": "members",
        "file": "members.csv",
        "lines": 10,
        "added": 7,
        "already": 0,
        "refused": 3,
        "error": "",
    }


def test_a_corrected_file_gives_nothing_twice(environment: Environment) -> None:
    bring(environment, "member_id,points,expires_at\nada,500,2030-01-01\nbob,300,\ncy,10,never\nbad,x,\n")
    again = bring(
        environment,
        "member_id,points,expires_at,attributes.city\n"
        "ada,500,2031-01-01,Lagos\nbob,301,,\ncy,10,never,Lagos\ncy,20,2031-01-01,\nbad,9,,\n",
    )
    assert counts(again) == ("done", 5, 3, 0, 2)
    assert problems(again)[2].startswith("expires_at: An opening balance of 500 that expires 2030-01-01")
    assert problems(again)[3].startswith("points: An opening balance of 300 with this expiry")
    assert balances(environment) == {
        ("ada", "points"): 500,
        ("bob", "points"): 300,
        ("cy", "points"): 30,
        ("bad", "points"): 9,
    }
    assert Member.objects.get(environment=environment, external_id="ada").attributes == {}
    assert_sound(environment)

    corrected = [problem_columns(again), *problem_cells(again)]
    text = "\n".join(",".join(f'"{cell}"' for cell in row) for row in corrected)
    assert counts(bring(environment, text.replace('"2031-01-01"', '"2030-01-01"'))) == ("done", 2, 1, 0, 1)
    assert Member.objects.get(environment=environment, external_id="ada").attributes == {"city": "Lagos"}


def test_members_who_are_there_keep_what_they_have(environment: Environment) -> None:
    """Debt is paid as by any credit, a maximum cuts nothing, and the merged, frozen and erased are told apart."""
    metric = Metric.objects.get(environment=environment, code="points")
    Metric.objects.filter(pk=metric.pk).update(maximum=1000, default_value=5)
    file = "member_id,points\nada,500\nbob,30\ncold,10\ngone,10\nold,20\nrich,996\nnew,995\n"
    give(environment, 100, "bob")
    for name in ("cold", "gone", "old", "rich"):
        give(environment, 1, name)
    bring(environment, "member_id,points\nold,20\n")
    actor, now = make_actor(), timezone.now()
    update_member(environment=environment, member="cold", status="frozen", actor=actor, now=now)
    erase_member(environment=environment, member="gone", actor=actor, now=now)
    merge_members(environment=environment, member="old", into="bob", reason=None, actor=actor, now=now)

    found = bring(environment, file)
    assert counts(found) == ("done", 7, 3, 1, 3)
    told = problems(found)
    assert told[4] == "This member is frozen; an operator can make it active again."
    assert told[5] == "This member was erased, and is not brought back by a file."
    assert ImportProblem.objects.get(file=found, line=5).content == []
    assert told[7].startswith("points: An account of points holds at most 1000 points, and this one has ")
    assert balances(environment)["ada", "points"] == 505
    assert balances(environment)["new", "points"] == 1000
    assert LedgerEntry.objects.filter(environment_id=environment.pk, reason="opening_balance").count() == 4
    assert counts(bring(environment, file)) == ("done", 7, 0, 4, 3)
    assert balances(environment)["bob", "points"] == 100 + 5 + 30 + 1 + 5 + 20
    assert_sound(environment)


def test_the_plan_limits_who_is_new_at_its_very_edge(environment: Environment) -> None:
    plan = Plan.objects.create(name="Of three", limits={"members": 3}, features=[])
    environment.project.organization.plan = plan
    environment.project.organization.save(update_fields=["plan"])
    text = "member_id,points\n" + "".join(f"m-{n},1\n" for n in range(5))
    tried = run(look(environment, text), trial=True)
    assert counts(tried) == ("preview", 5, 3, 0, 2)
    file = run(tried)
    assert counts(file) == ("done", 5, 3, 0, 2)
    assert "3" in problems(file)[5]
    assert counts(bring(environment, text)) == ("done", 5, 0, 3, 2)
    assert Member.objects.filter(environment=environment).count() == 3


def test_who_is_erased_is_in_no_file_any_more(environment: Environment) -> None:
    done = bring(environment, "member_id,points,attributes.city\nada,5,Lagos\nada,5,Ibadan\nbob,x,Oslo\n")
    waiting = look(environment, "member_id,points,attributes.city\nada,5,Ilorin\nAda,6,Kano\n")
    erase_member(environment=environment, member="ada", actor=make_actor(), now=timezone.now())
    assert list(problems(done)) == [4]
    (piece,) = ImportPiece.objects.filter(file=waiting)
    assert "Ilorin" not in str(piece.content)
    assert "Kano" in str(piece.content)
    assert counts(run(waiting)) == ("done", 2, 1, 0, 1)
    assert problems(waiting) == {2: "A member who was erased."}


@pytest.mark.parametrize(
    ("member", "heading", "line"),
    [
        ("maria-schmidt-77", "member_id,points,attributes.name", "maria-schmidt-77;x;Maria"),
        ("maria-schmidt-77", "member_id,points,attributes.name", '"maria-schmidt-77,5,Maria"'),
        ("maria-schmidt-77", "member_id,points,attributes.name", "Maria-Schmidt-77,x,Maria"),
        ("maria-schmidt-77", "member_id,points,attributes.name", '"x\nmaria-schmidt-77",x,Maria'),
        ("+447700900123", "member_id,points,attributes.name,import_problem", "'+447700900123,x,Maria,bad"),
        ("a.(b)|c\\d", "member_id,points,attributes.name", "a.(b)|c\\d;5;Maria"),
        ("ada", "member_id,points,attributes.name", "ada\t5\tMaria"),
        ("ada", "member_id,points,attributes.name", "5;ada;Maria"),
    ],
    ids=["separator", "quoted whole", "case", "behind a break", "apostrophe", "signs", "tab", "short"],
)
def test_however_a_line_names_who_is_erased_it_goes(
    environment: Environment, member: str, heading: str, line: str
) -> None:
    blank = "," * heading.count(",")
    give(environment, 1, member)
    others = f"ann.{member}x{blank}\nadab,x{blank[1:]}\n{blank[:0]}"
    done = bring(environment, f"{heading}\n{line}\n{others}")
    waiting = look(environment, f"{heading}\n{line}\n{others}")
    erase_member(environment=environment, member=member, actor=make_actor(), now=timezone.now())
    for table in (ImportProblem, ImportPiece):
        stored = str(
            list(table.objects.filter(environment_id=environment.pk).values_list("content", flat=True))
        )
        assert "Maria" not in stored, table
        assert "adab" in stored, table
    assert len(problems(done)) == len(problems(waiting)) == 1
    assert counts(run(waiting)) == ("done", 3, 0, 1, 2)


def test_who_is_erased_takes_no_line_of_others_that_waits(environment: Environment) -> None:
    for name in ("500", "joe@shop.test"):
        give(environment, 1, name)
    text = "member_id,points,attributes.friend\nada,500,\nann.joe@shop.test,5,\nzoe,7,joe@shop.test\n500,9,\n"
    waiting = look(environment, text)
    for name in ("500", "joe@shop.test"):
        erase_member(environment=environment, member=name, actor=make_actor(), now=timezone.now())
    assert counts(run(waiting)) == ("done", 4, 2, 0, 2)
    assert sorted(problems(waiting)) == [4, 5]


def test_texts_are_forgotten_when_their_time_is_over(environment: Environment) -> None:
    now = timezone.now()
    done = bring(environment, "member_id,points\nada,x\n")
    other = look(environment, "member_id\nbob\n")
    assert Import.objects.filter(environment=environment).count() == 2
    assert delete_texts(now=now, pace=Pace(rest=0)) == 0
    delete_texts(now=now + timedelta(days=2), pace=Pace(rest=0))
    assert not Import.objects.filter(pk=other.pk).exists()
    assert ImportProblem.objects.filter(file=done).count() == 1
    delete_texts(now=now + timedelta(days=8), pace=Pace(rest=0))
    assert ImportProblem.objects.filter(file=done).count() == 0
    assert Import.objects.filter(pk=done.pk).count() == 1
