"""Enrolments: members' stamp cards are listed, found and read; support enrols a member on the member's page."""

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.ids import public
from loyalty.actions.erasing import erase_member
from loyalty.actions.lowered_thresholds import settle_cards
from loyalty.actions.merging import merge_members
from loyalty.admin import stamp_collections
from loyalty.models import Member, StampCollection, StampReward
from programs.actions.stamp_programs import save_stamp_program
from programs.models import Environment, StampProgram
from tests import factories
from tests.console.deeds import confirm, show, told
from tests.console.redeemed import text_of
from tests.console.stamp_forms import full_card, purchase, refund
from tests.console.tenants import state_of_everything

pytestmark = pytest.mark.django_db

LIST = "/console/loyalty/stampcollection/"


@pytest.fixture
def coffee(environment: Environment) -> StampProgram:
    return factories.make_stamp_program(factories.reload(environment))


def _url(card: StampCollection) -> str:
    return reverse("admin:loyalty_stampcollection_change", args=[card.pk])


def _member_url(name: str = "change", member: str = "ada") -> str:
    return reverse(f"admin:loyalty_member_{name}", args=[Member.objects.get(external_id=member).pk])


def _listed(client: Client, **query: str) -> list[tuple[str, str]]:
    rows = client.get(LIST, query).context["cl"].result_list
    return [(str(row.member), row.stamp_program.name) for row in rows]


class TestTheList:
    def test_shows_how_far_each_card_is(
        self, support: Client, environment: Environment, coffee: StampProgram
    ) -> None:
        factories.make_card(environment, coffee)
        purchase(environment, "one")
        gave = full_card(environment, "bob", name="Tea")
        rows = support.get(LIST).context["cl"].result_list
        shown = [(str(row.member), row.row.stamps, row.row.threshold, row.row.gave) for row in rows]
        assert shown == [("bob", 0, 2, "1 to be paid"), ("ada", 1, 5, "")]
        assert gave.status == "issued"

    def test_finds_a_member_in_full_a_card_by_its_id_and_a_program(
        self, support: Client, environment: Environment, coffee: StampProgram
    ) -> None:
        tea = factories.make_stamp_program(factories.reload(environment), name="Tea")
        card = factories.make_card(environment, coffee)
        factories.make_card(environment, tea)
        factories.make_card(environment, tea, "adam")
        assert _listed(support, q="ada") == [("ada", "Tea"), ("ada", "Coffee Rewards")]
        assert _listed(support, q=public("sc", card.pk)) == [("ada", "Coffee Rewards")]
        assert _listed(support, stamp_program=coffee.public_id) == [("ada", "Coffee Rewards")]
        assert _listed(support, q="nobody") == []
        assert len(_listed(support)) == 3

    def test_costs_no_query_for_each_card(
        self,
        support: Client,
        environment: Environment,
        coffee: StampProgram,
        django_assert_max_num_queries: Any,
    ) -> None:
        for number in range(8):
            factories.make_card(environment, coffee, f"m{number}")
        with django_assert_max_num_queries(14):
            assert len(_listed(support)) == 8

    def test_knows_merged_members_under_one_name_and_erased_ones_not_at_all(
        self, support: Client, environment: Environment, coffee: StampProgram
    ) -> None:
        for member in ("ada", "bob", "cy"):
            factories.make_card(environment, coffee, member)
        joined = StampCollection.objects.get(member__external_id="bob")
        actor, now = factories.make_actor(), joined.created_at
        merge_members(environment=environment, member="bob", into="ada", reason=None, actor=actor, now=now)
        erase_member(environment=environment, member="cy", actor=actor, now=now)
        assert _listed(support) == [("ada", "Coffee Rewards")]
        assert "Coffee Rewards of ada" in support.get(_url(joined)).content.decode()

    def test_offers_only_the_programs_of_this_environment(
        self, support: Client, environment: Environment, coffee: StampProgram
    ) -> None:
        factories.make_card(environment, coffee)
        foreign = full_card(factories.make_environment(), name="Theirs").stamp_program
        own = [choice[1] for choice in support.get(LIST).context["cl"].filter_specs[0].lookup_choices]
        assert own == ["Coffee Rewards"]
        assert _listed(support, stamp_program=foreign.public_id) == []


