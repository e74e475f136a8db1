"""Member tokens: JWTs that a tenant signs for one of its members (domain.md 1).

Which algorithm counts, and with which key, is what was registered under the `kid`; the header only names it.
"""

import json
import math
import re
from base64 import urlsafe_b64decode
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from jwt import InvalidTokenError, PyJWS
from rest_framework.exceptions import AuthenticationFailed, ValidationError

from loyalty.api.common.fields import ExternalId
from loyalty.api.common.warm import WarmKeys
from programs.models import TokenKey
from programs.queries.token_keys import live_key, secret_of

LEEWAY = 30  # seconds by which clocks may differ
LONGEST = 4096  # characters
_FURTHEST = 10 * 366 * 24 * 60 * 60  # seconds ahead; whoever says more has counted something else
_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*")
_KID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_JWS = PyJWS(algorithms=list(TokenKey.Algorithm.values))
_MEMBER = ExternalId()

Proof = str | RSAPublicKey | EllipticCurvePublicKey


@dataclass(slots=True)
class KnownKey:
    """A registered key, ready to prove a signature."""

    id: UUID
    kid: str
    environment_id: UUID
    namespace: UUID
    algorithm: str
    proof: Proof
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class MemberToken:
    key: KnownKey
    member: str
    """The token's `sub`: the tenant's own id of the member."""


_keys: WarmKeys[KnownKey] = WarmKeys()
forget_keys = _keys.forget


def looks_like_token(text: str) -> bool:
    return text.count(".") == 2


def verified(token: str, now: datetime) -> MemberToken:
    """Whose token this is, by its signature and its times at `now` (real time). No statement while its key is
    warm. Raises AuthenticationFailed, with a sentence that says which fault it is."""
    if len(token) > LONGEST:
        raise AuthenticationFailed(f"The token is longer than {LONGEST} characters.")
    if not _FORM.fullmatch(token):
        raise AuthenticationFailed("The token is not a JSON Web Token in its compact form.")
    if token.endswith("."):
        raise AuthenticationFailed("The token is not signed.")
    key = _key_of(_json(token.partition(".")[0], "header"))
    try:
        payload = _JWS.decode(token, key.proof, algorithms=[key.algorithm])
    except InvalidTokenError as error:
        raise AuthenticationFailed("The token's signature is wrong.") from error
    claims = _object(payload, "payload")
    _check_times(claims, now)
    if "aud" in claims:
        raise AuthenticationFailed("The token is meant for somebody else (`aud`); leave that claim out.")
    return MemberToken(key, _member(claims))


def _key_of(header: dict[str, Any]) -> KnownKey:
    if "crit" in header or "b64" in header:
        raise AuthenticationFailed("The token's header asks for extensions (`crit`) that are not supported.")
    kid = header.get("kid")
    if kid is None:
        raise AuthenticationFailed("The token's header lacks `kid`, the id of the key that signed it.")
    key = _find(kid) if isinstance(kid, str) and _KID.fullmatch(kid) else None
    if key is None:
        raise AuthenticationFailed("The token's `kid` names no key, or one that was revoked.")
    if header.get("alg") != key.algorithm:
        raise AuthenticationFailed("The token's `alg` is not the algorithm of the key that its `kid` names.")
    return key


def _find(kid: str) -> KnownKey | None:
    if known := _keys.get(kid):
        return known
    found = live_key(kid)
    if found is None:
        _keys.drop(kid)
        return None
    known = KnownKey(
        id=found.id,
        kid=found.kid,
        environment_id=found.environment_id,
        namespace=found.environment.namespace,
        algorithm=found.algorithm,
        proof=_proof(found),
        last_used_at=found.last_used_at,
    )
    _keys.keep(kid, known)
    return known


def _proof(key: TokenKey) -> Proof:
    if key.algorithm == TokenKey.Algorithm.HS256:
        return secret_of(key)
    public = load_pem_public_key(key.public_key.encode())
    if not isinstance(public, RSAPublicKey | EllipticCurvePublicKey):
        raise TypeError(f"token key {key.kid} holds a key of another kind")
    return public


def _check_times(claims: dict[str, Any], now: datetime) -> None:
    seconds = now.timestamp()
    if _instant(claims, "exp", required=True) + LEEWAY <= seconds:
        raise AuthenticationFailed("The token has expired (`exp`); get a new one.")
    if _instant(claims, "nbf") > seconds + LEEWAY:
        raise AuthenticationFailed("The token is not valid yet (`nbf`).")
    if _instant(claims, "iat") > seconds + LEEWAY:
        raise AuthenticationFailed("The token was issued in the future (`iat`).")
    if claims["exp"] > seconds + _FURTHEST:
        raise AuthenticationFailed(
            "The token would be good for more than 10 years: `exp` is in seconds since 1970, not milliseconds."
        )


def _instant(claims: dict[str, Any], name: str, *, required: bool = False) -> int | float:
    """Seconds since 1970; 0 where an optional one is missing."""
    value = claims.get(name, None if required else 0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not -math.inf < value < math.inf:
        raise AuthenticationFailed(f"The token's `{name}` must be a number of seconds since 1970.")
    return value


def _member(claims: dict[str, Any]) -> str:
    try:
        return str(_MEMBER.run_validation(claims.get("sub")))
    except ValidationError as error:
        raise AuthenticationFailed(
            "The token's `sub` must be a member's id: text of 1 to 200 characters, without control characters or"
            " spaces at its ends."
        ) from error


def _json(segment: str, part: str) -> dict[str, Any]:
    try:
        text = urlsafe_b64decode(segment + "=" * (-len(segment) % 4))
    except ValueError as error:
        raise AuthenticationFailed(f"The token's {part} is not base64url.") from error
    return _object(text, part)


def _object(text: bytes, part: str) -> dict[str, Any]:
    try:
        found = json.loads(text, object_pairs_hook=_each_name_once)
    except (ValueError, RecursionError) as error:
        raise AuthenticationFailed(f"The token's {part} is not valid JSON with each name once.") from error
    if not isinstance(found, dict):
        raise AuthenticationFailed(f"The token's {part} is not a JSON object.")
    return found


def _each_name_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Readers differ on which of two counts."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found
