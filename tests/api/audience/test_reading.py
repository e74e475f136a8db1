"""Notifications, history and profile as an app reads them: what is read is marked once, pages follow one another."""

import re
from typing import Any

import pytest

from loyalty.models import Achievement, Member
from loyalty.queries import member_history
from tests import factories
from tests.api.audience.club import App, Club, complete
from tests.api.audience.reading import done, refused
from tests.api.world import changed, digest

UNREAD = {"read_at__isnull": True}


def ids(answer: Any) -> list[str]:
    return [each["id"] for each in done(answer)]


def test_what_is_fetched_is_read_and_a_head_reads_nothing(ada: App) -> None:
    complete(ada)
    before = digest()
    head = ada.call("HEAD", "notifications")
    assert (head.status_code, head.content) == (200, b"")
    assert changed(before, digest()) == {}
    assert len(ids(ada.get("notifications"))) == 3
    assert ids(ada.get("notifications")) == []
    assert Achievement.objects.filter(**UNREAD).count() == 0


def test_with_ack_only_what_was_received_is_read(club: Club, ada: App) -> None:
    complete(ada)
    complete(bob := club.app("bob"))
    first, second, third = ids(ada.get("notifications?ack="))
    assert ids(ada.get("notifications?ack=")) == [first, second, third], "its answer was lost on the way"
    before = digest()
    assert ada.call("HEAD", f"notifications?ack={first}").status_code == 200
    assert changed(before, digest()) == {}
    assert ids(ada.get(f"notifications?ack={first},{third}")) == [second]
    theirs = ids(bob.get("notifications?ack="))
    unknown = f"ach_{'0' * 32}"
    assert ids(ada.get(f"notifications?ack={theirs[0]},{first},{unknown}")) == [second]
    assert ids(bob.get("notifications?ack=")) == theirs, "another member's are not hers to read"
    assert ids(ada.get("notifications")) == [second]
    assert ids(ada.get("notifications?ack=")) == []


def test_a_faulty_ack_is_refused_and_reads_nothing(ada: App) -> None:
    complete(ada)
    many = ",".join([f"ach_{'0' * 32}"] * 101)
    before = digest()
    for query in ("ack=x", "ack=ach_1", "ack=,", "ack=a&ack=b", "since=1", f"ack={many}"):
        refused(ada.get(f"notifications?{query}"), 400, "invalid_request")
    assert changed(before, digest()) == {}


def test_history_is_inclusive_ascending_and_its_pages_follow_one_another(
    club: Club, ada: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    for points in range(1, 6):
        factories.give(club.environment, points)
    whole = done(ada.get("history"))
    times = [line["timestamp"] for line in whole]
    assert [line["payload"]["metricChanges"]["points"]["newValue"] for line in whole] == [1, 3, 6, 10, 15]
    assert times == sorted(times)
    assert done(ada.get(f"history?from={times[0]}&to={times[-1]}")) == whole
    assert done(ada.get(f"history?from={times[-1] + 1}")) == []
    assert done(ada.get(f"history?to={times[0] - 1}")) == []
    assert done(ada.get(f"history?from={times[-1]}&to={times[0] - 1}")) == []
    middle = [line for line in whole if times[1] <= line["timestamp"] <= times[3]]
    assert done(ada.get(f"history?from={times[1]}&to={times[3]}")) == middle
    monkeypatch.setattr("loyalty.api.audience.history.history_of", _two_at_a_time)
    assert "Link" not in ada.get(f"history?from={times[-1]}").headers
    assert follow(ada, "history") == whole
    assert follow(ada, f"history?to={times[3]}") == [line for line in whole if line["timestamp"] <= times[3]]


def _two_at_a_time(**given: Any) -> member_history.HistoryPage:
    return member_history.history_of(**given, limit=2)


def follow(app: App, path: str) -> list[Any]:
    """Every page, by the address that each names of the next."""
    found: list[Any] = []
    for _ in range(9):
        answer = app.get(path)
        found += done(answer)
        if "Link" not in answer.headers:
            return found
        link = re.fullmatch(
            r'<http://testserver(/api/loyalty/history\?\S+)>; rel="next"', answer.headers["Link"]
        )
        assert link
        path = link[1]
    raise AssertionError("it never ends")


def test_a_faulty_span_is_refused(ada: App) -> None:
    for query in (
        "from=x",
        "from=",
        "from=-1",
        "to=1.5",
        f"to={2**48}",
        "from=1&from=2",
        "limit=5",
        "to=%00",
    ):
        refused(ada.get(f"history?{query}"), 400, "invalid_request")
    for large in ("9" * 20, "-1", "1.5", str(2**48)):
        assert refused(ada.get(f"history?to={large}"), 400, "invalid_request") == (
            "to: Give Unix time in milliseconds, a whole number from 0 to 281474976710655."
        )


def test_a_refund_of_the_servers_takes_back_what_it_completed(club: Club, ada: App) -> None:
    factories.make_challenge(
        club.environment,
        title="Buy",
        missions=[{"title": "Buy", "event_type": "purchase", "target": 1}],
    )
    factories.report(club.environment)
    assert len(ids(ada.get("notifications?ack="))) == 2
    factories.report(
        club.environment, "refund-1", type="refund", data={"purchase": "order-1", "amount": "59.90"}
    )
    assert ids(ada.get("notifications")) == []
    lines = done(ada.get("history"))
    assert [line["type"] for line in lines] == [
        "missionCompleted",
        "challengeCompleted",
        "missionRevoked",
        "challengeRevoked",
    ]
    assert [line["payload"]["metricChanges"] for line in lines[1::2]] == [
        {"points": {"oldValue": 0, "newValue": 50}},
        {"points": {"oldValue": 50, "newValue": 0}},
    ]


def test_a_profile_makes_its_member_once_and_is_nobody_elses(club: Club) -> None:
    for _ in range(2):
        assert done(club.app("new").get("profile"))["metrics"] == {"points": 0, "xp": 0}
    assert Member.objects.filter(environment=club.environment).count() == 1
    complete(club.app("ada"))
    assert done(club.app("new").get("profile"))["inventory"] == {"badges": [], "coupons": []}
    refused(club.app("new").get("coupons/spring"), 404, "not_found")
    for coupon in ("nothing", "watcher", "%00"):
        assert club.app("ada").get(f"coupons/{coupon}").status_code in (400, 404)
    codes = set()
    for member in ("ada", "bob"):
        complete(club.app(member)) if member == "bob" else None
        codes.add(done(club.app(member).get("coupons/spring"))["coupon_code"])
    assert len(codes) == 2, "each their own"
