"""What is sent as JSON to a form of the console is refused at its field for all that the API refuses."""

import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from programs.admin.json_fields import read_sent
from programs.models import EarningRule, Environment
from tests import factories
from tests.console import challenge_forms, reward_forms, stamp_forms
from tests.console.rule_forms import rule_form
from tests.console.tenants import state_of_everything

pytestmark = pytest.mark.django_db

RULES, EVENTS = "/console/programs/earningrule", "/console/loyalty/event"
ROW = '{{"field": "data.amount", "op": "eq", "value": {}}}'
DEEP = '{"all": [' * 5000 + "]}" * 5000
FAULTY = {
    "half a surrogate pair": (ROW.format('"\\ud800"'), "lone surrogates"),
    "half of one as a name": ('{"\\udfff": 1}', "lone surrogates"),
    "NUL": (ROW.format('"a\\u0000b"'), "NUL"),
    "a bare NUL": (ROW.format('"a\0b"'), "Null characters are not allowed|is not JSON|not valid JSON"),
    "nested by thousands": (DEEP, "nested too deeply|is not JSON|not valid JSON"),
    "nested by seventy": ('{"not": ' * 70 + "{}" + "}" * 70, "Nest at most 64 levels"),
    "NaN": (ROW.format("NaN"), "NaN is not a number"),
    "Infinity": (ROW.format("-Infinity"), "Infinity is not a number"),
    "a huge number": (ROW.format("9" * 200), "at most 100 digits"),
    "more digits than Python reads": (ROW.format("9" * 5000), "a number is too large"),
    "an exponent beyond all": (ROW.format("1e999999999999999999999"), "a number is too large"),
    "a name twice": ('{"field": "data.amount", "field": "data.total", "op": "exists"}', "stands twice"),
    "no JSON": ("{field:", "is not JSON|not valid JSON"),
}

NO_CONDITIONS = ("false", "0", "[]", '""')


def _of_rule(name: str) -> Callable[[Environment], tuple[str, dict[str, Any]]]:
    def form(environment: Environment) -> tuple[str, dict[str, Any]]:
        per_item = {"award_kind": "per_item", "award_each": "line", "award_item_points": "3"}
        return f"{RULES}/add/", rule_form(environment, **(per_item if name == "award_where" else {}))

    return form


def _of_stamps(environment: Environment) -> tuple[str, dict[str, Any]]:
    return f"{stamp_forms.PAGE}/add/", stamp_forms.stamp_form(environment)


def _of_reward(environment: Environment) -> tuple[str, dict[str, Any]]:
    return f"{reward_forms.PAGE}/add/", reward_forms.reward_form(environment)


def _of_mission(environment: Environment) -> tuple[str, dict[str, Any]]:
    return f"{challenge_forms.PAGE}/add/", challenge_forms.challenge_form(environment)


def _of_event(environment: Environment) -> tuple[str, dict[str, Any]]:
    return f"{EVENTS}/add/", {"type": "purchase", "member": "ada", "event_id": "order-9"}


def _of_sample(environment: Environment) -> tuple[str, dict[str, Any]]:
    rule = EarningRule.objects.get(environment=environment)
    return f"{RULES}/{rule.pk}/try/", {"step": "sample", "member": "ada"}


FORMS: dict[str, tuple[str, Callable[[Environment], tuple[str, dict[str, Any]]]]] = {
    "a rule's condition": ("condition", _of_rule("condition")),
    "a rule's lines": ("award_where", _of_rule("award_where")),
    "a stamp program's condition": ("condition", _of_stamps),
    "a stamp program's lines": ("item_where", _of_stamps),
    "a reward's condition": ("condition", _of_reward),
    "a mission's condition": ("mission-n1-condition", _of_mission),
    "an event that is sent": ("json", _of_event),
    "an event that is tried": ("json", _of_sample),
}
CONDITIONS = [form for form, (name, _) in FORMS.items() if name != "json"]
WORDS = {
    "The condition": (f"{RULES}/sentence/", "condition", _of_rule("condition")),
    "The lines' condition": (f"{RULES}/sentence/", "award_where", _of_rule("award_where")),
    "Which purchases": (f"{stamp_forms.PAGE}/sentence/", "condition", _of_stamps),
    "Who may have it": (f"{reward_forms.PAGE}/sentence/", "condition", _of_reward),
    "Mission 1: Which events count": (
        f"{challenge_forms.PAGE}/sentence/",
        "mission-n1-condition",
        _of_mission,
    ),
}


