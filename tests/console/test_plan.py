"""The page of the plan, what it hides, and who may give another one (console.md)."""

from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse

from audit.ids import public
from audit.models import AuditEvent
from loyalty.models import StampCollection
from programs.models import Environment, Plan, Program, StampProgram
from tests import factories

pytestmark = pytest.mark.django_db

PAGE = "/console/programs/plan/"


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_the_page_shows_each_limit_as_it_is_used_and_says_when_more_is_there(
    login: Any, environment: Environment
) -> None:
    for member in ("ada", "bob", "eve"):
        factories.give(environment, 5, member)
    environment = factories.make_plan(environment, without=["stamps", "webhooks"], members=2, programs=1)
    text = text_of(login(environment, "analyst").get(PAGE))
    assert "150 %, over the limit" in text
    assert "100 %, full" in text
    assert "Nothing is deleted" in text
    assert "Not in the plan, and hidden in this console: Stamp cards, Webhooks." in text
    assert text.count("unlimited") == 5
    assert "For whoever runs this system" not in text


def test_what_the_plan_does_not_hold_is_hidden_and_refused_by_its_address_too(
    login: Any, environment: Environment
) -> None:
    card = factories.make_card(environment, factories.make_stamp_program(environment))
    pages = [
        reverse("admin:programs_stampprogram_changelist"),
        reverse("admin:programs_stampprogram_add"),
        reverse("admin:loyalty_stampcollection_change", args=[card.pk]),
        reverse("admin:loyalty_stampreward_queue"),
        reverse("admin:loyalty_member_enrol", args=[card.member_id]),
        reverse("admin:programs_challenge_changelist"),
        reverse("admin:audit_webhookendpoint_changelist"),
        reverse("admin:programs_programshare_changelist"),
    ]
    client = login(environment, "owner")

    def found() -> list[str]:
        """The pages of the card and of its program that the search leads to."""
        hits = [
            client.get(f"/console/search/?s={term}").content.decode()
            for term in (card.stamp_program.public_id, public("sc", card.pk))
        ]
        return [hit for hit in hits if "/stampprogram/" in hit or "/stampcollection/" in hit]

    assert len(found()) == 2
    assert [client.get(page, follow=True).status_code for page in pages] == [200] * len(pages)
    sidebar = client.get("/console/").content.decode()
    assert all(f'href="{page}"' in sidebar for page in (pages[0], *pages[5:]))
    factories.make_plan(
        environment, without=["stamps", "challenges", "webhooks", "cross_project", "approvals"]
    )
    for page in pages:
        refused = client.get(page)
        assert (refused.status_code, "plan has no" in refused.content.decode()) == (403, True), page
    sidebar = client.get("/console/").content.decode()
    assert [page for page in pages if f'href="{page}"' in sidebar] == []
    assert found() == []
    member = client.get(reverse("admin:loyalty_member_change", args=[card.member_id])).content.decode()
    assert pages[4] not in member
    assert (StampProgram.objects.count(), StampCollection.objects.filter(pk=card.pk).count()) == (1, 1)


def test_a_full_plan_is_a_sentence_in_the_console_and_nothing_is_made(
    login: Any, environment: Environment
) -> None:
    environment = factories.make_plan(environment, programs=1)
    form = {"code": "vip", "name": "VIP", "status": "active"}
    page = login(environment, "operator").post(reverse("admin:programs_program_add"), form, follow=True)
    assert "Programs: 1 used of 1 that the plan allows" in page.content.decode()
    assert Program.objects.filter(environment=environment).count() == 1


def test_only_superusers_edit_plans_and_give_them(login: Any, environment: Environment) -> None:
    environment = factories.make_plan(environment, code="small", members=1)
    plan, version = environment.project.organization.plan, environment.config_version
    form = {"code": "growth", "name": "Growth", "members": "500", "features": ["stamps"]}
    owner = login(environment, "owner")
    add, choose = reverse("admin:programs_plan_add"), reverse("admin:programs_plan_choose")
    change = reverse("admin:programs_plan_change", args=[plan.pk])
    assert owner.post(add, form).status_code == 403
    assert owner.post(choose, {"plan": str(plan.pk)}).status_code == 403
    assert owner.post(change, form).status_code == 302
    assert Plan.objects.get(pk=plan.pk).limits == {"members": 1}

    root = login(environment, is_superuser=True)
    assert root.post(add, form).status_code == 302
    growth = Plan.objects.get(code="growth")
    assert (growth.limits, growth.features) == ({"members": 500}, ["stamps"])
    assert "Growth" in root.get(PAGE).content.decode()
    assert root.post(choose, {"plan": str(growth.pk)}).status_code == 302
    environment = factories.reload(environment)
    assert (environment.project.organization.plan, environment.config_version) == (growth, version + 1)
    told = AuditEvent.objects.get(
        environment_id=environment.pk, verb="organization.plan_changed", after__plan="growth"
    )
    assert told.before == {"plan": "small", "name": "small"}
    changed = reverse("admin:programs_plan_change", args=[growth.pk])
    assert root.get(changed).status_code == 200
    assert root.post(changed, form | {"members": "", "features": []}).status_code == 302
    environment = factories.reload(environment)
    assert environment.project.organization.plan.limits == {}
    assert environment.config_version == version + 2


def test_set_plan_makes_changes_and_gives_a_plan(
    environment: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    name = environment.project.organization.name
    call_command("set_plan", name, "--plan=team", "--limit=members=100", "--no-feature=webhooks")
    plan = factories.reload(environment).project.organization.plan
    assert (plan.code, plan.limits, "webhooks" in plan.features) == ("team", {"members": 100}, False)
    call_command("set_plan", "--plan=team", "--unlimited=members", "--limit=programs=3", "--feature=webhooks")
    plan.refresh_from_db()
    assert (plan.limits, "webhooks" in plan.features) == ({"programs": 3}, True)
    assert f"{name} has the plan team (team)." in capsys.readouterr().out
    with pytest.raises(CommandError, match=f"no organization 'Nobody'. There are: “{name}”."):
        call_command("set_plan", "Nobody", "--plan=team")
