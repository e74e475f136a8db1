"""Who may call /api/loyalty, and what a publishable key may not."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from loyalty.api.common import throttling
from programs.actions.keys import create_key, hash_key, revoke_key
from programs.models import ApiKey, TokenKey
from tests import factories
from tests.api.audience.club import App, Club, anybody
from tests.api.audience.reading import done, refused
from tests.api.world import changed, digest
from tests.conftest import Api

CALLS = [
    ("GET", "profile"),
    ("GET", "notifications"),
    ("GET", "history"),
    ("GET", "coupons/spring"),
    ("POST", "action"),
]
BODY = {"action": "video_watched"}


def everything(app: Api) -> list[Any]:
    """What needs a member."""
    return [
        app.call(method, f"/api/loyalty/{path}", BODY if method == "POST" else None) for method, path in CALLS
    ]


def test_tokens_of_each_algorithm_are_their_members(club: Club) -> None:
    App(club.rs256_token("bob")).did("video_watched")
    for token in (club.token("bob"), club.rs256_token("bob")):
        assert [answer.status_code for answer in everything(App(token))] == [200, 200, 200, 404, 200]
    assert done(club.app("ada").get("history")) == []


def test_what_needs_a_member_takes_no_publishable_key(club: Club) -> None:
    app = App(club.key())
    done(app.get("config"))
    before = digest()
    for answer in everything(app):
        message = refused(answer, 403, "permission_denied")
        assert message.startswith("A publishable key reads `GET /api/loyalty/config` and nothing else")
    for method, path in CALLS:
        answer = anybody(method, path)
        refused(answer, 401, "authentication_failed")
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="loyalty"'
    assert changed(before, digest()) == {}


def test_a_publishable_key_is_no_key_of_the_other_surfaces(club: Club) -> None:
    """Every operation of /v1 refuses one in tests/api/test_authorization.py; here, that it is told what it is for."""
    app = App(club.key())
    before = digest()
    for method, path in [("GET", "/v1/programs"), ("POST", "/publisher.v1/loyalty-program/list")]:
        answer = app.call(method, path, {})
        assert answer.status_code == 401
        assert "reads `GET /api/loyalty/config` and nothing else" in answer.content.decode()
    assert changed(before, digest()) == {}


def test_a_secret_key_is_refused_here_good_or_bad(club: Club) -> None:
    secret = factories.make_key(club.environment)
    before = digest()
    for key in (secret, f"sk_live_{'x' * 43}"):
        for answer in [App(key).get("config"), *everything(App(key))]:
            message = refused(answer, 403, "permission_denied")
            assert message.startswith("Secret keys are for servers: never put one into an app.")
    assert changed(before, digest()) == {}


def test_publishable_keys_that_are_no_good_are_401(club: Club) -> None:
    revoked = club.key()
    key = ApiKey.objects.get(key_hash=hash_key(revoked))
    revoke_key(environment=club.environment, key=key, actor=factories.make_actor())
    expired = create_key(
        environment=club.environment,
        name="old",
        kind="publishable",
        actor=factories.make_actor(),
        expires_at=timezone.now() - timedelta(seconds=1),
    ).secret
    disguised = f"pk_sandbox_{'s' * 43}"
    ApiKey.objects.create(
        environment=club.environment, name="s", prefix="pk", key_hash=hash_key(disguised), scopes=["*"]
    )
    for bad in (revoked, expired, disguised, f"pk_sandbox_{'u' * 43}", club.key()[:-1], "nonsense", "Bearer"):
        refused(App(bad).get("config"), 401, "authentication_failed")
    for scheme in ("Basic x", "Bearer a b"):
        refused(anybody("GET", "config", Authorization=scheme), 401, "authentication_failed")


def test_a_token_that_is_no_good_is_told_why_and_does_nothing(club: Club) -> None:
    head, payload, proof = club.token().split(".")
    unknown = factories.make_token(club.hs._replace(key=TokenKey(kid="mtk_none")))
    before = digest()
    for token in (club.token(exp=1), unknown, f"{head}.{payload}.{proof[:-4]}AAAA"):
        for answer in everything(App(token)):
            assert refused(answer, 401, "authentication_failed").startswith("The token")
    assert changed(before, digest()) == {}


@pytest.mark.usefixtures("clock")
def test_token_key_and_address_have_a_limit_each(club: Club, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 2
    throttling.forget_counts()
    first, second = club.app("ada"), club.app("bob")
    assert [first.get("config").status_code for _ in range(3)] == [200, 200, 429]
    answer = App(club.rs256_token("ada")).get("profile")
    refused(answer, 429, "rate_limited")
    assert (answer.headers["RateLimit-Remaining"], answer.headers["RateLimit-Limit"]) == ("0", "2")
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert second.get("config").status_code == 200
    key, other = App(club.key()), App(club.key())
    assert [key.get("config").status_code for _ in range(3)] == [200, 200, 429]
    assert other.get("config").status_code == 200
    key.client = Client(REMOTE_ADDR="192.0.2.7")
    assert [key.get("config").status_code for _ in range(3)] == [200, 200, 429], "another phone"
    assert [anybody("GET", "config").status_code for _ in range(3)] == [200, 200, 429]
    assert anybody("GET", "config", host="localhost").status_code == 429, "by the address, whichever host"
    assert App("sk_live_of_somebody").get("config").status_code == 429, "by the address as well"


def test_a_frozen_member_reads_but_reports_nothing(club: Club) -> None:
    factories.make_member(club.environment, "ada", status="frozen")
    assert [answer.status_code for answer in everything(club.app())] == [200, 200, 200, 404, 409]
