"""Member tokens for tenants whose server has no JWT library (domain.md 1)."""

from datetime import datetime, timedelta
from typing import NamedTuple

import jwt
from django.db import transaction

from audit.errors import InvalidRequest
from audit.record import Actor, record
from loyalty.models import member_key
from programs.actions.configure import place_of
from programs.actions.token_keys import ensure_signing_key
from programs.models import Environment
from programs.queries.token_keys import secret_of

SHORTEST_LIFE, LONGEST_LIFE = 60, 24 * 60 * 60  # seconds
DEFAULT_LIFE = 60 * 60


class IssuedToken(NamedTuple):
    """`token` is kept nowhere."""

    token: str
    member: str
    kid: str
    expires_at: datetime


@transaction.atomic
def issue_token(
    *, environment: Environment, member: str, actor: Actor, now: datetime, expires_in: int = DEFAULT_LIFE
) -> IssuedToken:
    """A token by which the member acts for themself, for `expires_in` seconds of real time (`now` is that, not
    the sandbox's clock), signed with the environment's newest HS256 key, which is made where there is none.

    The member need not exist yet, and is not made. Raises InvalidRequest, Unreadable. Locks: nothing, or to
    make the key the environment.
    """
    if not SHORTEST_LIFE <= expires_in <= LONGEST_LIFE:
        detail = f"A whole number of seconds from {SHORTEST_LIFE} to {LONGEST_LIFE}."
        raise InvalidRequest.field("expires_in", "invalid", detail)
    key = ensure_signing_key(environment=environment, actor=actor)
    begins = now.replace(microsecond=0)
    ends = begins + timedelta(seconds=expires_in)
    token = jwt.encode(
        {"sub": member, "iat": int(begins.timestamp()), "exp": int(ends.timestamp())},
        secret_of(key),
        algorithm="HS256",
        headers={"kid": key.kid},
    )
    internal = member_key(environment.namespace, member)
    record(
        place=place_of(environment),
        actor=actor,
        verb="member.token_issued",
        object_type="member",
        object_id=str(internal),
        after={"kid": key.kid, "expires_at": ends.isoformat()},
        member_id=internal,
    )
    return IssuedToken(token, member, key.kid, ends)
