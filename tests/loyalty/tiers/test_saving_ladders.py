"""A ladder and its levels are saved whole, or refused with every fault named."""

from decimal import Decimal
from typing import Any

import pytest

from audit.errors import InvalidRequest, NotFound
from audit.models import AuditEvent
from loyalty.actions.catalogue import save_reward
from loyalty.actions.ladders import save_ladder
from loyalty.queries.exported_redemptions import exported_redemptions
from programs.models import Environment, Metric, Program, Reward, Tier, TierLadder
from tests.factories import make_actor, make_environment, reload
from tests.loyalty.redemptions.shop import Shop
from tests.loyalty.tiers.club import Club

pytestmark = pytest.mark.django_db

SILVER = {"code": "silver", "title": "Silver", "threshold": "100", "multiplier": "1.25"}
GOLD = {"code": "gold", "title": "Gold", "threshold": "300", "multiplier": "1.5"}


def new_ladder(environment: Environment) -> TierLadder:
    program = Program.objects.get(environment=environment, code="default")
    return TierLadder(environment=environment, program=program)


def save(
    environment: Environment,
    levels: list[dict[str, Any]] | None,
    ladder: TierLadder | None = None,
    **changes: Any,
) -> TierLadder:
    return save_ladder(
        environment=environment,
        ladder=ladder or new_ladder(environment),
        actor=make_actor(),
        changes={"metric": Metric.objects.get(environment=environment, code="points"), **changes},
        levels=levels,
    )


def levels_of(ladder: TierLadder) -> list[Any]:
    return list(ladder.tiers.order_by("threshold").values_list("code", "title", "threshold", "multiplier"))


def everything(environment: Environment) -> list[Any]:
    tables = (TierLadder, Tier)
    rows = [list(table.objects.filter(environment=environment).order_by("pk").values()) for table in tables]
    audited = AuditEvent.objects.filter(environment_id=environment.pk).count()
    return [*rows, audited, reload(environment).config_version]


def faults(refusal: pytest.ExceptionInfo[InvalidRequest]) -> list[tuple[str, str]]:
    return [(error.field, error.code) for error in refusal.value.errors]


def test_levels_are_saved_in_any_order_with_the_ladder(environment: Environment) -> None:
    version = environment.config_version
    ladder = save(environment, [GOLD, {**SILVER, "multiplier": None}], days=90, currency=" gbp ")
    assert levels_of(ladder) == [("silver", "Silver", 100, 1), ("gold", "Gold", 300, Decimal("1.5"))]
    assert (ladder.days, ladder.currency, ladder.period) == (90, "GBP", "rolling")
    assert reload(environment).config_version > version
    rows = AuditEvent.objects.filter(environment_id=environment.pk).order_by("id")
    told = [row for row in rows if row.verb.startswith("tierladder")]
    assert [row.verb for row in told] == ["tierladder.created", "tierladder.levels_changed"]
    assert told[1].before == {"levels": []}
    assert told[1].after == {"levels": [{**SILVER, "multiplier": "1"}, GOLD]}


def test_levels_are_matched_by_code_and_the_others_go(environment: Environment) -> None:
    ladder = save(environment, [SILVER, GOLD])
    silver = ladder.tiers.get(code="silver").pk
    save(environment, [{**SILVER, "title": "Argent", "threshold": 50}, {**GOLD, "code": "jade"}], ladder)
    assert [level[:3] for level in levels_of(ladder)] == [("silver", "Argent", 50), ("jade", "Gold", 300)]
    assert ladder.tiers.get(code="silver").pk == silver


def test_two_levels_may_change_places(environment: Environment) -> None:
    ladder = save(environment, [SILVER, GOLD])
    save(environment, [{**SILVER, "threshold": "300"}, {**GOLD, "threshold": "100"}], ladder)
    assert [level[:3] for level in levels_of(ladder)] == [("gold", "Gold", 100), ("silver", "Silver", 300)]


def test_levels_that_are_not_sent_stay(environment: Environment) -> None:
    ladder = save(environment, [SILVER, GOLD])
    before = levels_of(ladder)
    assert save(environment, None, ladder, days=30).days == 30
    assert levels_of(ladder) == before
    assert save(environment, [], ladder).tiers.count() == 0


