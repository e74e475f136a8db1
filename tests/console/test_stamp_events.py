"""An event's page tells what it did to stamp cards; the search finds stamps by their ids."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import formats, timezone

from audit.ids import public
from loyalty.actions.stamps import pay_stamp_reward
from loyalty.admin.stamp_explaining import stamps_told
from loyalty.models import Event
from loyalty.queries.search import find_anything
from programs.models import Environment
from programs.queries.snapshots import snapshot
from tests import factories
from tests.console.redeemed import text_of
from tests.console.stamp_forms import full_card, purchase, refund

pytestmark = pytest.mark.django_db


def _page(client: Client, event: Event) -> Any:
    return client.get(reverse("admin:loyalty_event_change", args=[event.pk]))


def test_a_purchase_tells_what_it_stamped_and_what_that_gave(
    support: Client, environment: Environment
) -> None:
    gave = full_card(environment)
    bought = Event.objects.get(pk=str(gave.event_id))
    (told,) = _page(support, bought).context["stamps_told"]
    assert (told.name, told.card, told.label) == ("Coffee Rewards", gave.collection_id, "Stamped")
    assert (told.reason, told.moved) == (
        "One stamp for the purchase.",
        "1 stamp collected; 0 on the card then.",
    )
    assert [(given.key, given.words) for given in told.rewards] == [(gave.pk, "£3.20 to be paid")]
    link = reverse("admin:loyalty_stampreward_change", args=[gave.pk])
    assert f'<a href="{link}">£3.20 to be paid</a>' in text_of(_page(support, bought))


def test_a_refund_tells_what_it_took_back(support: Client, environment: Environment) -> None:
    gave = full_card(environment)
    taken = refund(environment, f"ada-{gave.stamp_program.public_id[-6:]}-1")
    (told,) = _page(support, taken).context["stamps_told"]
    assert (told.name, told.label, told.moved) == (
        "Coffee Rewards",
        "Returned",
        "1 stamp returned; 1 on the card then.",
    )
    assert [given.words for given in told.rewards] == ["£3.20 revoked"]


def test_a_purchase_tells_what_has_become_of_its_rewards(
    support: Client, environment: Environment, django_assert_num_queries: Any
) -> None:
    paid, revoked = full_card(environment), full_card(environment, "bob", name="Tea")
    actor, now = factories.make_actor(), datetime(2031, 5, 4, 12, tzinfo=UTC)
    pay_stamp_reward(environment=environment, reward=paid.pk, reference=None, actor=actor, now=now)
    taken = refund(environment, f"bob-{revoked.stamp_program.public_id[-6:]}-1", "bob")
    day = formats.date_format(timezone.localtime(taken.occurred_at), "DATE_FORMAT")
    for gave, words in ((paid, "£3.20 paid on 4 May 2031"), (revoked, f"£3.20 revoked on {day}")):
        bought = Event.objects.get(pk=str(gave.event_id))
        config = snapshot(environment)
        with django_assert_num_queries(1):
            (told,) = stamps_told(bought, config)
        assert [(given.key, given.words) for given in told.rewards] == [(gave.pk, words)]
        assert words in text_of(_page(support, bought))


def test_a_purchase_tells_why_it_stamped_nothing(support: Client, environment: Environment) -> None:
    factories.make_card(
        environment, factories.make_stamp_program(factories.reload(environment), currency="EUR")
    )
    bought = factories.report(
        environment, "p", type="purchase", member="ada", data={"amount": "3", "currency": "GBP"}
    ).event
    (told,) = _page(support, bought).context["stamps_told"]
    sentence = "The purchase is in GBP; the card takes purchases in EUR."
    assert (told.label, told.reason, told.moved, told.rewards) == ("Other currency", sentence, "", [])


@pytest.mark.parametrize(
    "stored",
    [
        None,
        [],
        {"stamps": None},
        {"stamps": [3, {}]},
        {"stamps": [{"outcome": 7, "counter": "x", "issued": [1, {}], "stamp_collection": 3}]},
    ],
)
def test_whatever_is_stored_is_shown(environment: Environment, stored: Any) -> None:
    assert isinstance(stamps_told(Event(explanation=stored, figures=stored), snapshot(environment)), list)


def test_an_event_without_cards_has_no_such_part(support: Client, environment: Environment) -> None:
    assert "Stamp cards</h3>" not in _page(support, purchase(environment, "p")).content.decode()


def test_programs_cards_and_rewards_are_found_by_their_ids(
    support: Client, login: Any, environment: Environment
) -> None:
    gave, stranger = full_card(environment), login(factories.make_environment(), "support")
    for term, noun, key in (
        (gave.stamp_program.public_id, "stampprogram", gave.stamp_program_id),
        (public("sc", gave.collection_id), "stampcollection", gave.collection_id),
        (public("sr", gave.pk), "stampreward", gave.pk),
    ):
        answer = support.get("/console/find/", {"q": term})
        assert answer["Location"].endswith(f"/{noun}/{key}/change/")
        assert "Nothing found" in stranger.get("/console/find/", {"q": term}).content.decode()


def test_payments_are_found_by_their_reference(
    support: Client, environment: Environment, django_assert_max_num_queries: Any
) -> None:
    first, second = full_card(environment), full_card(environment, "bob")
    actor, now = factories.make_actor(), first.issued_at
    assert find_anything(environment=environment, term="BACS 7") == []
    for gave in (first, second):
        pay_stamp_reward(environment=environment, reward=gave.pk, reference="BACS 7", actor=actor, now=now)
    with django_assert_max_num_queries(13):
        found = find_anything(environment=environment, term="BACS 7")
    assert {(hit.title, hit.description, hit.key) for hit in found} == {
        (public("sr", gave.pk), f"3.20 GBP for {gave.member} · stamp reward · paid as BACS 7", gave.pk)
        for gave in (first, second)
    }
    assert find_anything(environment=environment, term="BACS") == []
    assert find_anything(environment=factories.make_environment(), term="BACS 7") == []


def test_the_search_says_that_it_takes_cards_rewards_and_references(support: Client) -> None:
    for page in (support.get("/console/find/"), support.get("/console/find/", {"q": "nothing-of-it"})):
        text = text_of(page)
        assert "sc_…, sr_…), the reference of a payment" in text
        assert 'placeholder="Member id, code or transaction"' in text
