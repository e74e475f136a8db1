"""Every refusal of /api/loyalty stands in the document's envelope, whoever makes it."""

from typing import Any

import pytest
from django.test import Client

from tests.api.audience.club import App, Club
from tests.api.audience.reading import refused

CALLS = {"config": "GET", "profile": "GET", "notifications": "GET", "history": "GET", "coupons/x": "GET"}
CALLS |= {"action": "POST"}


def test_an_unknown_address_answers_in_the_same_envelope(db: None) -> None:
    for path in ("nothing", "config/", "coupons", "coupons/a/b", "a%00b", "%ff"):
        for method in ("GET", "POST", "OPTIONS"):
            answer = Client(raise_request_exception=False).generic(method, f"/api/loyalty/{path}")
            refused(answer, 404, "not_found")
            assert answer.headers["RateLimit-Limit"] == "6000"


def test_methods_that_are_not_documented_are_405_and_name_the_others(ada: App) -> None:
    for path, method in CALLS.items():
        others = {"GET", "POST", "PUT", "PATCH", "DELETE"} - {method}
        for other in sorted(others):
            answer = ada.call(other, path, {})
            refused(answer, 405, "method_not_allowed")
            assert method in answer.headers["Allow"].split(", ")


def test_answers_are_only_given_as_json(ada: App) -> None:
    for path, method in CALLS.items():
        refused(ada.call(method, path, {}, Accept="text/html"), 406, "not_acceptable")


def test_a_host_that_this_server_is_not_is_refused_in_the_same_envelope(club: Club) -> None:
    answer = Client().get("/api/loyalty/config", headers={"Host": "stranger.example.com"})
    assert refused(answer, 400, "invalid_request") == (
        "This server does not answer to the host it was called by; its operator lists it in ALLOWED_HOSTS."
    )


def test_an_unforeseen_error_tells_nothing(ada: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("the secret internals")

    monkeypatch.setattr("loyalty.api.audience.profiles.profile_of", broken)
    assert "secret" not in refused(ada.get("profile"), 500, "internal_error")
