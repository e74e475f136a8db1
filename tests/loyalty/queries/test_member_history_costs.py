"""What a member's app reads costs what it shows, however much there is."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from loyalty.models import Account
from loyalty.queries.challenges import challenge_states
from loyalty.queries.profiles import profile_of
from programs.models import Challenge, Environment
from tests.factories import make_challenge, make_metric, reload
from tests.loyalty.ledger.till import day
from tests.loyalty.queries.phone import Phone

# In each millisecond a completion, an item and eight changes of points: of the first nine tenths all are told with
# completions, of the others half. Every tenth completion was taken back later.
_LIVED = """
WITH number AS (
    SELECT each, %(start)s + each AS ms FROM generate_series(1, %(count)s) AS each
), key AS (
    SELECT each, ms, lpad(to_hex(ms), 12, '0') || '7000800000000000' AS begins FROM number
), entries AS (
    INSERT INTO loyalty_ledgerentry (
        id, environment_id, member_id, account_id, sequence, type, points, balance_after, origin, digest,
        occurred_at, recorded_at, actor_kind, actor_id, trace_id
    )
    SELECT (begins || lpad(to_hex(place), 4, '0'))::uuid, account.environment_id, account.member_id, account.id,
        account.sequence + 8 * each + place, 'adjusted', 1, each,
        CASE WHEN place < 4 OR each < %(count)s * 0.9 THEN 'challenge:x:' || place END,
        '', now(), now(), 'system', '', ''
    FROM key, loyalty_account AS account, generate_series(0, 7) AS place WHERE account.id = %(account)s
), achievements AS (
    INSERT INTO loyalty_achievement (
        id, environment_id, member_id, challenge_id, kind, period, entry_ids, absorbed, display, occurred_at,
        recorded_at, revoked_at, revoked_by_id, actor_kind, actor_id, trace_id
    )
    SELECT (begins || '0009')::uuid, challenge.environment_id, %(member)s, challenge.id, 'challenge', 'day:' || each,
        ARRAY[(begins || '0000')::uuid, (begins || '0003')::uuid], '{}', 'none', now(), now(),
        CASE WHEN each %% 10 = 0 THEN to_timestamp((ms + 1) / 1000.0) END,
        CASE WHEN each %% 10 = 0 THEN gen_random_uuid() END, 'system', '', ''
    FROM key, programs_challenge AS challenge WHERE challenge.id = %(challenge)s
)
INSERT INTO loyalty_itemchange (
    id, environment_id, member_id, item_id, quantity, occurred_at, recorded_at, actor_kind, actor_id, trace_id
)
SELECT (begins || '000a')::uuid, item.environment_id, %(member)s, item.id, 1, now(), now(), 'system', '', ''
FROM key, programs_inventoryitem AS item WHERE item.id = %(item)s
"""
_START = 1_700_000_000_000


@pytest.fixture
def phone(environment: Environment) -> Phone:
    return Phone(environment)


def live(phone: Phone, name: str, rows: int, start: int) -> None:
    """So many rows, ten of each millisecond from `start`."""
    phone.give(1, name)
    challenge = make_challenge(reload(phone.environment), per="day", title=name)
    given: dict[str, Any] = {
        "start": start,
        "count": rows // 10,
        "member": phone.key(name),
        "account": Account.objects.get(member=phone.key(name)).pk,
        "challenge": challenge.pk,
        "item": phone.item("badge").pk,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LIVED, given)


def touched(node: dict[str, Any]) -> int:
    """Rows that a plan's scans have looked at."""
    below = sum(touched(child) for child in node.get("Plans", ()))
    if "Relation Name" not in node:
        return below
    looked = sum(node.get(name, 0) for name in ("Actual Rows", "Rows Removed by Filter"))
    return below + int(looked * node["Actual Loops"])


def length(read: Callable[[], Any]) -> int:
    """How long the statements are: what they name one by one makes them long."""
    with CaptureQueriesContext(connection) as captured:
        read()
    return sum(len(query["sql"]) for query in captured.captured_queries)


def cost(read: Callable[[], Any]) -> tuple[int, int, int]:
    """Statements, rows looked at, and 8-KiB pages touched."""
    with CaptureQueriesContext(connection) as captured:
        read()
    selects = [
        query["sql"]
        for query in captured.captured_queries
        if query["sql"].lstrip("(\n").startswith(("SELECT", "WITH"))
    ]
    rows = pages = 0
    with connection.cursor() as cursor:
        for sql in selects:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}")
            (found,) = cursor.fetchone()
            (plan,) = json.loads(found) if isinstance(found, str) else found
            rows += touched(plan["Plan"])
            pages += plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
    return len(selects), rows, pages


def cheap(much: tuple[int, int, int], few: tuple[int, int, int]) -> None:
    """As many statements, and not twice the rows and pages, beside a few that one page more or less costs."""
    assert much[0] == few[0]
    assert much[1] <= 2 * few[1] + 4
    assert much[2] <= 2 * few[2] + 8


def test_a_hundred_thousand_rows_cost_a_page_and_a_profile_what_two_thousand_do(phone: Phone) -> None:
    make_metric(phone.environment)
    live(phone, "ada", 100_000, _START)
    live(phone, "bob", 2_000, 2 * _START)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE loyalty_ledgerentry, loyalty_achievement, loyalty_itemchange")

    def page(name: str, since: int | None) -> None:
        assert 90 <= len(phone.page(name, since=since, limit=100).lines) <= 100

    page("bob", None)  # the configuration is compiled
    few = cost(partial(page, "bob", None))
    assert few[0] == 8
    for since in (None, _START + 5_000, _START + 9_900):
        cheap(cost(partial(page, "ada", since)), few)
    environment = reload(phone.environment)
    for read in (challenge_states, profile_of):
        asked = partial(read, environment=environment, now=day(0))
        asked(member=phone.member())  # the configuration is compiled once
        much, few = (cost(partial(asked, member=phone.member(name))) for name in ("ada", "bob"))
        cheap(much, few)


def test_challenges_that_are_over_cost_nothing_to_whom_did_not_take_part(phone: Phone) -> None:
    make_metric(phone.environment)
    once = make_challenge(reload(phone.environment), title="Once", rewards=[])
    for number in range(2):
        phone.buy(f"visit-{number}", member="cleo", event_type="visit")
    phone.give(1, "dora")

    def costs(name: str) -> list[tuple[tuple[int, int, int], int]]:
        environment, member, found = reload(phone.environment), phone.member(name), []
        for read in (challenge_states, profile_of):
            asked = partial(read, environment=environment, member=member, now=day(0))
            asked()
            found.append((cost(asked), length(asked)))
        return found

    few = {name: costs(name) for name in ("cleo", "dora")}
    Challenge.objects.filter(pk=once.pk).update(status="ended")
    Challenge.objects.bulk_create(
        Challenge(
            environment=phone.environment,
            program=once.program,
            title=f"Over {number}",
            status="ended",
            created_at=day(0),
            updated_at=day(0),
        )
        for number in range(300)
    )
    make_challenge(reload(phone.environment), title="Of now", status="paused")
    for name, found in few.items():
        for (before, short), (after, long) in zip(found, costs(name), strict=True):
            assert long < short + 2_000
            assert after[0] <= before[0] + 1
            assert after[1] <= before[1] + 4
            assert after[2] <= before[2] + 16
    states = challenge_states(environment=reload(phone.environment), member=phone.member("cleo"), now=day(0))
    assert [state.challenge.pk for state in states] == [once.pk]
    assert list(phone.profile("cleo").challenges) == [str(once.public_id)]
    assert phone.profile("dora").challenges == {}
