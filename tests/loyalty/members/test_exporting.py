"""All that is kept of a member, as JSON (domain.md 10)."""

from typing import Any

import pytest
import simplejson
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.errors import NotFound
from audit.models import AuditEvent
from loyalty.actions.exporting import export
from loyalty.actions.stamps import pay_stamp_reward
from loyalty.models import StampReward
from loyalty.queries.exports import export_member
from programs.actions.milestones import save_milestone_set
from programs.models import Environment, Metric, MilestoneSet
from tests.factories import (
    make_actor,
    make_card,
    make_challenge,
    make_coupon,
    make_ladder,
    make_member,
    make_stamp_program,
    reload,
)
from tests.loyalty.ledger.till import day
from tests.loyalty.members.shop import Shop


@pytest.fixture
def shop(environment: Environment) -> Shop:
    shop = Shop(environment)
    shop.rule("pounds", caps=[{"per": "day", "points": 500}])
    make_ladder(environment, ("silver", "40", "1.5"), ("gold", "100000", "1.5"))
    return shop


def exported(shop: Shop, member: str = "ada") -> dict[str, Any]:
    return shop.do(export, member=member)


def test_an_export_tells_where_every_point_came_from(shop: Shop) -> None:
    shop.buy("order-1", "60.50", sku="mug")
    shop.spend(10)
    told = exported(shop)
    earned, spent = told["transactions"]
    assert (earned["points"], earned["event_id"], earned["rule"]["name"]) == (60, "order-1", "pounds")
    assert [lot["remaining"] for lot in earned["lots"]] == [50]
    assert [(use["transaction_id"], use["points"]) for use in spent["uses"]] == [(earned["id"], 10)]
    (event,) = told["events"]
    assert (event["data"], event["amount"]) == ({"amount": "60.50", "sku": "mug"}, "60.5")
    assert event["explanation"]["verdicts"][0]["points"] == 60
    assert told["event_counts"] == [{"member_id": "ada", "type": "purchase", "count": 1}]
    assert [row["points"] for row in told["usage"]] == [60]
    (level,) = told["tiers"]["levels"]
    assert (level["program"], level["tier"], level["since"]) == ("default", "silver", "2026-03-01T09:00:00Z")
    assert [(row["day"], row["figure"]) for row in told["tiers"]["progress"]] == [("2026-03-01", "60")]
    assert [row["kind"] for row in told["tiers"]["changes"]] == ["reached"]


def test_balances_are_those_of_now(shop: Shop) -> None:
    shop.give(100, expires=5)
    shop.today = 6
    (account,) = exported(shop)["accounts"]
    assert (account["balance"], account["lifetime"]["expired"]) == (0, 100)


def test_it_is_json_with_a_trail(shop: Shop) -> None:
    shop.buy("order-1", "60.50")
    told = exported(shop)
    assert simplejson.loads(simplejson.dumps(told, use_decimal=True), use_decimal=True) == told
    trail = AuditEvent.objects.filter(member_id=shop.key("ada"), verb="member.exported")
    assert (trail.count(), trail.get().occurred_at.isoformat()) == (1, "2026-03-01T09:00:00+00:00")


