"""Support fulfils, fails, cancels, uses and resends redemptions; each is shown before it is done."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from loyalty.actions.clock import set_clock
from loyalty.actions.fulfilment import cancel
from loyalty.actions.tills import use_code
from loyalty.models import Account, MemberItem, MemberTier, Redemption, RewardCode, RewardStock
from programs.actions.inventory import configure_inventory_set
from programs.models import Environment, InventoryItem, InventorySet, Program, Tier
from tests import factories
from tests.console.deeds import confirm, show, told
from tests.console.redeemed import TEN, act, buy, fill, offer, text_of, url_of
from tests.console.tenants import state_of_everything

pytestmark = pytest.mark.django_db


def _balance(member: str) -> int:
    return Account.objects.get(member__external_id=member, metric__code="points").balance


class TestFulfilling:
    def test_is_shown_then_done_with_its_note(self, support: Client, mug: Redemption) -> None:
        before = state_of_everything()
        shown = show(support, url_of(mug, "fulfil"), note="Parcel 12")
        assert shown.context["effect"]["purses"] == []
        assert state_of_everything() == before
        answer = confirm(support, url_of(mug, "fulfil"), shown, note="Parcel 12")
        assert "Mug is fulfilled." in told(answer)
        mug.refresh_from_db()
        assert (mug.status, mug.note) == ("fulfilled", "Parcel 12")
        event = AuditEvent.objects.get(verb="redemption.fulfilled")
        assert (event.actor_kind, event.trace_id) == ("staff", "trace-77")

    def test_twice_is_once(self, support: Client, mug: Redemption) -> None:
        shown = show(support, url_of(mug, "fulfil"), note="")
        confirm(support, url_of(mug, "fulfil"), shown, note="")
        before = state_of_everything()
        assert "done already" in told(confirm(support, url_of(mug, "fulfil"), shown, note=""))
        assert state_of_everything() == before

    def test_shows_what_the_reward_gives_then(self, support: Client, environment: Environment) -> None:
        coins = factories.make_metric(environment, "coins", title="Coins")
        gives = {"kind": "metric", "gives_metric": coins, "gives_points": 40, "fulfilment": "manual"}
        offer(environment, "rwd_coins", **gives)
        made = buy(environment, "rwd_coins")
        assert "40 Coins" in text_of(support.get(url_of(made)))
        shown = show(support, url_of(made, "fulfil"), note="")
        assert [(p.metric.code, p.before, p.after) for p in shown.context["effect"]["purses"]] == [
            ("coins", 0, 40)
        ]
        confirm(support, url_of(made, "fulfil"), shown, note="")
        assert Account.objects.get(metric=coins).balance == 40


class TestFailing:
    def test_gives_everything_back_as_shown(self, support: Client, mug: Redemption) -> None:
        before = state_of_everything()
        shown = show(support, url_of(mug, "fail"), reason="Broken")
        effect = shown.context["effect"]
        (purse,) = effect["purses"]
        assert (purse.before, purse.after) == (0, 100)
        assert [(piece.kind, piece.change) for piece in purse.pieces] == [("given", 100)]
        assert effect["changes"] == ["Left in stock: 4 → 5."]
        assert state_of_everything() == before
        assert "100 Points are given back" in told(
            confirm(support, url_of(mug, "fail"), shown, reason="Broken")
        )
        mug.refresh_from_db()
        assert (mug.status, mug.closed_reason, _balance("ada")) == ("failed", "Broken", 100)
        assert "Broken" in text_of(support.get(url_of(mug)))
        assert RewardStock.objects.get().taken == 0
        page = text_of(support.get(url_of(mug)))
        assert "Given back" in page
        assert url_of(mug, "cancel") not in page

    def test_needs_a_reason(self, support: Client, mug: Redemption) -> None:
        before = state_of_everything()
        for step in ("effect", "confirm"):
            answer = support.post(url_of(mug, "fail"), {"reason": " ", "step": step, "token": "t"})
            assert answer.context["form"].errors
        assert state_of_everything() == before


class TestCancelling:
    def test_gives_points_back_and_voids_the_code_as_shown(self, support: Client, ten: Redemption) -> None:
        code = str(ten.issued_code)
        shown = show(support, url_of(ten, "cancel"), reason="Mistake")
        assert shown.context["effect"]["changes"] == [
            f"The code {code} becomes void: no till takes it any more."
        ]
        confirm(support, url_of(ten, "cancel"), shown, reason="Mistake")
        assert (_balance("bob"), RewardCode.objects.get().status) == (100, "void")

    def test_a_code_of_a_pool_goes_back_to_it(self, support: Client, environment: Environment) -> None:
        pool = offer(environment, "rwd_pool", name="Coffee", code_source="pool")
        fill(environment, pool, "CAFE-1")
        made = buy(environment, "rwd_pool")
        shown = show(support, url_of(made, "cancel"), reason="Mistake")
        assert shown.context["effect"]["changes"] == [
            "The code CAFE-1 goes back to the pool: somebody else may get it."
        ]
        confirm(support, url_of(made, "cancel"), shown, reason="Mistake")
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
            shown = show(support, url_of(made, "cancel"), reason="Mistake")
            assert shown.context["effect"]["changes"] == [sentence]
            confirm(support, url_of(made, "cancel"), shown, reason="Mistake")
        assert MemberTier.objects.get().tier == Tier.objects.get(code="silver")
        assert MemberItem.objects.get().quantity == 0

    def test_takes_back_what_was_given_from_its_own_lot_first(
        self, support: Client, environment: Environment
    ) -> None:
        coins = factories.make_metric(environment, "coins", title="Coins")
        offer(environment, "rwd_coins", kind="metric", gives_metric=coins, gives_points=40)
        made = buy(environment, "rwd_coins")
        shown = show(support, url_of(made, "cancel"), reason="Mistake")
        figures = {p.metric.code: (p.before, p.after) for p in shown.context["effect"]["purses"]}
        pieces = [(q.kind, q.change) for p in shown.context["effect"]["purses"] for q in p.pieces]
        assert figures == {"points": (0, 100), "coins": (40, 0)}
        assert sorted(pieces) == [("given", 100), ("own", -40)]
        confirm(support, url_of(made, "cancel"), shown, reason="Mistake")
        assert (_balance("ada"), Account.objects.get(metric=coins).balance) == (100, 0)

    def test_what_changed_since_is_shown_again(
        self, support: Client, environment: Environment, ten: Redemption
    ) -> None:
        shown = show(support, url_of(ten, "cancel"), reason="Mistake")
        factories.give(environment, 7, "bob")
        again = confirm(support, url_of(ten, "cancel"), shown, reason="Mistake")
        assert "Something has changed" in told(again)
        assert again.context["effect"]["purses"][0].after == 107
        ten.refresh_from_db()
        assert ten.status == "fulfilled"

    def test_a_used_code_is_told_with_when_and_where(
        self, support: Client, environment: Environment, ten: Redemption
    ) -> None:
        shown = show(support, url_of(ten, "cancel"), reason="Mistake")
        actor, now = factories.make_actor(), timezone.now()
        use_code(environment=environment, code=str(ten.issued_code), place="Till 3", actor=actor, now=now)
        before = state_of_everything()
        answer = confirm(support, url_of(ten, "cancel"), shown, reason="Mistake")
        (error,) = answer.context["form"].non_field_errors()
        assert error.startswith("Its code was used on ")
        assert "at Till 3" in error
        assert "its code was used" in told(support.get(url_of(ten, "cancel")))
        assert state_of_everything() == before

    def test_an_expired_code_is_told(
        self, support: Client, environment: Environment, ten: Redemption
    ) -> None:
        later = timezone.now() + timedelta(days=31)
        set_clock(environment=environment, clock=later, actor=factories.make_actor())
        before = state_of_everything()
        assert "its code has expired" in told(support.get(url_of(ten, "cancel")))
        answer = show(support, url_of(ten, "cancel"), reason="Mistake")
        assert "Its code expired on" in answer.context["form"].non_field_errors()[0]
        assert "expired" in told(support.get(url_of(ten, "use")))
        assert url_of(ten, "use") not in text_of(support.get(url_of(ten)))
        assert state_of_everything() == before

    def test_somebody_was_faster(self, support: Client, environment: Environment, mug: Redemption) -> None:
        shown = show(support, url_of(mug, "fulfil"), note="")
        actor, now = factories.make_actor(), timezone.now()
        cancel(environment=environment, redemption=mug.pk, actor=actor, now=now)
        before = state_of_everything()
        answer = confirm(support, url_of(mug, "fulfil"), shown, note="")
        assert answer.context["form"].non_field_errors() == ["It was cancelled; everything is given back."]
        for name in ("fulfil", "fail", "cancel"):
            assert "It was cancelled" in told(support.get(url_of(mug, name)))
        assert state_of_everything() == before


class TestUsing:
    def test_at_a_till_as_shown(self, support: Client, ten: Redemption) -> None:
        shown = show(support, url_of(ten, "use"), place="Till 3")
        assert shown.context["effect"]["changes"] == [
            f"The code {ten.issued_code} counts as used from now on: no till takes it a second time."
        ]
        answer = confirm(support, url_of(ten, "use"), shown, place="Till 3")
        assert f"The code {ten.issued_code} is used (10% off)." in told(answer)
        code = RewardCode.objects.get()
        assert (code.status, code.used_place) == ("used", "Till 3")
        assert "was used on" in told(support.get(url_of(ten, "use")))

    def test_fulfils_what_waits(self, support: Client, environment: Environment) -> None:
        offer(environment, "rwd_both", **(TEN | {"fulfilment": "manual"}))
        made = buy(environment, "rwd_both")
        assert show(support, url_of(made, "use"), place="").context["effect"]["becomes"] == "Fulfilled"
        act(support, made, "use", place="")
        made.refresh_from_db()
        assert made.status == "fulfilled"

    def test_there_is_nothing_to_use_without_a_code(self, support: Client, mug: Redemption) -> None:
        for name in ("use", "resend"):
            assert support.get(url_of(mug, name)).status_code == 302
            assert support.post(url_of(mug, name), {"step": "confirm", "token": "t"}).status_code == 302


class TestResending:
    def test_offers_the_text_and_notes_that_it_was_sent(self, support: Client, ten: Redemption) -> None:
        code = ten.issued_code
        before = state_of_everything()
        shown = show(support, url_of(ten, "resend"), note="By mail")
        assert shown.context["effect"]["text"].startswith(
            f"Your code for Ten off (10% off): {code}. It can be used until "
        )
        assert state_of_everything() == before
        confirm(support, url_of(ten, "resend"), shown, note="By mail")
        event = AuditEvent.objects.get(verb="redemption.code_resent")
        assert (event.actor_kind, event.member_id, event.after) == (
            "staff",
            ten.member_id,
            {"status": "fulfilled", "reward": "rwd_ten", "note": "By mail"},
        )
        confirm(support, url_of(ten, "resend"), shown, note="By mail")
        assert AuditEvent.objects.filter(verb="redemption.code_resent").count() == 1
        assert "By mail" in text_of(support.get(url_of(ten)))

    def test_is_refused_of_a_void_code(
        self, support: Client, environment: Environment, ten: Redemption
    ) -> None:
        actor, now = factories.make_actor(), timezone.now()
        cancel(environment=environment, redemption=ten.pk, actor=actor, now=now)
        before = state_of_everything()
        assert "cancelled" in told(support.get(url_of(ten, "resend")))
        assert show(support, url_of(ten, "resend"), note="By mail").context["form"].errors
        assert state_of_everything() == before
