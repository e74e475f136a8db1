"""Keys that sign member tokens: made or registered, kept safe, revoked."""

from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import PrivateFormat
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from audit.errors import InvalidRequest, NotFound
from audit.models import AuditEvent
from programs.actions.token_keys import create_token_key, ensure_signing_key, revoke_token_key
from programs.models import Environment, TokenKey
from programs.queries.token_keys import live_key, secret_of, signing_key
from tests.factories import make_actor, make_environment, make_token_key
from tests.signing import ec_key, private_pem, public_pem, rsa_key


def events(environment: Environment) -> list[AuditEvent]:
    return list(
        AuditEvent.objects.filter(environment_id=environment.id, object_type="tokenkey").order_by("id")
    )


def test_the_secret_of_hs256_is_long_told_once_and_kept_encrypted(environment: Environment) -> None:
    made = make_token_key(environment, name="App")
    assert made.secret is not None
    assert made.secret.startswith("mts_sandbox_")
    assert len(made.secret) >= 12 + 43
    stored = TokenKey.objects.get(pk=made.key.pk)
    assert (stored.name, stored.algorithm, stored.public_key) == ("App", "HS256", "")
    assert made.secret not in str(TokenKey.objects.filter(pk=stored.pk).values().get())
    assert secret_of(stored) == made.secret
    (event,) = events(environment)
    assert event.verb == "tokenkey.created"
    assert event.after == {"name": "App", "kid": stored.kid, "algorithm": "HS256"}
    assert make_token_key(environment).secret != made.secret


@pytest.mark.parametrize(("algorithm", "key"), [("RS256", rsa_key), ("ES256", ec_key)])
def test_of_a_key_pair_the_public_half_alone_is_kept(
    environment: Environment, algorithm: str, key: Callable[[], Any]
) -> None:
    pem = public_pem(key())
    wrapped = f"\n  Our key, of May\n{pem}\n"
    made = make_token_key(environment, algorithm=algorithm, public_key=wrapped)
    assert made.secret is None
    stored = TokenKey.objects.get(pk=made.key.pk)
    assert (stored.public_key, stored.secret) == (pem, "")


# By what is wrong: the algorithm, the text sent, and what the refusal says.
FAULTY: dict[str, tuple[str, Callable[[], str], str]] = {
    "a private RSA key": ("RS256", lambda: private_pem(rsa_key()), "private key"),
    "a private key in the older form": (
        "RS256",
        lambda: private_pem(rsa_key(), PrivateFormat.TraditionalOpenSSL),
        "private key",
    ),
    "a private EC key": ("ES256", lambda: private_pem(ec_key()), "private key"),
    "a private key behind the public one": (
        "ES256",
        lambda: public_pem(ec_key()) + private_pem(ec_key()),
        "private key",
    ),
    "a short RSA key": ("RS256", lambda: public_pem(rsa_key(1024)), "this one has 1024"),
    "another curve": ("ES256", lambda: public_pem(ec_key(ec.SECP384R1)), "P-256"),
    "a curve with as many bits": ("ES256", lambda: public_pem(ec_key(ec.SECP256K1)), "P-256"),
    "RSA for ES256": ("ES256", lambda: public_pem(rsa_key()), "P-256"),
    "EC for RS256": ("RS256", lambda: public_pem(ec_key()), "takes an RSA key"),
    "Ed25519": ("ES256", lambda: public_pem(ed25519.Ed25519PrivateKey.generate()), "P-256"),
    "a certificate": ("RS256", lambda: "-----BEGIN CERTIFICATE-----\nMII=\n", "certificate"),
    "nothing": ("RS256", lambda: " ", "Send the PEM"),
    "no PEM": ("RS256", lambda: "ssh-rsa AAAAB3NzaC1yc2E", "Send the PEM"),
    "a PEM cut short": ("RS256", lambda: public_pem(rsa_key())[:200], "Send the PEM"),
    "half a surrogate pair": ("RS256", lambda: "\ud800", "Send the PEM"),
    "a public key for HS256": ("HS256", lambda: public_pem(rsa_key()), "the engine issues the secret"),
}


