"""Each surface that shows history leaves out what is older than program and plan allow, and says from when."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from loyalty.actions.clock import set_clock
from loyalty.actions.exporting_lists import chosen_rows
from loyalty.models import Event, LedgerEntry
from loyalty.queries.history import latest_activity
from loyalty.queries.member_history import ms_at
from loyalty.queries.search import find_anything
from programs.models import Environment
from programs.queries.environments import environment_by_id
from tests import factories
from tests.api.audience.club import App
from tests.conftest import Api
from tests.loyalty.ledger.till import day
from tests.loyalty.queries.phone import Phone
from tests.loyalty.windows import allow_days, keep_days

PAGE = {"data", "has_more", "next_cursor"}


@pytest.fixture
def phone(environment: Environment) -> Phone:
    """Something of each kind on day 0, and again on day 20; it is day 40."""
    phone = Phone(environment)
    phone.open()
    for today in (0, 20):
        phone.today = today
        set_clock(environment=environment, clock=day(today), actor=factories.make_actor())
        for number in range(3):
            phone.visit()
            phone.buy(f"order-{today}-{number}", "10.00")
        phone.redeem("badge")
    set_clock(environment=environment, clock=day(40), actor=factories.make_actor())
    phone.today = 40
    return phone


def shown(api: Api, app: App) -> dict[str, Any]:
    """What each list shows, and from when it says to."""
    points, all_ = (
        api.get(f"/v1/{path}limit=100").json() for path in ("points?customer_id=ada&", "transactions?")
    )
    lines = app.get("history").json()
    return {
        "points": ({row["occurred_at"][:10] for row in points["data"]}, points.get("history_from")),
        "transactions": ({row["occurred_at"][:10] for row in all_["data"]}, all_.get("history_from")),
        "history": ({line["type"] for line in lines["data"]}, lines.get("history_from")),
        "lines": len(lines["data"]),
        "notifications": len(app.get("notifications?ack=").json()["data"]),
        "frames": (set(points), set(all_), set(lines)),
    }


def test_each_list_leaves_out_what_is_older_and_says_from_when(
    phone: Phone, api: Api, environment: Environment
) -> None:
    app = App(factories.make_token(factories.make_token_key(environment)))
    balances, whole = api.get("/v1/customers/ada/balances").json(), shown(api, app)
    both = {"2026-03-01", "2026-03-21"}
    assert (whole["points"], whole["transactions"]) == ((both, None), (both, None))
    assert whole["frames"] == (PAGE, PAGE, {"message", "data"})
    keep_days(environment, 30)
    allow_days(environment, 365)
    part = shown(api, app)
    since = "2026-03-11T09:00:00Z"
    assert (part["points"], part["transactions"]) == (({"2026-03-21"}, since), ({"2026-03-21"}, since))
    assert part["frames"] == (
        {*PAGE, "history_from"},
        {*PAGE, "history_from"},
        {"message", "data", "history_from"},
    )
    assert part["history"] == (
        {"missionCompleted", "challengeCompleted", "metricChanged", "inventoryChanged"},
        ms_at(day(10)),
    )
    assert whole["history"][0] == part["history"][0]
    assert 0 < part["lines"] < whole["lines"]
    assert 0 < part["notifications"] < whole["notifications"]
    assert api.get("/v1/transactions?metric=xp").json()["history_from"] == since
    assert api.get("/v1/customers/ada/balances").json() == balances


def test_what_is_older_is_not_found_by_its_id_either(
    phone: Phone, api: Api, environment: Environment
) -> None:
    old, new = (LedgerEntry.objects.get(event__event_id=f"order-{n}-0", points=10) for n in (0, 20))
    paths = ("/v1/transactions/txn_{entry.id.hex}", "/v1/events/{event}", "/v1/events/{event}/explain")

    def answers(entry: LedgerEntry) -> list[int]:
        event = Event.objects.get(entries=entry).event_id
        return [api.get(path.format(entry=entry, event=event)).status_code for path in paths]

    assert answers(old) == answers(new) == [200, 200, 200]
    allow_days(environment, 30)
    assert (answers(old), answers(new)) == ([404, 404, 404], [200, 200, 200])
    refused = api.get("/v1/events/order-0-0").json()
    assert refused["code"] == "not_found"
    assert refused["detail"].endswith("begins at 2026-03-11T09:00:00Z.")
    # What is not shown can still be given back.
    body = {"reason": "Order cancelled"}
    reversed_ = api.post(f"/v1/transactions/txn_{old.id.hex}/reverse", body, Idempotency_Key="r")
    assert reversed_.status_code == 201


def test_a_list_takes_as_many_statements_with_a_window_as_without(
    phone: Phone, api: Api, environment: Environment
) -> None:
    def statements(path: str) -> int:
        api.get(path)
        with CaptureQueriesContext(connection) as queries:
            assert api.get(path).status_code == 200
        return len(queries)

    paths = ("/v1/points?customer_id=ada", "/v1/transactions", "/v1/events/order-20-0")
    before = [statements(path) for path in paths]
    keep_days(environment, 30)
    assert [statements(path) for path in paths] == before


def test_the_console_shows_no_more_and_says_so(phone: Phone, environment: Environment) -> None:
    user = factories.make_staff(environment.project)
    client = Client()
    client.force_login(user)
    member = phone.key("ada")
    pages = [
        reverse("admin:loyalty_event_changelist"),
        reverse("admin:loyalty_ledgerentry_changelist"),
        reverse("admin:loyalty_member_change", args=[member]),
    ]
    old = Event.objects.get(event_id="order-0-0", environment_id=environment.pk)
    entry = LedgerEntry.objects.get(event=old, points=10)

    new = LedgerEntry.objects.get(event__event_id="order-20-0", points=10)

    def seen() -> list[tuple[bool, bool, bool]]:
        """Of each page whether the old is there, the new, and the note."""
        texts = [client.get(page).content.decode() for page in pages]
        names = [("order-0-0", "order-20-0"), (str(entry.pk), str(new.pk)), (str(entry.pk), str(new.pk))]
        note = "Shown from 11 Mar 2026, 09:00 on."
        return [(a in text, b in text, note in text) for text, (a, b) in zip(texts, names, strict=True)]

    assert seen() == [(True, True, False)] * 3
    here = environment_by_id(environment.pk)
    assert find_anything(environment=here, term="order-0-0") != []
    allow_days(environment, 30)
    assert seen() == [(False, True, True)] * 3
    here = environment_by_id(environment.pk)
    assert find_anything(environment=here, term="order-0-0") == []
    assert find_anything(environment=here, term=f"txn_{entry.pk.hex}") == []
    assert {row.occurred_at for row in latest_activity(environment=here)} == {day(20)}
    for kind in ("events", "ledger"):  # what becomes a file
        assert {row.occurred_at for row in chosen_rows(here, kind, "")} == {day(20)}
    for noun, key in (("event", old.pk), ("ledgerentry", f"txn_{entry.pk.hex}")):
        answer = client.get(reverse(f"admin:loyalty_{noun}_change", args=[key]), follow=True)
        assert "is older than the history that is shown" in answer.content.decode()