def test_an_export_tells_what_was_bought_and_what_became_of_it(shop: Shop) -> None:
    shop.give(500)
    used = shop.redeem("mug", metadata={"size": "large"}, reason="Birthday")
    shop.use(shop.text_of(used), "Till 1")
    back, upgrade = shop.redeem("badge"), shop.redeem("gold")
    shop.take_back(back, reason="Changed their mind")
    told = exported(shop)
    mug, badge, gold = told["redemptions"]
    assert (mug["id"], mug["name"], mug["points"]) == (f"red_{used.pk.hex}", "mug", 100)
    assert (mug["status"], mug["reason"], mug["metadata"]) == ("fulfilled", "Birthday", {"size": "large"})
    assert mug["transactions"] == [f"txn_{shop.paid(used).pk.hex}"]
    code = mug["code"]
    assert (code["code"], code["status"]) == (shop.text_of(used), "used")
    assert (code["used_place"], code["used_at"]) == ("Till 1", "2026-03-01T09:00:00Z")
    assert (badge["status"], badge["closed_reason"]) == ("cancelled", "Changed their mind")
    assert (badge["note"], badge["code"]) == (None, None)
    assert badge["gives"] == {"item": shop.item("badge").public_id}
    assert gold["id"] == f"red_{upgrade.pk.hex}"
    assert (gold["gives"], gold["given"]["tier"]) == ({"tier": "gold"}, "silver")
    assert [row["quantity"] for row in told["items"]["owned"]] == [0]
    assert [(row["quantity"], row["redemption_id"]) for row in told["items"]["changes"]] == [
        (1, badge["id"]),
        (-1, badge["id"]),
    ]
    spent = [row for row in told["transactions"] if row["redemption_id"]]
    assert [row["type"] for row in spent] == ["redeemed"] * 3


def test_an_export_tells_of_every_stamp_and_what_it_was_for(shop: Shop) -> None:
    program = make_stamp_program(shop.environment, threshold=2, stamps_per="quantity")
    for member in ("ada", "bob"):
        make_card(shop.environment, program, member)
    shop.buy("order-1", items=[{"unit_price": "2.50", "quantity": 3}])
    (reward,) = StampReward.objects.filter(member=shop.key("ada"))
    shop.do(pay_stamp_reward, reward=reward.pk, reference="Voucher 7")
    shop.refund("order-1", event_id="back-1", items=[{"line": 1, "quantity": 2}])
    shop.merge("bob", "ada")
    own, bobs = sorted(exported(shop)["stamp_collections"], key=lambda row: row["member_id"])
    assert (own["stamp_program"], own["name"]) == (program.public_id, "Coffee Rewards")
    assert (own["counter"], own["merged_into"], bobs["merged_into"]) == (-1, None, own["id"])
    assert (bobs["counter"], bobs["stamps"], bobs["rewards"]) == (0, [], [])
    (paid,) = own["rewards"]
    assert (paid["id"], paid["type"], paid["amount"]) == (f"sr_{reward.pk.hex}", "refund", 250)
    assert (paid["currency"], paid["status"], paid["owed"]) == ("GBP", "paid", 1)
    assert (paid["event_id"], paid["reference"]) == ("order-1", "Voucher 7")
    assert (paid["paid_at"], paid["revoked_at"]) == ("2026-03-01T09:00:00Z", None)
    stamps = own["stamps"]
    assert paid["stamps"] == [stamp["id"] for stamp in stamps[:2]]
    assert [
        (row["event_id"], row["number"], row["line"], row["unit_price"], row["day"]) for row in stamps
    ] == [("order-1", number, 1, "2.5", None) for number in (1, 2, 3)]
    assert [row["returned_by"] for row in stamps] == [None, "back-1", "back-1"]
    assert [row["reward"] for row in stamps] == [paid["id"], paid["id"], None]


