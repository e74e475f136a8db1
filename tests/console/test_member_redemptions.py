"""The member's page shows what they redeemed and own; support redeems for them."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse as url_of
from django.utils import timezone

from audit.models import AuditEvent
from loyalty.actions.merging import merge_members
from loyalty.actions.points import spend
from loyalty.models import Account, LedgerEntry, Member, MemberItem, Redemption
from programs.actions.configure import configure
from programs.models import Environment, Program
from tests import factories
from tests.console.deeds import confirm, show, told
from tests.console.redeemed import MUG, TEN, buy, offer
from tests.console.tenants import Tenant, state_of_everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def support(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "support")
    return client


def _member(name: str = "ada") -> Member:
    return Member.objects.get(external_id=name)


def _page(name: str = "ada") -> str:
    return url_of("admin:loyalty_member_change", args=[_member(name).pk])


def _redeem(name: str = "ada", reward: str = "") -> str:
    url = url_of("admin:loyalty_member_redeem", args=[_member(name).pk])
    return f"{url}?reward={reward}" if reward else url


def _text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def _offers(client: Client, name: str = "ada") -> dict[str, list[str]]:
    """What stands against each reward, in the page's order."""
    shelves = client.get(_redeem(name)).context["shelves"]
    return {shelf.offered.reward.public_id: shelf.obstacles for shelf in shelves}


class TestTheMembersPage:
    def test_shows_redemptions_with_code_cost_and_cancellation(
        self, support: Client, environment: Environment
    ) -> None:
        offer(environment, "rwd_ten", **TEN)
        made = buy(environment, "rwd_ten")
        page = _text(support.get(_page()))
        for part in ("Ten off", "10% off", str(made.issued_code), "Not used yet"):
            assert part in page, part
        assert url_of("admin:loyalty_redemption_cancel", args=[made.pk]) in page
        assert _redeem() in page

    def test_masks_the_code_and_offers_nothing_to_analysts(
        self, login: Any, environment: Environment
    ) -> None:
        offer(environment, "rwd_ten", **TEN)
        made = buy(environment, "rwd_ten")
        page = _text(login(environment, "analyst").get(_page()))
        assert "Ten off" in page
        assert str(made.issued_code) not in page
        assert url_of("admin:loyalty_redemption_cancel", args=[made.pk]) not in page
        assert _redeem() not in page

    def test_shows_the_newest_and_where_the_others_are(
        self, support: Client, environment: Environment
    ) -> None:
        offer(environment, "rwd_tea", name="Tea")
        made = [buy(environment, "rwd_tea") for _ in range(9)]
        shown = support.get(_page()).context["redemptions"]
        assert [row.redemption for row in shown["rows"]] == made[:0:-1]
        assert shown["more"]
        everything = support.get(url_of("admin:loyalty_redemption_changelist"), {"q": "ada"})
        assert len(everything.context["cl"].result_list) == 9

    def test_a_survivor_shows_what_the_merged_member_redeemed(
        self, support: Client, environment: Environment
    ) -> None:
        offer(environment, "rwd_ten", **TEN)
        made = buy(environment, "rwd_ten", "bob")
        factories.give(environment, 5)
        actor, now = factories.make_actor(), timezone.now()
        merge_members(environment=environment, member="bob", into="ada", reason=None, actor=actor, now=now)
        assert [row.redemption for row in support.get(_page()).context["redemptions"]["rows"]] == [made]
        cancel = url_of("admin:loyalty_redemption_cancel", args=[made.pk])
        shown = show(support, cancel, reason="Mistake")
        (purse,) = shown.context["effect"]["purses"]
        assert (purse.before, purse.after, shown.context["effect"]["owner"]) == (5, 105, _member())
        assert [(piece.kind, piece.change) for piece in purse.pieces] == [("given", 100)]
        confirm(support, cancel, shown, reason="Mistake")
        assert Account.objects.get(member=_member()).balance == 105

    def test_the_past_shows_no_redemptions_of_today(self, support: Client, environment: Environment) -> None:
        offer(environment, "rwd_ten", **TEN)
        made = buy(environment, "rwd_ten")
        before = f"{timezone.now():%Y-%m-%dT%H:%M:%S}"
        page = _text(support.get(_page(), {"as_of": before, "by": "business"}))
        assert 'id="redemptions"' not in page
        assert str(made.issued_code) not in page


