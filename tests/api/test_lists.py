"""Lists are walked by cursor: no row twice, none left out, also while rows are being added."""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from audit.record import Place, audit_event
from loyalty.actions.holds import hold_points
from loyalty.models import LedgerEntry, Member, member_key
from programs.actions.configure import place_of
from tests import factories
from tests.api.operations import Operation, operations
from tests.api.test_problems import assert_problem
from tests.api.world import Owner
from tests.conftest import Api

LISTS = [one for one in operations() if any(p["name"] == "cursor" for p in one.spec.get("parameters", []))]
EVERY_LIST = pytest.mark.parametrize("operation", LISTS, ids=str)
ROWS = 250


def walk(api: Api, path: str, *, limit: int, order: str, between: Callable[[], Any]) -> list[str]:
    """The ids of all pages; `between` runs after each."""
    found, cursor = [], None
    while True:
        page = api.get(
            f"{path}{'&' if '?' in path else '?'}limit={limit}&order={order}"
            + (f"&cursor={cursor}" if cursor else "")
        )
        assert page.status_code == 200, page.content
        body = page.json()
        assert len(body["data"]) <= limit
        assert body["has_more"] == (body["next_cursor"] is not None)
        found += [row["id"] for row in body["data"]]
        if not body["has_more"]:
            return found
        cursor = quote(body["next_cursor"])
        between()


def add_members(environment: Any, count: int) -> None:
    """All in one instant, so that the list must order them by more than that."""
    now = timezone.now()
    first = Member.objects.filter(environment=environment).count()
    names = [f"m-{first + number}" for number in range(count)]
    Member.objects.bulk_create(
        Member(
            id=member_key(environment.namespace, name),
            environment=environment,
            external_id=name,
            created_at=now,
        )
        for name in names
    )


def add_entries(environment: Any, count: int) -> None:
    for _ in range(count):
        factories.give(environment, 1)


def add_audit_events(environment: Any, count: int) -> None:
    place: Place = place_of(environment)
    actor = factories.make_actor()
    AuditEvent.objects.bulk_create(
        audit_event(place=place, actor=actor, verb="test.made", object_type="test", object_id=str(n))
        for n in range(count)
    )


def add_holds(environment: Any, count: int) -> None:
    factories.give(environment, count)
    for _ in range(count):
        hold_points(
            environment=factories.reload(environment),
            member="ada",
            points=1,
            actor=factories.make_actor(),
            now=timezone.now(),
        )


def add_revisions(api: Api, environment: Any) -> None:
    factories.make_rule(environment, public_id="rul_walked")
    api.patch("/v1/earning-rules/rul_walked", {"priority": 1})
    assert api.post("/v1/earning-rules/rul_walked/publish").json()["revision"] == 2


def add_ladders(api: Api, environment: Any) -> None:
    api.post("/v1/programs", {"code": "vip", "name": "VIP"})
    api.post("/v1/metrics", {"code": "stars", "title": "Stars", "program": "vip"})
    factories.make_ladder(environment, ("silver", "50"))
    factories.make_ladder(factories.reload(environment), ("gold", "50"), program="vip", metric="stars")


WITH_LIMIT = [
    "/v1/transactions?",
    "/v1/holds?",
    "/v1/points?customer_id=ada&",
    "/v1/audit-events?",
    "/v1/metrics?",
    "/v1/earning-rules?",
    "/v1/earning-rules/rul_walked/revisions?",
    "/v1/tiers?",
]
WALKS = {
    "/v1/customers": add_members,
    "/v1/points?customer_id=ada": add_entries,
    "/v1/transactions": add_entries,
    "/v1/audit-events": add_audit_events,
    "/v1/holds": add_holds,
}


@pytest.mark.parametrize("path", WALKS)
def test_a_walk_meets_each_row_once_in_both_orders_also_while_rows_are_being_added(
    api: Api, environment: Any, path: str
) -> None:
    add = WALKS[path]
    add(environment, ROWS)
    ids = walk(api, path, limit=100, order="asc", between=lambda: None)
    assert len(ids) == len(set(ids))
    assert len(ids) >= ROWS
    assert walk(api, path, limit=37, order="desc", between=lambda: None) == ids[::-1]

    assert walk(api, path, limit=50, order="desc", between=lambda: add(environment, 1)) == ids[::-1]

    ids = walk(api, path, limit=100, order="asc", between=lambda: None)
    more = iter([2, 1])  # new rows are met at the end, once
    seen = walk(api, path, limit=100, order="asc", between=lambda: add(environment, next(more, 0)))
    assert seen[: len(ids)] == ids
    assert len(seen) == len(set(seen)) == len(ids) + 3


@EVERY_LIST
def test_limits_run_from_1_to_100(operation: Operation, owner: Owner) -> None:
    api = Api(factories.make_key(owner.environment))
    for limit in ("1", "100"):
        answer = api.get(with_query(operation, owner, f"limit={limit}"))
        assert answer.status_code == 200, limit
        assert len(answer.json()["data"]) <= int(limit)
    for limit in ("0", "101", "-1", "x", "1.0", "1_0", "٣", "", "9" * 30, "null", "1e1"):
        body = assert_problem(
            api.get(with_query(operation, owner, f"limit={quote(limit)}")), "invalid_request"
        )
        assert [error["field"] for error in body["errors"]] == ["limit"], limit


