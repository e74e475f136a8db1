"""The timeline of the member page: what each line says, and that nothing is told twice."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from loyalty.actions.erasing import erase_member
from loyalty.actions.exporting import export
from loyalty.actions.fulfilment import cancel, fail, fulfil
from loyalty.actions.holds import capture_hold, hold_points, release_hold
from loyalty.actions.members import update_member
from loyalty.actions.merging import merge_members
from loyalty.actions.points import adjust
from loyalty.actions.referrals import refer, referral_code_of
from loyalty.actions.resending import resend_code
from loyalty.actions.stamps import pay_stamp_reward
from loyalty.actions.tills import use_code
from loyalty.admin.member_timeline import TimelineShown
from loyalty.models import AdjustmentRequest, Member, Redemption
from programs.actions.milestones import save_milestone_set
from programs.models import Environment, Metric, MilestoneSet, Program
from tests import factories
from tests.console.challenged import active_week, happened
from tests.console.redeemed import MUG, TEN, buy, offer
from tests.console.stamp_forms import full_card, refund

pytestmark = pytest.mark.django_db


def page_of(client: Client, name: str = "ada", **query: str) -> Any:
    member = Member.objects.get(external_id=name)
    return client.get(reverse("admin:loyalty_member_change", args=[member.pk]), query)


def said(client: Client, name: str = "ada", **query: str) -> list[str]:
    """Each line as it is read, the newest first: of points what moved, of everything else its sentence."""
    timeline: TimelineShown = page_of(client, name, **query).context["timeline"]
    found = []
    for shown in timeline.lines:
        if shown.told is None:
            assert shown.line.ledger
            found.append(str(shown.line.ledger.entry))
        else:
            parts = [shown.told.what, shown.told.more, shown.told.note]
            found.append(" | ".join(" ".join(strip_tags(str(part)).split()) for part in parts if part))
    return found


def _now(environment: Environment) -> dict[str, Any]:
    return {
        "environment": factories.reload(environment),
        "actor": factories.staff_actor("olga"),
        "now": timezone.now(),
    }


class TestEvents:
    def test_what_it_gave_is_told_with_it_and_what_gave_nothing_says_why(
        self, support: Client, environment: Environment
    ) -> None:
        factories.make_rule(environment, condition={"field": "data.amount", "op": "gte", "value": "50"})
        factories.report(environment, "order-1", data={"amount": "59.90", "currency": "GBP"})
        factories.report(environment, "order-2", data={"amount": "10.00", "currency": "GBP"})
        factories.report(environment, "visit-1", type="shop_visit", data={})
        assert said(support) == [
            "Shop visit | no points: no rule for events of this type was in force",
            "Purchase of £10.00 | no points: 1 point per £1 – did not match",
            "Earned +59",
        ]
        assert said(support, kind="events") == [
            *said(support)[:2],
            "Purchase of £59.90 | gave +59 Points",
        ]

    def test_the_cause_is_linked_and_why_opens_its_explanation(
        self, support: Client, environment: Environment
    ) -> None:
        rule = factories.make_rule(environment)
        event = factories.report(environment, "order-1").event
        page = page_of(support).content.decode()
        assert f'href="{reverse("admin:programs_earningrule_change", args=[rule.pk])}"' in page
        why = f"{reverse('admin:loyalty_event_change', args=[event.pk])}#why"
        assert page.count(why) == 1
        answer = support.get(why.partition("#")[0]).content.decode()
        assert 'id="why"' in answer
        assert "1 point per £1" in answer

    def test_of_several_verdicts_the_one_that_says_most_is_told(
        self, support: Client, environment: Environment
    ) -> None:
        never = {"field": "data.amount", "op": "gte", "value": "5000"}
        factories.make_rule(environment, name="Big ones", condition=never)
        factories.make_rule(environment, name="Visits", caps=[{"per": "ever", "times": 1}])
        factories.report(environment, "order-1")
        factories.report(environment, "order-2")
        assert said(support)[0] == "Purchase of 59.90 | no points: Visits – cap reached, and 1 other rule"

    def test_a_refund_is_told_with_what_it_takes_back(
        self, support: Client, environment: Environment
    ) -> None:
        factories.make_rule(environment)
        factories.report(environment, "order-1")
        factories.report(
            environment, "refund-1", type="refund", data={"purchase": "order-1", "amount": "59.90"}
        )
        factories.report(environment, "order-2", data={"amount": "0.10"})
        factories.report(
            environment, "refund-2", type="refund", data={"purchase": "order-2", "amount": "0.10"}
        )
        assert said(support)[-2:] == ["Reversed -59", "Earned +59"]
        assert said(support)[0] == "Refund of 0.10 | took nothing back"


class TestRedemptions:
    def test_one_line_each_for_what_was_bought_and_what_became_of_it(
        self, support: Client, environment: Environment
    ) -> None:
        offer(environment, "rwd_mug", **MUG)
        offer(environment, "rwd_ten", **TEN)
        mug = buy(environment, "rwd_mug")
        ten = buy(environment, "rwd_ten")
        assert said(support) == ["Redeemed -100", "Earned +100", "Redeemed -100", "Earned +100"]
        fulfil(redemption=mug.pk, note="At the desk", **_now(environment))
        resend_code(redemption=ten.pk, note="By post", **_now(environment))
        code = Redemption.objects.get(pk=ten.pk).issued_code
        assert code
        assert code.code
        use_code(code=code.code, place="Till 7", **_now(environment))
        assert said(support)[:3] == [
            "The code of Ten off was used | at Till 7",
            "The code of Ten off was shown again | By post",
            "Mug was handed over | At the desk",
        ]
        assert said(support, kind="redemptions")[3:] == [
            "Ten off was handed over",
            "Redeemed Ten off | for 100 Points",
            "Redeemed Mug | for 100 Points",
        ]

    def test_what_is_given_back_is_told_with_its_points_and_what_was_free_alone(
        self, support: Client, environment: Environment
    ) -> None:
        offer(environment, "rwd_mug", **MUG)
        offer(environment, "rwd_free", **MUG | {"name": "Early access", "points": 0})
        mug, free = buy(environment, "rwd_mug"), buy(environment, "rwd_free")
        cancel(redemption=mug.pk, reason="Changed their mind", **_now(environment))
        fail(redemption=free.pk, reason="Out of order", **_now(environment))
        assert said(support) == [
            "Early access failed | Out of order",
            "Reversed +100",
            "Redeemed Early access | at no cost",
            "Earned +100",
            "Redeemed -100",
            "Earned +100",
        ]
        assert "back from" in page_of(support).content.decode()
        assert said(support, kind="redemptions")[1] == "Mug was cancelled | Changed their mind"


def test_holds_are_told_from_their_beginning_to_their_end(support: Client, environment: Environment) -> None:
    factories.give(environment, 100)
    common = _now(environment)

    def hold(points: int, **options: Any) -> Any:
        return hold_points(member="ada", points=points, reason=f"Order {points}", **{**common, **options})

    captured, released = hold(10), hold(20)
    hold(30, expires_at=common["now"] + timedelta(seconds=1))
    capture_hold(hold=captured.pk, reason="Sent", **common)
    release_hold(hold=released.pk, **common)
    factories.give(environment, 1, now=common["now"] + timedelta(minutes=1))
    assert said(support) == [
        "30 Points free again: the hold ran out",
        "Earned +1",
        "20 Points let go from a hold",
        "Redeemed -10",
        "30 Points put on hold | Order 30",
        "20 Points put on hold | Order 20",
        "10 Points put on hold | Order 10",
        "Earned +100",
    ]
    assert said(support, kind="points") == said(support)
    assert "captured from a hold" in page_of(support).content.decode()


def test_stamps_cards_and_what_full_ones_gave(support: Client, environment: Environment) -> None:
    gave = full_card(environment)
    assert said(support) == [
        "A full card of Coffee Rewards gave £3.20",
        "1 stamp on Coffee Rewards | 0 on the card then",
        "1 stamp on Coffee Rewards | 1 on the card then",
        "Joined Coffee Rewards",
    ]
    assert said(support, kind="stamps") == said(support)
    refund(environment, f"ada-{gave.stamp_program.public_id[-6:]}-1", "ada")
    assert said(support)[:2] == [
        "£3.20 of Coffee Rewards was taken back",
        "1 stamp taken back from Coffee Rewards | 1 on the card then",
    ]
    paid = full_card(environment, "bob", stamp_program=gave.stamp_program)
    pay_stamp_reward(reward=paid.pk, reference="BACS 7", **_now(environment) | {"environment": environment})
    assert said(support, "bob")[0] == "£3.20 of Coffee Rewards was paid | BACS 7"


def test_challenges_missions_items_and_milestones(support: Client, environment: Environment) -> None:
    metric = Metric.objects.get(environment=environment, code="points")
    save_milestone_set(
        environment=factories.reload(environment),
        milestone_set=MilestoneSet(environment=environment, metric=metric, public_id="ms_club"),
        milestones=[{"id": "hundred", "title": "A hundred", "threshold": 100}],
        changes={"title": "Club", "metric": metric},
        actor=factories.make_actor(),
    )
    active_week(environment)
    happened(environment, "visit-1", "visit")
    assert said(support) == ["Visit | no points; it counts towards 1 mission"]
    happened(environment, "walk-1", "walk", km="20")
    happened(environment, "visit-2", "visit")
    happened(environment, "visit-3", "visit")
    lines = said(support)
    assert set(lines[:6]) == {
        "A hundred of Club reached",
        "Bonus +150",
        "Challenge Active week completed",
        "Mission “Come three times” of Active week completed",
        "Got Crown",
        "Got Free tea",
    }
    assert lines[6:] == [
        "Visit | no points; it counts towards 1 mission",
        "Mission “Walk 20 km” of Active week completed",
        "Visit | no points; it counts towards 1 mission",
    ]
    assert set(said(support, kind="challenges")) == {
        *(line for line in lines if "Visit" not in line and "Bonus" not in line)
    }


def test_levels_are_told_with_the_one_before(support: Client, environment: Environment) -> None:
    factories.make_ladder(environment, ("silver", "50"), ("gold", "100"))
    factories.make_rule(environment)
    factories.report(environment, "order-1")
    factories.report(environment, "order-2")
    levels = said(support, kind="levels")
    assert levels == ["Gold reached in Default program | before: Silver", "Silver reached in Default program"]
    assert [line for line in said(support) if "reached" in line] == levels


class TestTheMember:
    def test_what_staff_changed_and_took(self, support: Client, environment: Environment) -> None:
        factories.make_member(environment, attributes={"city": "Paris"})
        common = _now(environment)
        update_member(member="ada", attributes={"city": "Rome", "vip": True}, **common)
        update_member(member="ada", status="frozen", **common)
        update_member(member="ada", status="active", **common)
        export(member="ada", **common)
        assert said(support) == [
            "All that is kept of the member was exported",
            "Active again",
            "Frozen",
            "Attributes changed | city: Paris → Rome · vip: – → yes",
        ]
        assert said(support, kind="member") == said(support)
        assert "staff olga" in page_of(support).content.decode()

    def test_who_referred_them_and_whose_points_went_over(
        self, support: Client, environment: Environment
    ) -> None:
        for name in ("ada", "bob"):
            factories.make_member(environment, name)
        common = _now(environment)
        code = referral_code_of(member="ada", **common)
        refer(member="bob", code=code.code, **common)
        assert said(support) == ["A referral code was made"]
        assert said(support, "bob") == ["Came through the referral code of ada"]
        factories.give(environment, 30, "bob")
        merge_members(member="bob", into="ada", reason="One person", **common)
        assert said(support, "bob")[:2] == ["Transferred -30", "Merged into ada | One person"]
        assert "bob was merged into this member | One person" in said(support)
        assert said(support, kind="member")[0] == "bob was merged into this member | One person"
        assert said(support, kind="points") == ["Transferred +30"]

    def test_an_adjustment_that_a_second_person_approved_is_one_line_with_both(
        self, login: Any, support: Client, environment: Environment
    ) -> None:
        Program.objects.filter(environment=environment).update(adjustment_limit=100)
        member = factories.make_member(environment)
        url = reverse("admin:loyalty_member_adjust", args=[member.pk])
        entered = {"metric": "points", "points": "500", "reason": "goodwill", "note": "A flood"}
        for _ in range(2):
            shown = support.post(url, entered | {"step": "effect"})
            kept = {name: shown.context[name] for name in ("token", "seen")}
            support.post(url, entered | kept | {"step": "confirm", "approval": "1"})
        first, second = AdjustmentRequest.objects.order_by("id")
        operator = login(environment, "operator")
        for request, decision in ((first, "approve"), (second, "reject")):
            decide = reverse("admin:loyalty_adjustmentrequest_decide", args=[request.pk])
            operator.post(decide, {"decision": decision, "note": "Seen", "member": str(member.pk)})
        asked = "An adjustment by +500 Points was asked for; it needs a second person | Goodwill | A flood"
        assert said(support) == [
            "An adjustment by +500 Points was refused | Goodwill | Seen",
            "Adjusted +500",
            asked,
            asked,
        ]
        page = page_of(support).content.decode()
        first.refresh_from_db()
        assert f"asked for by {first.requested_by}, approved by {first.decided_by}" in page


def test_what_was_erased_leaves_lines_without_anything_personal(login: Any, environment: Environment) -> None:
    factories.make_rule(environment)
    factories.report(environment, "order-1")
    factories.report(environment, "hello", type="hello", data={"name": "Ada Lovelace"})
    common = _now(environment)
    update_member(member="ada", attributes={"name": "Ada Lovelace"}, **common)
    adjust(member="ada", points=5, reason="goodwill", note="Ada is nice", **common)
    member = Member.objects.get(external_id="ada")
    erase_member(member="ada", **common)
    url = reverse("admin:loyalty_member_change", args=[member.pk])
    page = login(environment, "owner").get(url)
    text = re.sub(r"\s+", " ", page.content.decode())
    assert "Lovelace" not in text
    assert "is nice" not in text
    assert "no points; its explanation is erased" in text
    assert "Erased, with all personal data" in text
    assert "Earned" in text