class TestTheCatalogue:
    def test_says_what_the_member_can_have_and_why_not_the_rest(
        self, support: Client, environment: Environment
    ) -> None:
        factories.give(environment, 120)
        offer(environment, "rwd_dear", name="Dear", points=500)
        offer(environment, "rwd_draft", name="Draft", status="draft")
        offer(environment, "rwd_paused", name="Paused", status="paused")
        offer(environment, "rwd_none", name="None left", stock=0)
        offer(environment, "rwd_mug", **MUG)
        assert list(_offers(support).items()) == [
            ("rwd_mug", []),
            ("rwd_none", ["All of them are taken."]),
            ("rwd_paused", ["The reward is paused."]),
            ("rwd_dear", ["120 points can be spent, 500 are needed."]),
        ]
        page = _text(support.get(_redeem()))
        assert "?reward=rwd_mug" in page
        assert "?reward=rwd_dear" not in page

    def test_says_times_as_the_projects_clocks_show_them(
        self, support: Client, environment: Environment
    ) -> None:
        factories.give(environment, 120)
        starts = timezone.now().replace(year=2090, month=6, day=3, hour=9, minute=30, second=0, microsecond=0)
        offer(environment, "rwd_later", name="Later", starts_at=starts)
        assert _offers(support) == {"rwd_later": ["The reward begins at 3 Jun 2090, 09:30."]}

    def test_a_frozen_member_is_told(self, support: Client, environment: Environment) -> None:
        factories.give(environment, 120)
        offer(environment, "rwd_tea", name="Tea")
        Member.objects.update(status="frozen")
        ((obstacle,),) = _offers(support).values()
        assert "frozen" in obstacle