def test_the_same_again_changes_nothing(environment: Environment) -> None:
    ladder = save(environment, [SILVER, GOLD])
    before = everything(environment)
    save(environment, [GOLD, SILVER], ladder)
    assert everything(environment) == before


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ([{**SILVER, "threshold": "-1"}], [("levels[0].threshold", "min_value")]),
        ([{**SILVER, "threshold": "a lot"}], [("levels[0].threshold", "invalid")]),
        ([{**SILVER, "threshold": True}], [("levels[0].threshold", "invalid")]),
        ([{**SILVER, "threshold": None}], [("levels[0].threshold", "required")]),
        ([{**SILVER, "threshold": "NaN"}], [("levels[0].threshold", "invalid")]),
        ([{**SILVER, "threshold": 10**16}], [("levels[0].threshold", "max_value")]),
        ([SILVER, {**GOLD, "multiplier": "0.9"}], [("levels[1].multiplier", "min_value")]),
        ([SILVER, {**GOLD, "multiplier": "1001"}], [("levels[1].multiplier", "max_value")]),
        ([{**SILVER, "code": "sil ver"}], [("levels[0].code", "invalid")]),
        ([{"threshold": "1"}], [("levels[0].code", "blank"), ("levels[0].title", "blank")]),
        ([SILVER, {**GOLD, "code": "silver"}], [("levels[1].code", "unique")]),
        ([SILVER, {**GOLD, "threshold": "100.0"}], [("levels[1].threshold", "unique")]),
        ([{**SILVER, "rank": 1}], [("levels[0].rank", "unknown_field")]),
        ([{**SILVER, "code": f"t{n}", "threshold": n} for n in range(51)], [("levels", "max_length")]),
    ],
)
def test_a_faulty_level_is_named_by_its_place(
    environment: Environment, levels: list[dict[str, Any]], expected: list[tuple[str, str]]
) -> None:
    before = everything(environment)
    with pytest.raises(InvalidRequest) as refusal:
        save(environment, levels)
    assert faults(refusal) == expected
    assert everything(environment) == before


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"period": "rolling", "days": None}, "days"),
        ({"days": 0}, "days"),
        ({"days": 36_501}, "days"),
        ({"period": "weekly"}, "period"),
        ({"basis": "luck"}, "basis"),
        ({"basis": "spend", "event_type": ""}, "event_type"),
        ({"basis": "events", "event_type": "refund"}, "event_type"),
        ({"grace_days": -1}, "grace_days"),
        ({"downgrade": "never"}, "downgrade"),
        ({"currency": "POUND"}, "currency"),
        ({"currency": "£££"}, "currency"),
        ({"metric": None}, "metric"),
    ],
)
def test_a_faulty_ladder_is_refused_with_its_faulty_levels(
    environment: Environment, changes: dict[str, Any], field: str
) -> None:
    before = everything(environment)
    with pytest.raises(InvalidRequest) as refusal:
        save(environment, [{**SILVER, "threshold": "-1"}], **changes)
    assert list(dict.fromkeys(name for name, _ in faults(refusal))) == [field, "levels[0].threshold"]
    assert everything(environment) == before


def test_a_program_has_one_ladder(environment: Environment) -> None:
    save(environment, [SILVER])
    before = everything(environment)
    with pytest.raises(InvalidRequest) as refusal:
        save(environment, [GOLD])
    assert faults(refusal) == [("program", "unique")]
    assert everything(environment) == before


def test_another_environments_metric_and_ladder_are_refused(environment: Environment) -> None:
    other = make_environment()
    before = everything(other)
    with pytest.raises(InvalidRequest) as refusal:
        save(environment, [SILVER], metric=Metric.objects.get(environment=other))
    assert faults(refusal) == [("metric", "invalid")]
    ladder = save(environment, [SILVER])
    with pytest.raises(NotFound):
        save(other, [GOLD], ladder)
    assert everything(other) == before
    assert [level[0] for level in levels_of(ladder)] == ["silver"]


def test_a_level_that_members_hold_can_not_be_removed(club: Club) -> None:
    ladder = club.ladder()
    club.give(100)
    before = everything(club.environment)
    with pytest.raises(InvalidRequest, match="Members hold or wait for the level silver") as refusal:
        save(club.environment, [GOLD], ladder)
    assert faults(refusal) == [("levels", "in_use")]
    assert everything(club.environment) == before
    assert club.row().tier == ladder.tiers.get(code="silver")
    club.today = 40
    club.evaluate()
    assert [level[0] for level in levels_of(save(club.environment, [GOLD], ladder))] == ["gold"]


def test_a_level_that_a_member_bought_and_waits_for_can_not_be_removed(environment: Environment) -> None:
    shop = Shop(environment)
    ladder = save(environment, [SILVER, GOLD])
    reward = shop.reward(
        "tier_upgrade", gives_tier=ladder.tiers.get(code="silver"), points=0, fulfilment="manual"
    )
    made = shop.redeem(reward)
    shop.save(reward, gives_tier=ladder.tiers.get(code="gold"))
    before = everything(environment)
    with pytest.raises(InvalidRequest, match="wait for the level silver") as refusal:
        save(environment, [GOLD], ladder)
    assert faults(refusal) == [("levels", "in_use")]
    assert everything(environment) == before
    shop.fail(made)
    assert [level[0] for level in levels_of(save(environment, [GOLD], ladder))] == ["gold"]
    (told,) = exported_redemptions([made.member])
    assert told["gives"] == {"tier": None}, "a level that was removed has no name"


@pytest.mark.parametrize(
    "named",
    [
        lambda tier: {"kind": "tier_upgrade", "points": 10, "gives_tier": tier},
        lambda tier: {"kind": "custom", "points": 10, "tier_points": {tier.code: 5}},
    ],
)
def test_a_level_that_a_reward_names_can_not_be_removed(environment: Environment, named: Any) -> None:
    ladder = save(environment, [SILVER, GOLD])
    metric = Metric.objects.get(environment=environment, code="points")
    save_reward(
        environment=environment,
        reward=Reward(environment=environment, program=ladder.program, metric=metric),
        actor=make_actor(),
        changes={"name": "Lift", **named(ladder.tiers.get(code="silver"))},
    )
    before = everything(environment)
    with pytest.raises(InvalidRequest, match="The reward Lift names the level silver") as refusal:
        save(environment, [GOLD], ladder)
    assert faults(refusal) == [("levels", "in_use")]
    assert everything(environment) == before
