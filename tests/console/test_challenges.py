"""Challenges are made, changed, refused at their rows, shown as members see them, asked about, and counted."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from loyalty.actions.events import record_event
from programs.actions.member_apps import save_member_app
from programs.models import Challenge, ChallengeReward, Environment, Mission
from tests import factories
from tests.console.challenge_forms import (
    PAGE,
    ROW,
    challenge_form,
    change_url,
    points_row,
    row_errors,
    stored_form,
)
from tests.console.deeds import told
from tests.console.redeemed import text_of
from tests.console.reward_forms import errors_of
from tests.console.tenants import state_of_everything
from tests.console.test_stamp_lowering import _Hidden

pytestmark = pytest.mark.django_db

SUM = {
    "title": "Spend 20",
    "event_type": "purchase",
    "measure": "sum",
    "field": "data.amount",
    "target": "20",
    "condition": '{"all": [{"field": "data.amount", "op": "gte", "value": "5"}]}',
}


@pytest.fixture
def operator(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "operator")
    return client


@pytest.fixture
def regular(environment: Environment) -> Challenge:
    """Two visits and one photo, for 50 points."""
    visits = {"title": "Visits", "event_type": "visit", "target": 2}
    photo = {"title": "Photo", "event_type": "photo", "target": 1}
    return factories.make_challenge(factories.reload(environment), missions=[visits, photo])


def _report(environment: Environment, member: str, kind: str, times: int = 1) -> None:
    for number in range(times):
        record_event(
            environment=factories.reload(environment),
            event_id=f"{member}-{kind}-{number}",
            type=kind,
            member=member,
            data={},
            actor=factories.make_actor(),
            now=timezone.now(),
        )


def _missions(challenge: Challenge) -> list[tuple[str, str]]:
    """The live ones, each with its target."""
    rows = Mission.objects.filter(challenge=challenge, removed_at=None)
    return [(mission.title, f"{mission.target.normalize():f}") for mission in rows]


def _carried(page: Any) -> dict[str, Any]:
    """What the question's form sends back; a name that stands in it several times is a list."""
    html = page.content.decode().split("<h2>Make")[1]
    found: dict[str, Any] = {}

    class Hidden(_Hidden):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            input_ = dict(attrs)
            if tag == "input" and input_.get("type") == "hidden":
                found.setdefault(str(input_["name"]), []).append(input_.get("value") or "")

    Hidden().feed(html)
    return found