class TestRedeeming:
    def test_shows_the_effect_then_does_it(self, support: Client, environment: Environment) -> None:
        factories.give(environment, 120)
        offer(environment, "rwd_ten", **TEN)
        url = _redeem(reward="rwd_ten")
        before = state_of_everything()
        shown = show(support, url, reason="By phone")
        effect = shown.context["effect"]
        (purse,) = effect["purses"]
        assert (purse.before, purse.after) == (120, 20)
        assert [(piece.kind, piece.change) for piece in purse.pieces] == [("spent", -100)]
        assert effect["changes"] == ["A new code is issued, valid for 30 days."]
        assert (effect["worth"], effect["becomes"]) == ("10% off", "Fulfilled")
        assert state_of_everything() == before
        answer = confirm(support, url, shown, reason="By phone")
        made = Redemption.objects.get()
        assert answer["Location"] == _page()
        assert f"is redeemed for 100 Points. Its code is {made.issued_code}." in told(answer)
        assert (made.status, made.reason, made.actor_kind) == ("fulfilled", "By phone", "staff")
        assert LedgerEntry.objects.get(redemption_id=made.pk).reason == "By phone"
        assert AuditEvent.objects.get(verb="redemption.created").trace_id == "trace-77"

    def test_twice_is_once(self, support: Client, environment: Environment) -> None:
        factories.give(environment, 500)
        offer(environment, "rwd_tea", name="Tea")
        shown = show(support, _redeem(reward="rwd_tea"), reason="")
        confirm(support, _redeem(reward="rwd_tea"), shown, reason="")
        before = state_of_everything()
        again = confirm(support, _redeem(reward="rwd_tea"), shown, reason="")
        assert "not redeemed again" in told(again)
        assert state_of_everything() == before

    def test_a_variable_cost_is_chosen_and_valued(self, support: Client, environment: Environment) -> None:
        factories.give(environment, 1000)
        variable = {"cost_kind": "variable", "min_points": 100, "max_points": 500, "step_points": 100}
        worth = {"value_per_point": "0.01", "currency": "GBP", "points": None}
        offer(environment, "rwd_any", name="Any", kind="discount", **variable, **worth)
        shelf = support.get(_redeem()).context["shelves"][0]
        assert shelf.words == "£1 to £5 off"
        url = _redeem(reward="rwd_any")
        form = support.get(url).context["form"]
        assert form.fields["points"].help_text == "100 to 500, in steps of 100."
        before = state_of_everything()
        for wrong in ("50", "150", "600", ""):
            assert show(support, url, points=wrong, reason="").context["form"].errors["points"], wrong
        shown = show(support, url, points="300", reason="")
        assert shown.context["effect"]["worth"] == "£3 off"
        assert state_of_everything() == before
        confirm(support, url, shown, points="300", reason="")
        assert Redemption.objects.get().points == 300

    def test_what_waits_for_staff_says_so(self, support: Client, environment: Environment) -> None:
        factories.give(environment, 120)
        offer(environment, "rwd_mug", **MUG)
        shown = show(support, _redeem(reward="rwd_mug"), reason="")
        assert shown.context["effect"]["changes"] == ["Left in stock: 5 → 4."]
        assert "waits in the fulfilment queue" in _text(shown)
        confirm(support, _redeem(reward="rwd_mug"), shown, reason="")
        assert Redemption.objects.get().status == "pending"

    def test_a_refusal_is_a_sentence_and_changes_nothing(
        self, support: Client, environment: Environment
    ) -> None:
        factories.give(environment, 120)
        offer(environment, "rwd_tea", name="Tea")
        shown = show(support, _redeem(reward="rwd_tea"), reason="")
        actor, now = factories.make_actor(), timezone.now()
        spend(environment=environment, member="ada", points=50, reason=None, actor=actor, now=now)
        before = state_of_everything()
        answer = confirm(support, _redeem(reward="rwd_tea"), shown, reason="")
        assert answer.context["form"].non_field_errors() == ["70 points can be spent, 100 are needed."]
        assert state_of_everything() == before

    def test_what_it_gives_is_shown_and_owned(self, support: Client, environment: Environment) -> None:
        from loyalty.actions.inventory_sets import save_inventory_set
        from programs.models import InventorySet

        factories.give(environment, 120)
        owner = Program.objects.get(environment=environment)
        made = save_inventory_set(
            environment=factories.reload(environment),
            inventory_set=InventorySet(environment=environment, program=owner),
            actor=factories.make_actor(),
            changes={"title": "Badges"},
            items=[{"title": "Star"}],
        )
        offer(environment, "rwd_star", name="A star", kind="inventory_item", gives_item=made.items.get())
        shown = show(support, _redeem(reward="rwd_star"), reason="")
        assert shown.context["effect"]["gives"] == "Star of Badges"
        assert shown.context["effect"]["changes"] == ["Owns of Star (Badges): 0 → 1."]
        confirm(support, _redeem(reward="rwd_star"), shown, reason="")
        assert MemberItem.objects.get().quantity == 1
        assert [str(row.item) for row in support.get(_page()).context["owned"]] == ["Star"]

    def test_a_paused_program_is_told(self, support: Client, environment: Environment) -> None:
        factories.give(environment, 120)
        offer(environment, "rwd_tea", name="Tea")
        program = Program.objects.get(environment=environment)
        actor = factories.make_actor()
        configure(environment=environment, instance=program, actor=actor, changes={"status": "paused"})
        assert _offers(support) == {"rwd_tea": ["Its program is paused."]}
        before = state_of_everything()
        answer = show(support, _redeem(reward="rwd_tea"), reason="")
        assert answer.context["form"].non_field_errors() == ["Its program is paused."]
        assert state_of_everything() == before

    @pytest.mark.parametrize("reward", ["rwd_unknown", "rwd_theirs"])
    def test_a_reward_that_is_not_ours_is_not_there(
        self, support: Client, environment: Environment, theirs: Tenant, reward: str
    ) -> None:
        factories.give(environment, 120)
        offer(theirs.environment, "rwd_theirs", name="Theirs")
        before = state_of_everything()
        for method in (support.get, support.post):
            answer = method(_redeem(reward=reward))
            assert (answer.status_code, answer["Location"]) == (302, _redeem())
        assert "Theirs" not in _text(support.get(_redeem()))
        assert state_of_everything() == before


def test_an_analyst_may_not_redeem(login: Any, environment: Environment) -> None:
    factories.give(environment, 120)
    offer(environment, "rwd_tea", name="Tea")
    analyst = login(environment, "analyst")
    before = state_of_everything()
    assert analyst.get(_redeem()).status_code == 403
    sent = {"step": "confirm", "token": "t", "reason": ""}
    assert analyst.post(_redeem(reward="rwd_tea"), sent).status_code == 403
    assert state_of_everything() == before


def test_another_tenants_member_is_not_there(support: Client, theirs: Tenant) -> None:
    member = theirs.rows[Member]
    answer = support.get(url_of("admin:loyalty_member_redeem", args=[member.pk]))
    assert answer["Location"] == url_of("admin:loyalty_member_changelist")


def test_looking_at_the_catalogue_changes_nothing(support: Client, environment: Environment) -> None:
    factories.give(environment, 120)
    offer(environment, "rwd_tea", name="Tea")
    before = state_of_everything()
    for url in (_redeem(), _redeem(reward="rwd_tea"), _page()):
        assert support.get(url).status_code == 200
    assert state_of_everything() == before
