"""Every kind of award and every limit of a rule is written, read and refused in words and fields."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from programs.actions.publish import publish
from programs.actions.rules import save_rule
from programs.models import EarningRule, Environment, Metric
from tests import factories
from tests.api.test_statement_budgets import statements
from tests.console.deeds import told
from tests.console.rule_forms import rule_form
from tests.console.tenants import state_of_everything

pytestmark = pytest.mark.django_db

RULE = "/console/programs/earningrule"


@pytest.fixture
def operator(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "operator")
    return client


AWARDS: list[tuple[dict[str, str], dict[str, Any]]] = [
    ({"award_kind": "fixed", "award_points": "10"}, {"kind": "fixed", "points": 10}),
    (
        {"award_kind": "per_amount", "award_rate": "2", "award_step": "5", "award_field": "data.amount"},
        {"kind": "per_amount", "field": "data.amount", "rate": "2", "step": "5"},
    ),
    (
        {
            "award_kind": "per_item",
            "award_each": "quantity",
            "award_item_points": "3",
            "award_item_step": "7",
            "award_where": '{"field": "item.sku", "op": "eq", "value": "LP"}',
        },
        {
            "kind": "per_item",
            "each": "quantity",
            "points": "3",
            "where": {"field": "item.sku", "op": "eq", "value": "LP"},
        },
    ),
    (
        {
            "award_kind": "per_item",
            "award_each": "amount",
            "award_item_points": "1.5",
            "award_item_step": "2",
        },
        {"kind": "per_item", "each": "amount", "points": "1.5", "step": "2", "where": {}},
    ),
    ({"award_kind": "multiplier", "award_factor": "2"}, {"kind": "multiplier", "factor": "2"}),
    (
        {"award_kind": "referral", "award_member": "50", "award_referrer": "100"},
        {"kind": "referral", "member": 50, "referrer": 100},
    ),
    (
        {"award_kind": "referral", "award_member": "", "award_referrer": "100"},
        {"kind": "referral", "member": 0, "referrer": 100},
    ),
]


@pytest.mark.parametrize(("sent", "stored"), AWARDS, ids=lambda value: str(value.get("award_kind", "")))
def test_each_kind_of_award_is_kept_and_shown_again(
    operator: Client, environment: Environment, sent: dict[str, str], stored: dict[str, Any]
) -> None:
    assert operator.post(f"{RULE}/add/", rule_form(environment, **sent)).status_code == 302
    rule = EarningRule.objects.get(environment=environment)
    assert rule.award == stored
    shown = operator.get(f"{RULE}/{rule.pk}/change/").context["adminform"].form
    assert shown["award_kind"].value() == stored["kind"]
    for name in sent.keys() - {"award_where", "award_item_step"}:
        assert str(shown[name].value()) == (sent[name] or "0")


LIMITS: dict[str, Any] = {
    "caps_per": ["event", "day", "month", "day"],
    "caps_unit": ["points", "points", "times", "points"],
    "caps_limit": ["500", "100", "3", " "],
    "budget": "9000",
    "exclusive_group": "welcome",
    "starts_at": "2026-03-01T00:00",
    "ends_at": "2026-04-01T12:30",
    "schedule_weekdays": ["6", "7"],
    "schedule_from": "9",
    "schedule_until": "17",
    "entry_type": "bonus",
}


def test_every_limit_is_kept_and_shown_again(login: Any) -> None:
    environment = factories.make_environment(time_zone="Europe/Berlin")
    operator = login(environment, "operator")
    assert operator.post(f"{RULE}/add/", rule_form(environment, **LIMITS)).status_code == 302
    rule = EarningRule.objects.get(environment=environment)
    assert rule.caps == [
        {"per": "event", "points": 500},
        {"per": "day", "points": 100},
        {"per": "month", "times": 3},
    ]
    assert rule.schedule == {"weekdays": [6, 7], "hours": {"from": 9, "until": 17}}
    assert (rule.budget, rule.exclusive_group, rule.entry_type) == (9000, "welcome", "bonus")
    assert rule.starts_at is not None
    assert rule.ends_at is not None
    assert rule.starts_at.isoformat() == "2026-02-28T23:00:00+00:00"
    assert rule.ends_at.isoformat() == "2026-04-01T10:30:00+00:00"
    page = operator.get(f"{RULE}/{rule.pk}/change/")
    text = page.content.decode()
    assert 'value="2026-03-01T00:00:00"' in text
    assert text.count('name="caps_limit"') == 5  # three, and two for more
    assert text.count(" checked") == 2
    assert '<option value="9" selected>' in text
    assert "0 of the budget of 9,000 are given, 9,000 are left." in text
    said = page.context["sentence"]
    assert said.startswith(
        "Purchases on weekends between 09:00 and 17:00 from 2026-03-01 and before 2026-04-01 12:30"
    )
    assert "at most 100 a day" in said


def test_one_hour_alone_is_from_the_days_beginning_or_to_its_end(
    operator: Client, environment: Environment
) -> None:
    for name, sent, hours in (
        ("Early", {"schedule_until": "9"}, {"from": 0, "until": 9}),
        ("Late", {"schedule_from": "21"}, {"from": 21, "until": 24}),
    ):
        operator.post(f"{RULE}/add/", rule_form(environment, name=name, **sent))
        assert EarningRule.objects.get(name=name).schedule == {"hours": hours}


def test_what_is_taken_off_the_form_is_taken_off_the_rule(operator: Client, environment: Environment) -> None:
    rule = factories.make_rule(
        environment, caps=[{"per": "day", "points": 5}], schedule={"weekdays": [1]}, budget=7, published=False
    )
    operator.post(f"{RULE}/{rule.pk}/change/", rule_form(environment))
    rule.refresh_from_db()
    assert (rule.caps, rule.schedule, rule.budget) == ([], {}, None)


PER_LINE = {"award_kind": "per_item", "award_each": "line", "award_item_points": "1"}


@pytest.mark.parametrize(
    ("wrong", "field", "words"),
    [
        ({**PER_LINE, "award_item_points": "x"}, "award_item_points", "Give a number"),
        (
            {**PER_LINE, "award_where": "{"},
            "award_where",
            "valid JSON",
        ),
        (
            {**PER_LINE, "award_where": '{"field": "data.amount", "op": "eq", "value": 1}'},
            "award_where",
            "field",
        ),
        ({"award_kind": "multiplier", "award_factor": "1"}, "award_factor", "1"),
        ({"award_kind": "referral", "award_member": "0"}, "award_member", ""),
        ({"award_kind": "referral", "award_member": "-5"}, "award_member", ""),
        (
            {"caps_per": ["day", "week"], "caps_unit": ["points", "points"], "caps_limit": ["5", "many"]},
            "caps",
            "Row 2: Give a whole number",
        ),
        ({"caps_per": ["event"], "caps_unit": ["times"], "caps_limit": ["1"]}, "caps", "Row 1: "),
        ({"schedule_from": "9", "schedule_until": "9"}, "schedule", "none at all"),
        ({"schedule_weekdays": ["8"]}, "schedule", "1 to 7"),
        ({"budget": "0"}, "budget", ""),
        ({"starts_at": "2026-03-01T00:00", "ends_at": "2026-03-01T00:00"}, "ends_at", "after"),
        ({"exclusive_group": "not a word"}, "exclusive_group", ""),
    ],
)
def test_a_fault_is_said_at_its_field(
    operator: Client, environment: Environment, wrong: dict[str, Any], field: str, words: str
) -> None:
    before = state_of_everything()
    answer = operator.post(f"{RULE}/add/", rule_form(environment, **wrong))
    assert answer.status_code == 200
    errors = answer.context["adminform"].form.errors
    assert set(errors) == {field}
    assert words in " ".join(errors[field])
    assert state_of_everything() == before


def test_the_words_follow_what_is_on_the_screen(operator: Client, environment: Environment) -> None:
    sent = rule_form(environment, **LIMITS, award_kind="multiplier", award_factor="2")
    said = operator.post(f"{RULE}/sentence/", sent).json()["sentence"]
    assert "multiply the points earned by 2" in said
    assert "of the group welcome the best alone is applied" in said
    for wrong in (
        {"award_where": "[[[", "award_kind": "per_item"},
        {"caps_per": ["x"], "caps_unit": ["points"], "caps_limit": ["1"]},
        {"schedule_weekdays": ["nine"]},
    ):
        assert operator.post(f"{RULE}/sentence/", rule_form(environment, **wrong)).json()["faults"]
    unfinished = {"starts_at": "2026-99", "budget": "lots"}
    assert operator.post(f"{RULE}/sentence/", rule_form(environment, **unfinished)).status_code == 200


def test_a_reader_sees_the_rule_in_words_and_no_inputs(login: Any, environment: Environment) -> None:
    rule = factories.make_rule(
        environment, caps=[{"per": "day", "points": 100}], schedule={"weekdays": [6, 7]}
    )
    text = login(environment, "analyst").get(f"{RULE}/{rule.pk}/change/").content.decode()
    assert "at most 100 points a day" in text
    assert "on weekends" in text
    assert 'name="award_kind"' not in text
    assert "/back-test/" not in text
    assert "/roll-back/" not in text


def test_the_difference_is_told_of_every_field_in_words(operator: Client, environment: Environment) -> None:
    rule = factories.make_rule(environment, name="Weekend", award={"kind": "fixed", "points": 10})
    operator.post(f"{RULE}/{rule.pk}/change/", rule_form(environment, **LIMITS))
    diff = {row.name: (row.before, row.after) for row in _diff(operator, f"{RULE}/{rule.pk}/publish/")}
    assert diff == {
        "Posted as": ("Earned", "Bonus: never multiplied"),
        "Exclusive group": ("–", "welcome"),
        "Caps for each member": (
            "–",
            "at most 500 points an event, at most 100 points a day, at most 3 times a month",
        ),
        "Budget": ("–", "9,000"),
        "From": ("–", "1 Mar 2026, 00:00"),
        "Until": ("–", "1 Apr 2026, 12:30"),
        "Days and hours": ("–", "on weekends between 09:00 and 17:00"),
    }


def _diff(client: Client, url: str) -> list[Any]:
    return [row for row in client.get(url).context["diff"] if row.changed]


class TestRollingBack:
    def _twice(self, operator: Client, environment: Environment) -> EarningRule:
        rule = factories.make_rule(environment, name="Weekend", award={"kind": "fixed", "points": 10})
        operator.post(f"{RULE}/{rule.pk}/change/", rule_form(environment, award_points="20"))
        operator.post(f"{RULE}/{rule.pk}/publish/")
        return rule

    def test_shows_the_difference_and_publishes_the_earlier_revision(
        self, operator: Client, environment: Environment
    ) -> None:
        rule = self._twice(operator, environment)
        url = f"{RULE}/{rule.pk}/roll-back/"
        assert f"{url}?revision=1" in operator.get(f"{RULE}/{rule.pk}/change/").content.decode()
        before = state_of_everything()
        shown = operator.get(f"{url}?revision=1")
        assert [(row.name, row.before, row.after) for row in shown.context["diff"] if row.changed] == [
            ("Award", "20 points", "10 points")
        ]
        assert state_of_everything() == before
        answer = operator.post(url, {"revision": "1"})
        assert told(answer).endswith("Weekend is rolled back.")
        rule.refresh_from_db()
        assert rule.award == {"kind": "fixed", "points": 10}
        assert [revision.number for revision in rule.revisions.all()] == [3, 2, 1]
        assert rule.revisions.get(number=3).definition == rule.revisions.get(number=1).definition
        newest = AuditEvent.objects.filter(verb="earningrule.published").order_by("-id")[0]
        assert newest.actor_kind == "staff"

    def test_warns_of_a_draft_that_was_never_published(
        self, operator: Client, environment: Environment
    ) -> None:
        rule = self._twice(operator, environment)
        url = f"{RULE}/{rule.pk}/roll-back/?revision=1"
        assert "never published" not in operator.get(url).content.decode()
        operator.post(f"{RULE}/{rule.pk}/change/", rule_form(environment, award_points="30"))
        assert "never published" in operator.get(url).content.decode()

    @pytest.mark.parametrize("number", ["", "9", "x", "-1", "\u0661"])
    def test_to_no_revision_does_nothing(
        self, operator: Client, environment: Environment, number: str
    ) -> None:
        rule = self._twice(operator, environment)
        before = state_of_everything()
        answer = operator.post(f"{RULE}/{rule.pk}/roll-back/", {"revision": number})
        assert told(answer).endswith("Choose a revision to go back to.")
        assert state_of_everything() == before

    def test_does_not_offer_the_end_of_a_rule(self, operator: Client, environment: Environment) -> None:
        rule = factories.make_rule(environment)
        operator.post(f"{RULE}/{rule.pk}/archive/")
        operator.post(f"{RULE}/{rule.pk}/publish/")
        text = operator.get(f"{RULE}/{rule.pk}/change/").content.decode()
        assert "roll-back/?revision=1" in text
        assert "roll-back/?revision=2" not in text


def test_the_newest_revisions_are_shown_in_as_many_statements_however_many(
    operator: Client, environment: Environment
) -> None:
    Metric.objects.filter(environment=environment).update(title="Stars")
    rule = factories.make_rule(environment, name="Points 1")
    url = f"{RULE}/{rule.pk}/change/"
    operator.get(url)
    few = len(statements(lambda: operator.get(url)))
    for number in range(2, 25):
        changes = {"name": f"Points {number}"}
        save_rule(environment=environment, rule=rule, actor=factories.make_actor(), changes=changes)
        publish(environment=environment, rule=rule, actor=factories.make_actor(), now=timezone.now())
    assert len(statements(lambda: operator.get(url))) == few
    page = operator.get(url)
    assert [revision.number for revision, _ in page.context["revisions"]] == list(range(24, 4, -1))
    assert all("star" in words.lower() for _, words in page.context["revisions"])
    assert f"GET /v1/earning-rules/{rule.public_id}/revisions" in page.content.decode()


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ('{"all": [{"field": "data.a", "op": "gt", "value": ""}]}', "Condition 1: "),
        (
            '{"all": [{"field": "data.a", "op": "eq", "value": 1}, {"any": [{"field": "", "op": "eq", "value": 1}]}]}',
            "Condition 2.1: ",
        ),
        ('{"field": "data.a", "op": "gt", "value": ""}', "Condition 1: "),
        ('{"field": "data.a", "op": "eq", "value": ""}', "Condition 1: Give a value."),
    ],
)
def test_a_conditions_fault_names_its_row(
    operator: Client, environment: Environment, condition: str, words: str
) -> None:
    answer = operator.post(f"{RULE}/add/", rule_form(environment, condition=condition))
    (error,) = answer.context["adminform"].form.errors["condition"]
    assert error.startswith(words)
    assert "all[" not in error
    assert EarningRule.objects.count() == 0