@pytest.fixture
def operator(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "operator")
    factories.make_rule(environment)
    return client


def _faults(answer: Any, name: str) -> str:
    """What is said at the field."""
    context = answer.context
    editor = context.get("editor")
    if editor is not None:
        return " ".join(editor.missions[0].errors.get(name.rpartition("-")[2], []))
    form = context.get("adminform") or context.get("sample") or context["form"]
    return " ".join(getattr(form, "form", form).errors.get(name, []))


@pytest.mark.parametrize("fault", FAULTY)
@pytest.mark.parametrize("form", FORMS)
def test_what_no_json_may_hold_is_refused_at_its_field(
    operator: Client, environment: Environment, form: str, fault: str
) -> None:
    name, filled = FORMS[form]
    text, said = FAULTY[fault]
    url, sent = filled(environment)
    before = state_of_everything()
    answer = operator.post(url, sent | {name: text})
    assert answer.status_code == 200
    found = _faults(answer, name)
    assert any(words in found for words in said.split("|")), found
    assert state_of_everything() == before


@pytest.mark.parametrize("fault", FAULTY)
@pytest.mark.parametrize("label", WORDS)
def test_nor_is_it_said_in_words(operator: Client, environment: Environment, label: str, fault: str) -> None:
    url, name, filled = WORDS[label]
    text, said = FAULTY[fault]
    answer = operator.post(url, filled(environment)[1] | {name: text})
    assert answer.status_code == 200
    found = next(said for said in answer.json()["faults"] if said.startswith(f"{label}: "))
    assert any(words in found for words in said.split("|")), found


@pytest.mark.parametrize("text", NO_CONDITIONS)
@pytest.mark.parametrize("form", CONDITIONS)
def test_what_is_neither_a_condition_nor_empty_is_not_taken_for_always(
    operator: Client, environment: Environment, form: str, text: str
) -> None:
    name, filled = FORMS[form]
    url, sent = filled(environment)
    before = state_of_everything()
    answer = operator.post(url, sent | {name: text})
    assert answer.status_code == 200
    assert 'Give {"field", "op", "value"}' in _faults(answer, name)
    assert _text_areas(answer)[name] == text
    assert state_of_everything() == before


@pytest.mark.parametrize("text", NO_CONDITIONS)
@pytest.mark.parametrize("label", WORDS)
def test_nor_does_the_sentence_take_it_for_always(
    operator: Client, environment: Environment, label: str, text: str
) -> None:
    url, name, filled = WORDS[label]
    told = operator.post(url, filled(environment)[1] | {name: text}).json()
    assert any('Give {"field", "op", "value"}' in fault for fault in told["faults"]), told
    assert not told.get("sentence")


@pytest.mark.parametrize("text", ["", " ", "{}", "null"])
@pytest.mark.parametrize("form", CONDITIONS)
def test_a_condition_that_is_empty_stays_so_beside_another_fault_and_is_always(
    operator: Client, environment: Environment, form: str, text: str
) -> None:
    name, filled = FORMS[form]
    url, sent = filled(environment)
    title = "title" if "title" in sent else "name"
    refused = operator.post(url, sent | {name: text, title: ""})
    assert refused.status_code == 200
    assert _text_areas(refused)[name] == (text.strip() or "{}")
    assert operator.post(url, sent | {name: text}).status_code == 302


def _text_areas(answer: Any) -> dict[str, str]:
    """What stands in each text area of the page, by its name."""
    found = re.findall(r'<textarea name="([^"]+)"[^>]*>(.*?)</textarea>', answer.content.decode(), re.DOTALL)
    return {name: html.unescape(text).strip() for name, text in found}


def test_a_number_with_a_fraction_is_kept_as_it_is_written(
    operator: Client, environment: Environment
) -> None:
    """Also where the form is shown again for another fault, and when it is sent unchanged."""
    refused = operator.post(f"{RULES}/add/", rule_form(environment, name="", condition=ROW.format("0.10")))
    assert "&quot;value&quot;: 0.10" in refused.content.decode()
    operator.post(f"{RULES}/add/", rule_form(environment, condition=ROW.format("50.5")))
    rule = EarningRule.objects.get(environment=environment, name="Weekend")
    assert rule.condition["value"] == 50.5
    url = f"{RULES}/{rule.pk}/change/"
    assert operator.post(url, rule_form(environment, condition=ROW.format("50.5"))).status_code == 302


def test_what_is_empty_is_nothing() -> None:
    assert (read_sent(" "), read_sent("{}")) == (None, {})
