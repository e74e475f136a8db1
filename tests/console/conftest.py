"""Two projects that know nothing of each other, and a browser for each role."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from loyalty.models import Redemption
from programs.admin.base import SESSION_KEY
from programs.models import Environment
from tests import factories
from tests.console.redeemed import MUG, TEN, buy, offer
from tests.console.tenants import Tenant, furnish

Login = Callable[..., Client]


@pytest.fixture
def login(db: None) -> Login:
    """A client of a staff member of the environment's project, in that environment."""

    def enter(environment: Environment, role: str = "owner", *, is_superuser: bool = False) -> Client:
        user = factories.make_staff(None if is_superuser else environment.project, role)
        if is_superuser:
            user.is_superuser = True
            user.save()
        client = Client()
        client.force_login(user)
        session = client.session
        session[SESSION_KEY] = str(environment.pk)  # as the switcher does, which has tests of its own
        session.save()
        return client

    return enter


@pytest.fixture
def ours(db: None) -> Tenant:
    return furnish("ours")


@pytest.fixture
def theirs(db: None) -> Tenant:
    return furnish("theirs")


@pytest.fixture
def support(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "support")
    return client


@pytest.fixture
def mug(environment: Environment) -> Redemption:
    """One that waits."""
    offer(environment, "rwd_mug", **MUG)
    return buy(environment, "rwd_mug")


@pytest.fixture
def ten(environment: Environment) -> Redemption:
    """One that was fulfilled at once, with a code."""
    offer(environment, "rwd_ten", **TEN)
    return buy(environment, "rwd_ten", "bob")