class TestTheForm:
    def test_makes_a_draft_with_its_missions_and_rewards_in_their_order(
        self, operator: Client, environment: Environment
    ) -> None:
        coupon = factories.make_coupon(factories.reload(environment))
        rewards = [points_row(environment), {"kind": "coupon", "coupon": str(coupon.item_id)}]
        sent = challenge_form(environment, {}, SUM, rewards=rewards)
        sent["mission_row"] = ["n2", "n1"]
        answer = operator.post(f"{PAGE}/add/", sent)
        made = Challenge.objects.get(environment=environment)
        assert (answer["Location"], told(answer)) == (change_url(made), "Regular is saved.")
        assert (made.status, made.notification_display, made.show_in_rail) == ("draft", "popup", False)
        assert _missions(made) == [("Spend 20", "20"), ("Come twice", "2")]
        first = made.missions.get(place=0)
        assert (first.measure, first.field, first.condition["all"][0]["op"]) == ("sum", "data.amount", "gte")
        rows = ChallengeReward.objects.filter(challenge=made).values_list("kind", "quantity", "item")
        assert list(rows) == [("metric", 50, None), ("coupon", None, coupon.item_id)]
        page = text_of(operator.get(change_url(made)))
        assert (
            "Once, in any order: 20 of amount in purchase events of 5 or more; 2 visit events."
            " Gives 50 points and the coupon Free tea."
        ) in page
        assert "This is a draft: members don’t see it yet." in page

    def test_passes_over_rows_that_nobody_began(self, operator: Client, environment: Environment) -> None:
        blank = {name: value if name == "measure" else "" for name, value in ROW.items()} | {
            "condition": "{}",
            "notification_display": "none",
        }
        sent = challenge_form(environment, blank, {}, rewards=[{"kind": "metric", "quantity": ""}])
        operator.post(f"{PAGE}/add/", sent)
        made = Challenge.objects.get(environment=environment)
        assert _missions(made) == [("Come twice", "2")]
        assert made.rewards.count() == 0

    def test_says_at_each_rows_field_what_is_wrong(self, operator: Client, environment: Environment) -> None:
        before = state_of_everything()
        half = '{"all": [{"field": "data.amount", "op": "gte", "value": ""}]}'
        missions = [
            {"target": "0"},
            {"event_type": "refund", "target": "1.5"},
            SUM | {"field": ""},
            SUM | {"field": "member.tier", "condition": half},
            {"title": "", "event_type": "walk done"},
        ]
        rewards = [points_row(environment, ""), {"kind": "inventory_item"}, {"kind": "coupon", "coupon": "x"}]
        answer = operator.post(f"{PAGE}/add/", challenge_form(environment, *missions, rewards=rewards))
        assert row_errors(answer) == [
            {"target": ["A whole number of at least 1."]},
            {
                "target": ["Events are counted in whole numbers."],
                "event_type": ["Refunds take back what was counted; name another type."],
            },
            {"field": ["Say which field is added up, such as data.amount."]},
            {
                "condition": ["Condition 1: Give a value."],
                "field": ["Give a field of the event's data, such as data.amount."],
            },
            {
                "title": ["This field is required."],
                "event_type": [
                    "Give an event type: letters, digits and _ . : - only, without spaces, at most 100."
                ],
            },
        ]
        said = row_errors(answer, "rewards")
        assert said[:2] == [{"quantity": ["Say how many."]}, {"item": ["Choose one."]}]
        assert list(said[2]) == ["coupon"]
        assert state_of_everything() == before

    def test_says_at_its_own_fields_what_is_wrong(self, operator: Client, environment: Environment) -> None:
        begin_and_end = {"starts_at": "2026-12-01T00:00", "ends_at": "2026-11-01T00:00"}
        answer = operator.post(f"{PAGE}/add/", challenge_form(environment, **begin_and_end))
        assert errors_of(answer) == {"ends_at": ["Give an instant after the beginning."]}
        assert list(errors_of(operator.post(f"{PAGE}/add/", challenge_form(environment, title="")))) == [
            "title"
        ]
        assert Challenge.objects.count() == 0

    def test_gives_nothing_of_another_project(self, operator: Client, environment: Environment) -> None:
        foreign = factories.make_environment()
        tea = factories.make_coupon(foreign)
        rewards = [points_row(foreign), {"kind": "coupon", "coupon": str(tea.item_id)}]
        answer = operator.post(f"{PAGE}/add/", challenge_form(environment, rewards=rewards))
        assert [list(row) for row in row_errors(answer, "rewards")] == [["metric"], ["coupon"]]
        assert Challenge.objects.count() == 0

    def test_what_is_counted_is_fixed_once_it_is_live(self, operator: Client, regular: Challenge) -> None:
        form = operator.get(change_url(regular)).context["editor"]
        assert [name for name, field in form.missions[0].fields.items() if field.disabled] == [
            "event_type",
            "measure",
            "field",
        ]
        assert [form.form.fields[name].disabled for name in ("per", "program", "title")] == [
            True,
            True,
            False,
        ]
        key = regular.missions.get(title="Visits").public_id.hex
        forged = {f"mission-{key}-event_type": "x", f"mission-{key}-measure": "sum", "per": "day"}
        assert told(operator.post(change_url(regular), stored_form(regular) | forged)) == "Regular is saved."
        kept = Challenge.objects.get(pk=regular.pk)
        assert (kept.per, kept.missions.get(title="Visits").event_type) == ("ever", "visit")
        assert kept.changes == regular.changes

    def test_an_analyst_reads_it(self, login: Any, environment: Environment, regular: Challenge) -> None:
        page = login(environment, "analyst").get(change_url(regular))
        assert "data-challenge-form" not in page.content.decode()
        assert "2 visit events; 1 photo event. Gives 50 points." in text_of(page)
        assert login(environment, "analyst").post(change_url(regular), {}).status_code == 403


