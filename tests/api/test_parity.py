"""One scenario through every surface gives the same ledger, and one member may use them all."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from loyalty.models import (
    Achievement,
    ItemChange,
    LedgerEntry,
    Member,
    MemberTier,
    MilestoneChange,
    MissionProgress,
    StampReward,
    member_key,
)
from programs.actions.member_apps import save_member_app
from programs.actions.milestones import save_milestone_set
from programs.models import Environment, Metric, MilestoneSet
from tests import factories
from tests.api.publisher_v1.shop import AT, CREATE, REFUND, purchase
from tests.conftest import Api
from tests.loyalty.ledger.checking import check

STEPS = (
    ("purchase", "1", 1000),
    ("visit", "2", 0),
    ("purchase", "3", 2050),
    ("visit", "4", 0),  # completes the challenge
    ("purchase", "5", 300),
    ("refund", "1", 450),  # takes it back
    ("refund", "3", 2050),
    ("purchase", "6", 5000),  # and this completes it again
)
SURFACES = ("events", "batch", "publisher", "audience")


class Shop:
    """Each surface reports whatever it can; the rest comes by POST /v1/events."""

    def __init__(self, environment: Environment, api: Api) -> None:
        self.environment, self.api = environment, api
        yesterday = timezone.now() - timedelta(days=1)
        factories.make_rule(environment, award=factories.PER_POUND, published_at=yesterday)
        factories.make_ladder(environment, ("silver", "20"), ("gold", "500"))
        self.coffee = factories.make_stamp_program(environment, threshold=2)
        points = Metric.objects.get(environment=environment, code="points")
        coupon = factories.make_coupon(environment)
        factories.make_challenge(
            environment,
            missions=[
                {"title": "Come twice", "event_type": "visit", "target": 2},
                {"title": "Spend", "event_type": "purchase", "measure": "sum", "field": "data.amount", "target": 30},
            ],
            rewards=[
                {"kind": "metric", "metric": points, "quantity": 50},
                {"kind": "coupon", "item": coupon.item},
            ],
        )  # fmt: skip
        save_milestone_set(
            environment=environment,
            milestone_set=MilestoneSet(environment=environment, metric=points),
            actor=factories.make_actor(),
            changes={"title": "Levels"},
            milestones=[{"title": "Sixty", "threshold": 60}],
        )
        save_member_app(
            environment=environment, actor=factories.make_actor(), changes={"event_types": ["visit"]}
        )
        self.tokens = factories.make_token_key(environment)

    def join(self, member: str) -> None:
        factories.make_card(self.environment, self.coffee, member)

    def report(self, surface: str, member: str, step: tuple[str, str, int]) -> None:
        kind, number, _ = step
        if surface == "audience" and kind == "visit":
            app = Api(factories.make_token(self.tokens, member))
            answer = app.post("/api/loyalty/action", {"action": "visit", "data": {}})
        elif surface == "publisher" and kind != "visit":
            answer = self.api.post(REFUND if kind == "refund" else CREATE, self._transaction(member, *step))
        elif surface == "batch":
            answer = self.api.post("/v1/events/batch", {"events": [self._event(member, *step)]})
        else:
            answer = self.api.post("/v1/events", self._event(member, *step))
        assert answer.status_code in (200, 201), (surface, number, answer.content)

    def _event(self, member: str, kind: str, number: str, pence: int) -> dict[str, Any]:
        name, back = f"{member}-{number}", kind == "refund"
        data = {} if kind == "visit" else {"amount": f"{pence / 100:.2f}", "currency": "GBP"}
        return {
            "event_id": f"{name}-back" if back else name,
            "type": kind,
            "member_id": member,
            "occurred_at": AT,
            "data": data | ({"purchase": name} if back else {}),
        }

    def _transaction(self, member: str, kind: str, number: str, pence: int) -> dict[str, Any]:
        name = f"{member}-{number}"
        if kind == "refund":
            return {"id": f"{name}-back", "transaction_id": name, "amount": pence}
        return purchase(id=name, member_id=member, amount=pence)

    # -- what it left

    def ledger(self, member: str) -> list[tuple[Any, ...]]:
        rows = LedgerEntry.objects.filter(member=self.key(member)).order_by("id")
        return list(
            rows.values_list(
                "account__metric__code",
                "sequence",
                "type",
                "points",
                "balance_after",
                "nominal",
                "reason",
                "origin",
                "rule_revision_id",
                "reverses__sequence",
                "event__type",
            )
        )

    def beside(self, member: str) -> dict[str, list[tuple[Any, ...]]]:
        """What stands beside the ledger."""
        own = {"member": self.key(member)}
        progress = MissionProgress.objects.filter(**own).order_by("mission")
        achieved = Achievement.objects.filter(**own).order_by("id")
        return {
            "progress": list(progress.values_list("mission", "progress")),
            "achieved": [(row.kind, row.mission_id, row.period, row.revoked_at is None) for row in achieved],
            "items": list(ItemChange.objects.filter(**own).order_by("id").values_list("item", "quantity", "code")),
            "milestones": list(MilestoneChange.objects.filter(**own).order_by("id").values_list("from_id", "to_id")),
            "stamps": list(StampReward.objects.filter(**own).order_by("id").values_list("status", "amount", "owed")),
            "levels": list(MemberTier.objects.filter(**own).values_list("tier__code")),
        }  # fmt: skip

    def key(self, member: str) -> Any:
        return member_key(self.environment.namespace, member)


@pytest.fixture
def shop(environment: Environment, api: Api) -> Shop:
    return Shop(environment, api)


def test_every_surface_gives_the_same(shop: Shop) -> None:
    for surface in SURFACES:
        shop.join(surface)
        for step in STEPS:
            shop.report(surface, surface, step)
    expected = shop.ledger("events")
    assert [(entry[2], entry[3]) for entry in expected] == [
        ("earned", 10),
        ("earned", 20),
        ("bonus", 50),
        ("earned", 3),
        ("reversed", -5),
        ("reversed", -50),
        ("reversed", -20),
        ("earned", 50),
        ("bonus", 50),
    ]
    beside = shop.beside("events")
    assert (len(beside["achieved"]), len(beside["items"]), len(beside["milestones"])) == (5, 3, 3)
    for surface in SURFACES[1:]:
        assert shop.ledger(surface) == expected, surface
        assert shop.beside(surface) == beside, surface


def test_one_member_on_all_surfaces_has_one_ledger(shop: Shop) -> None:
    shop.join("ada")
    shop.join("one")
    for number, step in enumerate(STEPS):
        shop.report(SURFACES[number % 4], "ada", step)
        shop.report("events", "one", step)
    for surface in SURFACES:  # a purchase that came by one surface is a duplicate on all
        shop.report(surface, "ada", STEPS[0])
    assert shop.ledger("ada") == shop.ledger("one")
    assert shop.beside("ada") == shop.beside("one")
    app = Api(factories.make_token(shop.tokens, "ada"))
    profile = app.get("/api/loyalty/profile").json()["data"]
    total = shop.api.get("/v1/members/ada/balances").json()["data"][0]["total"]
    assert (
        profile["metrics"] == {"points": total} == {"points": sum(entry[3] for entry in shop.ledger("ada"))}
    )
    assert Member.objects.filter(environment=shop.environment).count() == 2
    check(environment=str(shop.environment.pk))
