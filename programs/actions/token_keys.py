"""Keys that sign member tokens are registered, shown once where we issue them, and revoked (domain.md 1)."""

import secrets
from typing import NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from django.db import transaction
from django.utils import timezone

from audit import secrets_at_rest
from audit.errors import InvalidRequest
from audit.record import Actor, record
from programs.actions.configure import clean, lock_environment, locked, place_of
from programs.models import Environment, TokenKey
from programs.queries.token_keys import signing_key

SMALLEST_RSA, LARGEST_RSA = 2048, 8192  # bits
_LONGEST_PEM = 10_000  # characters
_NAME_OF_ISSUED = "Tokens issued by the engine"
_HOW_TO_EXPORT = "openssl pkey -in private.pem -pubout"


class NewTokenKey(NamedTuple):
    """A key and, of HS256, its secret: it is kept encrypted, and no page or call shows it again."""

    key: TokenKey
    secret: str | None


@transaction.atomic
def create_token_key(
    *, environment: Environment, name: str, algorithm: str, public_key: str = "", actor: Actor
) -> NewTokenKey:
    """Register a key of the environment. HS256: the secret is made here, and `public_key` stays empty;
    RS256 and ES256: `public_key` is a PEM of at least 2048 bits, or on P-256.

    Raises InvalidRequest naming the field. Locks: the environment, so that a reset of the sandbox takes every key
    along.
    """
    lock_environment(environment)
    key = TokenKey(environment=environment, name=name, algorithm=algorithm)
    secret = None
    if algorithm == TokenKey.Algorithm.HS256:
        if public_key.strip():
            raise _wrong_key("Leave it empty: of HS256 the engine issues the secret.")
        secret = f"mts_{environment.kind}_{secrets.token_urlsafe(32)}"
        key.secret = secrets_at_rest.encrypt(secret)
    elif algorithm in TokenKey.Algorithm.values:
        key.public_key = checked_public_key(algorithm, public_key)
    else:
        raise InvalidRequest.field(
            "algorithm", "invalid_choice", f"Choose {', '.join(TokenKey.Algorithm.values)}."
        )
    clean(key)
    key.save(force_insert=True)
    _record(environment, key, "created", actor)
    return NewTokenKey(key, secret)


@transaction.atomic
def revoke_token_key(*, environment: Environment, key: TokenKey, actor: Actor) -> TokenKey:
    """End the key; tokens signed with it are refused within five seconds. Revoking twice changes nothing.

    Raises NotFound for another environment's key. Locks: the environment, then the key.
    """
    key = locked(environment, key)
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
        _record(environment, key, "revoked", actor)
    return key


def ensure_signing_key(*, environment: Environment, actor: Actor) -> TokenKey:
    """The newest live HS256 key of the environment; made where there is none.

    One statement where there is one. Locks: nothing, or to make one the environment.
    """
    found = signing_key(environment)
    if found is not None:
        return found
    with transaction.atomic():
        lock_environment(environment)  # two that find none make one
        return (
            signing_key(environment)
            or create_token_key(
                environment=environment,
                name=_NAME_OF_ISSUED,
                algorithm=TokenKey.Algorithm.HS256,
                actor=actor,
            ).key
        )


@transaction.atomic
def encrypt_again(*, actor: Actor) -> int:
    """Put every stored secret under the newest of ENCRYPTION_KEYS: how many there are. Each is audited.

    Raises Unreadable, and then changes none. Locks: all HS256 keys.
    """
    stored = TokenKey.objects.select_for_update(of=("self",)).select_related("environment__project")
    rows = list(stored.exclude(secret="").order_by("pk"))
    for key in rows:
        key.secret = secrets_at_rest.encrypt_again(key.secret)
        _record(key.environment, key, "encrypted_again", actor)
    TokenKey.objects.bulk_update(rows, ["secret"], batch_size=500)
    return len(rows)


def checked_public_key(algorithm: str, pem: str) -> str:
    """The same key as a PEM without anything else. Raises InvalidRequest on `public_key`."""
    text = pem.strip()
    if "PRIVATE KEY" in text:
        raise _wrong_key(
            "This is a private key. Nobody else needs it: treat it as disclosed, make a new one, and send its"
            f" public key (`{_HOW_TO_EXPORT}`)."
        )
    if "CERTIFICATE" in text:
        raise _wrong_key(
            "This is a certificate; send its key: `openssl x509 -in certificate.pem -pubkey -noout`."
        )
    key = _loaded(text)
    if algorithm == TokenKey.Algorithm.RS256:
        if not isinstance(key, RSAPublicKey):
            raise _wrong_key("RS256 takes an RSA key, and this is another.")
        if not SMALLEST_RSA <= key.key_size <= LARGEST_RSA:
            raise _wrong_key(
                f"An RSA key has {SMALLEST_RSA} to {LARGEST_RSA} bits; this one has {key.key_size}."
            )
    elif not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise _wrong_key("ES256 takes a key on the curve P-256 (prime256v1), and this is another.")
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _loaded(pem: str) -> PublicKeyTypes:
    try:
        return load_pem_public_key(pem[:_LONGEST_PEM].encode())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _wrong_key(
            f"Send the PEM of a public key, from BEGIN to END PUBLIC KEY (`{_HOW_TO_EXPORT}`)."
        ) from error


def _wrong_key(detail: str) -> InvalidRequest:
    return InvalidRequest.field("public_key", "invalid", detail)


def _record(environment: Environment, key: TokenKey, verb: str, actor: Actor) -> None:
    record(
        place=place_of(environment),
        actor=actor,
        verb=f"tokenkey.{verb}",
        object_type="tokenkey",
        object_id=str(key.pk),
        after={"name": key.name, "kid": key.kid, "algorithm": key.algorithm},
    )
