"""Redemptions are listed, found and read; support fulfils, fails, cancels, uses and resends, each shown first."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse as url_of
from django.utils import timezone

from audit.ids import public
from audit.models import AuditEvent
from loyalty.actions.clock import set_clock
from loyalty.actions.fulfilment import cancel, fulfil
from loyalty.actions.tills import use_code
from loyalty.models import Account, LedgerEntry, MemberItem, MemberTier, Redemption, RewardCode, RewardStock
from programs.actions.inventory import configure_inventory_set
from programs.models import Environment, InventoryItem, InventorySet, Metric, Program, Tier
from tests import factories
from tests.console.deeds import confirm, show, told
from tests.console.redeemed import MUG, TEN, buy, fill, offer
from tests.console.tenants import Tenant, state_of_everything

pytestmark = pytest.mark.django_db

LIST = url_of("admin:loyalty_redemption_changelist")
PAGES = ("fulfil", "fail", "cancel", "use", "resend")


@pytest.fixture
def support(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "support")
    return client


@pytest.fixture
def mug(environment: Environment) -> Redemption:
    """One that waits."""
    offer(environment, "rwd_mug", **MUG)
    return buy(environment, "rwd_mug")


@pytest.fixture
def ten(environment: Environment) -> Redemption:
    """One that was fulfilled at once, with a code."""
    offer(environment, "rwd_ten", **TEN)
    return buy(environment, "rwd_ten", "bob")


def _url(redemption: Redemption, name: str = "change") -> str:
    return url_of(f"admin:loyalty_redemption_{name}", args=[redemption.pk])


def _text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def _act(client: Client, redemption: Redemption, name: str, **entered: str) -> Any:
    url = _url(redemption, name)
    return confirm(client, url, show(client, url, **entered), **entered)


def _balance(member: str) -> int:
    return Account.objects.get(member__external_id=member, metric__code="points").balance


class TestList:
    @pytest.fixture(autouse=True)
    def both(self, mug: Redemption, ten: Redemption) -> None:
        self.mug, self.ten = mug, ten

    def _found(self, client: Client, **query: str) -> list[Redemption]:
        return list(client.get(LIST, query).context["cl"].result_list)

    def test_filters_by_status_reward_kind_and_period(self, support: Client) -> None:
        today, tomorrow = (f"{timezone.now() + timedelta(days=n):%Y-%m-%d}" for n in (0, 1))
        for query, expected in (
            ({}, [self.ten, self.mug]),
            ({"status": "pending"}, [self.mug]),
            ({"status": "fulfilled"}, [self.ten]),
            ({"status": "failed"}, []),
            ({"reward": "rwd_ten"}, [self.ten]),
            ({"kind": "free_product"}, [self.mug]),
            ({"occurred_at_from": today}, [self.ten, self.mug]),
            ({"occurred_at_from": tomorrow}, []),
        ):
            assert self._found(support, **query) == expected, query

    def test_finds_by_code_as_it_may_be_typed_by_member_and_by_id(self, support: Client) -> None:
        code = str(self.ten.issued_code)
        for term, expected in (
            (code, [self.ten]),
            (f" {code.lower()} ", [self.ten]),
            (code[:-1], []),
            ("bob", [self.ten]),
            (public("red", self.mug.pk), [self.mug]),
        ):
            assert self._found(support, q=term) == expected, term

    def test_analysts_see_the_end_of_a_code(self, support: Client, login: Any) -> None:
        code = str(self.ten.issued_code)
        analyst = login(self.ten.reward.environment, "analyst")
        for url in (LIST, _url(self.ten)):
            assert code in _text(support.get(url))
            text = _text(analyst.get(url))
            assert code not in text
            assert f"•••••{code[-3:]}" in text

    def test_nobody_does_in_the_audit_trail(self, support: Client) -> None:
        event = AuditEvent.objects.get(verb="redemption.created", object_id=public("red", self.ten.pk))
        url = url_of("admin:audit_auditevent_change", args=[event.pk])
        text = _text(support.get(url))
        assert str(self.ten.issued_code) not in text
        assert url_of("admin:loyalty_redemption_change", args=[public("red", self.ten.pk)]) in text


def test_the_page_says_who_what_for_how_much_and_what_became_of_it(
    support: Client, environment: Environment, ten: Redemption
) -> None:
    code = str(ten.issued_code)
    actor = factories.make_actor()
    use_code(environment=environment, code=code, place="Till 3", actor=actor, now=timezone.now())
    page = _text(support.get(_url(ten)))
    paid = LedgerEntry.objects.get(redemption_id=ten.pk)
    for part in (
        public("red", ten.pk),
        url_of("admin:loyalty_member_change", args=[ten.member_id]),
        "100 Points",
        "10% off",
        code,
        "Till 3",
        url_of("admin:loyalty_ledgerentry_change", args=[paid.pk]),
        "Redemption created",
        "its code was used",
    ):
        assert part in page, part
    assert [_url(ten, name) in page for name in PAGES] == [False] * 5


def test_by_redemption_id_as_others_tell_it(support: Client, mug: Redemption) -> None:
    answer = support.get(url_of("admin:loyalty_redemption_change", args=[public("red", mug.pk)]))
    assert answer.context["object"] == mug


class TestFulfilling:
    def test_is_shown_then_done_with_its_note(self, support: Client, mug: Redemption) -> None:
        before = state_of_everything()
        shown = show(support, _url(mug, "fulfil"), note="Parcel 12")
        assert shown.context["effect"]["purses"] == []
        assert state_of_everything() == before
        answer = confirm(support, _url(mug, "fulfil"), shown, note="Parcel 12")
        assert "Mug is fulfilled." in told(answer)
        mug.refresh_from_db()
        assert (mug.status, mug.note) == ("fulfilled", "Parcel 12")
        event = AuditEvent.objects.get(verb="redemption.fulfilled")
        assert (event.actor_kind, event.trace_id) == ("staff", "trace-77")

    def test_twice_is_once(self, support: Client, mug: Redemption) -> None:
        shown = show(support, _url(mug, "fulfil"), note="")
        confirm(support, _url(mug, "fulfil"), shown, note="")
        before = state_of_everything()
        assert "done already" in told(confirm(support, _url(mug, "fulfil"), shown, note=""))
        assert state_of_everything() == before

    def test_shows_what_the_reward_gives_then(self, support: Client, environment: Environment) -> None:
        coins = factories.make_metric(environment, "coins", title="Coins")
        gives = {"kind": "metric", "gives_metric": coins, "gives_points": 40, "fulfilment": "manual"}
        offer(environment, "rwd_coins", **gives)
        made = buy(environment, "rwd_coins")
        assert "40 Coins" in _text(support.get(_url(made)))
        shown = show(support, _url(made, "fulfil"), note="")
        assert [(p.metric.code, p.before, p.after) for p in shown.context["effect"]["purses"]] == [
            ("coins", 0, 40)
        ]
        confirm(support, _url(made, "fulfil"), shown, note="")
        assert Account.objects.get(metric=coins).balance == 40


class TestFailing:
    def test_gives_everything_back_as_shown(self, support: Client, mug: Redemption) -> None:
        before = state_of_everything()
        shown = show(support, _url(mug, "fail"), reason="Broken")
        effect = shown.context["effect"]
        (purse,) = effect["purses"]
        assert (purse.before, purse.after) == (0, 100)
        assert [(piece.kind, piece.change) for piece in purse.pieces] == [("given", 100)]
        assert effect["changes"] == ["Left in stock: 4 → 5."]
        assert state_of_everything() == before
        assert "100 Points are given back" in told(
            confirm(support, _url(mug, "fail"), shown, reason="Broken")
        )
        mug.refresh_from_db()
        assert (mug.status, mug.closed_reason, _balance("ada")) == ("failed", "Broken", 100)
        assert "Broken" in _text(support.get(_url(mug)))
        assert RewardStock.objects.get().taken == 0
        page = _text(support.get(_url(mug)))
        assert "Given back" in page
        assert _url(mug, "cancel") not in page

    def test_needs_a_reason(self, support: Client, mug: Redemption) -> None:
        before = state_of_everything()
        for step in ("effect", "confirm"):
            answer = support.post(_url(mug, "fail"), {"reason": " ", "step": step, "token": "t"})
            assert answer.context["form"].errors
        assert state_of_everything() == before


class TestCancelling:
    def test_gives_points_back_and_voids_the_code_as_shown(self, support: Client, ten: Redemption) -> None:
        code = str(ten.issued_code)
        shown = show(support, _url(ten, "cancel"), reason="Mistake")
        assert shown.context["effect"]["changes"] == [
            f"The code {code} becomes void: no till takes it any more."
        ]
        confirm(support, _url(ten, "cancel"), shown, reason="Mistake")
        assert (_balance("bob"), RewardCode.objects.get().status) == (100, "void")

    def test_a_code_of_a_pool_goes_back_to_it(self, support: Client, environment: Environment) -> None:
        pool = offer(environment, "rwd_pool", name="Coffee", code_source="pool")
        fill(environment, pool, "CAFE-1")
        made = buy(environment, "rwd_pool")
        shown = show(support, _url(made, "cancel"), reason="Mistake")
        assert shown.context["effect"]["changes"] == [
            "The code CAFE-1 goes back to the pool: somebody else may get it."
        ]
        confirm(support, _url(made, "cancel"), shown, reason="Mistake")
        assert RewardCode.objects.get().status == "available"

    def test_takes_back_the_tier_and_the_item_as_shown(
        self, support: Client, environment: Environment
    ) -> None:
        factories.make_ladder(environment, ("silver", "0"), ("gold", "5000"))
        inventory = configure_inventory_set(
            environment=factories.reload(environment),
            inventory_set=InventorySet(
                environment=environment, program=Program.objects.get(environment=environment)
            ),
            actor=factories.make_actor(),
            changes={"title": "Badges"},
            items=[{"title": "Star"}],
            is_used=lambda _item: False,
        )
        item = InventoryItem.objects.get(inventory_set=inventory)
        offer(environment, "rwd_gold", kind="tier_upgrade", gives_tier=Tier.objects.get(code="gold"))
        offer(environment, "rwd_star", kind="inventory_item", gives_item=item)
        gold, star = buy(environment, "rwd_gold"), buy(environment, "rwd_star")
        for made, sentence in (
            (gold, "Tier in Default program: Gold → Silver."),
            (star, "Owns of Star (Badges): 1 → 0."),
        ):
            shown = show(support, _url(made, "cancel"), reason="Mistake")
            assert shown.context["effect"]["changes"] == [sentence]
            confirm(support, _url(made, "cancel"), shown, reason="Mistake")
        assert MemberTier.objects.get().tier == Tier.objects.get(code="silver")
        assert MemberItem.objects.get().quantity == 0

    def test_takes_back_what_was_given_from_its_own_lot_first(
        self, support: Client, environment: Environment
    ) -> None:
        coins = factories.make_metric(environment, "coins", title="Coins")
        offer(environment, "rwd_coins", kind="metric", gives_metric=coins, gives_points=40)
        made = buy(environment, "rwd_coins")
        shown = show(support, _url(made, "cancel"), reason="Mistake")
        figures = {p.metric.code: (p.before, p.after) for p in shown.context["effect"]["purses"]}
        pieces = [(q.kind, q.change) for p in shown.context["effect"]["purses"] for q in p.pieces]
        assert figures == {"points": (0, 100), "coins": (40, 0)}
        assert sorted(pieces) == [("given", 100), ("own", -40)]
        confirm(support, _url(made, "cancel"), shown, reason="Mistake")
        assert (_balance("ada"), Account.objects.get(metric=coins).balance) == (100, 0)

    def test_what_changed_since_is_shown_again(
        self, support: Client, environment: Environment, ten: Redemption
    ) -> None:
        shown = show(support, _url(ten, "cancel"), reason="Mistake")
        factories.give(environment, 7, "bob")
        again = confirm(support, _url(ten, "cancel"), shown, reason="Mistake")
        assert "Something has changed" in told(again)
        assert again.context["effect"]["purses"][0].after == 107
        ten.refresh_from_db()
        assert ten.status == "fulfilled"

    def test_a_used_code_is_told_with_when_and_where(
        self, support: Client, environment: Environment, ten: Redemption
    ) -> None:
        shown = show(support, _url(ten, "cancel"), reason="Mistake")
        actor, now = factories.make_actor(), timezone.now()
        use_code(environment=environment, code=str(ten.issued_code), place="Till 3", actor=actor, now=now)
        before = state_of_everything()
        answer = confirm(support, _url(ten, "cancel"), shown, reason="Mistake")
        (error,) = answer.context["form"].non_field_errors()
        assert error.startswith("Its code was used on ")
        assert "at Till 3" in error
        assert "its code was used" in told(support.get(_url(ten, "cancel")))
        assert state_of_everything() == before

    def test_an_expired_code_is_told(
        self, support: Client, environment: Environment, ten: Redemption
    ) -> None:
        later = timezone.now() + timedelta(days=31)
        set_clock(environment=environment, clock=later, actor=factories.make_actor())
        before = state_of_everything()
        assert "its code has expired" in told(support.get(_url(ten, "cancel")))
        answer = show(support, _url(ten, "cancel"), reason="Mistake")
        assert "Its code expired on" in answer.context["form"].non_field_errors()[0]
        assert "expired" in told(support.get(_url(ten, "use")))
        assert _url(ten, "use") not in _text(support.get(_url(ten)))
        assert state_of_everything() == before

    def test_somebody_was_faster(self, support: Client, environment: Environment, mug: Redemption) -> None:
        shown = show(support, _url(mug, "fulfil"), note="")
        actor, now = factories.make_actor(), timezone.now()
        cancel(environment=environment, redemption=mug.pk, actor=actor, now=now)
        before = state_of_everything()
        answer = confirm(support, _url(mug, "fulfil"), shown, note="")
        assert answer.context["form"].non_field_errors() == ["It was cancelled; everything is given back."]
        for name in ("fulfil", "fail", "cancel"):
            assert "It was cancelled" in told(support.get(_url(mug, name)))
        assert state_of_everything() == before


class TestUsing:
    def test_at_a_till_as_shown(self, support: Client, ten: Redemption) -> None:
        shown = show(support, _url(ten, "use"), place="Till 3")
        assert shown.context["effect"]["changes"] == [
            f"The code {ten.issued_code} counts as used from now on: no till takes it a second time."
        ]
        answer = confirm(support, _url(ten, "use"), shown, place="Till 3")
        assert f"The code {ten.issued_code} is used (10% off)." in told(answer)
        code = RewardCode.objects.get()
        assert (code.status, code.used_place) == ("used", "Till 3")
        assert "was used on" in told(support.get(_url(ten, "use")))

    def test_fulfils_what_waits(self, support: Client, environment: Environment) -> None:
        offer(environment, "rwd_both", **(TEN | {"fulfilment": "manual"}))
        made = buy(environment, "rwd_both")
        assert show(support, _url(made, "use"), place="").context["effect"]["becomes"] == "Fulfilled"
        _act(support, made, "use", place="")
        made.refresh_from_db()
        assert made.status == "fulfilled"

    def test_there_is_nothing_to_use_without_a_code(self, support: Client, mug: Redemption) -> None:
        for name in ("use", "resend"):
            assert support.get(_url(mug, name)).status_code == 302
            assert support.post(_url(mug, name), {"step": "confirm", "token": "t"}).status_code == 302


class TestResending:
    def test_offers_the_text_and_notes_that_it_was_sent(self, support: Client, ten: Redemption) -> None:
        code = ten.issued_code
        before = state_of_everything()
        shown = show(support, _url(ten, "resend"), note="By mail")
        assert shown.context["effect"]["text"].startswith(
            f"Your code for Ten off (10% off): {code}. It can be used until "
        )
        assert state_of_everything() == before
        confirm(support, _url(ten, "resend"), shown, note="By mail")
        event = AuditEvent.objects.get(verb="redemption.code_resent")
        assert (event.actor_kind, event.member_id, event.after) == (
            "staff",
            ten.member_id,
            {"status": "fulfilled", "reward": "rwd_ten", "note": "By mail"},
        )
        confirm(support, _url(ten, "resend"), shown, note="By mail")
        assert AuditEvent.objects.filter(verb="redemption.code_resent").count() == 1
        assert "By mail" in _text(support.get(_url(ten)))

    def test_is_refused_of_a_void_code(
        self, support: Client, environment: Environment, ten: Redemption
    ) -> None:
        actor, now = factories.make_actor(), timezone.now()
        cancel(environment=environment, redemption=ten.pk, actor=actor, now=now)
        before = state_of_everything()
        assert "cancelled" in told(support.get(_url(ten, "resend")))
        assert show(support, _url(ten, "resend"), note="By mail").context["form"].errors
        assert state_of_everything() == before


def test_an_analyst_reads_and_may_do_nothing(login: Any, environment: Environment, mug: Redemption) -> None:
    analyst = login(environment, "analyst")
    page = _text(analyst.get(_url(mug)))
    assert "Mug" in page
    before = state_of_everything()
    for name in PAGES:
        assert _url(mug, name) not in page
        assert analyst.get(_url(mug, name)).status_code == 403
        assert analyst.post(_url(mug, name), {"step": "confirm", "token": "t"}).status_code == 403
    assert state_of_everything() == before


@pytest.mark.parametrize("name", ["change", *PAGES])
def test_another_tenants_redemption_does_not_exist(support: Client, theirs: Tenant, name: str) -> None:
    answer = support.get(_url(Redemption.objects.get(pk=theirs.rows[Redemption].pk), name))
    assert answer.status_code == 302
    assert answer["Location"] == LIST


def test_looking_changes_nothing(support: Client, mug: Redemption, ten: Redemption) -> None:
    before = state_of_everything()
    for made in (mug, ten):
        for name in ("change", *PAGES):
            assert support.get(_url(made, name)).status_code in (200, 302)
    assert support.get(LIST).status_code == 200
    assert state_of_everything() == before


def test_an_erased_members_redemption_shows_no_code_and_no_button(
    support: Client, environment: Environment, ten: Redemption
) -> None:
    from loyalty.actions.erasing import erase_member

    code = str(ten.issued_code)
    actor, now = factories.make_actor(), timezone.now()
    erase_member(environment=environment, member="bob", actor=actor, now=now)
    page = _text(support.get(_url(ten)))
    assert code not in page
    assert [_url(ten, name) in page for name in PAGES] == [False] * 5


class TestInTheLedger:
    def test_entries_name_their_redemption(self, support: Client, ten: Redemption) -> None:
        paid = LedgerEntry.objects.get(redemption_id=ten.pk)
        url = url_of("admin:loyalty_ledgerentry_change", args=[paid.pk])
        assert f'Redeemed for</dt><dd><a href="{_url(ten)}">Ten off</a>' in _text(support.get(url))

    def test_a_reversal_leads_to_the_cancellation(self, support: Client, ten: Redemption) -> None:
        paid = LedgerEntry.objects.get(redemption_id=ten.pk)
        url = url_of("admin:loyalty_ledgerentry_change", args=[paid.pk])
        assert _url(ten, "cancel") in _text(support.get(url))
        before = state_of_everything()
        answer = support.get(url_of("admin:loyalty_ledgerentry_reverse", args=[paid.pk]))
        assert "Cancel the redemption instead" in told(answer)
        assert state_of_everything() == before

    def test_what_took_it_back_names_it_too(
        self, support: Client, environment: Environment, mug: Redemption
    ) -> None:
        _act(support, mug, "fail", reason="Broken")
        back = LedgerEntry.objects.get(type="reversed")
        page = _text(support.get(url_of("admin:loyalty_ledgerentry_change", args=[back.pk])))
        assert f'<a href="{_url(mug)}">Mug</a>, which failed' in page
        paid = LedgerEntry.objects.get(redemption_id=mug.pk, reverses=None)
        page = _text(support.get(url_of("admin:loyalty_ledgerentry_change", args=[paid.pk])))
        assert "All of it has been reversed already." in page

    def test_the_timeline_says_what_points_were_spent_on(self, support: Client, ten: Redemption) -> None:
        page = _text(support.get(url_of("admin:loyalty_member_change", args=[ten.member_id])))
        assert f'for <a href="{_url(ten)}">Ten off</a>' in page


def test_the_trail_of_what_support_did_leads_back_here(support: Client, mug: Redemption) -> None:
    actor, now = factories.make_actor(), timezone.now()
    fulfil(environment=mug.reward.environment, redemption=mug.pk, note="Parcel 1", actor=actor, now=now)
    event = AuditEvent.objects.get(verb="redemption.fulfilled")
    page = _text(support.get(_url(mug)))
    assert url_of("admin:audit_auditevent_change", args=[event.pk]) in page
    assert "Parcel 1" in page
    assert Metric.objects.get(environment=mug.reward.environment).title in page
