"""`manage.py bootstrap`: a tenant that works at once, and again changes nothing."""

import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.management import CommandError, call_command
from django.test import Client

from audit.models import AuditEvent
from programs.actions.staff import ensure_login
from programs.actions.tenancy import set_membership
from programs.models import ApiKey, Environment, Metric, Organization, Program, Project, ProjectMembership
from tests import factories
from tests.conftest import Api

pytestmark = pytest.mark.django_db
TABLES = (Organization, Project, Environment, Program, Metric, User, ProjectMembership, ApiKey, AuditEvent)


def text(*options: str, organization: str = "Acme", project: str = "Shop") -> str:
    out = StringIO()
    call_command("bootstrap", "--organization", organization, "--project", project, *options, stdout=out)
    return out.getvalue()


def facts(*options: str, **names: str) -> dict[str, Any]:
    """The one JSON object; json.loads refuses anything beside it."""
    answer: dict[str, Any] = json.loads(text("--json", *options, **names))
    return answer


def rows() -> list[int]:
    return [table.objects.count() for table in TABLES]


def test_it_prints_ids_keys_and_log_in_that_work() -> None:
    made = facts()
    project = Project.objects.get(pk=made["project"]["id"])
    assert str(project.organization_id) == made["organization"]["id"]
    assert (project.organization.name, project.name, project.time_zone) == ("Acme", "Shop", "Europe/London")
    for kind in ("sandbox", "live"):
        environment = Environment.objects.get(pk=made["environments"][kind]["id"])
        assert (environment.project, environment.kind) == (project, kind)
        key = made["environments"][kind]["api_key"]
        assert key.startswith(f"sk_{kind}_")
        answer = Api(key).post("/v1/points/award", {"customer_id": "ada", "points": 5, "reason": "Hello"})
        assert answer.status_code == 201, answer.content
    console = made["console"]
    assert console["path"] == "/console/"
    log_in = {"username": console["username"], "password": console["password"]}
    assert Client().post(f"{console['path']}login/", log_in).status_code == 302


def test_the_user_is_a_member_of_staff_and_owner_and_no_more() -> None:
    made = facts("--username", "grace")
    user = User.objects.get(username="grace")
    assert (user.is_staff, user.is_superuser) == (True, False)
    validate_password(made["console"]["password"], user)
    membership = ProjectMembership.objects.get(user=user)
    assert (str(membership.project_id), membership.role) == (made["project"]["id"], "owner")


def test_again_changes_nothing_and_shows_no_secret() -> None:
    first, before = facts(), rows()
    hashed = User.objects.get(username="owner").password
    second = facts()
    assert rows() == before
    assert User.objects.get(username="owner").password == hashed
    assert second["console"]["password"] is None
    assert [environment["api_key"] for environment in second["environments"].values()] == [None, None]
    assert second["project"] == first["project"]


def test_again_in_json_says_so_beside_it() -> None:
    facts()
    err = StringIO()
    names = ("--organization", "Acme", "--project", "Shop")
    call_command("bootstrap", *names, "--json", stdout=StringIO(), stderr=err)
    assert err.getvalue().startswith("null: made earlier, can't be shown again; --new-keys")


def test_again_says_how_to_get_new_secrets() -> None:
    text()
    again = text()
    assert again.count("--new-keys") == 2
    assert again.count("--new-password") == 1
    assert "sk_" not in again


def test_new_keys_are_made_beside_the_old() -> None:
    first = facts()
    second = facts("--new-keys")
    for kind in ("sandbox", "live"):
        old, new = (answer["environments"][kind]["api_key"] for answer in (first, second))
        assert old != new is not None
        assert [Api(key).get("/v1/programs").status_code for key in (old, new)] == [200, 200]
    assert second["console"]["password"] is None


def test_a_new_password_ends_the_old() -> None:
    old = facts()["console"]["password"]
    new = facts("--new-password")["console"]["password"]
    user = User.objects.get(username="owner")
    assert (user.check_password(old), user.check_password(new)) == (False, True)
    assert AuditEvent.objects.filter(verb="user.password_set", object_id=str(user.pk)).count() == 1


def test_a_password_that_is_known_is_not_hashed_anew() -> None:
    """Another hash would end the sessions that are open: the demo starts often."""
    facts()
    project = Project.objects.get(organization__name="Acme")

    def ensure() -> tuple[str | None, str]:
        made = ensure_login(
            project=project,
            username="owner",
            password="a-new-password",
            new_password=True,
            actor=factories.make_actor(),
        )
        return made.password, User.objects.get(username="owner").password

    first, hashed = ensure()
    assert first == "a-new-password"
    assert ensure() == (None, hashed)


@pytest.mark.parametrize("options", [(), ("--new-password",)])
def test_a_user_of_two_organizations_keeps_the_password(options: tuple[str, ...]) -> None:
    """They may be let into another project, but their password isn't this organization's to set."""
    facts()
    user = User.objects.get(username="owner")
    set_membership(project=factories.make_project(), user=user, role="owner", actor=factories.make_actor())
    if options:
        with pytest.raises(CommandError, match="Choose another user name"):
            facts(*options)
    else:
        assert facts(project="App")["console"]["password"] is None
    assert User.objects.get(username="owner").password == user.password


def test_a_second_project_of_the_organization_shares_its_user() -> None:
    first, second = facts(), facts(project="App")
    assert first["organization"] == second["organization"]
    assert second["console"]["password"] is None
    assert ProjectMembership.objects.filter(user__username="owner").count() == 2


def test_a_role_that_was_given_stays() -> None:
    made = facts()
    ProjectMembership.objects.filter(project=made["project"]["id"]).update(role="analyst")
    facts()
    assert ProjectMembership.objects.get(project=made["project"]["id"]).role == "analyst"


@pytest.mark.parametrize("options", [(), ("--new-password",)])
def test_another_organizations_user_is_refused(options: tuple[str, ...]) -> None:
    facts()
    before, hashed = rows(), User.objects.get(username="owner").password
    with pytest.raises(
        CommandError,
        match=r"^--username owner: Choose another user name: add --username NAME\. Nothing was changed\.$",
    ):
        facts(*options, organization="Other")
    assert rows() == before
    assert User.objects.get(username="owner").password == hashed


def test_a_user_without_any_project_is_refused() -> None:
    factories.make_staff(username="owner")
    with pytest.raises(CommandError, match=r"Choose another user name: add --username NAME\."):
        facts()


def test_a_faulty_time_zone_is_refused_by_its_options_name() -> None:
    with pytest.raises(CommandError, match=r"^--time-zone Europe/Atlantis: .*\. Nothing was changed\.$"):
        facts("--time-zone", "Europe/Atlantis")


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (("--time-zone", "Europe/Atlantis"), {}),
        ((), {"organization": "x" * 201}),
        ((), {"project": " "}),
        (("--username", ""), {}),
    ],
)
def test_faulty_options_are_refused_whole(options: tuple[str, ...], names: dict[str, str]) -> None:
    before = rows()
    with pytest.raises(CommandError):
        facts(*options, **names)
    assert rows() == before