def cursors() -> list[str]:
    def encode(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    uuid, instant = "019a9f0c-5c7d-7a3e-8b1f-2c4d5e6f7a8b", "2026-01-31T12:00:00+00:00"
    values = [
        [],
        [None],
        [{}],
        [[1]],
        [2**63],
        [-(2**70)],
        ["x"],
        [uuid, instant],
        [instant],
        [1, 2, 3],
        {"a": 1},
        5,
    ]
    values += [
        ["\0", "\0"],
        [instant, "x"],
        ["9999-99-99T00:00:00Z", uuid],
        [1.5],
        ["2026-01-31T12:00:00", "\ud800"],
    ]
    values += [["ledgerentry", value] for value in ("5", None, 2**63, 1e300, True, [uuid], uuid.upper(), 0.5)]
    return [
        "x",
        "%%%",
        "é",
        "a" * 500,
        "a" * 501,
        "",
        " ",
        "bnVsbA",
        "====",
        *[encode(value) for value in values],
    ]


@EVERY_LIST
def test_a_cursor_that_this_list_did_not_make_is_refused(operation: Operation, owner: Owner) -> None:
    api = Api(factories.make_key(owner.environment))
    for cursor in cursors():
        body = assert_problem(
            api.get(with_query(operation, owner, f"cursor={quote(cursor)}")), "invalid_request"
        )
        assert [error["field"] for error in body["errors"]] == ["cursor"], cursor


def test_a_cursor_of_another_list_is_refused(api: Api, environment: Any) -> None:
    factories.make_metric(environment, "xp")
    factories.make_rule(environment)
    add_revisions(api, environment)
    add_ladders(api, environment)
    for _ in range(2):
        factories.give(environment, 1)
    add_holds(environment, 2)
    made = {path: api.get(f"{path}limit=1").json()["next_cursor"] for path in WITH_LIMIT}
    assert None not in made.values()
    for path in made:
        for other, cursor in made.items():
            expected = 200 if path == other else 400
            assert api.get(f"{path}limit=1&cursor={quote(cursor)}").status_code == expected, (path, other)


@EVERY_LIST
def test_an_unknown_or_repeated_query_name_is_refused_by_its_name(operation: Operation, owner: Owner) -> None:
    api = Api(factories.make_key(owner.environment))
    for query, field in [
        ("colour=red", "colour"),
        ("Limit=5", "Limit"),
        ("format=json", "format"),
        ("format=xml", "format"),
        ("limit=1&limit=2", "limit"),
        ("order=up", "order"),
        ("order=DESC", "order"),
        ("cursor=%00", "cursor"),
    ]:
        body = assert_problem(api.get(with_query(operation, owner, query)), "invalid_request")
        assert [error["field"] for error in body["errors"]] == [field], query


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("/v1/transactions", "type=gift", "type"),
        ("/v1/transactions", "from=yesterday", "from"),
        ("/v1/transactions", "to=2026-01-31", "to"),
        ("/v1/transactions", "from=2026-01-31T12:00:00", "from"),
        ("/v1/customers", "status=erased", "status"),
        ("/v1/audit-events", "from=0001-01-01T00:00:00Z", "from"),
        ("/v1/audit-events", "verb=%00", "verb"),
        ("/v1/audit-events", "verb=", "verb"),
        ("/v1/audit-events", "verb=%20", "verb"),
        ("/v1/transactions", "type=", "type"),
        ("/v1/transactions", "to=", "to"),
    ],
)
def test_a_faulty_filter_is_refused_by_its_name(api: Api, path: str, query: str, field: str) -> None:
    body = assert_problem(api.get(f"{path}?{query}"), "invalid_request")
    assert [error["field"] for error in body["errors"]] == [field]


def test_filters_narrow_and_go_on_with_the_cursor(api: Api, environment: Any) -> None:
    for number in range(6):
        factories.give(environment, 10, type="bonus" if number % 2 else "earned")
    bonus = walk(api, "/v1/transactions?type=bonus", limit=2, order="asc", between=lambda: None)
    assert len(bonus) == 3
    assert (
        walk(api, "/v1/points?customer_id=ada&type=bonus", limit=2, order="asc", between=lambda: None)
        == bonus
    )
    middle = LedgerEntry.objects.filter(environment_id=environment.id).order_by("id")[3]
    at = quote(middle.occurred_at.isoformat())
    assert len(api.get(f"/v1/transactions?from={at}").json()["data"]) == 3, "from is inclusive"
    assert len(api.get(f"/v1/transactions?to={at}").json()["data"]) == 3, "to is exclusive"


def with_query(operation: Operation, owner: Owner, query: str) -> str:
    url = operation.url(owner.ids)
    return f"{url}{'&' if '?' in url else '?'}{query}"
