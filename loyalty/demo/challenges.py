"""The demo's challenges: what customers do for badges, and for tea.

They are set up before the orders are replayed, since an order counts for the challenges that are active when it is
recorded. One is for the shop's app alone: what members report themselves completes it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from django.db import transaction

from audit.record import Actor
from loyalty.actions.inventory_sets import save_inventory_set
from loyalty.demo.drawing import draw_badge
from programs.actions.challenges import save_challenge
from programs.actions.coupons import save_coupon
from programs.actions.member_apps import member_app_of, save_member_app
from programs.actions.milestones import save_milestone_set
from programs.actions.pictures import store_picture
from programs.models import (
    Challenge,
    Coupon,
    Environment,
    InventoryItem,
    InventorySet,
    Metric,
    MilestoneSet,
    Program,
)

WEEKLY = UUID("7e1f0a52-3c64-4b8e-9a10-5d2c8f4b6e01")
WINTER = UUID("7e1f0a52-3c64-4b8e-9a10-5d2c8f4b6e02")
APP = UUID("7e1f0a52-3c64-4b8e-9a10-5d2c8f4b6e03")
VIEWED, SHARED = "article_viewed", "article_shared"
BADGES, REGULAR, LAMPLIGHTER = "ins_demo_badges", "itm_demo_regular", "itm_demo_lamplighter"
MILESTONES, TEA = "mls_demo_club", "tea-for-two"
_LOCAL = ("127.0.0.1", "localhost")


class ShopBadge(NamedTuple):
    """A badge of the shop, with the colours it is drawn in."""

    public_id: str
    title: str
    colour: str
    light: str


class ShopChallenge(NamedTuple):
    """A challenge of the shop. Its public id is fixed: by it the challenge is found again. Of `item`, a badge or
    the coupon, it gives one, beside `xp`."""

    public_id: UUID
    changes: dict[str, Any]
    missions: Sequence[dict[str, Any]]
    xp: int
    item: str


def _line_with(*words: str) -> dict[str, Any]:
    """An order that has a line of which one of these words is a part; the file writes all in capitals."""
    either = [{"field": "item.description", "op": "contains", "value": word} for word in words]
    return {"items": "any", "where": {"any": either}}


def _told(display: str, title: str, message: str = "") -> dict[str, Any]:
    return {
        "notification_display": display,
        "notification_title": title,
        "notification_message": message,
    }


BADGE_ITEMS = (
    ShopBadge(REGULAR, "Regular of the week", "#9c2f45", "#f3d9a4"),
    ShopBadge(LAMPLIGHTER, "Lamplighter", "#24476f", "#ffd45e"),
)
LADDER = (
    {"id": "mil_demo_guest", "title": "Guest", "threshold": 10},
    {"id": "mil_demo_friend", "title": "Friend of the house", "threshold": 100},
    {"id": "mil_demo_patron", "title": "Patron", "threshold": 250},
)
CHALLENGES = (
    ShopChallenge(
        WEEKLY,
        {
            "title": "Regular of the week",
            "subtitle": "Two orders and £300 from Monday to Sunday",
            "per": "week",
            "place": 1,
            **_told("popup", "You are a regular", "100 XP and this week's badge are yours."),
        },
        (
            {
                "id": "7e1f0a52-3c64-4b8e-9a10-5d2c8f4b6e11",
                "title": "Order twice",
                "type": "orders",
                "event_type": "purchase",
                "target": 2,
                **_told("toast", "Two orders this week"),
            },
            {
                "id": "7e1f0a52-3c64-4b8e-9a10-5d2c8f4b6e12",
                "title": "Spend £300",
                "type": "spend",
                "event_type": "purchase",
                "measure": "sum",
                "field": "data.amount",
                "target": 300,
                **_told("toast", "£300 this week"),
            },
        ),
        100,
        REGULAR,
    ),
    ShopChallenge(
        WINTER,
        {
            "title": "Light up the winter",
            "subtitle": "First the lights, then the tree",
            "mission_order": "sequence",
            "place": 2,
            **_told("popup", "Let there be light", "The Lamplighter's badge is yours."),
        },
        (
            {
                "id": "7e1f0a52-3c64-4b8e-9a10-5d2c8f4b6e21",
                "title": "A light for the window",
                "event_type": "purchase",
                "condition": _line_with("T-LIGHT", "LANTERN", "CANDLE"),
                "target": 1,
                **_told("toast", "There is a light", "Next: something for Christmas."),
            },
            {
                "id": "7e1f0a52-3c64-4b8e-9a10-5d2c8f4b6e22",
                "title": "Then something for Christmas",
                "event_type": "purchase",
                "condition": _line_with("CHRISTMAS"),
                "target": 1,
                **_told("toast", "The tree is ready"),
            },
        ),
        150,
        LAMPLIGHTER,
    ),
    ShopChallenge(
        APP,
        {
            "title": "Look around",
            "subtitle": "In the app: look at three articles and share one",
            "place": 3,
            **_told("popup", "Tea for two", "Your coupon is in the app."),
        },
        (
            {
                "id": "7e1f0a52-3c64-4b8e-9a10-5d2c8f4b6e31",
                "title": "Look at three articles",
                "event_type": VIEWED,
                "target": 3,
            },
            {
                "id": "7e1f0a52-3c64-4b8e-9a10-5d2c8f4b6e32",
                "title": "Share one",
                "event_type": SHARED,
                "target": 1,
                **_told("toast", "Shared"),
            },
        ),
        20,
        TEA,
    ),
)


@transaction.atomic
def ensure_challenges(*, environment: Environment, actor: Actor, now: datetime) -> list[str]:
    """Set up the shop's challenges with what they give, and the milestones of `xp`, which shop.ensure_rules has
    made; the names of the challenges made now. What is there stays as it is: whoever tries the demo may have
    changed it. Locks: the environment."""
    known = Challenge.objects.filter(environment=environment, public_id__in=[c.public_id for c in CHALLENGES])
    there = set(known.values_list("public_id", flat=True))
    missing = [one for one in CHALLENGES if one.public_id not in there]
    if missing:
        items = _badges(environment, actor) | {TEA: _coupon(environment, actor, now)}
        _milestones(environment, actor)
        for one in missing:
            _make(environment, one, items[one.item], actor, now)
    return [one.changes["title"] for one in missing]


def ensure_app(*, environment: Environment, url: str, actor: Actor) -> bool:
    """Let the members' app call by the server's own host, and pages of it by either of its names; whether that had
    to be changed. Hosts and origins that a visitor named stay. Locks: the environment, then the row."""
    app, server = member_app_of(environment), urlsplit(url)
    origins = [f"{server.scheme}://{name}:{server.port}" for name in _LOCAL]
    foreign = [one for one in app.origins if urlsplit(one).hostname not in _LOCAL]
    kept_host = app.public_host if (app.public_host or "").partition(":")[0] not in ("", *_LOCAL) else None
    wanted = {
        "public_host": kept_host or server.netloc,
        "origins": [*foreign, *origins],
        "event_types": [*app.event_types, *(t for t in (VIEWED, SHARED) if t not in app.event_types)],
    }
    if all(getattr(app, name) == value for name, value in wanted.items()):
        return False
    save_member_app(environment=environment, actor=actor, changes=wanted)
    return True


def _make(
    environment: Environment, one: ShopChallenge, item: InventoryItem, actor: Actor, now: datetime
) -> None:
    xp = Metric.objects.get(environment=environment, code="xp")
    save_challenge(
        environment=environment,
        challenge=Challenge(environment=environment, public_id=one.public_id),
        actor=actor,
        now=now,
        changes={
            "program": Program.objects.get(environment=environment, code="default"),
            "status": "active",
            **one.changes,
        },
        missions=one.missions,
        rewards=[
            {"kind": "metric", "metric": xp, "quantity": one.xp},
            {"kind": "coupon" if one.item == TEA else "inventory_item", "item": item},
        ],
    )


def _badges(environment: Environment, actor: Actor) -> dict[str, InventoryItem]:
    """By their ids; made where the set is missing."""
    if not InventorySet.objects.filter(environment=environment, public_id=BADGES).exists():
        program = Program.objects.get(environment=environment, code="default")
        save_inventory_set(
            environment=environment,
            inventory_set=InventorySet(environment=environment, program=program, public_id=BADGES),
            actor=actor,
            changes={"title": "Badges"},
            items=[
                {
                    "id": badge.public_id,
                    "title": badge.title,
                    "picture": store_picture(
                        environment=environment, data=draw_badge(colour=badge.colour, light=badge.light)
                    ),
                }
                for badge in BADGE_ITEMS
            ],
        )
    rows = InventoryItem.objects.filter(inventory_set__environment=environment)
    return {item.public_id: item for item in rows.filter(inventory_set__public_id=BADGES)}


def _coupon(environment: Environment, actor: Actor, now: datetime) -> InventoryItem:
    there = Coupon.objects.filter(environment=environment, item__public_id=TEA).first()
    made = there or save_coupon(
        environment=environment,
        coupon=Coupon(environment=environment),
        actor=actor,
        now=now,
        changes={
            "id": TEA,
            "title": "Tea for two",
            "link": "https://shop.example.com/tea-room",
            "coupon_id": "TEA-2",
            "coupon_type": "free item",
            "code_pattern": "TEA-########",
            "show_on_notification": True,
        },
    )
    return made.item


def _milestones(environment: Environment, actor: Actor) -> None:
    if MilestoneSet.objects.filter(environment=environment, public_id=MILESTONES).exists():
        return
    save_milestone_set(
        environment=environment,
        milestone_set=MilestoneSet(environment=environment, public_id=MILESTONES),
        actor=actor,
        changes={"title": "Club", "metric": Metric.objects.get(environment=environment, code="xp")},
        milestones=LADDER,
    )
