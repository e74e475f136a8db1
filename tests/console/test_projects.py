"""A project's settings in words, changed by its owners, and new projects by clicks."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.errors import InvalidRequest
from audit.models import AuditEvent
from programs.actions.projects import add_first_project
from programs.models import Environment, Organization, Project
from tests import factories
from tests.console.redeemed import text_of
from tests.console.tenants import state_of_everything

pytestmark = pytest.mark.django_db
FORM = {"name": "Shop", "time_zone": "UTC", "two_factor_required": "no", "audit_member_views": "no"}


@pytest.fixture
def owner(login: Any, environment: Environment) -> Client:
    client: Client = login(environment)
    return client


def _edit(environment: Environment) -> str:
    return reverse("admin:programs_project_edit", args=[environment.project_id])


def _saved(client: Client, environment: Environment, **changes: str) -> Any:
    """Entered, looked at, confirmed."""
    sent = FORM | changes
    seen = client.post(_edit(environment), sent | {"step": "effect"})
    if "seen" not in (seen.context or {}):
        return seen
    confirmed = sent | {"step": "confirm", "token": seen.context["token"], "seen": seen.context["seen"]}
    return client.post(_edit(environment), confirmed, follow=True)


def test_the_page_says_what_is_set_in_words(owner: Client, environment: Environment) -> None:
    program = environment.programs.get()
    program.adjustment_limit = 5000
    program.save()
    factories.make_plan(environment, history_days=400)
    text = text_of(owner.get("/console/programs/project/", follow=True))
    for words in (
        "Not asked for: the password is enough",
        "Not noted",
        "for 400 days, by the plan",
        "Adjustments of more than 5,000 need a second person",
        "1 person",
        "Edit",
        "New project",
    ):
        assert words in text, words


def test_others_read_it_and_are_offered_nothing_to_change(login: Any, environment: Environment) -> None:
    client = login(environment, "analyst")
    text = text_of(client.get("/console/programs/project/", follow=True))
    assert environment.project.organization.name in text
    assert ">Edit<" not in text
    assert "New project" not in text
    assert client.get("/console/programs/project/add/").status_code in (200, 403)
    before = state_of_everything()
    client.post("/console/programs/project/add/", {"name": "Mine", "time_zone": "UTC"})
    client.post(_edit(environment), FORM | {"name": "Mine", "step": "confirm", "token": "t"})
    assert state_of_everything() == before


def test_a_change_is_looked_at_confirmed_and_audited(owner: Client, environment: Environment) -> None:
    seen = owner.post(_edit(environment), FORM | {"time_zone": "Europe/London", "step": "effect"})
    assert "Days, weeks and months begin by the new zone" in text_of(seen)
    assert Project.objects.get(pk=environment.project_id).time_zone == "UTC", "a look changes nothing"
    version = environment.config_version
    assert "are saved" in text_of(_saved(owner, environment, time_zone="Europe/London"))
    fresh = factories.reload(environment)
    assert fresh.project.time_zone == "Europe/London"
    assert fresh.config_version > version, "every process reckons by it at once"
    told = AuditEvent.objects.get(verb="project.updated")
    assert told.project_id == environment.project_id
    assert told.after is not None
    assert told.after["time_zone"] == "Europe/London"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": " "}, "This field is required"),
        ({"name": "Other"}, "Another project of the organization has this name"),
        ({"time_zone": "Moon/Base"}, "Select a valid choice"),
        ({}, "Nothing would change"),
    ],
)
def test_what_can_not_be_is_refused_and_changes_nothing(
    owner: Client, environment: Environment, changes: dict[str, str], words: str
) -> None:
    factories.make_project("Other", organization=environment.project.organization.name)
    before = state_of_everything()
    assert words in text_of(_saved(owner, environment, **changes))
    assert state_of_everything() == before


def test_what_changed_meanwhile_is_shown_again(owner: Client, environment: Environment) -> None:
    seen = owner.post(_edit(environment), FORM | {"name": "Bazaar", "step": "effect"})
    Project.objects.filter(pk=environment.project_id).update(audit_member_views=True)
    confirmed = FORM | {"name": "Bazaar", "step": "confirm", "token": seen.context["token"]}
    answer = owner.post(_edit(environment), confirmed | {"seen": seen.context["seen"]})
    assert "Something has changed since you looked" in text_of(answer)
    assert Project.objects.get(pk=environment.project_id).name == "Shop"


class TestNewProject:
    def test_by_an_owner_has_both_environments_and_is_entered(
        self, owner: Client, environment: Environment
    ) -> None:
        page = owner.get("/console/programs/project/add/")
        assert f"New project of {environment.project.organization}" in text_of(page)
        made = owner.post(
            "/console/programs/project/add/", {"name": "Café", "time_zone": "Asia/Tokyo"}, follow=True
        )
        assert made.context["console_environment"].project.name == "Café"
        assert made.context["console_environment"].kind == "sandbox"
        assert "First steps" in text_of(made)
        project = Project.objects.get(name="Café", organization=environment.project.organization)
        assert (project.organization, project.time_zone) == (environment.project.organization, "Asia/Tokyo")
        assert {each.kind for each in project.environments.all()} == {"sandbox", "live"}
        assert project.memberships.get().role == "owner"
        verbs = AuditEvent.objects.filter(project_id=project.pk).values_list("verb", flat=True)
        assert {"project.created", "environment.created", "projectmembership.created"} <= set(verbs)

    def test_within_what_the_plan_allows(self, owner: Client, environment: Environment) -> None:
        factories.make_plan(environment, projects=1)
        before = state_of_everything()
        answer = owner.post("/console/programs/project/add/", {"name": "Café", "time_zone": "UTC"})
        assert "1 of 1 projects of the plan are used" in text_of(answer)
        assert answer.context["form"].non_field_errors()
        assert state_of_everything() == before

    def test_with_a_name_of_its_own(self, owner: Client, environment: Environment) -> None:
        before = state_of_everything()
        answer = owner.post("/console/programs/project/add/", {"name": "Shop ", "time_zone": "UTC"})
        assert "Another project of the organization has this name" in text_of(answer)
        assert state_of_everything() == before

    def test_the_first_of_a_system_by_who_runs_it(self, client: Client, monkeypatch: Any) -> None:
        Environment.objects.update(archived_at=timezone.now())  # those of other tests
        for place in ("programs.actions.projects", "loyalty.admin.project_adding"):
            monkeypatch.setattr(
                f"{place}.has_projects", lambda: Environment.objects.filter(archived_at=None).exists()
            )
        root = factories.make_staff(None)
        root.is_superuser = True
        root.save()
        client.force_login(root)
        assert "Make the first project" in text_of(client.get("/console/"))
        sent = {"organization": "Corner Coffee", "name": "App", "time_zone": "Europe/London"}
        made = client.post("/console/programs/project/add/", sent, follow=True)
        assert made.context["console_environment"].project.name == "App"
        assert Organization.objects.filter(name="Corner Coffee", projects__name="App").exists()
        assert "Make the first project" not in text_of(client.get("/console/"))

    def test_who_is_in_none_makes_none(self, client: Client) -> None:
        client.force_login(factories.make_staff(None))
        before = state_of_everything()
        client.post("/console/programs/project/add/", {"organization": "X", "name": "X", "time_zone": "UTC"})
        assert state_of_everything() == before


@pytest.mark.parametrize(
    ("field", "given"),
    [
        *[("organization", text) for text in ("", " ", "x" * 201, "a\0b")],
        *[("name", text) for text in ("", " ", "x" * 201, "a\0b")],
        ("time_zone", "Mars/Olympus"),
    ],
)
def test_the_first_project_is_checked_like_any_other(monkeypatch: Any, field: str, given: str) -> None:
    monkeypatch.setattr("programs.actions.projects.has_projects", lambda: False)  # but those of other tests
    asked = {"organization": "Acme", "name": "Club", "time_zone": "UTC"} | {field: given}
    owner, before = factories.make_staff(None), state_of_everything()
    with pytest.raises(InvalidRequest) as refusal:
        add_first_project(owner=owner, actor=factories.make_actor(), **asked)
    assert [fault.field for fault in refusal.value.errors] == [field]
    assert state_of_everything() == before
