"""Live is set up as the sandbox is: as it was shown, whole or not at all, and nothing but what is configured."""

from typing import Any

import pytest
from django.utils import timezone

from audit.errors import InvalidRequest
from audit.ids import new_id
from audit.models import AuditEvent
from loyalty.actions import copying
from loyalty.actions.codes import add_codes
from loyalty.actions.copy_configuration import Copyable, copy_to_live, look_at_copy
from loyalty.actions.inventory_sets import save_inventory_set
from loyalty.models import Event, Member, RewardCode, RewardStock
from programs.actions.publish import archive, publish
from programs.actions.rules import save_rule
from programs.models import (
    EarningRule,
    EarningRuleRevision,
    Environment,
    InventoryItem,
    InventorySet,
    MemberApp,
    Program,
    Project,
    Reward,
)
from programs.queries.configuration import configuration
from programs.queries.differences import Difference
from tests import factories
from tests.loyalty.copying.shop import content, set_up

WEEKEND, POUND, BASKET = "rul_demo_weekend", "rul_demo_point_per_pound", "rul_demo_big_basket"


@pytest.fixture
def project(db: None) -> Project:
    return factories.make_project()


@pytest.fixture
def sandbox(project: Project) -> Environment:
    return factories.make_environment(project=project)


@pytest.fixture
def live(project: Project) -> Environment:
    return factories.make_environment("live", project=project)


def look(project: Project) -> Copyable:
    return look_at_copy(project=project, actor=factories.make_actor(), now=timezone.now())


def copy(project: Project, expected: str | None = None) -> Difference:
    digest = look(project).difference.digest if expected is None else expected
    return copy_to_live(project=project, actor=factories.make_actor(), now=timezone.now(), expected=digest)


def copied_events(live: Environment) -> Any:
    return AuditEvent.objects.filter(environment_id=live.pk, verb="environment.configuration_copied")


def _without_program_ids(documents: dict[str, Any]) -> dict[str, Any]:
    """A program keeps the id that it was made with here."""
    return {key: {**document, "id": None} for key, document in documents.items()}


def test_a_whole_shop_comes_to_an_empty_live_and_nothing_else(
    project: Project, sandbox: Environment, live: Environment
) -> None:
    set_up(sandbox)
    factories.report(sandbox)
    cafe = Reward.objects.get(environment=sandbox, public_id="rwd_demo_cafe")
    common = {"environment": sandbox, "actor": factories.make_actor(), "now": timezone.now()}
    add_codes(reward=cafe, codes=["CAFE-1", "CAFE-2"], **common)
    before = configuration(live)

    seen = look(project)

    assert configuration(live) == before, "it was only tried"
    assert (seen.refusals, seen.stocks, seen.pools) == ((), ["Retrospot mug"], ["Coffee at our partner's"])
    assert (len(seen.difference.created), seen.difference.only_there) == (25, ())
    (points,) = seen.difference.changed  # which both have from the beginning
    assert (points.noun, points.key) == ("metrics", "points")
    assert {field.path: (field.before, field.after) for field in points.fields} == {
        "expiry": ("never", "months"),
        "expiry_count": (None, 12),
        "expiry_month_end": (False, True),
        "unit_value": (None, "0.01"),
        "unit_currency": ("", "GBP"),
    }
    began = timezone.now()
    copy(project, seen.difference.digest)
    wanted = {noun: _without_program_ids(docs) for noun, docs in configuration(sandbox).items()}
    assert {noun: _without_program_ids(docs) for noun, docs in configuration(live).items()} == wanted
    assert content(live) == content(sandbox)
    assert MemberApp.objects.get(environment=live).public_host is None
    # in force from now on, and drafts drafts
    revisions = EarningRuleRevision.objects.filter(environment=live)
    assert {revision.number for revision in revisions} == {1}
    assert all(began <= revision.effective_from <= timezone.now() for revision in revisions)
    assert EarningRule.objects.get(environment=live, public_id=WEEKEND).status == "draft"
    # nobody's data, no code, no stock
    assert not Member.objects.filter(environment=live).exists()
    assert not Event.objects.filter(environment_id=live.pk).exists()
    assert not RewardCode.objects.filter(environment_id=live.pk).exists()
    rows = RewardStock.objects.filter(environment_id=live.pk)
    assert list(rows.values_list("reward__public_id", "stock", "taken")) == [("rwd_demo_mug", 0, 0)]
    # said once, with all that was made; a second time there is nothing to do
    (told,) = copied_events(live)
    assert (len(told.after["created"]), told.after["changed"]) == (25, ["metrics/points"])
    events = AuditEvent.objects.filter(environment_id=live.pk).count()
    assert copy(project).is_empty
    assert AuditEvent.objects.filter(environment_id=live.pk).count() == events


