"""Settings, API keys: publishable ones beside the secret ones."""

from typing import Any

import pytest
from django.test import Client

from programs.models import ApiKey, Environment
from tests import factories
from tests.console.redeemed import text_of

pytestmark = pytest.mark.django_db
LIST = "/console/programs/apikey/"


@pytest.fixture
def owner(login: Any, environment: Environment) -> Client:
    client: Client = login(environment)
    return client


def _sent(client: Client, **form: Any) -> Any:
    """The answer to the form, opened and filled in."""
    token = client.get(f"{LIST}add/").context["token"]
    return client.post(f"{LIST}add/", {"name": "Web page", "token": token} | form)


def test_a_publishable_key_is_made_without_scopes_and_told_apart(
    owner: Client, environment: Environment
) -> None:
    """What was ticked before its kind was chosen is dropped."""
    factories.make_key(environment, "*")
    answer = _sent(owner, kind="publishable", scopes=["points:write"])
    assert answer.context["secret"].startswith("pk_sandbox_")
    assert "It is no secret" in answer.content.decode()
    key = ApiKey.objects.get(environment=environment, kind="publishable")
    assert (key.scopes, key.prefix) == ([], answer.context["secret"][:17])
    listed = text_of(owner.get(LIST))
    assert listed.count("lc-key-publishable") == 1
    assert listed.count("lc-key-secret") == 1
    assert "public configuration" in listed
    page = text_of(owner.get(f"{LIST}{key.pk}/change/"))
    assert "Everybody may see it." in page
    assert "Read the public configuration" in page


def test_a_secret_key_needs_a_scope_and_the_kind_is_one_of_two(
    owner: Client, environment: Environment
) -> None:
    for wrong, field in (({"kind": "secret"}, "scopes"), ({"kind": "public", "scopes": ["*"]}, "kind")):
        assert list(_sent(owner, **wrong).context["form"].errors) == [field]
    assert not ApiKey.objects.filter(environment=environment).exists()
    assert "It is a secret" in _sent(owner, kind="secret", scopes=["*"]).content.decode()
