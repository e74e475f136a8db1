"""A tenant whose members' app calls /api/loyalty."""

from dataclasses import dataclass
from typing import Any

import jwt
from django.test import Client
from django.utils import timezone

from loyalty.actions.inventory_sets import save_inventory_set
from programs.actions.keys import create_key
from programs.actions.member_apps import save_member_app
from programs.actions.milestones import save_milestone_set
from programs.actions.token_keys import NewTokenKey
from programs.models import Environment, InventorySet, MilestoneSet, Program
from tests import factories
from tests.conftest import Api
from tests.signing import private_pem, public_pem, rsa_key

HOST, ORIGIN = "your.space.domain", "https://app.example.com"
CHALLENGE = "123e4567-e89b-12d3-a456-426614174000"
WATCH, FINISH = "123e4567-e89b-12d3-a456-426614174001", "123e4567-e89b-12d3-a456-426614174002"
TOAST = {
    "notification_display": "toast",
    "notification_title": "Well done",
    "notification_message": "All of it!",
}


@dataclass(frozen=True)
class Club:
    """`hs`, `rs`: what signs member tokens."""

    environment: Environment
    hs: NewTokenKey
    rs: NewTokenKey

    def token(self, member: str = "ada", **claims: Any) -> str:
        return factories.make_token(self.hs, member, **claims)

    def rs256_token(self, member: str = "ada") -> str:
        now = int(timezone.now().timestamp())
        claims = {"sub": member, "iat": now, "exp": now + 3600}
        return jwt.encode(claims, private_pem(rsa_key()), "RS256", headers={"kid": self.rs.key.kid})

    def app(self, member: str = "ada") -> "App":
        return App(self.token(member))

    def key(self) -> str:
        """A publishable one."""
        return create_key(
            environment=self.environment, name="app", actor=factories.make_actor(), kind="publishable"
        ).secret

    def allow(self, **changes: Any) -> None:
        """Change the member app."""
        save_member_app(environment=self.environment, actor=factories.make_actor(), changes=changes)


class App(Api):
    """Calls /api/loyalty as a member's app does."""

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        return super().call(method, path if path.startswith("/") else f"/api/loyalty/{path}", body, **headers)

    def did(self, action: str, data: Any = None, **headers: str) -> Any:
        return self.post("action", {"action": action, **({} if data is None else {"data": data})}, **headers)


def anybody(method: str, path: str, *, host: str = HOST, **headers: str) -> Any:
    """A call without Authorization."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Client(raise_request_exception=False).generic(
        method, f"/api/loyalty/{path}", headers={"Host": host, **named}
    )


def make_club(environment: Environment, *, origins: tuple[str, ...] = (ORIGIN,), host: str = HOST) -> Club:
    """Ada watches two videos and finishes a level: 100 xp, which is a milestone, a badge and a coupon."""
    xp = factories.make_metric(
        environment, "xp", title="Experience", media="https://cdn.example.com/xp.png", maximum=10_000
    )
    badges = _badges(environment)
    coupon = factories.make_coupon(
        environment,
        id="spring",
        title="Spring sale",
        link="https://shop.example.com/spring",
        coupon_id="4711",
        coupon_type="percentage",
        code_pattern="SPRING-########",
        show_on_notification=True,
    )
    save_milestone_set(
        environment=environment,
        milestone_set=MilestoneSet(environment=environment, public_id="levels"),
        actor=factories.make_actor(),
        changes={"title": "Levels", "metric": xp},
        milestones=[{"id": "beginner", "title": "Beginner", "threshold": 100}],
    )
    factories.make_challenge(
        environment,
        public_id=CHALLENGE,
        title="A week of videos",
        subtitle="Watch two",
        **TOAST,
        missions=[
            {"id": WATCH, "title": "Watch two", "event_type": "video_watched", "target": 2, "type": "video"},
            {"id": FINISH, "title": "Finish", "event_type": "level_done", "target": 1, **TOAST},
        ],
        rewards=[
            {"kind": "metric", "metric": xp, "quantity": 100},
            {"kind": "inventory_item", "item": badges.items.get()},
            {"kind": "coupon", "item": coupon.item},
        ],
    )
    rs = factories.make_token_key(environment, algorithm="RS256", public_key=public_pem(rsa_key()))
    club = Club(environment, factories.make_token_key(environment), rs)
    club.allow(public_host=host, origins=list(origins), event_types=["video_watched", "level_done"])
    return club


def _badges(environment: Environment) -> InventorySet:
    return save_inventory_set(
        environment=environment,
        inventory_set=InventorySet(
            environment=environment,
            public_id="badges",
            program=Program.objects.get(environment=environment, code="default"),
        ),
        actor=factories.make_actor(),
        changes={"title": "Badges"},
        items=[{"id": "watcher", "title": "Watcher", "media": "https://cdn.example.com/watcher.png"}],
    )


def complete(app: App) -> None:
    """All that the challenge asks for."""
    for action in ("video_watched", "video_watched", "level_done"):
        answer = app.did(action)
        assert answer.status_code == 200, answer.content.decode()
