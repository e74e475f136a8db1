"""API keys are made, shown once, and revoked (domain.md 1)."""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from audit.errors import FieldError, InvalidRequest
from audit.record import Actor, record
from programs.actions.configure import lock_environment, locked, place_of
from programs.models import ApiKey, Environment

SCOPES: dict[str, str] = {
    "*": "Everything",
    "events:write": "Report events",
    "events:read": "Read events and their explanation, try events, read back-tests",
    "points:write": "Award and spend points",
    "points:read": "Read points, balances and transactions",
    "points:adjust": "Adjust points",
    "members:write": "Change members, say who referred them, enrol them in stamp programs",
    "members:read": "Read members, their tiers, referrals, stamp cards and challenges; export them",
    "redemptions:write": "Redeem rewards, fulfil and cancel redemptions, use codes, say that stamp rewards are paid",
    "redemptions:read": "Read rewards, redemptions and stamp rewards, check codes",
    "tokens:write": "Issue member tokens",
    "config:write": "Change all that is set up, such as rules, rewards, challenges; upload codes, start back-tests",
    "config:read": "Read all that is set up, and codes",
    "analytics:read": "Read figures and charts",
    "audit:read": "Read the audit trail",
    "webhooks:write": "Set up webhook endpoints, rotate their secrets, send deliveries again",
    "webhooks:read": "Read webhook endpoints and what was sent to them",
    "sandbox:write": "Set the sandbox's test clock; reset the sandbox",
}


_PREFIXES: dict[str, str] = {ApiKey.Kind.SECRET.value: "sk", ApiKey.Kind.PUBLISHABLE.value: "pk"}


class NewKey(NamedTuple):
    """A key and its secret, which is not kept and can't be shown again."""

    key: ApiKey
    secret: str


def hash_key(secret: str) -> str:
    """SHA-256 in hex. Enough for a secret of 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def create_key(
    *,
    environment: Environment,
    name: str,
    actor: Actor,
    scopes: Sequence[str] = (),
    expires_at: datetime | None = None,
    kind: str = ApiKey.Kind.SECRET,
) -> NewKey:
    """A key of the environment: a secret one with scopes, or a publishable one, which tells the members' app where
    it belongs, may do nothing else and has none. Raises InvalidRequest for an unknown scope or kind. Locks: the
    environment, so that a reset of the sandbox takes every key along.
    """
    _check_scopes(kind, scopes)
    lock_environment(environment)
    begin = f"{_PREFIXES[kind]}_{environment.kind}_"
    secret = f"{begin}{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        environment=environment,
        kind=kind,
        name=name,
        prefix=secret[: len(begin) + 6],
        key_hash=hash_key(secret),
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
    )
    _record(environment, key, "created", actor)
    return NewKey(key, secret)


def _check_scopes(kind: str, scopes: Sequence[str]) -> None:
    if kind not in _PREFIXES:
        raise InvalidRequest.field("kind", "invalid_choice", f"Choose from {', '.join(_PREFIXES)}.")
    if kind == ApiKey.Kind.PUBLISHABLE:
        if scopes:
            raise InvalidRequest.field("scopes", "invalid", "A publishable key has none; leave them out.")
        return
    unknown = sorted(set(scopes) - SCOPES.keys())
    if unknown or not scopes:
        detail = f"Choose from {', '.join(SCOPES)}."
        raise InvalidRequest(detail, errors=[FieldError("scopes", "invalid_choice", detail)])


@transaction.atomic
def revoke_key(*, environment: Environment, key: ApiKey, actor: Actor) -> ApiKey:
    """End the key; calls with it fail within five seconds. Revoking twice changes nothing.

    Raises NotFound for another environment's key. Locks: the environment, then the key.
    """
    key = locked(environment, key)
    if key.revoked_at is None:
        key.revoked_at = timezone.now()
        key.save(update_fields=["revoked_at"])
        _record(environment, key, "revoked", actor)
    return key


def _record(environment: Environment, key: ApiKey, verb: str, actor: Actor) -> None:
    record(
        place=place_of(environment),
        actor=actor,
        verb=f"apikey.{verb}",
        object_type="apikey",
        object_id=str(key.pk),
        after={"kind": key.kind, "name": key.name, "prefix": key.prefix, "scopes": key.scopes},
    )
