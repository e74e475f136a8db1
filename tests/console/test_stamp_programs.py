"""Stamp programs are made, changed, refused in words, shown as members see them, and counted."""

from typing import Any

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import AuditEvent
from programs.admin.stamp_words import card_of
from programs.models import Environment, Picture, StampProgram
from tests import factories
from tests.console.deeds import told
from tests.console.redeemed import text_of
from tests.console.reward_forms import errors_of, picture_file
from tests.console.stamp_forms import PAGE, change_url, full_card, purchase, refund, stamp_form, stored_form
from tests.console.tenants import state_of_everything

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "operator")
    return client


@pytest.fixture
def coffee(environment: Environment) -> StampProgram:
    return factories.make_stamp_program(factories.reload(environment))


def _stored(stamp_program: StampProgram) -> StampProgram:
    return StampProgram.objects.get(pk=stamp_program.pk)


REFUSED: list[tuple[dict[str, str], str, str]] = [
    ({"threshold": "0"}, "threshold", "Ensure this value is greater than or equal to 1."),
    ({"threshold": "1001"}, "threshold", "Ensure this value is less than or equal to 1000."),
    ({"currency": "£"}, "currency", "Give an ISO 4217 code such as GBP."),
    ({"title": ""}, "title", "This field is required."),
    ({"reward_kind": "fixed-reward"}, "reward_money", "Say how much is paid."),
    (
        {"reward_kind": "fixed-reward", "reward_money": "0"},
        "reward_money",
        "Ensure this value is greater than or equal to 1.",
    ),
    (
        {"reward_kind": "fixed-reward", "reward_money": "1.005"},
        "reward_money",
        "Amounts in GBP have at most 2 digits after the point.",
    ),
    (
        {"image_url": "http://a.example/b.png"},
        "image_url",
        "Give an address that begins with https://.",
    ),
    (
        {"starts_at": "2026-12-01T00:00", "ends_at": "2026-11-01T00:00"},
        "ends_at",
        "Give an instant after starts_at.",
    ),
    (
        {"condition": '{"all": [{"field": "data.amount", "op": "gte", "value": ""}]}'},
        "condition",
        "Condition 1: Give a value.",
    ),
    (
        {"item_where": '{"field": "data.amount", "op": "gte", "value": 5}'},
        "item_where",
        "Condition 1: ",
    ),
]


class TestTheForm:
    def test_makes_a_draft(self, operator: Client, environment: Environment) -> None:
        version = factories.reload(environment).config_version
        answer = operator.post(f"{PAGE}/add/", stamp_form(environment, summary="Collect five"))
        made = StampProgram.objects.get(environment=environment)
        assert answer["Location"] == change_url(made)
        assert told(answer) == "Coffee Rewards is saved."
        assert (made.status, made.threshold, made.thresholds, made.currency) == ("draft", 5, [5], "GBP")
        assert (made.reward_kind, made.reward_amount, made.summary) == ("refund", None, "Collect five")
        assert factories.reload(environment).config_version > version
        events = AuditEvent.objects.filter(environment_id=environment.pk, object_type="stampprogram")
        assert list(events.values_list("verb", "actor_kind")) == [("stampprogram.created", "staff")]

    @pytest.mark.parametrize(
        ("currency", "typed", "minor", "shown"),
        [("GBP", "4.5", 450, "4.50"), ("JPY", "500", 500, "500"), ("KWD", "1.250", 1250, "1.250")],
    )
    def test_takes_money_in_the_currencys_own_unit(
        self, operator: Client, environment: Environment, currency: str, typed: str, minor: int, shown: str
    ) -> None:
        money = {"reward_kind": "fixed-reward", "reward_money": typed, "currency": currency}
        operator.post(f"{PAGE}/add/", stamp_form(environment, **money))
        made = StampProgram.objects.get(environment=environment)
        assert made.reward_amount == minor
        assert operator.get(change_url(made)).context["form"]["reward_money"].value() == shown

    def test_says_at_the_field_what_is_wrong(self, operator: Client, environment: Environment) -> None:
        before = state_of_everything()
        for changes, field, sentence in REFUSED:
            errors = errors_of(operator.post(f"{PAGE}/add/", stamp_form(environment, **changes)))
            assert list(errors) == [field], changes
            assert errors[field][0].startswith(sentence), changes
        assert state_of_everything() == before

    def test_leaves_program_and_currency_as_they_were_made(
        self, operator: Client, environment: Environment, coffee: StampProgram
    ) -> None:
        sent = stored_form(coffee, currency="EUR", program="x", name="Tea")
        assert told(operator.post(change_url(coffee), sent)) == "Tea is saved."
        assert (_stored(coffee).currency, _stored(coffee).program_id) == ("GBP", coffee.program_id)

    def test_does_not_take_another_projects_program(self, operator: Client, environment: Environment) -> None:
        foreign = factories.make_environment()
        answer = operator.post(
            f"{PAGE}/add/", stamp_form(environment, program=stamp_form(foreign)["program"])
        )
        assert list(errors_of(answer)) == ["program"]
        assert StampProgram.objects.count() == 0


