"""Tokens that the engine signs for tenants without a JWT library."""

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest

from audit.errors import InvalidRequest
from audit.models import AuditEvent
from loyalty.actions.tokens import issue_token
from loyalty.models import Member, member_key
from programs.models import Environment, TokenKey
from programs.queries.token_keys import secret_of
from tests.factories import make_actor, make_token_key

NOW = datetime(2026, 5, 1, 12, 0, 0, 250_000, tzinfo=UTC)


def test_a_token_says_whose_it_is_and_when_it_ends_and_is_signed_with_the_newest_key(
    environment: Environment,
) -> None:
    make_token_key(environment)
    made = make_token_key(environment)
    issued = issue_token(environment=environment, member="ada", actor=make_actor(), now=NOW, expires_in=900)
    begins = int(NOW.timestamp())
    assert jwt.get_unverified_header(issued.token) == {"alg": "HS256", "typ": "JWT", "kid": made.key.kid}
    claims = jwt.decode(
        issued.token,
        made.secret or "",
        algorithms=["HS256"],
        options={"verify_exp": False, "verify_iat": False},
    )
    assert claims == {"sub": "ada", "iat": begins, "exp": begins + 900}
    ends = NOW.replace(microsecond=0) + timedelta(seconds=900)
    assert (issued.member, issued.kid, issued.expires_at) == ("ada", made.key.kid, ends)


def test_it_makes_a_key_where_there_is_none_and_the_next_one_uses_it(environment: Environment) -> None:
    first, second = (
        issue_token(environment=environment, member="ada", actor=make_actor(), now=NOW) for _ in range(2)
    )
    key = TokenKey.objects.get(environment=environment)
    assert (first.kid, second.kid) == (key.kid, key.kid)
    assert second.expires_at - NOW.replace(microsecond=0) == timedelta(hours=1)
    jwt.decode(
        second.token, secret_of(key), algorithms=["HS256"], options={"verify_exp": False, "verify_iat": False}
    )


def test_the_trail_tells_of_it_without_the_token_or_the_tenants_id_and_no_member_is_made(
    environment: Environment,
) -> None:
    actor = make_actor()
    issued = issue_token(environment=environment, member="ada-lovelace", actor=actor, now=NOW)
    event = AuditEvent.objects.get(environment_id=environment.id, verb="member.token_issued")
    internal = member_key(environment.namespace, "ada-lovelace")
    assert (event.member_id, event.object_id, event.actor_id) == (internal, str(internal), actor.id)
    assert event.after == {"kid": issued.kid, "expires_at": "2026-05-01T13:00:00+00:00"}
    rows: Any = AuditEvent.objects.filter(environment_id=environment.id).values()
    assert issued.token not in str(list(rows))
    assert "ada-lovelace" not in str(list(rows))
    assert not Member.objects.filter(environment=environment).exists()


@pytest.mark.parametrize("seconds", [59, 86_401, 0, -1])
def test_a_life_that_is_too_short_or_too_long_is_refused_and_makes_no_key(
    environment: Environment, seconds: int
) -> None:
    with pytest.raises(InvalidRequest, match="60 to 86400"):
        issue_token(environment=environment, member="ada", actor=make_actor(), now=NOW, expires_in=seconds)
    assert not TokenKey.objects.exists()
    assert not AuditEvent.objects.filter(environment_id=environment.id, verb="member.token_issued").exists()
