"""The Audience document from a real browser's page on another origin: preflight, every call, and what it may read."""

import json
from typing import Any

import pytest

from loyalty.models import Achievement, Event
from loyalty.queries import member_history
from programs.models import Environment
from tests.api.audience.browser import CHROMIUM, fetched, pages
from tests.api.audience.club import Club, make_club
from tests.api.audience.letter import faults
from tests.api.wire import exchanges
from tests.sdk.live import live_server

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="There is no Chromium.")
DOCUMENT = {one["request"].split("/")[-1]: one for one in exchanges("audience/document")}
TRACE = f"00-{'a' * 32}-{'b' * 16}-01"
READS = ("config", "profile", "notifications", "history", "coupons/spring")


def calls_of(url: str, token: str) -> list[dict[str, Any]]:
    """A member completes the challenge, sends the last action again, and looks at everything."""
    bearer = {"Authorization": f"Bearer {token}"}

    def action(name: str, key: str) -> dict[str, Any]:
        body = DOCUMENT["action"]["body"] | {"action": name}
        guard = {"Content-Type": "application/json", "Idempotency-Key": key, "traceparent": TRACE}
        return {"url": f"{url}action", "method": "POST", "headers": bearer | guard, "body": json.dumps(body)}

    reported = [
        action(name, key)
        for name, key in [
            ("video_watched", "1"),
            ("video_watched", "2"),
            ("level_done", "3"),
            ("level_done", "3"),
        ]
    ]
    return [*reported, *({"url": f"{url}{path}", "headers": bearer} for path in READS)]


def extra_calls(url: str, club: Club) -> list[dict[str, Any]]:
    """The configuration without a token, and refusals that the app must be able to read."""
    bearer = {"Authorization": f"Bearer {club.token(exp=1)}"}
    return [
        {"url": f"{url}config"},
        {"url": f"{url}config", "headers": {"Authorization": f"Bearer {club.key()}"}},
        {"url": f"{url}config", "headers": {"If-None-Match": "*"}},
        {"url": f"{url}profile", "headers": bearer},
        {"url": f"{url}history?from=x", "headers": {"Authorization": f"Bearer {club.token('ada')}"}},
    ]


def test_a_page_of_a_listed_origin_makes_every_call_and_one_of_another_none(
    committed_environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "loyalty.api.audience.history.history_of",
        lambda **given: member_history.history_of(**given, limit=2),
    )
    with live_server() as server, pages() as port:
        url, listed, other = (
            f"{server.url}/api/loyalty/",
            f"http://127.0.0.1:{port}",
            f"http://localhost:{port}",
        )
        club = make_club(committed_environment, origins=(listed,), host=server.url.removeprefix("http://"))
        mine = [*calls_of(url, club.token("ada")), *calls_of(url, club.rs256_token("bob"))]
        answers = fetched({listed: [*mine, *extra_calls(url, club)], other: calls_of(url, club.token("eve"))})
    for found in (answers[listed][:9], answers[listed][9:18]):
        check(found)
    check_others(answers[listed][18:])
    assert [list(answer) for answer in answers[other]] == [["failed"]] * 9
    own = {"environment_id": committed_environment.pk}
    assert Event.objects.filter(**own).count() == 6
    assert Achievement.objects.filter(**own, read_at__isnull=False).count() == 6


def check(answers: list[dict[str, Any]]) -> None:
    """Of one member: actions, then what they read, in the document's shapes."""
    for number, answer in enumerate(answers[:4]):
        assert (answer["status"], answer["body"]) == (200, "")
        assert answer["headers"].get("idempotent-replayed") == ("true" if number == 3 else None)
        assert answer["headers"]["x-request-id"] == "a" * 32
        assert answer["headers"]["ratelimit-limit"] == "6000"
    for path, answer in zip(READS, answers[4:], strict=True):
        assert answer["status"] == 200, answer
        documented = DOCUMENT["{couponId}" if path == "coupons/spring" else path]["answer"]
        body = json.loads(answer["body"])
        assert list(faults(documented, body)) == []
        assert body["data"]
    config, _, notifications, history, _ = answers[4:]
    assert config["headers"]["etag"].startswith('"')
    assert len(json.loads(notifications["body"])["data"]) == 3
    assert history["headers"]["link"].endswith('>; rel="next"')


def check_others(answers: list[dict[str, Any]]) -> None:
    assert [answer["status"] for answer in answers] == [200, 200, 304, 401, 400]
    assert answers[0]["body"] == answers[1]["body"]
    for answer, code in zip(answers[3:], ("authentication_failed", "invalid_request"), strict=True):
        assert json.loads(answer["body"])["code"] == code