def test_an_export_tells_how_far_challenges_are_and_what_they_gave(shop: Shop) -> None:
    coupon = make_coupon(shop.environment, code_pattern="TEA-########")
    points = Metric.objects.get(environment=shop.environment, code="points")
    challenge = make_challenge(
        shop.environment,
        missions=[{"title": "Buy twice", "event_type": "purchase", "target": 2}],
        rewards=[
            {"kind": "metric", "metric": points, "quantity": 50},
            {"kind": "coupon", "item": coupon.item},
        ],
        notification_display="popup",
        notification_title="Well done",
        notification_message="Have a tea",
    )
    save_milestone_set(
        environment=shop.environment,
        milestone_set=MilestoneSet(environment=shop.environment),
        actor=make_actor(),
        changes={"metric": points, "title": "Ladder"},
        milestones=[{"id": "mil_star", "title": "Star", "threshold": 100}],
    )
    shop.buy("order-1", "40.00")
    shop.buy("order-2", "20.00", "bob")
    shop.merge("ada", "bob")
    shop.refund("order-2", event_id="back-2", member="bob")
    told = exported(shop)["challenges"]
    mission = challenge.missions.get()
    named = {"challenge": str(challenge.public_id), "period": "ever"}
    own = named | {"member_id": "bob", "mission": str(mission.public_id), "title": "Buy twice"}
    assert told["progress"] == [own | {"progress": "1"}]
    first, second = told["achievements"]
    assert (first.items() >= own.items(), second.items() >= named.items()) == (True, True)
    assert (first["kind"], first["target"], first["transactions"]) == ("mission", "2", [])
    assert (second["kind"], second["mission"], second["title"]) == ("challenge", None, "Regular")
    assert second["notification"] == {
        "display": "popup",
        "title": "Well done",
        "message": "Have a tea",
        "read_at": None,
    }
    assert (second["event_id"], second["copy_of"], second["revoked_by"]) == (None, None, "back-2")
    assert (second["revoked_at"] is None, second["occurred_at"]) == (False, "2026-03-01T09:00:00Z")
    transactions = {row["id"]: row["points"] for row in exported(shop)["transactions"]}
    assert [transactions[name] for name in second["transactions"]] == [50]
    received, lost = exported(shop)["items"]["changes"]
    assert (received["quantity"], lost["quantity"], lost["item"]) == (1, -1, "tea")
    assert received["achievement_id"] == lost["achievement_id"] == second["id"]
    assert received["code"].startswith("TEA-")
    assert [(row["member_id"], row["from"], row["to"]) for row in told["milestones"]] == [
        ("bob", None, "mil_star"),
        ("bob", "mil_star", None),
    ]
    assert {row["transaction_id"] for row in told["milestones"]} <= set(transactions)


def test_a_merged_id_exports_the_survivor_with_what_came_before(shop: Shop) -> None:
    shop.buy("order-1", "60.00", "bob")
    shop.buy("order-2", "5.00")
    shop.merge("bob", "ada")
    one, other = exported(shop, "bob"), exported(shop)
    assert one["member"] == other["member"]
    assert one["member"]["member_id"] == "ada"
    assert [row["member_id"] for row in one["member"]["merged"]] == ["bob"]
    assert {row["event_id"] for row in one["events"]} == {"order-1", "order-2"}
    balances = {row["member_id"]: row["balance"] for row in one["accounts"]}
    assert balances == {"ada": 65, "bob": 0}


def test_nobody_exports_what_was_before_an_erasure(shop: Shop) -> None:
    shop.buy("order-1", "60.00")
    shop.erase()
    with pytest.raises(NotFound):
        exported(shop)
    assert not AuditEvent.objects.filter(verb="member.exported", environment_id=shop.environment.id).exists()
    shop.give(1)
    told = exported(shop)
    assert (len(told["transactions"]), told["events"], told["tiers"]["changes"]) == (1, [], [])


def test_another_environments_member_is_not_found(shop: Shop) -> None:
    with pytest.raises(NotFound):
        exported(shop, "nobody")


def test_the_number_of_statements_does_not_grow(shop: Shop) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            export_member(environment=reload(shop.environment), member="ada", now=day(0))
        return len(queries)

    make_member(shop.environment, "bob")
    make_challenge(
        shop.environment,
        per="day",
        missions=[{"title": "Buy twice", "event_type": "purchase", "target": 2}],
    )
    for name in ("coffee", "tea"):
        program = make_stamp_program(shop.environment, name=name, threshold=2)
        make_card(shop.environment, program)
    for number in range(3):
        shop.buy(f"cup-{number}", "3.00")
    shop.refund("cup-0")
    shop.buy("order-0", "60.00")
    shop.transfer(1, "ada", "bob")
    shop.give(500)
    for name in ("tea", "badge", "gold"):
        shop.redeem(name)
    few = statements()
    for number in range(1, 5):
        shop.buy(f"order-{number}", "60.00")
        shop.spend(10)
        shop.hold(5)
        shop.transfer(1, "ada", "bob")
        shop.take_back(shop.redeem("badge"))
        shop.redeem("voucher")
    assert statements() == few <= 40
