"""POST action: an event of the token's member, once for its key, of what members may report."""

from decimal import Decimal
from typing import Any

from loyalty.models import Event
from loyalty.queries.events import find_event
from programs.models import Environment
from tests import factories
from tests.api.audience.club import App, Club
from tests.api.audience.reading import done, refused
from tests.api.world import changed, digest
from tests.conftest import Api


def events(environment: Environment) -> list[Event]:
    return list(Event.objects.filter(environment_id=environment.pk).order_by("id"))


def counted(event_type: str) -> dict[str, Any]:
    """A condition on how many events of that type there were."""
    return {"field": f"member.event_count.{event_type}", "op": "gte", "value": "3"}


def test_it_is_an_event_of_the_tokens_member_with_what_was_said(club: Club) -> None:
    data = {"title": "é" * 1024, "seconds": Decimal("12.50"), "count": 3, "finished": False, "k" * 64: ""}
    answer = club.app("bob").did("video_watched", data)
    assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (200, b"", "0")
    (event,) = events(club.environment)
    assert (event.type, event.data, event.actor_kind) == ("video_watched", data, "member")
    assert find_event(environment=club.environment, event_id=event.event_id).member == "bob"


def test_it_names_its_event_also_when_it_is_told_again(club: Club, ada: App) -> None:
    first = ada.did("video_watched", Idempotency_Key="k")
    (event,) = events(club.environment)
    found = Api(factories.make_key(club.environment)).get(f"/v1/events/{first.headers['Event-Id']}")
    assert (found.status_code, found.json()["event"]["event_id"]) == (200, event.event_id)
    again = ada.did("video_watched", Idempotency_Key="k")
    assert (again.headers["Event-Id"], again.content) == (event.event_id, b"")
    assert ada.did("video_watched").headers["Event-Id"] not in ("", event.event_id)
    assert "Event-Id" not in ada.did("refund").headers
    Api(factories.make_key(club.environment)).call("DELETE", "/v1/members/ada")
    after = ada.did("video_watched", Idempotency_Key="k")
    assert ("Event-Id" in after.headers, after.content) == (False, b"")


def test_data_that_is_null_is_as_none(club: Club, ada: App) -> None:
    for body in ({"action": "opened", "data": None}, {"action": "opened"}, {"action": "opened", "data": {}}):
        assert ada.post("action", body).status_code == 200
    assert [event.data for event in events(club.environment)] == [{}, {}, {}]


def test_the_same_key_does_nothing_twice_and_without_one_each_call_is_another(club: Club, ada: App) -> None:
    first = ada.did("video_watched", {"n": 1}, Idempotency_Key="k")
    before = digest()
    again = ada.did("video_watched", {"n": 1}, Idempotency_Key="k")
    assert (again.status_code, again.content) == (first.status_code, first.content) == (200, b"")
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    refused(ada.did("video_watched", {"n": 2}, Idempotency_Key="k"), 422, "idempotency_key_reused")
    club.allow(event_types=[])
    assert ada.did("video_watched", {"n": 1}, Idempotency_Key="k").status_code == 200, "it was done"
    club.allow(event_types=["video_watched", "level_done"])
    assert {"loyalty_event", "loyalty_missionprogress"}.isdisjoint(changed(before, digest()))
    assert club.app("bob").did("video_watched", {"n": 1}, Idempotency_Key="k").status_code == 200
    for _ in range(2):
        ada.did("opened")
    assert [event.type for event in events(club.environment)] == ["video_watched"] * 2 + ["opened"] * 2