class TestPictures:
    def test_a_file_replaces_the_address_and_an_address_the_file(
        self, operator: Client, coffee: StampProgram
    ) -> None:
        address = "https://cdn.example.com/card.png"
        operator.post(change_url(coffee), stored_form(coffee, image_url=address, logo_file=picture_file()))
        stored = _stored(coffee)
        assert (stored.image_url, stored.picture, stored.logo) == (address, None, Picture.objects.get())
        operator.post(change_url(coffee), stored_form(coffee, image_file=picture_file(90), image_url=address))
        assert (_stored(coffee).image_url, _stored(coffee).picture is None) == ("", False)
        operator.post(change_url(coffee), stored_form(coffee, image_url=address, remove_logo="on"))
        stored = _stored(coffee)
        assert (stored.image_url, stored.picture, stored.logo) == (address, None, None)

    def test_a_file_and_another_address_are_too_much(self, operator: Client, coffee: StampProgram) -> None:
        sent = stored_form(coffee, image_url="https://a.example/b.png", image_file=picture_file())
        errors = errors_of(operator.post(change_url(coffee), sent))
        assert errors == {"image_url": ["Give a file or an address, not both."]}
        assert Picture.objects.count() == 0

    def test_what_is_no_picture_is_refused_and_nothing_saved(
        self, operator: Client, coffee: StampProgram
    ) -> None:
        sent = stored_form(coffee, name="Tea", logo_file=SimpleUploadedFile("a.png", b"no"))
        answer = operator.post(change_url(coffee), sent)
        assert errors_of(answer)["image_file"][0].startswith("Give a JPEG, PNG, WebP or GIF picture")
        assert _stored(coffee).name == "Coffee Rewards"

    def test_a_refused_form_says_which_picture_to_choose_again(
        self, operator: Client, coffee: StampProgram
    ) -> None:
        fault = {"reward_kind": "fixed-reward", "reward_money": "£2"}
        page = operator.post(change_url(coffee), stored_form(coffee, image_file=picture_file(), **fault))
        assert list(errors_of(page)) == ["reward_money"]
        text = text_of(page)
        assert "Choose the picture again, too: a page can’t keep it." in text
        assert text.count("Choose the picture again: ") == 1
        without = text_of(operator.post(change_url(coffee), stored_form(coffee, **fault)))
        assert "Choose the picture again" not in without


