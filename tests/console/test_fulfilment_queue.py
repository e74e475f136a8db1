"""What waits is handed over in bulk: oldest first, each row on its own, with a result for each."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse as url_of
from django.utils import timezone

from audit.models import AuditEvent
from loyalty.actions.fulfilment import cancel
from loyalty.admin import fulfilment_queue
from loyalty.models import Redemption
from programs.models import Environment
from tests import factories
from tests.console.deeds import told
from tests.console.redeemed import MUG, TEN, buy, offer
from tests.console.tenants import Tenant, state_of_everything

pytestmark = pytest.mark.django_db

QUEUE = url_of("admin:loyalty_redemption_queue")


@pytest.fixture
def support(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "support")
    return client


@pytest.fixture
def mugs(environment: Environment) -> list[Redemption]:
    offer(environment, "rwd_mug", **MUG)
    return [buy(environment, "rwd_mug", name) for name in ("ada", "bob", "cleo")]


def _tick(client: Client, verb: str, rows: list[Redemption]) -> Any:
    return client.post(QUEUE, {"verb": verb, "row": [str(row.pk) for row in rows]})


def _confirm(client: Client, verb: str, rows: list[Redemption], token: str = "t1", **entered: str) -> Any:
    sent = {"verb": verb, "row": [str(row.pk) for row in rows], "step": "confirm", "token": token}
    return client.post(QUEUE, sent | entered)


def _statuses() -> list[str]:
    return list(Redemption.objects.order_by("id").values_list("status", flat=True))


def test_lists_what_waits_oldest_first_and_by_reward(
    support: Client, environment: Environment, mugs: list[Redemption]
) -> None:
    offer(environment, "rwd_ten", **TEN)
    offer(environment, "rwd_book", **(MUG | {"name": "Book"}))
    book = buy(environment, "rwd_book", "dan")
    buy(environment, "rwd_ten", "eve")
    assert support.get(QUEUE).context["rows"] == [*mugs, book]
    assert support.get(QUEUE, {"reward": "rwd_book"}).context["rows"] == [book]
    assert support.get(QUEUE, {"reward": "rwd_unknown"}).context["rows"] == [*mugs, book]
    assert "4 waiting" in support.get(QUEUE).content.decode()


def test_goes_on_where_a_page_ends(
    support: Client, mugs: list[Redemption], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fulfilment_queue, "PAGE", 2)
    first = support.get(QUEUE)
    assert first.context["rows"] == mugs[:2]
    assert support.get(QUEUE, {"after": str(first.context["next"])}).context["rows"] == mugs[2:]
    assert support.get(QUEUE, {"after": "nonsense"}).context["rows"] == mugs[:2]


def test_the_sidebar_counts_what_waits(support: Client, mugs: list[Redemption]) -> None:
    def badges() -> list[str]:
        groups = support.get("/console/").context["sidebar_navigation"]
        return [item["badge"] for group in groups for item in group["items"] if "badge" in item]

    assert badges() == ["3"]
    _confirm(support, "fulfil", mugs)
    assert badges() == []


def test_what_is_ticked_is_shown_before_it_is_done(support: Client, mugs: list[Redemption]) -> None:
    before = state_of_everything()
    answer = _tick(support, "fail", mugs[:2])
    assert answer.context["totals"] == [("Mug", 2, "200 Points")]
    assert answer.context["rows"] == mugs[:2]
    assert state_of_everything() == before


def test_fulfils_what_is_ticked_each_with_the_note(support: Client, mugs: list[Redemption]) -> None:
    answer = _confirm(support, "fulfil", mugs[:2], note="Shipment 9")
    assert answer.context["summary"] == "2 fulfilled."
    assert _statuses() == ["fulfilled", "fulfilled", "pending"]
    assert Redemption.objects.filter(note="Shipment 9").count() == 2
    assert AuditEvent.objects.filter(verb="redemption.fulfilled", actor_kind="staff").count() == 2


def test_fails_what_is_ticked_and_gives_back(support: Client, mugs: list[Redemption]) -> None:
    answer = _confirm(support, "fail", mugs, reason="Sold out")
    assert answer.context["summary"] == "3 failed, with everything given back."
    assert [result.words for result in answer.context["results"]] == [
        f"100 Points are given back to {name}." for name in ("ada", "bob", "cleo")
    ]
    assert _statuses() == ["failed"] * 3


def test_failing_needs_a_reason(support: Client, mugs: list[Redemption]) -> None:
    before = state_of_everything()
    answer = _confirm(support, "fail", mugs, reason=" ")
    assert answer.context["form"].errors
    assert answer.context["token"] == "t1"
    assert state_of_everything() == before


def test_one_that_somebody_else_closed_stops_no_other(
    support: Client, environment: Environment, mugs: list[Redemption]
) -> None:
    actor, now = factories.make_actor(), timezone.now()
    cancel(environment=environment, redemption=mugs[1].pk, actor=actor, now=now)
    assert "nothing will be done" in _tick(support, "fulfil", mugs).content.decode()
    answer = _confirm(support, "fulfil", mugs)
    assert answer.context["summary"] == "2 fulfilled, 1 was cancelled meanwhile."
    assert _statuses() == ["fulfilled", "cancelled", "fulfilled"]


def test_one_that_is_refused_is_told_why_and_stops_no_other(
    support: Client, environment: Environment, mugs: list[Redemption]
) -> None:
    coins = factories.make_metric(environment, "coins", title="Coins")
    gives = {"kind": "metric", "gives_metric": coins, "gives_points": 40, "fulfilment": "manual"}
    offer(environment, "rwd_coins", **gives)
    waiting = buy(environment, "rwd_coins", "dan")
    factories.make_metric(environment, "coins", maximum=30)
    answer = _confirm(support, "fulfil", [waiting, *mugs])
    assert answer.context["summary"] == "3 fulfilled, 1 was refused."
    refused = next(result for result in answer.context["results"] if result.outcome == "refused")
    assert "at most 30 points" in refused.words
    assert _statuses() == ["fulfilled"] * 3 + ["pending"]


def test_sent_twice_it_is_done_once(support: Client, mugs: list[Redemption]) -> None:
    _confirm(support, "fail", mugs, reason="Sold out")
    before = state_of_everything()
    answer = _confirm(support, "fail", mugs, reason="Sold out")
    assert answer.context["summary"] == "None failed, with everything given back, 3 were done before."
    assert state_of_everything() == before


def test_nothing_ticked_is_told(support: Client, mugs: list[Redemption]) -> None:
    before = state_of_everything()
    for sent in ({"verb": "fulfil"}, {"verb": "fulfil", "row": "x"}, {"verb": "x", "row": str(mugs[0].pk)}):
        answer = support.post(QUEUE, sent)
        assert answer["Location"] == QUEUE
        assert "Nothing was ticked" in told(answer)
    assert state_of_everything() == before


def test_another_tenants_rows_are_not_there(support: Client, theirs: Tenant, mugs: list[Redemption]) -> None:
    foreign = Redemption.objects.get(pk=theirs.rows[Redemption].pk)
    assert foreign.status == "pending"
    assert foreign not in support.get(QUEUE).context["rows"]
    before = state_of_everything()
    for verb in ("fulfil", "fail"):
        answer = _confirm(support, verb, [foreign], reason="x")
        assert "Nothing was ticked" in told(answer)
    assert state_of_everything() == before
    _confirm(support, "fulfil", [foreign, *mugs])
    foreign.refresh_from_db()
    assert foreign.status == "pending"


def test_an_analyst_reads_it_and_ticks_nothing(
    login: Any, environment: Environment, mugs: list[Redemption]
) -> None:
    analyst = login(environment, "analyst")
    page = analyst.get(QUEUE)
    assert page.context["rows"] == mugs
    assert 'name="row"' not in page.content.decode()
    before = state_of_everything()
    assert _tick(analyst, "fulfil", mugs).status_code == 403
    assert _confirm(analyst, "fulfil", mugs).status_code == 403
    assert state_of_everything() == before


def test_an_empty_queue_says_what_would_wait(support: Client) -> None:
    assert "By your staff" in support.get(QUEUE).content.decode()
