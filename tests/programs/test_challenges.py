"""A challenge is judged whole, with its missions and rewards, before it is saved; parts of it stay as they were."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.errors import InvalidRequest, NotFound
from audit.models import AuditEvent
from programs.actions.challenge_missions import MAX_MISSIONS
from programs.actions.challenge_rewards import MAX_REWARDS
from programs.actions.challenges import save_challenge
from programs.models import (
    Challenge,
    ChallengeReward,
    Environment,
    InventoryItem,
    InventorySet,
    Metric,
    Mission,
    Program,
)
from tests.factories import make_actor, make_challenge, make_coupon, make_environment, reload

pytestmark = pytest.mark.django_db
MAY = datetime(2026, 5, 1, tzinfo=UTC)
VISIT: dict[str, Any] = {"title": "Come", "event_type": "visit", "target": 2}
SPEND: dict[str, Any] = {
    "title": "Spend",
    "event_type": "purchase",
    "measure": "sum",
    "field": "data.amount",
    "target": "49.50",
}


def save(
    stored: Challenge,
    *,
    missions: list[dict[str, Any]] | None = None,
    rewards: list[dict[str, Any]] | None = None,
    **changes: Any,
) -> Challenge:
    return save_challenge(
        environment=reload(stored.environment),
        challenge=Challenge.objects.get(pk=stored.pk),
        actor=make_actor(),
        now=timezone.now(),
        changes=changes,
        missions=missions,
        rewards=rewards,
    )


def live(challenge: Challenge) -> list[Mission]:
    return list(challenge.missions.filter(removed_at=None))


def as_given(mission: Mission, **changes: Any) -> dict[str, Any]:
    """A stored mission as a caller sends it again."""
    names = ("title", "type", "event_type", "condition", "measure", "field", "target")
    return {"id": str(mission.public_id), **{name: getattr(mission, name) for name in names}, **changes}


def all_rows(environment: Environment) -> list[Any]:
    models = (Challenge, Mission, ChallengeReward)
    rows = [
        list(model._default_manager.filter(environment=environment).order_by("pk").values())
        for model in models
    ]
    return [*rows, AuditEvent.objects.filter(environment_id=environment.id).count()]


@contextmanager
def faults(environment: Environment, *expected: tuple[str, str]) -> Iterator[None]:
    """What runs is refused for exactly these fields with these codes, and nothing is changed."""
    before = all_rows(environment)
    with pytest.raises(InvalidRequest) as caught:
        yield
    assert sorted((each.field, each.code) for each in caught.value.errors) == sorted(expected)
    assert all(each.detail for each in caught.value.errors)
    assert all_rows(environment) == before


def an_item(environment: Environment) -> InventoryItem:
    badges = InventorySet.objects.create(
        environment=environment,
        program=Program.objects.get(environment=environment, code="default"),
        public_id="badges",
        title="Badges",
    )
    return InventoryItem.objects.create(
        environment=environment, inventory_set=badges, public_id="gold", title="Gold"
    )


def test_it_is_saved_with_its_missions_in_order_and_its_rewards(environment: Environment) -> None:
    points = Metric.objects.get(environment=environment, code="points")
    tea = make_coupon(environment)
    is_cafe = {"field": "data.items[].sku", "op": "eq", "value": "tea"}
    made = make_challenge(
        environment,
        title=" Spring ",
        subtitle=None,
        missions=[
            {**VISIT, "id": "AAAAAAAA-0000-4000-8000-000000000001", "title": " Come ", "condition": is_cafe},
            {**SPEND, "notification_display": "popup", "notification_title": "Well spent"},
        ],
        rewards=[
            {"kind": "metric", "metric": points, "quantity": 50},
            {"kind": "inventory_item", "item": an_item(environment)},
            {"kind": "coupon", "item": tea.item},
        ],
    )
    made.refresh_from_db()
    assert (made.title, made.subtitle, made.changes, made.settled) == ("Spring", "", 0, 0)
    come, spend = live(made)
    assert come.public_id == UUID("aaaaaaaa-0000-4000-8000-000000000001")
    assert (come.title, come.measure, come.field, come.target, come.place) == (
        "Come",
        "count",
        "",
        Decimal(2),
        0,
    )
    assert come.condition == {**is_cafe, "match": "any"}
    assert (spend.measure, spend.field, spend.target, spend.place) == (
        "sum",
        "data.amount",
        Decimal("49.5"),
        1,
    )
    assert (spend.notification_display, spend.notification_title) == ("popup", "Well spent")
    assert [(one.place, one.kind, one.quantity, str(one.item or "")) for one in made.rewards.all()] == [
        (0, "metric", 50, ""),
        (1, "inventory_item", None, "Gold"),
        (2, "coupon", None, "Free tea"),
    ]
    verbs = AuditEvent.objects.filter(object_id=str(made.pk)).order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["challenge.created", "challenge.missions_changed", "challenge.rewards_changed"]


def mission(**changes: Any) -> dict[str, Any]:
    return {"missions": [VISIT, VISIT | changes]}


FAULTS: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"title": " "}, [("title", "blank")]),
    ({"subtitle": "x" * 501}, [("subtitle", "max_length")]),
    ({"status": "running"}, [("status", "invalid_choice")]),
    ({"per": "year"}, [("per", "invalid_choice")]),
    ({"mission_order": "random"}, [("mission_order", "invalid_choice")]),
    ({"notification_display": "banner"}, [("notification_display", "invalid_choice")]),
    ({"starts_at": MAY, "ends_at": MAY}, [("ends_at", "invalid_value")]),
    ({"missions": []}, [("missions", "required")]),
    ({"missions": [VISIT] * (MAX_MISSIONS + 1)}, [("missions", "max_length")]),
    (mission(title=" "), [("missions[1].title", "blank")]),
    (mission(event_type=""), [("missions[1].event_type", "blank")]),
    (mission(event_type="refund"), [("missions[1].event_type", "invalid_value")]),
    (mission(event_type="walk done"), [("missions[1].event_type", "invalid")]),
    (mission(target=None), [("missions[1].target", "required")]),
    (mission(target=0), [("missions[1].target", "min_value")]),
    (mission(target=True), [("missions[1].target", "invalid")]),
    (mission(target="1.5"), [("missions[1].target", "invalid")]),
    (mission(target="NaN"), [("missions[1].target", "invalid")]),
    (mission(**SPEND | {"target": Decimal(10) ** 12 + 1}), [("missions[1].target", "max_value")]),
    (mission(**SPEND | {"target": "1.0000001"}), [("missions[1].target", "max_decimal_places")]),
    (mission(**SPEND | {"field": ""}), [("missions[1].field", "required")]),
    (mission(**SPEND | {"field": "amount"}), [("missions[1].field", "unknown_field")]),
    (mission(**SPEND | {"field": "data.items[].price"}), [("missions[1].field", "unknown_field")]),
    (mission(measure="average"), [("missions[1].measure", "invalid_choice")]),
    (mission(notification_display="x"), [("missions[1].notification_display", "invalid_choice")]),
    (mission(prize=1), [("missions[1].prize", "unknown_field")]),
    (mission(id="first"), [("missions[1].id", "invalid")]),
    (
        mission(condition={"all": [{"field": "data.a", "op": "is", "value": 1}]}),
        [("missions[1].condition.all[0].op", "unknown_op")],
    ),
    (
        {"title": "", "missions": [VISIT | {"title": "", "target": -1}]},
        [("title", "blank"), ("missions[0].title", "blank"), ("missions[0].target", "min_value")],
    ),
    (
        {"rewards": [{"kind": "metric"}]},
        [("rewards[0].metric", "required"), ("rewards[0].quantity", "required")],
    ),
    ({"rewards": [{"kind": "coupon"}]}, [("rewards[0].item", "required")]),
    ({"rewards": [{"kind": "money"}]}, [("rewards[0].kind", "invalid_choice")]),
    ({"rewards": [{"kind": "coupon", "quantity": 0}]}, [("rewards[0].quantity", "min_value")]),
    ({"rewards": [{"kind": "coupon", "quantity": True}]}, [("rewards[0].quantity", "invalid")]),
    ({"rewards": [{}] * (MAX_REWARDS + 1)}, [("rewards", "max_length")]),
]


def test_each_fault_is_named_when_it_is_made_and_when_it_is_changed(environment: Environment) -> None:
    stored = make_challenge(environment, status="draft")
    for changes, expected in FAULTS:
        with faults(environment, *expected):
            make_challenge(environment, **changes)
        with faults(environment, *expected):
            save(stored, **{"status": "active"} | changes)


def test_of_events_one_is_the_least_that_can_be_asked(environment: Environment) -> None:
    for target in (0, -1, "0.5"):
        with pytest.raises(InvalidRequest) as caught:
            make_challenge(environment, **mission(target=target))
        (fault,) = caught.value.errors
        assert (fault.code, fault.detail) == ("min_value", "A whole number of at least 1.")
    assert make_challenge(environment, missions=[SPEND | {"target": "0.5"}]).status == "active"


def test_a_draft_needs_no_mission(environment: Environment) -> None:
    draft = make_challenge(environment, status="draft", missions=[])
    with faults(environment, ("missions", "required")):
        save(draft, status="active")
    assert save(draft, status="active", missions=[VISIT]).status == "active"


def test_what_belongs_to_another_environment_is_refused(environment: Environment) -> None:
    other = make_environment()
    points, program = (
        m.objects.get(environment=other, code=c) for m, c in ((Metric, "points"), (Program, "default"))
    )
    stored = make_challenge(environment, status="draft")
    foreign: list[dict[str, Any]] = [
        {"kind": "metric", "metric": points, "quantity": 1},
        {"kind": "inventory_item", "item": an_item(other)},
    ]
    with faults(
        environment, ("program", "invalid"), ("rewards[0].metric", "invalid"), ("rewards[1].item", "invalid")
    ):
        save(stored, program=program, rewards=foreign)
    with pytest.raises(NotFound):
        save_challenge(
            environment=other,
            challenge=stored,
            actor=make_actor(),
            now=timezone.now(),
            changes={"title": "Mine"},
            missions=None,
            rewards=None,
        )
    assert Challenge.objects.get(pk=stored.pk).title == "Regular"


def test_a_coupon_is_given_as_a_coupon_and_an_item_as_an_item(environment: Environment) -> None:
    points = Metric.objects.get(environment=environment, code="points")
    wrong: list[dict[str, Any]] = [
        {"kind": "inventory_item", "item": make_coupon(environment).item},
        {"kind": "coupon", "item": an_item(environment)},
        {"kind": "metric", "metric": points, "quantity": 1, "item": an_item(make_environment())},
    ]
    with faults(environment, *((f"rewards[{n}].item", "invalid") for n in range(3))):
        make_challenge(environment, rewards=wrong)


def test_many_missions_and_rewards_ask_no_more_than_few(environment: Environment) -> None:
    gold = an_item(environment)
    seen = {}
    for many in (4, 20):
        with CaptureQueriesContext(connection) as made:
            named = [VISIT | {"id": str(uuid4()), "title": f"Visit {n}"} for n in range(many)]
            items = [{"kind": "inventory_item", "item": gold} for _ in range(many)]
            stored = make_challenge(environment, missions=named, rewards=items, status="draft")
        with CaptureQueriesContext(connection) as drafted:
            left = [as_given(one, target=5) for one in live(stored)[many // 2 :]]
            save(stored, missions=left, rewards=items[: many // 2], status="active")
        with CaptureQueriesContext(connection) as begun:
            save(stored, missions=[as_given(one, title="Come") for one in live(stored)[many // 4 :]])
        assert [(one.title, one.target) for one in live(stored)] == [("Come", Decimal(5))] * (many // 4)
        seen[many] = [len(each) for each in (made, drafted, begun)]
    assert seen[4] == seen[20]


def test_an_id_of_a_mission_names_one_in_the_environment(environment: Environment) -> None:
    taken = str(live(make_challenge(environment))[0].public_id)
    with faults(environment, ("missions[0].id", "unique"), ("missions[1].id", "unique")):
        make_challenge(environment, missions=[VISIT | {"id": taken}] * 2)
    elsewhere = make_challenge(make_environment(), missions=[VISIT | {"id": taken}])
    assert str(live(elsewhere)[0].public_id) == taken
    first = make_challenge(environment)
    with faults(environment, ("id", "unique")):
        make_challenge(environment, public_id=first.public_id)


# -- what stays


def test_of_a_draft_everything_may_change_and_what_goes_leaves_nothing(environment: Environment) -> None:
    draft = make_challenge(environment, status="draft", missions=[VISIT, SPEND])
    come, spend = live(draft)
    saved = save(
        draft, per="week", missions=[as_given(spend, event_type="order", field="data.total", target="1")]
    )
    (only,) = saved.missions.all()
    assert (only.pk, only.event_type, only.field, only.place) == (spend.pk, "order", "data.total", 0)
    assert (saved.per, saved.changes) == ("week", 0)
    assert not Mission.objects.filter(pk=come.pk).exists()


def test_once_begun_its_program_its_period_and_what_missions_count_stay(environment: Environment) -> None:
    other = Program.objects.create(environment=environment, code="bakery", name="Bakery")
    for status in ("active", "paused", "ended"):
        stored = make_challenge(environment, status=status, missions=[VISIT, SPEND])
        come, spend = live(stored)
        with faults(
            environment,
            ("program", "fixed"),
            ("per", "fixed"),
            ("missions[0].event_type", "fixed"),
            ("missions[1].measure", "fixed"),
            ("missions[1].field", "fixed"),
        ):
            save(
                stored,
                program=other,
                per="day",
                missions=[as_given(come, event_type="call"), as_given(spend, measure="count", target=9)],
            )
        assert save(stored, program=stored.program, per="ever", title="Other").title == "Other"


def test_what_has_begun_is_no_draft_again_and_what_has_ended_stays_ended(environment: Environment) -> None:
    allowed = {
        "draft": {"draft", "active", "paused", "ended"},
        "active": {"active", "paused", "ended"},
        "paused": {"active", "paused", "ended"},
        "ended": {"ended"},
    }
    for was, possible in allowed.items():
        for becomes in allowed:
            stored = make_challenge(environment, status=was)
            if becomes in possible:
                assert save(stored, status=becomes).status == becomes
            else:
                with faults(environment, ("status", "fixed" if was == "ended" else "invalid_choice")):
                    save(stored, status=becomes)


def test_a_list_without_ids_may_be_sent_again(environment: Environment) -> None:
    given = [VISIT, SPEND, VISIT | {"notification_display": "popup"}, VISIT | {"title": " Come by "}]
    for status in ("draft", "active"):
        made = make_challenge(environment, status=status, missions=given)
        rows, before = list(made.missions.values()), all_rows(environment)
        version = reload(environment).config_version
        again = save(made, missions=given)
        assert (list(again.missions.values()), all_rows(environment)) == (rows, before)
        assert reload(environment).config_version == version

        come, spend, popup, by = [one.pk for one in live(made)]
        other = {
            **VISIT,
            "title": "Come by",
            "target": 1,
            "condition": {"field": "data.a", "op": "eq", "value": "b"},
        }
        save(made, missions=[SPEND | {"target": 60}, other, VISIT, VISIT, VISIT])
        assert [(one.pk, int(one.target)) for one in live(made)][:4] == [
            (spend, 60),
            (by, 1),
            (come, 2),
            (popup, 2),
        ]
        assert live(made)[4].pk not in (come, spend, popup, by)

        named = as_given(live(made)[2])
        save(made, missions=[VISIT, named, SPEND | {"field": "data.total"}, VISIT | {"title": "Drop in"}])
        assert [one.pk for one in live(made)][:2] == [popup, come], "whom an id names stands for no other"
        assert {one.pk for one in live(made)[2:]}.isdisjoint((come, spend, popup, by))


def test_editing_a_live_one_keeps_its_missions_and_counts_what_may_complete_members(
    environment: Environment,
) -> None:
    stored = make_challenge(environment, missions=[VISIT, SPEND])
    come, spend = live(stored)
    higher = save(stored, missions=[as_given(spend, title="Spend more", target=60), as_given(come)])
    assert [(one.pk, one.place) for one in live(higher)] == [(spend.pk, 0), (come.pk, 1)]
    assert (higher.changes, live(higher)[0].target) == (0, Decimal(60))
    added = save(stored, missions=[as_given(come), as_given(spend, target=60), VISIT])
    assert added.changes == 0
    lower = save(stored, missions=[as_given(come), as_given(spend, target=50), as_given(live(added)[2])])
    assert lower.changes == 1
    fewer = save(stored, missions=[as_given(come)])
    assert (fewer.changes, [one.pk for one in live(fewer)]) == (2, [come.pk])
    gone = Mission.objects.get(pk=spend.pk)
    assert gone.removed_at
    assert Mission.objects.filter(challenge=stored).count() == 3
    with faults(environment, ("missions[1].id", "unique")):
        save(stored, missions=[as_given(come), as_given(gone)])


def test_an_order_that_lets_missions_begin_sooner_may_complete_members(environment: Environment) -> None:
    stored = make_challenge(environment, missions=[VISIT, SPEND, VISIT], mission_order="sequence")
    first, second, third = (as_given(one) for one in live(stored))
    edits: list[tuple[list[dict[str, Any]] | None, dict[str, Any], int]] = [
        ([first, second, third], {"title": "The same"}, 0),
        ([VISIT, first, second, third], {}, 0),
        (None, {"mission_order": "any"}, 1),
        (None, {"mission_order": "sequence"}, 1),
        ([second, first, third], {"mission_order": "any"}, 2),
        ([first, third, second], {}, 2),
        (None, {"mission_order": "sequence"}, 2),
        ([first, second, third], {}, 3),
    ]
    draft = make_challenge(environment, missions=[VISIT], mission_order="sequence", status="draft")
    assert save(draft, mission_order="any").changes == 0
    for missions, changes, count in edits:
        assert save(stored, missions=missions, **changes).changes == count


# -- what is kept of a save


def test_only_a_change_moves_its_date_and_is_audited(environment: Environment) -> None:
    made = make_challenge(environment)
    rows = AuditEvent.objects.filter(environment_id=environment.id, object_id=str(made.pk))
    before, version = rows.count(), reload(environment).config_version
    points = Metric.objects.get(environment=environment, code="points")
    same = save(
        made,
        title=" Regular ",
        missions=[as_given(one) for one in live(made)],
        rewards=[{"kind": "metric", "metric": points, "quantity": 50}],
    )
    assert (same.updated_at, rows.count()) == (made.updated_at, before)
    assert reload(environment).config_version == version
    changed = save(made, rewards=[])
    assert changed.updated_at > made.updated_at
    assert changed.created_at == made.created_at
    assert not changed.rewards.exists()
    assert reload(environment).config_version > version
    last = rows.order_by("id").last()
    assert last
    assert (last.verb, last.after) == ("challenge.rewards_changed", {"rewards": []})
    assert last.before == {
        "rewards": [{"type": "metric", "metric": "points", "quantity": 50, "set": None, "item": None}]
    }