class TestThePreview:
    def test_says_the_card_in_words_and_draws_it(self, operator: Client, coffee: StampProgram) -> None:
        sent = stored_form(
            coffee,
            title="<b>Ten</b>",
            threshold="10",
            condition='{"field": "data.amount", "op": "gte", "value": 5}',
            stamps_per="day",
            reward_kind="fixed-reward",
            reward_money="4.50",
        )
        before = state_of_everything()
        said = operator.post(f"{PAGE}/sentence/?stamp_program={coffee.pk}", sent).json()
        assert said["sentence"] == "A purchase of £5 or more is a stamp, one a day; 10 stamps pay £4.50."
        assert (said["faults"], said["threshold"], said["card"].count("lc-slot-number")) == ([], 10, 10)
        assert "&lt;b&gt;Ten&lt;/b&gt;" in said["card"]
        assert said["note"] == (
            "5 → 10: only for cards that begin later. A card that is running is full at the lowest number since it"
            " began, at most 5, as it was promised; the member's next one needs 10."
        )
        assert state_of_everything() == before

    def test_never_loads_what_lies_on_another_host(self, operator: Client, coffee: StampProgram) -> None:
        addresses = {"image_url": "https://cdn.example.com/card.png", "logo_url": "https://l.example/x"}
        operator.post(change_url(coffee), stored_form(coffee, **addresses))
        page = operator.get(change_url(coffee)).content.decode()
        assert page.count("Image from cdn.example.com") == 2
        assert 'src="https://' not in page
        assert 'src="https://' not in operator.get(f"{PAGE}/").content.decode()

    def test_shows_what_is_missing_and_the_card_so_far(self, operator: Client, coffee: StampProgram) -> None:
        sent = stored_form(coffee, name="", title="Half done")
        said = operator.post(f"{PAGE}/sentence/?stamp_program={coffee.pk}", sent).json()
        assert (said["sentence"], said["faults"]) == ("", ["Name: This field is required."])
        assert "Half done" in said["card"]

    def test_says_who_gets_a_reward_by_fewer_stamps(
        self, operator: Client, environment: Environment, coffee: StampProgram
    ) -> None:
        for member, bought in (("ada", 3), ("bob", 2), ("cy", 1)):
            factories.make_card(environment, coffee, member)
            for number in range(bought):
                purchase(environment, f"{member}-{number}", member)
        notes = [
            operator.post(
                f"{PAGE}/sentence/?stamp_program={coffee.pk}", stored_form(coffee, threshold=wanted)
            ).json()["note"]
            for wanted in ("2", "4", "5")
        ]
        assert notes == [
            "5 → 2: at once, for everybody, in the members' favour. 2 members have so many now and get the reward.",
            "5 → 4: at once, for everybody, in the members' favour. No card is full by that now.",
            "",
        ]

    def test_reads_no_more_cards_than_it_tells_of(
        self,
        operator: Client,
        environment: Environment,
        coffee: StampProgram,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        for member in ("ada", "bob", "cy"):
            factories.make_card(environment, coffee, member)
            purchase(environment, f"{member}-1", member)
        for module in ("stamp_lists", "taken"):
            monkeypatch.setattr(f"loyalty.queries.{module}.MOST", 2)
        with CaptureQueriesContext(connection) as queries:
            said = operator.post(
                f"{PAGE}/sentence/?stamp_program={coffee.pk}", stored_form(coffee, threshold="1")
            ).json()
        assert said["note"].endswith("2+ members have so many now and get the reward.")
        about = [query["sql"] for query in queries.captured_queries if "loyalty_stamp" in query["sql"]]
        assert ["LIMIT 2" in sql and "loyalty_stampreward" not in sql for sql in about] == [True]

    def test_is_for_operators(self, login: Any, environment: Environment) -> None:
        client = login(environment, "support")
        assert client.post(f"{PAGE}/sentence/", stamp_form(environment)).status_code == 403

    def test_a_long_card_is_a_bar(self, coffee: StampProgram) -> None:
        coffee.threshold = 41
        assert card_of(coffee).slots == []
        coffee.threshold = 40
        assert (len(card_of(coffee).slots), card_of(coffee).columns) == (40, 6)

    @pytest.mark.parametrize(
        ("threshold", "columns"), [(1, 1), (5, 5), (6, 6), (7, 4), (8, 4), (10, 5), (12, 6), (13, 5)]
    )
    def test_its_rows_are_about_alike(self, coffee: StampProgram, threshold: int, columns: int) -> None:
        coffee.threshold = threshold
        assert card_of(coffee).columns == columns


def test_an_ended_cards_page_says_what_an_edit_still_does(
    operator: Client, login: Any, environment: Environment
) -> None:
    ended = factories.make_stamp_program(factories.reload(environment), status="ended")
    still = "What you edit still shows on the card of members who have it"
    text = text_of(operator.get(change_url(ended)))
    assert "It has ended for good" in text
    assert still in text
    assert still not in text_of(login(environment, "support").get(change_url(ended)))
    active = factories.make_stamp_program(factories.reload(environment), name="Tea")
    assert "It has ended" not in text_of(operator.get(change_url(active)))


class TestTheStatus:
    @pytest.mark.parametrize(
        ("before", "turn", "after", "sentence"),
        [
            ("draft", "activate", "active", "Coffee Rewards is active."),
            ("active", "pause", "paused", "Coffee Rewards is paused."),
            ("paused", "activate", "active", "Coffee Rewards is active."),
            ("paused", "end", "ended", "Coffee Rewards has ended."),
        ],
    )
    def test_is_turned_on_a_page_that_says_what_it_means(
        self, operator: Client, environment: Environment, before: str, turn: str, after: str, sentence: str
    ) -> None:
        made = factories.make_stamp_program(factories.reload(environment), status=before)
        url = f"{PAGE}/{made.pk}/{turn}/"
        assert operator.get(url).context["turn"].status == after
        assert _stored(made).status == before
        assert told(operator.post(url)) == sentence
        assert _stored(made).status == after

    def test_what_has_ended_stays_so(self, operator: Client, environment: Environment) -> None:
        made = factories.make_stamp_program(factories.reload(environment), status="ended")
        assert operator.get(change_url(made)).context["turns"] == []
        answer = operator.post(f"{PAGE}/{made.pk}/activate/")
        assert "It has ended, and stays so" in told(answer)
        assert _stored(made).status == "ended"


class TestWhoMay:
    @pytest.mark.parametrize("role", ["analyst", "support"])
    def test_see_it_without_a_form(self, login: Any, coffee: StampProgram, role: str) -> None:
        client = login(coffee.environment, role)
        before = state_of_everything()
        page = client.get(change_url(coffee))
        assert (page.status_code, page.context["form"]) == (200, None)
        assert "A purchase in GBP is a stamp" in page.content.decode()
        for url in (change_url(coffee), f"{PAGE}/add/", f"{PAGE}/{coffee.pk}/end/"):
            assert client.post(url, stored_form(coffee)).status_code == 403
        assert client.get(f"{PAGE}/{coffee.pk}/csv/").status_code == 200
        assert state_of_everything() == before

    def test_nobody_deletes(self, login: Any, coffee: StampProgram) -> None:
        client = login(coffee.environment, "owner")
        assert client.post(f"{PAGE}/{coffee.pk}/delete/", {"post": "yes"}).status_code == 403
        assert not admin.site._registry[StampProgram].has_delete_permission(client.get(PAGE).wsgi_request)
        assert StampProgram.objects.filter(pk=coffee.pk).exists()


class TestHowFarMembersAre:
    def test_is_counted_on_the_programs_page_and_in_its_file(
        self, operator: Client, environment: Environment
    ) -> None:
        paid = full_card(environment, "ada", name="=Coffee")
        program = paid.stamp_program
        full_card(environment, "bob", stamp_program=program)
        factories.make_card(environment, program, "cy")
        purchase(environment, "cy-1", "cy")
        refund(environment, f"bob-{program.public_id[-6:]}-1", "bob")
        context = operator.get(change_url(program)).context
        bars = [(bar.words, bar.members, bar.share) for bar in context["bars"]]
        assert bars == [("No stamp yet", 1, "33.3%"), ("1 stamp", 2, "66.7%")]
        funnel = context["funnel"]
        assert (funnel.enrolled, funnel.issued, funnel.paid, funnel.revoked) == (3, 2, 0, 1)
        assert (context["waiting"], context["to_pay"], context["paid"]) == (1, "£3.20", "£0.00")
        answer = operator.get(f"{PAGE}/{program.pk}/csv/")
        lines = answer.getvalue().decode().splitlines()
        assert lines[0] == "stamp_program,name,figure,stamps,count,amount,currency"
        head = f"{program.public_id},'=Coffee,"
        assert [line.removeprefix(head) for line in lines[1:]] == [
            "enrolled,,3,,",
            "members_at,0,1,,",
            "members_at,1,2,,",
            "rewards_issued,,2,,",
            "rewards_to_pay,,1,3.20,GBP",
            "rewards_paid,,0,0.00,GBP",
            "rewards_revoked,,1,,",
        ]

    def test_a_long_card_has_a_bar_for_several_stamps(
        self, operator: Client, environment: Environment
    ) -> None:
        program = factories.make_stamp_program(
            factories.reload(environment), threshold=100, stamps_per="quantity"
        )
        factories.make_card(environment, program)
        bars = operator.get(change_url(program)).context["bars"]
        assert [bar.words for bar in bars][:3] == ["No stamp yet", "1 to 9 stamps", "10 to 18 stamps"]
        assert (len(bars), bars[-1].words, sum(bar.members for bar in bars)) == (12, "91 to 99 stamps", 1)

    def test_stands_in_the_list_without_a_query_for_each(
        self, operator: Client, environment: Environment, django_assert_max_num_queries: Any
    ) -> None:
        full_card(environment)
        for number in range(5):
            factories.make_stamp_program(factories.reload(environment), name=f"Card {number}")
        with django_assert_max_num_queries(17):
            rows = operator.get(f"{PAGE}/").context["cl"].result_list
        standing = {row.name: (row.standing.enrolled, row.standing.to_pay) for row in rows}
        assert standing.pop("Coffee Rewards") == ("1", "1")
        assert list(standing.values()) == [("0", "0")] * 5
