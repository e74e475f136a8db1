"""No dead ends: empty lists lead on, a program is seen whole, and what a row of the trail is about can be opened."""

from typing import Any

import pytest
from django.contrib.admin import site
from django.db.models import Model

from audit.models import AuditEvent
from programs.models import Environment, Program
from tests import factories
from tests.console.tenants import registered

pytestmark = pytest.mark.django_db


def _address(model: type[Model]) -> str:
    return f"/console/{model._meta.app_label}/{model._meta.model_name}/"


def _lists() -> list[type[Model]]:
    return [model for model in registered() if model._meta.model_name not in ("backtest", "codeupload")]


@pytest.mark.parametrize("model", _lists(), ids=_address)
def test_an_empty_list_has_a_button_that_leads_to_the_first_row(login: Any, model: type[Model]) -> None:
    environment = factories.make_environment("live")
    answer = login(environment).get(_address(model), follow=True)
    text = answer.content.decode()
    if "lc-empty" not in text or model is AuditEvent:
        return
    _, _, empty = text.partition("lc-empty")
    assert 'class="lc-button lc-primary" href="/console/' in empty.partition("</div>\n</div>")[0], text
    assert site._registry[model].explanation  # type: ignore[attr-defined]


def test_a_program_is_seen_whole_with_a_way_to_make_what_it_lacks(
    login: Any, environment: Environment
) -> None:
    program = Program.objects.get(environment=environment)
    factories.make_rule(environment, name="Purchases")
    factories.make_challenge(environment, title="Spring walk")
    url = f"/console/programs/program/{program.pk}/change/"
    text = login(environment, "operator").get(url).content.decode()
    for part in ("Purchases", "Published", "Spring walk", "What members get for their points."):
        assert part in text
    assert f"/console/programs/reward/add/?program={program.pk}" in text
    read = login(environment, "analyst").get(url).content.decode()
    assert "Purchases" in read
    assert "/reward/add/" not in read


def test_a_programs_page_knows_nothing_of_another_program(login: Any, environment: Environment) -> None:
    factories.make_rule(environment, name="Purchases")
    other = factories.make_program(environment, "club")
    text = (
        login(environment, "operator").get(f"/console/programs/program/{other.pk}/change/").content.decode()
    )
    assert "Purchases" not in text


def test_a_row_of_the_trail_names_and_opens_what_it_is_about(login: Any, environment: Environment) -> None:
    rule = factories.make_rule(environment, name="Purchases")
    entry = factories.give(environment, 5)
    client = login(environment, "analyst")
    for verb, address, words in (
        ("earningrule.published", f"/console/programs/earningrule/{rule.pk}/change/", "Purchases"),
        ("points.earned", f"/console/loyalty/ledgerentry/{entry.pk}/change/", "Ledger entry"),
    ):
        event = AuditEvent.objects.filter(environment_id=environment.pk, verb=verb).first()
        assert event is not None, verb
        text = client.get(f"/console/audit/auditevent/{event.pk}/change/").content.decode()
        assert address in text
        assert words in text


def test_the_trail_is_searched_by_what_people_have_in_their_hands(
    login: Any, environment: Environment
) -> None:
    rule = factories.make_rule(environment, name="Purchases")
    entry = factories.give(environment, 5, "ada")
    client = login(environment, "analyst")

    def verbs(term: str) -> set[str]:
        rows = client.get("/console/audit/auditevent/", {"q": term}).context["cl"].result_list
        return {row.verb for row in rows}

    assert {"points.earned"} <= verbs("ada") <= {"points.earned", "member.created"}
    assert verbs(f"txn_{entry.pk.hex}") == {"points.earned"}
    assert "earningrule.published" in verbs(str(rule.pk))
    assert verbs("earningrule.published") == {"earningrule.published"}
    assert verbs("txn_0") == verbs("nothing") == set()
