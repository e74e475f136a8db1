"""Any life of a member, through the product's own actions, against the plain oracle: whether nobody looks
between two purchases or the job runs at each midnight, levels, changes and what is stored are the same."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty.actions.events import record_event
from loyalty.ledger.checks import violations
from loyalty.ledger.evaluation import evaluate_due
from loyalty.models import Event, MemberTier, TierChange, TierProgress
from loyalty.queries.tiers import tiers_of
from programs.models import Environment, TierLadder
from tests.factories import make_actor, make_environment, make_ladder, make_member, make_rule, reload
from tests.loyalty.rules.tier_oracle import Oracle, Told, midnights


@dataclass
class Shop:
    """One member of one environment; `day_by_day`: the job runs at each midnight."""

    environment: Environment
    ladder: TierLadder
    zone: str
    day_by_day: bool
    clock: datetime

    def advance(self, now: datetime) -> None:
        if self.day_by_day:
            for midnight in midnights(self.zone):
                if self.clock < midnight <= now and self.is_due(midnight):
                    evaluate_due(environment=reload(self.environment), actor=make_actor(), now=midnight)
        self.clock = now

    def is_due(self, at: datetime) -> bool:
        rows = MemberTier.objects.filter(environment_id=self.environment.pk, next_evaluation_at__lte=at)
        return rows.exists()

    def report(self, event_id: str, now: datetime, data: dict[str, Any], on: datetime | None = None) -> None:
        self.advance(now)
        record_event(
            environment=reload(self.environment),
            event_id=event_id,
            type="refund" if "purchase" in data else "purchase",
            member="ada",
            data=data,
            occurred_at=on,
            actor=make_actor(),
            now=now,
        )

    def level(self, now: datetime) -> Decimal | None:
        member = self.environment.members.get()
        (status,) = tiers_of(environment=reload(self.environment), member_id=member.pk, now=now)
        return status.level.threshold if status.level else None

    def told(self) -> list[Told]:
        thresholds = {tier.code: tier.threshold for tier in self.ladder.tiers.all()} | {None: None}
        rows = TierChange.objects.filter(environment_id=self.environment.pk).order_by("id")
        return [
            (r.kind, thresholds[r.from_code], thresholds[r.to_code], r.progress, r.occurred_at) for r in rows
        ]


def open_shop(made: dict[str, Any], *, day_by_day: bool, clock: datetime) -> Shop:
    environment = make_environment(time_zone=made["zone"])
    make_rule(environment, published_at=clock - timedelta(days=400))
    settings_ = {name: made[name] for name in ("basis", "period", "days", "grace_days", "downgrade")}
    levels = [(f"t{threshold}", str(threshold)) for threshold in made["thresholds"]]
    ladder = make_ladder(environment, *levels, **settings_)
    make_member(environment)
    return Shop(environment, ladder, made["zone"], day_by_day, clock)


@st.composite
def ladders(draw: st.DrawFn) -> dict[str, Any]:
    basis = draw(st.sampled_from(["points", "spend", "events"]))
    figures = [0, 1, 2, 3] if basis == "events" else [0, 20, 45, 70]
    return {
        "basis": basis,
        "zone": draw(st.sampled_from(["UTC", "America/Sao_Paulo"])),
        "period": draw(st.sampled_from(["rolling", "rolling", "calendar_year", "lifetime"])),
        "days": draw(st.integers(1, 40)),
        "grace_days": draw(st.sampled_from([0, 3, 20])),
        "downgrade": draw(st.sampled_from(["one_down", "to_qualified"])),
        "thresholds": sorted(draw(st.sets(st.sampled_from(figures), min_size=1))),
    }


Step = tuple[timedelta, str, Any]
STEPS = st.lists(
    st.tuples(
        st.timedeltas(timedelta(minutes=1), timedelta(days=70)),
        st.sampled_from(["buy", "buy", "buy", "refund", "look"]),
        st.tuples(st.integers(1, 50), st.sampled_from([0, 0, 0, 2, 25])),
    ),
    min_size=1,
    max_size=9,
)


@pytest.mark.django_db
@settings(max_examples=15, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ladders(), STEPS)
def test_levels_are_the_oracles_however_they_come_about(made: dict[str, Any], steps: list[Step]) -> None:
    now = midnights(made["zone"])[640] + timedelta(hours=9)
    shops = [open_shop(made, day_by_day=each, clock=now) for each in (False, True)]
    names = ("zone", "period", "days", "grace_days", "downgrade")
    oracle = Oracle(
        **{name: made[name] for name in names}, thresholds=[Decimal(n) for n in made["thresholds"]]
    )
    bought: list[tuple[str, datetime, int]] = []
    for number, (step, kind, (figure, late)) in enumerate(steps):
        now += step
        left = next((purchase for purchase in reversed(bought) if purchase[2]), None)
        if kind == "buy":
            at = now - timedelta(days=late)
            bought.append((f"event-{number}", at, figure))
            for shop in shops:
                shop.report(f"event-{number}", now, {"amount": str(figure)}, at)
            oracle.count(now, at, Decimal(1 if made["basis"] == "events" else figure))
        elif kind == "refund" and left:
            purchase, at, amount = left
            part = min(figure, amount)
            bought[bought.index(left)] = (purchase, at, amount - part)
            for shop in shops:
                shop.report(f"event-{number}", now, {"purchase": purchase, "amount": str(part)})
            if made["basis"] != "events" or part == amount:
                oracle.count(now, at, -Decimal(1 if made["basis"] == "events" else part))
        oracle.advance(now)
        assert [shop.level(now) for shop in shops] == [oracle.level] * 2
    now += timedelta(days=500)
    oracle.advance(now)
    assert [shop.level(now) for shop in shops] == [oracle.level] * 2
    for shop in shops:
        evaluate_due(environment=reload(shop.environment), actor=make_actor(), now=now)
        assert shop.told() == oracle.told
        assert list(violations(environment=shop.environment)) == []
    lazy, daily = (stored(shop) for shop in shops)
    assert lazy == daily
    assert Event.objects.filter(environment_id=shops[0].environment.pk).count() <= len(steps)


def stored(shop: Shop) -> list[Any]:
    here = shop.environment.pk
    days = TierProgress.objects.filter(environment_id=here).order_by("day").values_list("day", "figure")
    rows = MemberTier.objects.filter(environment_id=here)
    return [*days, *rows.values_list("tier__code", "since", "next_evaluation_at", "in_grace")]
