"""Milestones are configured as a whole set, each threshold once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from audit.errors import InvalidRequest, NotFound
from audit.models import AuditEvent
from programs.actions.milestones import MAX_MILESTONES, save_milestone_set
from programs.models import Environment, Metric, Milestone, MilestoneSet
from tests.factories import make_actor, make_environment, reload

pytestmark = pytest.mark.django_db
BRONZE, GOLD = (
    {"id": "bronze", "title": "Bronze", "threshold": 10},
    {"id": "gold", "title": "Gold", "threshold": 99},
)


def save(
    stored: MilestoneSet, milestones: list[dict[str, Any]] | None = None, /, **changes: Any
) -> MilestoneSet:
    return save_milestone_set(
        environment=reload(stored.environment),
        milestone_set=stored,
        actor=make_actor(),
        changes=changes,
        milestones=milestones,
    )


def make(environment: Environment, *milestones: dict[str, Any], **changes: Any) -> MilestoneSet:
    points = Metric.objects.get(environment=environment, code="points")
    given = {"title": "Levels", "metric": points, "public_id": "levels"} | changes
    return save(MilestoneSet(environment=environment), list(milestones), **given)


def shown(found: MilestoneSet) -> list[tuple[str, str, int]]:
    return [(one.public_id, one.title, one.threshold) for one in found.milestones.all()]


@contextmanager
def faults(environment: Environment, *expected: tuple[str, str]) -> Iterator[None]:
    models = (MilestoneSet, Milestone)

    def rows() -> list[Any]:
        found = [
            list(m._default_manager.filter(environment=environment).order_by("pk").values()) for m in models
        ]
        return [*found, AuditEvent.objects.filter(environment_id=environment.id).count()]

    before = rows()
    with pytest.raises(InvalidRequest) as caught:
        yield
    assert sorted((each.field, each.code) for each in caught.value.errors) == sorted(expected)
    assert rows() == before


def test_each_fault_is_named_and_nothing_is_saved(environment: Environment) -> None:
    stored = make(environment, BRONZE)
    for milestones, expected in (
        ([BRONZE, GOLD | {"threshold": 10}], ("milestones[1].threshold", "unique")),
        ([BRONZE, BRONZE | {"threshold": 11}], ("milestones[1].id", "unique")),
        ([GOLD | {"threshold": None}], ("milestones[0].threshold", "required")),
        ([GOLD | {"threshold": True}], ("milestones[0].threshold", "invalid")),
        ([GOLD | {"threshold": 1.5}], ("milestones[0].threshold", "invalid")),
        ([GOLD | {"threshold": 10**15 + 1}], ("milestones[0].threshold", "max_value")),
        ([GOLD | {"title": " "}], ("milestones[0].title", "blank")),
        ([GOLD | {"media": "nowhere"}], ("milestones[0].media", "invalid")),
        ([GOLD | {"color": "red"}], ("milestones[0].color", "unknown_field")),
        ([GOLD] * (MAX_MILESTONES + 1), ("milestones", "max_length")),
    ):
        with faults(environment, expected):
            save(stored, milestones)
    other = make_environment()
    with faults(environment, ("metric", "fixed"), ("title", "blank")):
        save(
            stored,
            title="",
            metric=Metric.objects.create(
                environment=environment, program=stored.metric.program, code="xp", title="XP"
            ),
        )
    with faults(environment, ("metric", "invalid")):
        make(environment, public_id="new", metric=Metric.objects.get(environment=other, code="points"))
    with faults(environment, ("id", "unique")):
        make(environment)
    with pytest.raises(NotFound):
        save_milestone_set(
            environment=other, milestone_set=stored, actor=make_actor(), changes={}, milestones=None
        )


def test_the_whole_list_is_matched_by_id_and_two_may_change_places(environment: Environment) -> None:
    stored = make(environment, GOLD, BRONZE)
    assert shown(stored) == [("bronze", "Bronze", 10), ("gold", "Gold", 99)]
    keys = set(stored.milestones.values_list("pk", flat=True))
    swapped = save(stored, [BRONZE | {"threshold": 99}, GOLD | {"threshold": 10}])
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert shown(swapped) == [("gold", "Gold", 10), ("bronze", "Bronze", 99)]
    assert set(swapped.milestones.values_list("pk", flat=True)) == keys
    version = reload(environment).config_version
    assert shown(save(stored)) == shown(swapped)
    assert reload(environment).config_version == version
    last = save(stored, [GOLD | {"threshold": -5}, {"title": "Silver", "threshold": 50}])
    assert [(title, threshold) for _, title, threshold in shown(last)] == [("Gold", -5), ("Silver", 50)]
    assert shown(last)[1][0].startswith("mil_")
    assert reload(environment).config_version > version
    verbs = AuditEvent.objects.filter(object_id=str(stored.pk)).order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["milestoneset.created", *["milestoneset.milestones_changed"] * 3]
