"""Rewards and redemptions for the console's tests, made by the engine's own actions."""

from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from loyalty.actions.codes import add_codes
from loyalty.actions.redemptions import redeem
from loyalty.models import Redemption
from programs.models import Environment, Reward
from tests import factories
from tests.console.deeds import confirm, show

MUG: dict[str, Any] = {"name": "Mug", "kind": "free_product", "fulfilment": "manual", "stock": 5}
TEN: dict[str, Any] = {
    "name": "Ten off",
    "kind": "discount",
    "discount_percent": 10,
    "code_source": "generated",
    "code_pattern": "TEN-########",
    "code_valid_days": 30,
}


def offer(environment: Environment, public_id: str, **settings: Any) -> Reward:
    """A reward for 100 points."""
    return factories.make_reward(factories.reload(environment), public_id, **settings)


def fill(environment: Environment, reward: Reward, *codes: str) -> None:
    actor, now = factories.make_actor(), timezone.now()
    add_codes(environment=environment, reward=reward, codes=codes, actor=actor, now=now)


def buy(environment: Environment, reward: str, member: str = "ada", **options: Any) -> Redemption:
    """The redemption, with what it cost given before; read anew."""
    factories.give(environment, 100, member)
    options = {"actor": factories.make_actor(), "now": timezone.now()} | options
    made = redeem(environment=factories.reload(environment), member=member, reward=reward, **options)
    return Redemption.objects.select_related("member", "reward", "metric", "code").get(pk=made.pk)


def url_of(redemption: Redemption, name: str = "change") -> str:
    return reverse(f"admin:loyalty_redemption_{name}", args=[redemption.pk])


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def act(client: Client, redemption: Redemption, name: str, **entered: str) -> Any:
    """The answer to the deed on its page, seen and confirmed."""
    url = url_of(redemption, name)
    return confirm(client, url, show(client, url, **entered), **entered)