class TestWhileTyping:
    def test_the_sentence_and_the_phone_follow(self, operator: Client, environment: Environment) -> None:
        coupon = factories.make_coupon(factories.reload(environment), show_on_notification=True)
        sent = challenge_form(
            environment,
            SUM | {"notification_display": "toast", "notification_title": "Half <b>way</b>"},
            rewards=[{"kind": "coupon", "coupon": str(coupon.item_id)}],
            per="week",
        )
        before = state_of_everything()
        said = operator.post(f"{PAGE}/sentence/", sent).json()
        sentence = "Every week: 20 of amount in purchase events of 5 or more. Gives the coupon Free tea."
        assert (said["sentence"], said["faults"]) == (sentence, [])
        assert [(one["key"], one["about"]) for one in said["notices"]] == [
            ("", "The challenge is complete"),
            ("n1", "Mission 1: Spend 20"),
        ]
        drawn = ("lc-notice-popup", "lc-notice-toast", "Half &lt;b&gt;way&lt;/b&gt;", "<code>TEA</code>")
        assert [words in said["phone"] for words in drawn] == [True] * 4
        assert state_of_everything() == before

    def test_says_what_is_still_missing(self, operator: Client, environment: Environment) -> None:
        said = operator.post(
            f"{PAGE}/sentence/", challenge_form(environment, {"target": ""}, title="")
        ).json()
        assert said["sentence"] == ""
        required = "This field is required."
        assert said["faults"] == [f"Title: {required}", f"Mission 1: Target: {required}"]

    def test_warns_of_a_type_that_nobody_sends(self, operator: Client, environment: Environment) -> None:
        _report(environment, "ada", "visit")
        app = {"event_types": ["photo"]}
        save_member_app(environment=environment, actor=factories.make_actor(), changes=app)
        sent = challenge_form(environment, {}, {"event_type": "photo"}, {"event_type": "vist"})
        notes = operator.post(f"{PAGE}/sentence/", sent).json()["notes"]
        assert (notes["n1"], notes["n2"]) == ("", "")
        assert notes["n3"].startswith(
            "No event of the type “vist” has come in yet, and members’ apps may not"
        )

    def test_is_of_this_environment_and_for_operators(
        self, operator: Client, login: Any, environment: Environment
    ) -> None:
        foreign = factories.make_challenge(factories.make_environment(), title="Theirs")
        said = operator.post(f"{PAGE}/sentence/?challenge={foreign.pk}", {"mission_row": []})
        assert "Theirs" not in said.content.decode()
        assert login(environment, "analyst").post(f"{PAGE}/sentence/", {}).status_code == 403


class TestMadeEasier:
    def test_is_asked_first_and_saved_then(
        self, operator: Client, environment: Environment, regular: Challenge
    ) -> None:
        _report(environment, "ada", "visit")
        _report(environment, "bob", "visit", 2)
        before = state_of_everything()
        photo = regular.missions.get(title="Photo")
        asked = operator.post(
            change_url(regular), stored_form(regular, photo, **{"Visits.target": "1"}, title="Tea")
        )
        text = text_of(asked)
        assert "<li>“Visits”: 2 → 1</li><li>“Photo” is removed</li>" in text
        assert (
            "2 members complete the challenge by that and get its rewards; 1 member completes a mission."
            in text
        )
        assert state_of_everything() == before
        answer = operator.post(change_url(regular), _carried(asked))
        assert told(answer) == "Tea is saved."
        assert _missions(regular) == [("Visits", "1")]
        assert Mission.objects.get(pk=photo.pk).removed_at is not None
        assert Challenge.objects.get(pk=regular.pk).changes == regular.changes + 1

    def test_is_asked_again_of_other_numbers(self, operator: Client, regular: Challenge) -> None:
        asked = operator.post(change_url(regular), stored_form(regular, **{"Visits.target": "1"}))
        key = regular.missions.get(title="Photo").public_id.hex
        carried = _carried(asked)
        carried["mission_row"].remove(key)
        again = operator.post(change_url(regular), carried)
        assert "“Photo” is removed" in text_of(again)
        assert _missions(regular) == [("Visits", "2"), ("Photo", "1")]

    def test_is_asked_where_missions_of_a_sequence_come_sooner(
        self, operator: Client, regular: Challenge
    ) -> None:
        Challenge.objects.filter(pk=regular.pk).update(mission_order="sequence")
        asked = operator.post(change_url(regular), stored_form(regular))
        assert "<li>The missions no longer wait for one another</li>" in text_of(asked)
        form = stored_form(regular, mission_order="sequence")
        form["mission_row"].reverse()
        asked = operator.post(change_url(regular), form)
        assert "<li>The missions come in another order: “Photo”, “Visits”</li>" in text_of(asked)
        assert _missions(regular) == [("Visits", "2"), ("Photo", "1")]
        assert told(operator.post(change_url(regular), _carried(asked))) == "Regular is saved."
        assert _missions(regular) == [("Photo", "1"), ("Visits", "2")]
        assert Challenge.objects.get(pk=regular.pk).changes == regular.changes + 1
        same = stored_form(regular, mission_order="sequence")
        assert operator.post(change_url(regular), same)["Location"] == change_url(regular)

    def test_a_draft_and_a_harder_one_are_not_asked_about(
        self, operator: Client, environment: Environment, regular: Challenge
    ) -> None:
        harder = stored_form(regular, **{"Visits.target": "3"})
        assert operator.post(change_url(regular), harder)["Location"] == change_url(regular)
        assert _missions(regular) == [("Visits", "3"), ("Photo", "1")]
        draft = factories.make_challenge(factories.reload(environment), status="draft", title="Draft")
        easier = stored_form(draft, **{"Come twice.target": "1"})
        assert operator.post(change_url(draft), easier)["Location"] == change_url(draft)
        assert _missions(draft) == [("Come twice", "1")]