class TestACard:
    def test_says_of_each_stamp_where_it_is(self, support: Client, environment: Environment) -> None:
        gave = full_card(environment)
        card, suffix = gave.collection, gave.stamp_program.public_id[-6:]
        purchase(environment, "third")
        purchase(environment, "bad")
        refund(environment, "bad")
        page = support.get(_url(card))
        stamps = [
            (row.stamp.event.event_id, row.price, row.reward, row.refund is not None)
            for row in page.context["stamps"]
        ]
        where = public("sr", gave.pk)
        first, second = (f"ada-{suffix}-{number}" for number in (1, 2))
        assert [row for row in stamps if row[0] in (first, second)] == [
            (second, "£3.20", where, False),
            (first, "£3.20", where, False),
        ]
        assert [row[0] for row in stamps if row[3]] == ["bad"]
        assert (page.context["row"].stamps, page.context["row"].threshold) == (1, 2)
        text = text_of(page)
        assert text.count("Returned") == 1
        assert text.count("On the card") == 1
        assert text.count(where) == 2
        assert reverse("admin:loyalty_stampreward_pay", args=[gave.pk]) in text

    def test_stamps_of_a_line_that_were_returned_together_are_one_row(
        self, support: Client, environment: Environment
    ) -> None:
        piece = factories.make_stamp_program(
            factories.reload(environment), stamps_per="quantity", threshold=9
        )
        card = factories.make_card(environment, piece)
        line = {"description": "Tea", "quantity": 3, "unit_price": "2"}
        data = {"amount": "10", "items": [line, line | {"quantity": 2}]}
        factories.report(environment, "p", type="purchase", member="ada", data=data)
        purchase(environment, "later")
        refund(environment, "p", amount="10")
        rows = support.get(_url(card)).context["stamps"]
        told = [(row.stamp.event.event_id, row.stamp.line, row.count) for row in rows if row.refund]
        assert told == [("p", 2, 2), ("p", 1, 3)]
        text = text_of(support.get(_url(card)))
        assert "Returned</span> 3 stamps" in text
        assert text.count("Returned</span>") == 2

    def test_says_what_it_owes(self, support: Client, environment: Environment) -> None:
        gave = full_card(environment)
        pay = reverse("admin:loyalty_stampreward_pay", args=[gave.pk])
        confirm(support, pay, show(support, pay))
        refund(environment, f"ada-{gave.stamp_program.public_id[-6:]}-1")
        text = text_of(support.get(_url(gave.collection)))
        assert "1 stamp: a purchase was refunded after its reward was paid" in text
        assert "<strong>0</strong> of 2" in text

    def test_says_what_a_lower_threshold_has_made_due_until_it_is_issued(
        self, support: Client, environment: Environment, coffee: StampProgram
    ) -> None:
        card = factories.make_card(environment, coffee)
        for number in range(4):
            purchase(environment, f"p{number}")
        actor, now = factories.make_actor(), timezone.now()
        save_stamp_program(
            environment=factories.reload(environment),
            stamp_program=StampProgram.objects.get(pk=coffee.pk),
            actor=actor,
            now=now,
            changes={"threshold": 2},
        )
        text = text_of(support.get(_url(card)))
        assert "2 rewards fall due within a minute" in text
        assert "None yet: no card was full." not in text
        system = replace(actor, kind="system", id="stamps")
        assert settle_cards(environment=factories.reload(environment), actor=system, now=now) == 1
        assert "within a minute" not in text_of(support.get(_url(card)))
        reward = StampReward.objects.filter(collection=card).first()
        assert reward is not None
        page = reverse("admin:loyalty_stampreward_change", args=[reward.pk])
        assert "<dt>Completed by</dt><dd>a lower threshold</dd>" in text_of(support.get(page))

    def test_a_reward_that_a_merge_filled_says_so(
        self, support: Client, environment: Environment, coffee: StampProgram
    ) -> None:
        for member in ("ada", "bob"):
            factories.make_card(environment, coffee, member)
            for number in range(3):
                purchase(environment, f"{member}-{number}", member)
        actor, now = replace(factories.make_actor(), kind="staff"), timezone.now()
        merge_members(environment=environment, member="bob", into="ada", reason=None, actor=actor, now=now)
        page = reverse("admin:loyalty_stampreward_change", args=[StampReward.objects.get().pk])
        assert "<dt>Completed by</dt><dd>a merge or a lower threshold</dd>" in text_of(support.get(page))

    def test_shows_its_stamps_a_page_at_a_time(
        self, support: Client, environment: Environment, coffee: StampProgram, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(stamp_collections, "PAGE", 2)
        card = factories.make_card(environment, coffee)
        for number in range(3):
            purchase(environment, f"p{number}")
        first = support.get(_url(card))
        second = support.get(_url(card), {"before": first.context["next"]})
        pages = [[row.stamp.event.event_id for row in page.context["stamps"]] for page in (first, second)]
        assert pages == [["p2", "p1"], ["p0"]]
        assert second.context["next"] is None

    def test_opens_by_the_id_that_the_api_shows(
        self, support: Client, environment: Environment, coffee: StampProgram
    ) -> None:
        card = factories.make_card(environment, coffee)
        url = _url(card).replace(str(card.pk), public("sc", card.pk))
        assert support.get(url).status_code == 200


class TestTheMembersPage:
    def test_shows_cards_with_dots_figures_and_rewards(
        self, support: Client, environment: Environment, coffee: StampProgram
    ) -> None:
        factories.make_card(environment, coffee)
        purchase(environment, "one")
        full_card(environment, name="Tea")
        cards = support.get(_member_url()).context["stamp_cards"]
        rows = [(str(row.collection.stamp_program), row.dots, row.gave) for row in cards]
        assert rows[0] == ("Coffee Rewards", [True, True, True, False, False], "")
        assert rows[1] == ("Tea", [False, False], "1 to be paid")
        text = text_of(support.get(_member_url()))
        assert text.count('class="lc-dot lc-filled"') == 3
        assert "<strong>3</strong> of 5" in text

    def test_leads_to_the_members_events(self, support: Client, environment: Environment) -> None:
        for member in ("ada", "bob"):
            purchase(environment, f"p-{member}", member)  # nobody has a card, and no rule gives points
        link = f"{reverse('admin:loyalty_event_changelist')}?q=ada"
        assert f'href="{link}">Events of this member</a>' in text_of(support.get(_member_url()))
        found = support.get(link).context["cl"].result_list
        assert [event.event_id for event in found] == ["p-ada"]

    def test_draws_a_long_card_as_a_bar(self, support: Client, environment: Environment) -> None:
        long = factories.make_stamp_program(factories.reload(environment), threshold=41)
        factories.make_card(environment, long)
        row = support.get(_member_url()).context["stamp_cards"][0]
        assert (row.dots, row.threshold) == ([], 41)

    def test_is_as_before_without_cards(self, login: Any, environment: Environment) -> None:
        factories.make_member(environment)
        assert 'id="stamps"' not in login(environment, "analyst").get(_member_url()).content.decode()


class TestEnrolling:
    def test_shows_what_it_means_then_enrols_once(
        self, support: Client, environment: Environment, coffee: StampProgram
    ) -> None:
        factories.make_member(environment)
        url = f"{_member_url('enrol')}?stamp_program={coffee.public_id}"
        before = state_of_everything()
        shown = support.get(url)
        assert "A purchase in GBP is a stamp; 5 stamps pay back the lowest price." in text_of(shown)
        assert state_of_everything() == before
        answer = confirm(support, url, shown)
        card = StampCollection.objects.get(stamp_program=coffee)
        assert (card.counter, card.actor_kind, str(card.member)) == (0, "staff", "ada")
        assert "ada has the card" in told(answer)
        again = confirm(support, url, shown)
        assert told(again).endswith("The member was enrolled already; nothing was done again.")
        assert StampCollection.objects.filter(stamp_program=coffee).count() == 1

    def test_says_against_each_program_why_not(self, support: Client, environment: Environment) -> None:
        factories.make_member(environment)
        for name, changes in {
            "draft": {"status": "draft"},
            "ended": {"status": "ended"},
            "joined": {},
            "later": {"starts_at": "2090-01-01T00:00:00Z"},
            "open": {},
            "paused": {"status": "paused"},
        }.items():
            made = factories.make_stamp_program(factories.reload(environment), name=name, **changes)
            if name == "joined":
                factories.make_card(environment, made)
        page = support.get(_member_url("enrol"))
        assert (text_of(page).count(">Ended</span>"), text_of(page).count(">Not now</span>")) == (1, 2)
        offers = page.context["offers"]
        assert [(offer.stamp_program.name, offer.obstacles, offer.card is not None) for offer in offers] == [
            ("open", [], False),
            ("ended", ["It has ended for good."], False),
            ("joined", [], True),
            ("later", ["It begins later: from 1 Jan 2090."], False),
            ("paused", ["It is paused; an operator can activate it again."], False),
        ]

    @pytest.mark.parametrize(
        ("name", "sentence"),
        [
            ("paused", "Coffee Rewards is paused; nobody can join it now."),
            ("joined", "Member ada has the card Coffee Rewards already."),
            ("frozen", "Member ada is frozen; an operator can make it active again."),
            ("unknown", "That stamp program is no longer there; choose another one."),
        ],
    )
    def test_is_refused_in_a_sentence(
        self, support: Client, environment: Environment, name: str, sentence: str
    ) -> None:
        factories.make_member(environment, status="frozen" if name == "frozen" else "active")
        made = factories.make_stamp_program(
            factories.reload(environment), status="paused" if name == "paused" else "active"
        )
        if name == "joined":
            factories.make_card(environment, made)
        wanted = "lp_x" if name == "unknown" else made.public_id
        before = state_of_everything()
        assert told(support.get(f"{_member_url('enrol')}?stamp_program={wanted}")) == sentence
        assert state_of_everything() == before

    def test_another_projects_program_is_none(self, support: Client, environment: Environment) -> None:
        factories.make_member(environment)
        foreign = factories.make_stamp_program(factories.make_environment())
        url = f"{_member_url('enrol')}?stamp_program={foreign.public_id}"
        before = state_of_everything()
        assert told(support.get(url)) == "That stamp program is no longer there; choose another one."
        support.post(url, {"step": "confirm", "token": "t"})
        assert state_of_everything() == before

    def test_is_for_support(self, login: Any, environment: Environment, coffee: StampProgram) -> None:
        factories.make_member(environment)
        url = f"{_member_url('enrol')}?stamp_program={coffee.public_id}"
        analyst = login(environment, "analyst")
        assert (analyst.get(url).status_code, analyst.post(url).status_code) == (403, 403)
        assert "Enrol in a stamp program" not in analyst.get(_member_url()).content.decode()
        assert not StampCollection.objects.exists()


def test_a_reward_of_an_erased_member_is_read_without_its_card(
    support: Client, environment: Environment
) -> None:
    gave = full_card(environment)
    erase_member(environment=environment, member="ada", actor=factories.make_actor(), now=gave.issued_at)
    assert StampReward.objects.filter(pk=gave.pk).exists()
    page = support.get(reverse("admin:loyalty_stampreward_change", args=[gave.pk]))
    assert page.status_code == 200
    assert _url(gave.collection) not in page.content.decode()
