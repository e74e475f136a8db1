"""Stamp rewards are found, read, and marked as paid: one on its page, many from the queue."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from audit.ids import public
from audit.models import AuditEvent
from loyalty.actions.merging import merge_members
from loyalty.actions.stamps import pay_stamp_reward
from loyalty.admin import stamp_queue
from loyalty.models import StampReward
from programs.models import Environment
from tests import factories
from tests.console.deeds import confirm, show, told
from tests.console.redeemed import text_of
from tests.console.stamp_forms import full_card, refund
from tests.console.tenants import state_of_everything

pytestmark = pytest.mark.django_db

LIST = "/console/loyalty/stampreward/"
QUEUE = f"{LIST}queue/"


@pytest.fixture
def gave(environment: Environment) -> StampReward:
    """£3.20 to be paid to ada."""
    return full_card(environment)


def _url(reward: StampReward, name: str = "change") -> str:
    return reverse(f"admin:loyalty_stampreward_{name}", args=[reward.pk])


def _stored(reward: StampReward) -> tuple[str, str | None]:
    return StampReward.objects.values_list("status", "reference").get(pk=reward.pk)


def _pay(environment: Environment, reward: StampReward, reference: str | None = None) -> None:
    actor = factories.make_actor()
    pay_stamp_reward(
        environment=environment, reward=reward.pk, reference=reference, actor=actor, now=reward.issued_at
    )


def _revoke(environment: Environment, reward: StampReward) -> None:
    refund(environment, f"{reward.member}-{reward.stamp_program.public_id[-6:]}-1", str(reward.member))


class TestTheList:
    def test_finds_by_status_program_member_id_and_reference(
        self, support: Client, environment: Environment, gave: StampReward
    ) -> None:
        paid = full_card(environment, "bob", stamp_program=gave.stamp_program)
        other = full_card(environment, "cy", name="Tea")
        _pay(environment, paid, "BACS 7")

        def listed(**query: str) -> set[StampReward]:
            return set(support.get(LIST, query).context["cl"].result_list)

        assert listed() == {gave, paid, other}
        assert listed(status="issued") == {gave, other}
        assert listed(status="issued", stamp_program=gave.stamp_program.public_id) == {gave}
        assert listed(q="ada") == {gave}
        assert listed(q=public("sr", paid.pk)) == {paid}
        assert listed(q="BACS 7") == {paid}
        assert listed(q="BACS") == set()
        _pay(environment, gave, "bob")
        assert listed(q="bob") == {gave, paid}
        assert listed(q="bob", stamp_program=gave.stamp_program.public_id, status="issued") == set()

    def test_shows_amounts_as_money_and_the_status_in_words(
        self, support: Client, environment: Environment
    ) -> None:
        full_card(environment, currency="JPY", reward_kind="fixed-reward", reward_amount=500)
        text = text_of(support.get(LIST))
        assert "JPY 500" in text
        assert "To be paid" in text


class TestAReward:
    def test_shows_its_stamps_and_what_happened(self, support: Client, gave: StampReward) -> None:
        page = support.get(_url(gave))
        stamps = [(row.stamp.event.event_id[-1], row.price) for row in page.context["stamps"]]
        assert stamps == [("1", "£3.20"), ("2", "£3.20")]
        text = text_of(page)
        assert text.count("In this reward") == 2
        assert "£3.20 · the lowest price on the card" in text
        assert "Stamp reward issued" in text

    def test_a_revoked_one_shows_where_its_stamps_are_now(
        self, support: Client, environment: Environment, gave: StampReward
    ) -> None:
        _revoke(environment, gave)
        text = text_of(support.get(_url(gave)))
        assert (text.count("Returned</span>"), text.count("On the card")) == (1, 1)
        assert "a purchase was refunded before it was paid" in text

    def test_is_marked_as_paid_once_with_a_reference(
        self, support: Client, environment: Environment, gave: StampReward
    ) -> None:
        before = state_of_everything()
        shown = show(support, _url(gave, "pay"), reference="BACS 7")
        assert "£3.20" in text_of(shown)
        assert state_of_everything() == before
        answer = confirm(support, _url(gave, "pay"), shown, reference="BACS 7")
        assert told(answer).startswith("£3.20 for ada is marked as paid. <a ")
        assert f'href="{QUEUE}">Rewards to pay</a>' in told(answer)
        assert _stored(gave) == ("paid", "BACS 7")
        again = confirm(support, _url(gave, "pay"), shown, reference="BACS 7")
        assert told(again).endswith("This was marked as paid already; it was not done again.")
        events = AuditEvent.objects.filter(environment_id=environment.pk, verb="stamp_reward.paid")
        assert list(events.values_list("actor_kind", flat=True)) == ["staff"]

    @pytest.mark.parametrize(
        ("status", "sentence"),
        [
            ("paid", "It is marked as paid already."),
            (
                "revoked",
                "It was revoked: a purchase of it was refunded before it was paid. There is nothing to pay.",
            ),
        ],
    )
    def test_a_closed_one_is_not_paid(
        self, support: Client, environment: Environment, gave: StampReward, status: str, sentence: str
    ) -> None:
        shown = show(support, _url(gave, "pay"))
        _pay(environment, gave) if status == "paid" else _revoke(environment, gave)
        before = state_of_everything()
        refused = confirm(support, _url(gave, "pay"), shown)
        assert sentence in text_of(refused)
        assert told(support.get(_url(gave, "pay"))) == sentence
        assert _url(gave, "pay") not in support.get(_url(gave)).content.decode()
        assert state_of_everything() == before

    def test_a_long_reference_is_refused_at_its_field(self, support: Client, gave: StampReward) -> None:
        shown = show(support, _url(gave, "pay"), reference="x" * 201)
        assert list(shown.context["form"].errors) == ["reference"]
        assert _stored(gave) == ("issued", None)


class TestTheQueue:
    def test_holds_what_is_to_be_paid_the_oldest_first(
        self, support: Client, environment: Environment, gave: StampReward
    ) -> None:
        second = full_card(environment, "bob", name="Tea")
        third = full_card(environment, "cy", stamp_program=gave.stamp_program)
        _pay(environment, full_card(environment, "dan", stamp_program=gave.stamp_program))
        page = support.get(QUEUE)
        assert [row.pk for row, _ in page.context["rows"]] == [gave.pk, second.pk, third.pk]
        assert [(name, count) for _, name, count in page.context["cards"]] == [
            ("Coffee Rewards", 2),
            ("Tea", 1),
        ]
        chosen = support.get(QUEUE, {"stamp_program": second.stamp_program.public_id})
        assert [row.pk for row, _ in chosen.context["rows"]] == [second.pk]
        assert '<span class="' in page.content.decode()
        items = [item for group in page.context["sidebar_navigation"] for item in group["items"]]
        assert [item.get("badge") for item in items if item["link"] == QUEUE] == ["3"]

    def test_says_how_much_waits_in_each_currency(
        self, support: Client, environment: Environment, gave: StampReward
    ) -> None:
        fixed: dict[str, Any] = {
            "reward_kind": "fixed-reward",
            "reward_amount": 500,
            "currency": "EUR",
            "name": "Tea",
        }
        tea = factories.make_stamp_program(factories.reload(environment), threshold=1, **fixed)
        factories.make_card(environment, tea, "bob")
        data = {"amount": "3", "currency": "EUR"}
        for number in range(2):
            factories.report(environment, f"tea-{number}", type="purchase", member="bob", data=data)
        assert "Rewards to pay: 3 wait, €10.00 and £3.20</h2>" in text_of(support.get(QUEUE))
        chosen = support.get(QUEUE, {"stamp_program": gave.stamp_program.public_id})
        assert "Rewards to pay: 1 waits, £3.20</h2>" in text_of(chosen)

    def test_shows_what_one_member_waits_for_under_all_their_names(
        self, support: Client, environment: Environment, gave: StampReward
    ) -> None:
        other = full_card(environment, "bob", name="Tea")
        third = full_card(environment, "cy", stamp_program=gave.stamp_program)
        actor, now = factories.make_actor(), third.issued_at
        merge_members(environment=environment, member="cy", into="ada", reason=None, actor=actor, now=now)
        for name, expected in (
            ("ada", {gave.pk, third.pk}),
            ("cy", {gave.pk, third.pk}),
            ("bob", {other.pk}),
            ("x", set()),
        ):
            page = support.get(QUEUE, {"member": name})
            assert {row.pk for row, _ in page.context["rows"]} == expected, name
            assert page.context["total"] == len(expected)
        text = text_of(support.get(QUEUE, {"member": "ada"}))
        assert 'Rewards to pay to <span class="lc-id">ada</span>: 2 wait, £6.40</h2>' in text
        assert text.count('type="checkbox" name="row"') == 2
        page = support.get(reverse("admin:loyalty_member_change", args=[other.member_id]))
        link = f"{QUEUE}?member=bob&amp;stamp_program={other.stamp_program.public_id}"
        assert f'<a href="{link}">1 to be paid</a>' in text_of(page)

    def test_goes_on_from_page_to_page(
        self, support: Client, environment: Environment, gave: StampReward, monkeypatch: Any
    ) -> None:
        monkeypatch.setattr(stamp_queue, "PAGE", 1)
        second = full_card(environment, "bob", stamp_program=gave.stamp_program)
        first = support.get(QUEUE)
        assert [row.pk for row, _ in first.context["rows"]] == [gave.pk]
        following = support.get(QUEUE, {"after": first.context["next"]})
        assert [row.pk for row, _ in following.context["rows"]] == [second.pk]
        assert following.context["next"] is None

    def test_what_is_ticked_is_paid_each_on_its_own(
        self, support: Client, environment: Environment, gave: StampReward
    ) -> None:
        revoked = full_card(environment, "bob", stamp_program=gave.stamp_program)
        left = full_card(environment, "cy", stamp_program=gave.stamp_program)
        ticked = {"row": [str(gave.pk), str(revoked.pk)]}
        shown = support.post(QUEUE, ticked)
        assert shown.context["totals"] == "£6.40"
        assert "the card then owes the stamp. This can’t be undone." in text_of(shown)
        assert _stored(gave) == ("issued", None)
        _revoke(environment, revoked)
        sent = ticked | {"step": "confirm", "token": shown.context["token"], "reference": "Run 9"}
        done = support.post(QUEUE, sent)
        assert done.context["summary"] == "1 marked as paid (£3.20), 1 was revoked meanwhile."
        assert "Reference: <strong>Run 9</strong>" in text_of(done)
        assert (_stored(gave), _stored(revoked)[0], _stored(left)[0]) == (
            ("paid", "Run 9"),
            "revoked",
            "issued",
        )
        again = support.post(QUEUE, sent)
        assert again.context["summary"] == "None marked as paid, 1 was done before, 1 was revoked meanwhile."
        paid = AuditEvent.objects.filter(environment_id=environment.pk, verb="stamp_reward.paid")
        assert paid.count() == 1

    def test_nothing_ticked_is_nothing_done(self, support: Client, gave: StampReward) -> None:
        before = state_of_everything()
        for rows in ([], ["x"], [str(gave.stamp_program_id)]):
            answer = support.post(QUEUE, {"row": rows, "step": "confirm", "token": "t"})
            assert "Nothing was ticked" in told(answer)
        assert state_of_everything() == before

    def test_another_projects_reward_is_not_reached(self, support: Client) -> None:
        foreign = full_card(factories.make_environment(), "theirs-ada")
        before = state_of_everything()
        sent = {"row": [str(foreign.pk)], "step": "confirm", "token": "t"}
        assert "Nothing was ticked" in told(support.post(QUEUE, sent))
        assert "theirs-ada" not in support.get(QUEUE).content.decode()
        assert state_of_everything() == before


def test_analysts_see_and_support_pays(login: Any, environment: Environment, gave: StampReward) -> None:
    analyst = login(environment, "analyst")
    for url in (LIST, QUEUE, _url(gave)):
        assert analyst.get(url).status_code == 200
    assert "Mark as paid" not in analyst.get(_url(gave)).content.decode()
    assert "Mark what is ticked" not in analyst.get(QUEUE).content.decode()
    for url in (QUEUE, _url(gave, "pay")):
        assert analyst.post(url, {"row": [str(gave.pk)], "step": "confirm"}).status_code == 403
    assert _stored(gave) == ("issued", None)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("/console/loyalty/stampcollection/", "Enrolments"),
        (QUEUE, "Rewards to pay"),
        (LIST, "Stamp rewards"),
    ],
)
def test_a_page_is_called_what_the_menu_calls_it(support: Client, url: str, name: str) -> None:
    page = support.get(url)
    items = [item for group in page.context["sidebar_navigation"] for item in group["items"]]
    assert [item["title"] for item in items if item["link"] == url] == [name]
    text = text_of(page)
    assert f"<title>SANDBOX · {name} |" in text
    assert f'<h1 class="lc-page-title">{name}</h1>' in text


def test_a_payment_is_headed_with_money(support: Client, gave: StampReward) -> None:
    for page in (support.get(_url(gave, "pay")), show(support, _url(gave, "pay"))):
        assert page.context["original"].title == "£3.20 for ada"
        assert "3.20 GBP" not in page.content.decode()