class TestTurns:
    def test_activates_pauses_and_ends(self, operator: Client, environment: Environment) -> None:
        draft = factories.make_challenge(factories.reload(environment), status="draft")
        seen = []
        for name in ("activate", "pause", "end", "activate"):
            answer: Any = operator.post(f"{PAGE}/{draft.pk}/{name}/")
            *_, last = answer.wsgi_request._messages  # no page has shown the earlier ones
            seen.append((str(last), Challenge.objects.get(pk=draft.pk).status))
        assert seen == [
            ("Regular is active.", "active"),
            ("Regular is paused.", "paused"),
            ("Regular has ended.", "ended"),
            ("It has ended, and stays so; make another challenge instead.", "ended"),
        ]

    def test_one_saved_without_a_mission_is_said_to_lack_it(
        self, operator: Client, environment: Environment
    ) -> None:
        empty = {"title": "", "event_type": "", "target": ""}
        answer = operator.post(f"{PAGE}/add/", challenge_form(environment, empty))
        assert told(answer) == "Regular is saved, without a mission: it can't be activated yet."
        answer = operator.post(f"{PAGE}/add/", challenge_form(environment, title="Whole"))
        assert told(answer).endswith("Whole is saved.")

    def test_one_without_missions_is_refused(self, operator: Client, environment: Environment) -> None:
        draft = factories.make_challenge(factories.reload(environment), status="draft", missions=[])
        asked = operator.get(f"{PAGE}/{draft.pk}/activate/")
        assert "It has no mission yet: add one before you activate it." in text_of(asked)
        text = asked.content.decode()
        assert f'href="{change_url(draft)}">Add a mission first</a>' in text
        assert '">Activate</button>' not in text
        answer = operator.post(f"{PAGE}/{draft.pk}/activate/")
        assert told(answer) == "It has nothing to do; give it a mission before it is active."
        assert Challenge.objects.get(pk=draft.pk).status == "draft"


class TestFigures:
    def test_the_list_and_the_page_count_members(
        self, operator: Client, environment: Environment, regular: Challenge
    ) -> None:
        for member, visits, photos in (("ada", 2, 1), ("bob", 2, 0), ("cy", 1, 0)):
            _report(environment, member, "visit", visits)
            _report(environment, member, "photo", photos)
        rows = operator.get(f"{PAGE}/").context["cl"].result_list
        assert [(row.title, row.completed) for row in rows] == [("Regular", "1")]
        steps = operator.get(change_url(regular)).context["steps"]
        assert [(step.words, step.members, step.share) for step in steps] == [
            ("Began", 3, "100%"),
            ("1. Visits", 2, "66.7%"),
            ("2. Photo", 1, "33.3%"),
            ("Completed it all", 1, "33.3%"),
        ]
        csv = b"".join(operator.get(f"{PAGE}/{regular.pk}/csv/")).decode().splitlines()
        assert [line.rsplit(",", 1)[1] for line in csv] == ["members", "3", "2", "1", "1"]