def test_members_report_what_is_listed_or_what_nothing_looks_at(club: Club, ada: App) -> None:
    environment = club.environment
    factories.make_rule(environment, event_type="signup", name="Sign-up", published=False)
    factories.make_rule(
        environment, event_type="signup", name="Loyal", published=False, condition=counted("scanned")
    )
    factories.make_challenge(environment, missions=[{"title": "Come", "event_type": "visit", "target": 1}])
    later = {"title": "Play", "event_type": "played", "target": 1, "condition": counted("won")}
    factories.make_challenge(environment, status="draft", missions=[later])
    factories.make_stamp_program(environment, status="draft", condition=counted("stayed"))
    before = len(events(environment))
    for action in ("signup", "scanned", "visit", "played", "won", "stayed", "purchase", "refund"):
        message = refused(ada.did(action), 403, "permission_denied")
        assert message == {
            "purchase": "Members do not report a purchase; your server does, by POST /v1/events.",
            "refund": "Members do not report a refund; your server does, by POST /v1/events.",
        }.get(
            action,
            f"Members may not report {action!r}; an operator can list it in the member app, or your server reports it.",
        )
    assert len(events(environment)) == before
    club.allow(event_types=["visit"])
    assert [ada.did(action).status_code for action in ("visit", "<action_name>", "a b")] == [200, 200, 200]
    assert done(ada.get("profile"))["metrics"] == {"points": 50, "xp": 0}


REFUSED: dict[str, tuple[Any, str]] = {
    "no action": ({"data": {}}, "action: This field is required."),
    "an empty action": ({"action": ""}, "action: This field may not be blank."),
    "no text": ({"action": 7}, "action: Not a valid string."),
    "a long action": ({"action": "a" * 101}, "action: Ensure this field has no more than 100 characters."),
    "a list of data": ({"action": "a", "data": []}, "data: Must be a JSON object."),
    "a long text": (
        {"action": "a", "data": {"s": "x" * 1025}},
        "data.s: A text has at most 1024 characters.",
    ),
    "null": ({"action": "a", "data": {"s": None}}, "data.s: Give a text, a number, true or false."),
    "an object": ({"action": "a", "data": {"s": {}}}, "data.s: Give a text, a number, true or false."),
    "a list": ({"action": "a", "data": {"s": [1]}}, "data.s: Give a text, a number, true or false."),
    "an empty name": ({"action": "a", "data": {"": 1}}, "data.: A name has 1 to 64 characters."),
    "a long name": (
        {"action": "a", "data": {"k" * 65: 1}},
        f"data.{'k' * 65}: A name has 1 to 64 characters.",
    ),
    "too many names": (
        {"action": "a", "data": {f"k{n}": n for n in range(101)}},
        "data: At most 100 names.",
    ),
    "too much": (
        {"action": "a", "data": {f"k{n}": "x" * 1024 for n in range(40)}},
        "data: At most 32768 bytes of JSON.",
    ),
    "somebody else": (
        {"action": "a", "member_id": "bob"},
        "member_id: Unknown field; known: action, data.",
    ),
    "another time": (
        {"action": "a", "occurred_at": "2020-01-01T00:00:00Z"},
        "occurred_at: Unknown field; known: action, data.",
    ),
}


HOSTILE = [b"", b"[]", b"null", b"{", b'{"action": "a", "action": "b"}', b'{"action": "a\\u0000"}', b"\xff"]


def test_what_is_not_as_documented_is_refused_by_its_name_and_changes_nothing(ada: App) -> None:
    before = digest()
    for what, (body, message) in REFUSED.items():
        answer = ada.post("action", body, Idempotency_Key="k")
        assert refused(answer, 400, "invalid_request") == message, what
    for hostile in HOSTILE:
        refused(ada.call("POST", "action", hostile), 400, "invalid_request")
    assert changed(before, digest()) == {}


def test_a_body_that_is_not_declared_as_json_is_refused(club: Club, ada: App) -> None:
    """Also as a form of a web page, which no preflight guards."""
    answer = ada.client.post(
        "/api/loyalty/action",
        b'{"action": "a"}',
        content_type="text/plain",
        headers={"Authorization": f"Bearer {ada.key}"},
    )
    refused(answer, 415, "unsupported_media_type")
    assert events(club.environment) == []