def edit(environment: Environment, rule: str, **changes: Any) -> EarningRule:
    found = EarningRule.objects.get(environment=environment, public_id=rule)
    return save_rule(environment=environment, rule=found, actor=factories.make_actor(), changes=changes)


def put_into_force(environment: Environment, rule: EarningRule) -> None:
    publish(environment=environment, rule=rule, actor=factories.make_actor(), now=timezone.now())


def test_what_changed_is_shown_field_by_field_and_what_only_live_has_stays(
    project: Project, sandbox: Environment, live: Environment
) -> None:
    set_up(sandbox)
    copy(project)
    actor, now = factories.make_actor(), timezone.now()
    # in the sandbox: a published change, an unpublished one, one taken out of force, and a level
    put_into_force(sandbox, edit(sandbox, POUND, priority=7))
    edit(sandbox, BASKET, name="Basket")
    xp = EarningRule.objects.get(environment=sandbox, public_id="rul_demo_xp")
    archive(environment=sandbox, rule=xp, actor=actor, now=now)
    Reward.objects.filter(environment=sandbox, public_id="rwd_demo_ten").update(points=222)
    Reward.objects.filter(environment=sandbox, public_id="rwd_demo_mug").update(status="archived")
    factories.make_reward(sandbox, "rwd_tried_and_dropped", status="archived")
    # in live: what the sandbox has not
    factories.make_reward(live, "rwd_live_alone", name="Live alone")
    badges = InventorySet.objects.get(environment=live, public_id="ins_demo_badges")
    items: list[dict[str, Any]] = [
        *(
            {"id": item.public_id, "title": item.title, "picture": item.picture}
            for item in badges.items.all()
        ),
        {"id": "live-badge", "title": "Live badge"},
    ]
    save_inventory_set(environment=live, inventory_set=badges, actor=actor, changes={}, items=items)

    seen = look(project)

    assert [(each.key, list(each.fields)) for each in seen.difference.changed] == [
        (POUND, [("priority", 0, 7)]),
        (BASKET, [("name", "Big basket bonus", "Basket"), ("in_force", "as drafted", _basket(sandbox))]),
        ("rul_demo_xp", [("status", "published", "archived"), ("in_force", "as drafted", None)]),
        ("rwd_demo_ten", [("points", 200, 222)]),
        ("rwd_demo_mug", [("status", "active", "archived")]),
    ]
    assert seen.difference.created == ()
    there = [(each.noun, each.key) for each in seen.difference.only_there]
    assert there == [("inventory_items", "ins_demo_badges/live-badge"), ("rewards", "rwd_live_alone")]
    copy(project, seen.difference.digest)
    assert _numbers(live) == {POUND: 2, BASKET: 1, "rul_demo_xp": 2}
    assert EarningRule.objects.get(environment=live, public_id=BASKET).name == "Basket"
    assert InventoryItem.objects.filter(environment=live, public_id="live-badge").count() == 1
    assert Reward.objects.get(environment=live, public_id="rwd_live_alone").name == "Live alone"
    assert look(project).difference.is_empty


def _basket(environment: Environment) -> dict[str, Any]:
    found: dict[str, Any] = configuration(environment)["earning_rules"][BASKET]["in_force"]
    assert found["name"] == "Big basket bonus"
    return found


def _numbers(environment: Environment) -> dict[str, int]:
    rows = EarningRuleRevision.objects.filter(environment=environment).order_by("number")
    return dict(rows.values_list("rule__public_id", "number"))


