"""The shop's challenges and its app over several starts, whatever a visitor or an interruption has left."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone

from loyalty.demo import challenges, shop
from loyalty.demo.challenges import APP, CHALLENGES, SHARED, VIEWED, WEEKLY, WINTER
from loyalty.demo.orders import History, read_history
from loyalty.demo.replay import replay, schedule_of
from loyalty.models import Account, Achievement, Event, MemberItem, MilestoneChange
from programs.actions.challenges import save_challenge
from programs.actions.member_apps import member_app_of, save_member_app
from programs.models import Challenge, Environment, InventoryItem, MemberApp, MilestoneSet, Picture
from tests import factories
from tests.loyalty.ledger.checking import check

WHOLE = read_history()
NOW = datetime(2026, 7, 15, 10, tzinfo=UTC)
NAMES = ["Regular of the week", "Light up the winter", "Look around"]


@pytest.fixture
def short() -> History:
    """The orders of three customers: one buys lights and then Christmas decorations; one buys lights alone, 34
    times in two months; one ordered once."""
    events = tuple(event for event in WHOLE.events if event.member in ("15061", "17850", "13941"))
    return replace(WHOLE, events=events)


def _common(environment: Environment) -> dict[str, Any]:
    return {"environment": factories.reload(environment), "actor": factories.make_actor()}


def _set_up(environment: Environment, history: History = WHOLE) -> list[str]:
    since = schedule_of(environment, history, NOW).begins
    shop.ensure_rules(since=since, **_common(environment))
    return challenges.ensure_challenges(now=timezone.now(), **_common(environment))


def _app(environment: Environment, url: str) -> bool:
    return challenges.ensure_app(url=url, **_common(environment))


def test_they_are_made_once_with_badges_a_coupon_and_milestones(environment: Environment) -> None:
    assert _set_up(environment) == NAMES
    assert _set_up(environment) == []
    made = Challenge.objects.filter(environment=environment)
    assert [(one.public_id, one.per, one.mission_order) for one in made] == [
        (WEEKLY, "week", "any"),
        (WINTER, "ever", "sequence"),
        (APP, "ever", "any"),
    ]
    assert {one.missions.count() for one in made} == {2}
    assert [list(one.rewards.values_list("kind", flat=True)) for one in made] == [
        ["metric", "inventory_item"],
        ["metric", "inventory_item"],
        ["metric", "coupon"],
    ]
    badges = InventoryItem.objects.filter(inventory_set__public_id=challenges.BADGES)
    assert [(one.picture.width, one.picture.height) for one in badges if one.picture] == [(400, 400)] * 2
    assert Picture.objects.filter(environment=environment).count() == 2
    assert MilestoneSet.objects.get(environment=environment).milestones.count() == 3


def test_what_a_visitor_changed_or_lacks_is_left_and_made(environment: Environment) -> None:
    _set_up(environment)
    mine = Challenge.objects.get(environment=environment, public_id=WINTER)
    common = _common(environment) | {"now": timezone.now(), "missions": None}
    save_challenge(challenge=mine, changes={"title": "Mine", "status": "paused"}, rewards=[], **common)
    gone = Challenge.objects.get(environment=environment, public_id=APP)
    gone.rewards.all().delete()
    gone.missions.all().delete()
    gone.delete()
    assert _set_up(environment) == ["Look around"]
    assert Challenge.objects.get(environment=environment, public_id=WINTER).title == "Mine"
    assert InventoryItem.objects.filter(environment=environment).count() == 3, "the coupon is there already"


def test_the_orders_complete_them_and_rewards_are_given_once(
    environment: Environment, short: History
) -> None:
    _set_up(environment, short)
    common = _common(environment) | {"history": short, "now": NOW}
    replay(progress=lambda *_: None, **common)
    replay(progress=lambda *_: None, **common)
    live = Achievement.objects.filter(environment_id=environment.id, revoked_at=None)
    found = live.filter(kind="challenge").values_list("member__external_id", "challenge__public_id")
    assert set(found) == {("15061", WEEKLY), ("15061", WINTER), ("17850", WEEKLY)}
    owned = MemberItem.objects.filter(environment_id=environment.id)
    items = owned.values_list("member__external_id", "item__public_id", "quantity")
    assert set(items) == {
        ("15061", challenges.LAMPLIGHTER, 1),
        ("15061", challenges.REGULAR, 1),
        ("17850", challenges.REGULAR, 8),
    }, "the badge of each week in which there were two orders and £300"
    for customer, gained in (("15061", 250), ("17850", 800), ("13941", 0)):
        orders = Event.objects.filter(member__external_id=customer, type="purchase").count()
        account = Account.objects.get(member__external_id=customer, metric__code="xp")
        assert account.total == 10 * orders + gained
    best = MilestoneChange.objects.filter(member__external_id="15061").latest("id")
    assert best.to_id == "mil_demo_patron"
    assert "no violation" in check(environment=str(environment.id))


def test_of_the_whole_file_some_complete_both() -> None:
    """The guide names one of them."""
    lit, done = set(), set()
    light, tree = ("T-LIGHT", "LANTERN", "CANDLE"), ("CHRISTMAS",)
    for event in WHOLE.events:
        if event.type != "purchase":
            continue
        lines = [line["description"] for line in event.data["items"]]
        if event.member in lit and any(word in line for word in tree for line in lines):
            done.add(event.member)
        if any(word in line for word in light for line in lines):
            lit.add(event.member)
    assert (len(lit), len(done)) == (149, 8)
    assert "15061" in done
    assert [one.changes["title"] for one in CHALLENGES] == NAMES


def test_the_app_calls_by_the_address_of_each_start(environment: Environment) -> None:
    assert _app(environment, "http://127.0.0.1:8000")
    assert not _app(environment, "http://127.0.0.1:8000")
    assert _app(environment, "http://127.0.0.1:8001")
    app = MemberApp.objects.get(environment=environment)
    assert app.public_host == "127.0.0.1:8001"
    assert app.origins == ["http://127.0.0.1:8001", "http://localhost:8001"]
    assert app.event_types == [VIEWED, SHARED]


def test_hosts_origins_and_actions_that_a_visitor_named_stay(environment: Environment) -> None:
    own = {
        "public_host": "club.example.com",
        "origins": ["https://www.example.com"],
        "event_types": ["checked_in", VIEWED],
    }
    save_member_app(changes=own, **_common(environment))
    assert _app(environment, "http://127.0.0.1:8000")
    app = member_app_of(environment)
    assert app.public_host == "club.example.com"
    assert app.origins == [*own["origins"], "http://127.0.0.1:8000", "http://localhost:8000"]
    assert app.event_types == ["checked_in", VIEWED, SHARED]
    assert not _app(environment, "http://127.0.0.1:8000")
