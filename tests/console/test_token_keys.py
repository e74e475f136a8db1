"""Settings, Member token keys: made or registered, a secret shown once, revoked."""

from typing import Any

import pytest
from django.test import Client

from programs.models import Environment, TokenKey
from programs.queries.token_keys import secret_of
from tests import factories
from tests.console.tenants import Tenant, state_of_everything
from tests.signing import ec_key, private_pem, public_pem

pytestmark = pytest.mark.django_db
LIST = "/console/programs/tokenkey/"


@pytest.fixture
def sandbox() -> Environment:
    return factories.make_environment()


@pytest.fixture
def owner(login: Any, sandbox: Environment) -> Client:
    client: Client = login(sandbox)
    return client


def sent(client: Client, form: dict[str, Any], **how: Any) -> Any:
    """The answer to the form, opened and filled in."""
    token = client.get(f"{LIST}add/").context["token"]
    return client.post(f"{LIST}add/", form | {"token": token}, **how)


def test_the_secret_is_shown_once_and_signs(owner: Client, sandbox: Environment) -> None:
    answer = sent(owner, {"name": "App", "algorithm": "HS256"})
    secret = answer.context["secret"]
    key = TokenKey.objects.get(environment=sandbox)
    assert secret_of(key) == secret
    text = answer.content.decode()
    assert secret in text
    assert key.kid in text
    assert "no-store" in answer["Cache-Control"]
    for url in (LIST, f"{LIST}{key.pk}/change/", "/console/audit/auditevent/"):
        shown = owner.get(url).content.decode()
        assert secret not in shown, url
        assert key.secret not in shown, url
    assert secret not in str(state_of_everything())


def test_a_public_key_is_registered_and_its_page_says_how_to_name_it(
    owner: Client, sandbox: Environment
) -> None:
    form = {"name": "Sign-in", "algorithm": "ES256", "public_key": public_pem(ec_key())}
    answer = sent(owner, form, follow=True)
    key = TokenKey.objects.get(environment=sandbox)
    assert answer.redirect_chain == [(f"{LIST}{key.pk}/change/", 302)]
    text = answer.content.decode()
    assert "Sign-in is registered." in text
    assert key.kid in text
    assert public_pem(ec_key()).splitlines()[1] in text


def test_what_will_not_do_is_refused_on_its_field_and_nothing_is_made(owner: Client) -> None:
    before = state_of_everything()
    good = {"name": "App", "algorithm": "ES256", "public_key": public_pem(ec_key())}
    faulty = [
        ({"public_key": private_pem(ec_key())}, "public_key", "This is a private key."),
        ({"public_key": ""}, "public_key", "Send the PEM of a public key"),
        ({"algorithm": "RS256"}, "public_key", "RS256 takes an RSA key"),
        ({"algorithm": "HS256"}, "public_key", "the engine issues the secret"),
        ({"algorithm": "none"}, "algorithm", "Select a valid choice"),
        ({"name": ""}, "name", "This field is required"),
    ]
    for wrong, field, says in faulty:
        answer = sent(owner, good | wrong)
        assert answer.status_code == 200
        assert list(answer.context["form"].errors) == [field], wrong
        assert says in answer.content.decode(), wrong
    assert state_of_everything() == before


def test_a_private_key_that_was_pasted_is_not_stored(owner: Client) -> None:
    pem = private_pem(ec_key())
    sent(owner, {"name": "App", "algorithm": "ES256", "public_key": pem})
    assert pem.splitlines()[1] not in str(state_of_everything())


def test_revoking_asks_first_and_says_whom_it_hits(owner: Client, sandbox: Environment) -> None:
    key = factories.make_token_key(sandbox).key
    url = f"{LIST}{key.pk}/revoke/"
    asked = owner.get(url)
    assert key.kid in asked.content.decode()
    assert TokenKey.objects.get(pk=key.pk).revoked_at is None
    answer = owner.post(url, follow=True)
    assert "its tokens are refused within seconds" in answer.content.decode()
    assert TokenKey.objects.get(pk=key.pk).revoked_at is not None
    assert url not in owner.get(f"{LIST}{key.pk}/change/").content.decode()


def test_reloading_the_page_of_a_secret_makes_no_second_key(owner: Client, sandbox: Environment) -> None:
    token = owner.get(f"{LIST}add/").context["token"]
    form = {"name": "App", "algorithm": "HS256", "token": token}
    assert "mts_sandbox_" in owner.post(f"{LIST}add/", form).content.decode()
    again = owner.post(f"{LIST}add/", form, follow=True)
    assert "This form was sent already" in again.content.decode()
    assert TokenKey.objects.filter(environment=sandbox).count() == 1
    for unopened in ({"name": "App", "algorithm": "HS256"}, form | {"token": ""}):
        assert "sent already" in owner.post(f"{LIST}add/", unopened, follow=True).content.decode()
    assert TokenKey.objects.filter(environment=sandbox).count() == 1


@pytest.mark.parametrize("role", ["analyst", "support", "operator"])
def test_only_owners_see_and_make_them(login: Any, ours: Tenant, role: str) -> None:
    client, key = login(ours.environment, role), ours.rows[TokenKey]
    before = state_of_everything()
    assert "Member token keys" not in client.get("/console/").content.decode()
    for url in (LIST, f"{LIST}add/", f"{LIST}{key.pk}/change/", f"{LIST}{key.pk}/revoke/"):
        assert client.get(url).status_code == 403, url
        assert client.post(url, {"name": "App", "algorithm": "HS256"}).status_code == 403, url
    assert state_of_everything() == before


def test_the_sidebar_leads_an_owner_there(owner: Client) -> None:
    assert f'href="{LIST}"' in owner.get("/console/").content.decode()