def test_what_was_shown_before_the_configuration_changed_is_not_copied(
    project: Project, sandbox: Environment, live: Environment
) -> None:
    factories.make_rule(sandbox)
    shown = look(project).difference.digest
    factories.make_rule(sandbox, name="Another")
    before = configuration(live)

    with pytest.raises(InvalidRequest, match="has changed since the difference was shown"):
        copy(project, shown)

    assert configuration(live) == before
    assert not copied_events(live).exists()


def test_a_fault_in_the_middle_leaves_live_as_it_was(
    project: Project, sandbox: Environment, live: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    factories.make_rule(sandbox)
    factories.make_reward(sandbox)
    factories.make_stamp_program(sandbox)
    shown = look(project).difference.digest
    before, events = configuration(live), AuditEvent.objects.filter(environment_id=live.pk).count()

    def breaks(*_: Any, **__: Any) -> None:
        raise RuntimeError("half way")

    monkeypatch.setitem(copying._WRITE, "stamp_programs", breaks)
    with pytest.raises(RuntimeError):
        copy(project, shown)
    assert configuration(live) == before
    assert AuditEvent.objects.filter(environment_id=live.pk).count() == events


def test_all_that_live_refuses_is_said_at_once_and_nothing_is_copied(
    project: Project, sandbox: Environment, live: Environment
) -> None:
    factories.make_metric(sandbox, "xp")
    for environment, metric in ((sandbox, "xp"), (live, "points")):
        factories.make_metric(environment, "xp")
        factories.make_reward(environment, "rwd_one", metric=metric)
    card = factories.make_stamp_program(sandbox, public_id="lp_one", currency="EUR")
    factories.make_stamp_program(live, public_id="lp_one", currency="GBP")
    before = configuration(live)

    seen = look(project)

    assert card.currency == "EUR"
    assert [(each.field, each.code) for each in seen.refusals] == [
        ("rewards.rwd_one.metric", "fixed"),
        ("stamp_programs.lp_one.currency", "fixed"),
    ]
    with pytest.raises(InvalidRequest, match="It stays as it was made"):
        copy(project, seen.difference.digest)
    assert configuration(live) == before


def test_what_needs_something_that_comes_later_waits_for_it(
    project: Project, sandbox: Environment, live: Environment
) -> None:
    """In live the reward still names the level that the copied ladder drops."""
    for environment in (sandbox, live):
        factories.make_ladder(environment, ("silver", "0"), ("gold", "100"))
        factories.make_reward(environment, "rwd_one", tier_points={"gold": 50})
    Reward.objects.filter(environment=sandbox).update(tier_points={})
    factories.make_ladder(sandbox, ("silver", "0"))
    assert look(project).refusals == ()
    copy(project)
    assert list(configuration(live)["tier_ladders"]["default"]["levels"]) == ["silver"]


def test_what_the_plan_has_no_more_stays_behind(
    project: Project, sandbox: Environment, live: Environment
) -> None:
    factories.make_stamp_program(sandbox)
    factories.make_challenge(sandbox)
    plan = project.organization.plan
    plan.pk, plan.code, plan.features = new_id(), "small", ["challenges"]
    plan.save(force_insert=True)
    project.organization.plan = plan
    project.organization.save()
    assert copy(project).not_in_plan == ("stamp_programs",)
    found = configuration(live)
    assert (len(found["stamp_programs"]), len(found["challenges"])) == (0, 1)


def test_a_limit_that_nobody_could_approve_above_stays_behind_and_the_rest_is_copied(
    project: Project, sandbox: Environment, live: Environment
) -> None:
    Program.objects.filter(environment=sandbox).update(adjustment_limit=1000, name="Club")
    factories.make_program(sandbox, code="vip", adjustment_limit=50)
    factories.make_plan(live, without=["approvals"])
    assert look(project).refusals == ()
    done = copy(project)
    assert done.not_in_plan == ("adjustment_limit",)
    assert set(Program.objects.filter(environment=live).values_list("code", "name", "adjustment_limit")) == {
        ("default", "Club", None),
        ("vip", "Vip", None),
    }
    assert look(project).difference.is_empty