@pytest.mark.parametrize("fault", FAULTY)
def test_a_key_that_will_not_do_is_refused_with_a_sentence(environment: Environment, fault: str) -> None:
    algorithm, sent, says = FAULTY[fault]
    text = sent()
    with pytest.raises(InvalidRequest, match=says) as refused:
        make_token_key(environment, algorithm=algorithm, public_key=text)
    assert [error.field for error in refused.value.errors] == ["public_key"]
    assert text.strip() == "" or text.strip() not in refused.value.detail
    assert not TokenKey.objects.exists()
    assert events(environment) == []


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"algorithm": "none"}, "algorithm"), ({"algorithm": "HS512"}, "algorithm"), ({"name": ""}, "name")],
)
def test_an_unknown_algorithm_or_no_name_is_refused(
    environment: Environment, wrong: dict[str, str], field: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        make_token_key(environment, **wrong)
    assert [error.field for error in refused.value.errors] == [field]
    assert not TokenKey.objects.exists()


def test_the_database_refuses_a_key_whose_parts_do_not_fit_its_algorithm(environment: Environment) -> None:
    faulty: list[dict[str, str]] = [
        {"algorithm": "HS256"},
        {"algorithm": "HS256", "secret": "s", "public_key": "p"},
        {"algorithm": "RS256", "secret": "s"},
        {"algorithm": "ES256"},
        {"algorithm": "none", "secret": "s"},
    ]
    for parts in faulty:
        with pytest.raises(IntegrityError, match="token_key_fits_algorithm"), transaction.atomic():
            TokenKey.objects.create(environment=environment, name="x", **parts)


def test_a_revoked_key_is_live_no_more_and_revoking_twice_is_recorded_once(environment: Environment) -> None:
    key = make_token_key(environment).key
    first = revoke_token_key(environment=environment, key=key, actor=make_actor())
    second = revoke_token_key(environment=environment, key=key, actor=make_actor())
    assert first.revoked_at is not None
    assert first.revoked_at == second.revoked_at
    assert live_key(key.kid) is None
    assert signing_key(environment) is None
    assert [event.verb for event in events(environment)] == ["tokenkey.created", "tokenkey.revoked"]


def test_another_environments_key_can_not_be_revoked(environment: Environment) -> None:
    key = make_token_key(environment).key
    with pytest.raises(NotFound):
        revoke_token_key(environment=make_environment(), key=key, actor=make_actor())
    assert live_key(key.kid) == key


def test_tokens_are_signed_with_the_newest_live_secret_of_the_environment(environment: Environment) -> None:
    old, new = make_token_key(environment).key, make_token_key(environment).key
    make_token_key(environment, algorithm="ES256", public_key=public_pem(ec_key()))
    make_token_key(make_environment())
    assert signing_key(environment) == new
    revoke_token_key(environment=environment, key=new, actor=make_actor())
    assert ensure_signing_key(environment=environment, actor=make_actor()) == old


def test_many_that_find_no_key_make_one(committed_environment: Environment, together: Any) -> None:
    kids = together(
        lambda _: ensure_signing_key(environment=committed_environment, actor=make_actor()).kid, threads=8
    )
    assert len(set(kids)) == 1, kids
    assert TokenKey.objects.filter(environment=committed_environment).count() == 1


def test_encrypting_again_moves_every_secret_under_the_newest_key(
    environment: Environment, settings: Any
) -> None:
    settings.ENCRYPTION_KEYS = ["o" * 40]
    made = make_token_key(environment)
    create_token_key(
        environment=environment,
        name="Sign-in",
        algorithm="ES256",
        public_key=public_pem(ec_key()),
        actor=make_actor(),
    )
    settings.ENCRYPTION_KEYS = ["n" * 40, "o" * 40]
    said = StringIO()
    call_command("encrypt_again", stdout=said)
    assert said.getvalue() == "1 secrets are under the newest key.\n"
    settings.ENCRYPTION_KEYS = ["n" * 40]
    assert secret_of(TokenKey.objects.get(pk=made.key.pk)) == made.secret
    (event,) = AuditEvent.objects.filter(verb="tokenkey.encrypted_again")
    assert (event.environment_id, event.object_id) == (environment.pk, str(made.key.pk))
    assert (event.actor_kind, event.actor_id) == ("system", "encrypt_again")
    assert event.after == {"name": made.key.name, "kid": made.key.kid, "algorithm": "HS256"}


def test_encrypting_again_without_the_old_key_changes_nothing(
    environment: Environment, settings: Any
) -> None:
    made = make_token_key(environment)
    settings.ENCRYPTION_KEYS = ["n" * 40]
    with pytest.raises(CommandError, match="Nothing was changed"):
        call_command("encrypt_again")
    assert TokenKey.objects.get(pk=made.key.pk).secret == made.key.secret
    assert not AuditEvent.objects.filter(verb="tokenkey.encrypted_again").exists()
