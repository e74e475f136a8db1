"""Web pages of other origins: preflight, and which answers they may read."""

from typing import Any

import pytest
from django.db import OperationalError

from loyalty.api.common import throttling
from tests import factories
from tests.api.audience.club import HOST, ORIGIN, App, Club, anybody, make_club
from tests.api.audience.reading import done, refused
from tests.api.world import changed, digest

THEIRS, NOBODYS = "https://theirs.example.com", "https://evil.example.com"
ASK = {"Access_Control_Request_Method": "POST", "Access_Control_Request_Headers": "authorization"}
READABLE = "Access-Control-Allow-Origin"


@pytest.fixture
def neighbour(club: Club) -> Club:
    return make_club(factories.make_environment(), origins=(THEIRS,), host="elsewhere.example.com")


def test_a_preflight_is_allowed_to_an_origin_that_any_environment_lists(club: Club, neighbour: Club) -> None:
    for path, methods in [("action", "POST, OPTIONS"), ("profile", "GET, HEAD, OPTIONS")]:
        for origin in (ORIGIN, THEIRS):
            answer = anybody("OPTIONS", path, Origin=origin, **ASK)
            assert (answer.status_code, answer.content) == (204, b"")
            assert answer.headers[READABLE] == origin
            assert answer.headers["Access-Control-Allow-Methods"] == methods
            sent = answer.headers["Access-Control-Allow-Headers"].lower().split(", ")
            assert {"idempotency-key", "authorization", "content-type", "traceparent"} <= set(sent)
            assert "Origin" in answer.headers["Vary"].split(", ")
            assert "Access-Control-Allow-Credentials" not in answer.headers
    for origin in (NOBODYS, "null", ORIGIN + ":8443", ORIGIN.replace("https", "http"), ORIGIN.upper()):
        answer = anybody("OPTIONS", "action", Origin=origin, **ASK)
        refused(answer, 403, "permission_denied")
        assert READABLE not in answer.headers, origin


def test_an_archived_environment_lists_nothing(club: Club) -> None:
    club.environment.archived_at = club.environment.created_at
    club.environment.save()
    refused(anybody("OPTIONS", "action", Origin=ORIGIN, **ASK), 403, "permission_denied")


def test_options_that_are_no_preflight_tell_the_methods(club: Club) -> None:
    for headers in ({}, {"Origin": ORIGIN}, ASK):
        answer = anybody("OPTIONS", "config", **headers)
        assert (answer.status_code, answer.headers["Allow"]) == (204, "GET, HEAD, OPTIONS")
        assert "Access-Control-Allow-Methods" not in answer.headers


def test_a_page_of_a_listed_origin_reads_answers_and_their_headers(club: Club) -> None:
    app = club.app()
    for answer in (
        app.get("profile", Origin=ORIGIN),
        app.did("video_watched", Origin=ORIGIN),
        App(club.key()).get("config", Origin=ORIGIN),
        anybody("GET", "config", Origin=ORIGIN),
        app.get("coupons/spring", Origin=ORIGIN),
        app.post("action", {}, Origin=ORIGIN),
        app.call("PUT", "action", Origin=ORIGIN),
        app.get("profile", Origin=ORIGIN, Accept="text/html"),
    ):
        assert answer.headers[READABLE] == ORIGIN, answer.status_code
        exposed = set(answer.headers["Access-Control-Expose-Headers"].split(", "))
        assert {"ETag", "Event-Id", "Link", "Idempotent-Replayed", "X-Request-Id", "Retry-After"} <= exposed
        assert {"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"} <= exposed
    kept = app.get("config", Origin=ORIGIN)
    again = app.get("config", Origin=ORIGIN, If_None_Match=kept.headers["ETag"])
    assert (again.status_code, again.headers[READABLE]) == (304, ORIGIN)


def test_a_call_of_another_origin_is_refused_before_it_does_anything(club: Club, neighbour: Club) -> None:
    app, fresh, key = club.app(), club.app("somebody new"), club.key()
    app.did("video_watched")
    app.did("video_watched")
    before = digest()
    for origin in (NOBODYS, THEIRS, "null"):
        for answer in (
            app.did("video_watched", Origin=origin, Idempotency_Key="k"),
            app.get("notifications", Origin=origin),
            fresh.get("profile", Origin=origin),
            App(key).get("config", Origin=origin),
            anybody("GET", "config", Origin=origin),
        ):
            message = refused(answer, 403, "permission_denied")
            assert message == (
                f"The environment does not list the origin {origin!r}; an operator can add it to the member app."
            )
            assert READABLE not in answer.headers
    assert changed(before, digest()) == {}
    assert len(done(app.get("notifications"))) == 1, "still unread"


def test_without_a_member_app_no_page_may_call(club: Club) -> None:
    bare = factories.make_environment()
    token = factories.make_token(factories.make_token_key(bare))
    refused(App(token).get("profile", Origin=ORIGIN), 403, "permission_denied")
    done(App(token).get("profile"))


@pytest.mark.usefixtures("clock")
def test_a_page_may_read_that_its_token_is_no_good_and_that_it_asks_too_often(
    club: Club, settings: Any
) -> None:
    """Nobody's environment is behind a 401: whoever a preflight is allowed to may read it."""
    for origin, readable in [(ORIGIN, ORIGIN), (NOBODYS, None)]:
        answer = App(club.token(exp=1)).get("profile", Origin=origin)
        refused(answer, 401, "authentication_failed")
        assert answer.headers.get(READABLE) == readable
    settings.API_REQUESTS_PER_MINUTE = 1
    throttling.forget_counts()
    app = club.app()
    app.get("profile", Origin=ORIGIN)
    for origin, readable in [(ORIGIN, ORIGIN), (THEIRS, None)]:
        answer = app.get("profile", Origin=origin)
        refused(answer, 429, "rate_limited")
        assert answer.headers.get(READABLE) == readable


def test_a_page_of_this_very_host_needs_no_listing(club: Club) -> None:
    club.allow(origins=[])
    answer = club.app().did("video_watched", Origin=f"http://{HOST}", Host=HOST)
    assert (answer.status_code, answer.headers.get(READABLE)) == (200, None)
    refused(club.app().get("profile", Origin=f"https://{HOST}", Host=HOST), 403, "permission_denied")


def test_every_answer_says_that_it_depends_on_the_origin(club: Club) -> None:
    for answer in (club.app().get("profile"), anybody("GET", "profile"), anybody("OPTIONS", "config")):
        assert {"Origin", "Authorization"} <= set(answer.headers["Vary"].split(", "))


def test_with_the_database_away_the_answer_is_503_all_the_same(
    club: Club, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("connection to 10.0.0.7 failed")

    monkeypatch.setattr("loyalty.api.common.views.environment_by_id", away)
    monkeypatch.setattr("loyalty.api.audience.views.is_listed", away)
    for answer in (
        club.app().get("profile", Origin=ORIGIN),
        anybody("OPTIONS", "profile", Origin=ORIGIN, **ASK),
    ):
        assert "10.0.0.7" not in refused(answer, 503, "service_unavailable")


def test_other_surfaces_are_for_servers(club: Club) -> None:
    key = App(factories.make_key(club.environment))
    assert key.call("OPTIONS", "/v1/programs", Origin=ORIGIN, **ASK).status_code == 405
    assert READABLE not in key.get("/v1/programs", Origin=ORIGIN).headers
