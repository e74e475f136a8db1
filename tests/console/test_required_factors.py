"""A project that requires a second factor shows nothing to whoever has none, and everything else goes on."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from audit.models import AuditEvent
from audit.secrets_at_rest import Unreadable
from programs.actions.tenancy import set_membership
from programs.models import Environment, Project, SecondFactor
from programs.queries.second_factors import may_reset
from tests import factories
from tests.console.second_factors import log_in, password_step, phone_of, set_up
from tests.console.tenants import Tenant, furnish
from tests.console.test_isolation import OBJECT_PAGES, PLAIN_PAGES

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def _ours(module_data: None) -> Tenant:
    found = furnish("ours")
    Project.objects.filter(pk=found.environment.project_id).update(two_factor_required=True)
    return found


@pytest.fixture
def ours(_ours: Tenant, db: None, fresh_snapshots: None) -> Tenant:
    """Its project requires a second factor."""
    return _ours


def _entered(project: Project, role: str = "owner", *, is_superuser: bool = False) -> Client:
    user = factories.make_staff(None if is_superuser else project, role)
    user.is_superuser = is_superuser
    user.save()
    password_step(client := Client(), user)
    return client


@pytest.mark.parametrize("is_superuser", [False, True])
def test_no_page_shows_anything_before_it_is_set_up(ours: Tenant, is_superuser: bool) -> None:
    Project.objects.update(two_factor_required=True)  # those of other tests too, which a superuser sees
    client = _entered(ours.environment.project, is_superuser=is_superuser)
    plain = [reverse(f"admin:{name}") for _model, name in PLAIN_PAGES]
    own = [reverse(f"admin:{name}", args=[ours.rows[model].pk]) for model, name in OBJECT_PAGES]
    more = ["/console/", "/console/find/?q=ours-ada", "/console/search/?s=ours", "/console/jobs/"]
    for address in plain + own + more:
        for send in (client.get, client.post):
            answer = send(address)
            assert answer.headers.get("Location") == "/console/security/", address
    told = client.get("/console/search/?s=ours", headers={"Sec-Fetch-Mode": "cors"})
    assert (told.status_code, told.json()) == (403, {"detail": "Set up a second factor first."})
    switched = client.post("/console/environment/", {"environment": str(ours.environment.pk)})
    assert switched.status_code == 404
    page = client.get("/console/security/").content.decode()
    assert "It is not shown until you have set one up here" in page
    assert "ours-" not in page, "not even the project's name"


def test_another_project_stays_usable_and_says_that_there_is_more(ours: Tenant) -> None:
    """Same organization, same person."""
    open_one = factories.make_project("Open", organization="ours-organization")
    user = factories.make_staff(open_one)
    set_membership(project=ours.environment.project, user=user, role="owner", actor=factories.make_actor())
    password_step(client := Client(), user)
    session = client.session
    session["console_environment"] = str(ours.environment.pk)  # chosen before it was required
    session.save()
    overview = client.get("/console/")
    assert overview.status_code == 200
    text = overview.content.decode()
    assert "ours-project" not in text
    assert "set up a second factor to see them" in text
    assert {each.project for each in overview.context["console_environments"]} == {open_one}
    for model, name in OBJECT_PAGES:
        answer = client.get(reverse(f"admin:{name}", args=[ours.rows[model].pk]))
        text = answer.content.decode().replace("ours-organization", "")
        assert "ours-" not in text, name
    found = client.get("/console/search/?s=ours-ada").content.decode()
    assert "ours-ada" not in found
    set_up(client)
    again = client.get("/console/")
    assert {each.project for each in again.context["console_environments"]} == {
        open_one,
        ours.environment.project,
    }


def test_who_has_set_it_up_sees_all(ours: Tenant) -> None:
    client = _entered(ours.environment.project)
    set_up(client)
    assert "ours-ada" in client.get("/console/loyalty/member/").content.decode()


def test_who_has_removed_it_sees_nothing_again_and_was_told(ours: Tenant) -> None:
    client = _entered(ours.environment.project)
    set_up(client)
    page = client.get("/console/security/second-factor/remove/").content.decode()
    assert "You will not see ours-project until you set one up again" in page
    client.post("/console/security/second-factor/remove/", {"password": "correct horse battery staple"})
    assert client.get("/console/loyalty/member/")["Location"] == "/console/security/"


class TestSwitchingItOn:
    def test_needs_ones_own_first(self, environment: Environment) -> None:
        client = _entered(environment.project)
        edit = reverse("admin:programs_project_edit", args=[environment.project_id])
        form = {"name": "Shop", "time_zone": "UTC", "two_factor_required": "yes", "audit_member_views": "no"}
        colleague = factories.make_staff(environment.project, "support")
        refused = client.post(edit, form | {"step": "effect"}).content.decode()
        assert "Set up your own second factor first" in refused
        assert '<a class="lc-link" href="/console/security/">Set up your second factor</a>' in refused
        client.post(edit, form | {"step": "confirm", "token": "t", "seen": ""})
        assert not Project.objects.get(pk=environment.project_id).two_factor_required
        assert not AuditEvent.objects.filter(verb="project.updated").exists()

        set_up(client)
        asked = client.post(edit, form | {"step": "effect"})
        assert f"{colleague.username} has none yet and sees nothing" in asked.content.decode()
        sent = form | {"step": "confirm", "token": asked.context["token"], "seen": asked.context["seen"]}
        assert client.post(edit, sent).status_code == 302
        assert Project.objects.get(pk=environment.project_id).two_factor_required
        told = AuditEvent.objects.get(verb="project.updated")
        assert told.before is not None
        assert told.after is not None
        assert (told.before["two_factor_required"], told.after["two_factor_required"]) == (False, True)
        assert client.get("/console/loyalty/member/").status_code == 200

    def test_is_an_owners(self, environment: Environment, login: Any) -> None:
        client = login(environment, "operator")
        edit = reverse("admin:programs_project_edit", args=[environment.project_id])
        assert client.get(edit).status_code == 403
        assert client.post(edit, {"two_factor_required": "yes", "step": "effect"}).status_code == 403


class TestReset:
    """Who may take whose second factor away: the password alone must not open somebody else's project."""

    def test_by_an_owner_ends_all_log_ins_and_is_audited(self, environment: Environment) -> None:
        owner = _entered(environment.project)
        colleague = factories.make_staff(environment.project, "support")
        password_step(theirs := Client(), colleague)
        _phone, _codes = set_up(theirs)
        listed = owner.get("/console/programs/projectmembership/").content.decode()
        assert "Set up" in listed
        membership = environment.project.memberships.get(user=colleague)
        page = reverse("admin:programs_projectmembership_reset-second-factor", args=[membership.pk])
        assert "Be sure that it is" in owner.get(page).content.decode()
        assert theirs.get("/console/").status_code == 200, "a look does nothing"
        owner.post(page)
        assert "ended=elsewhere" in theirs.get("/console/")["Location"]
        assert not SecondFactor.objects.filter(user=colleague).exists()
        told = AuditEvent.objects.get(verb="staff.second_factor_reset")
        assert (told.object_id, told.project_id) == (colleague.username, environment.project_id)
        password_step(theirs, colleague)
        assert theirs.get("/console/").status_code == 200
        assert "has set up no second factor" in owner.post(page, follow=True).content.decode()

    def test_a_lost_password_is_made_anew_by_the_same_rule(self, environment: Environment) -> None:
        owner = _entered(environment.project)
        colleague = factories.make_staff(environment.project, "support")
        password_step(theirs := Client(), colleague)
        membership = environment.project.memberships.get(user=colleague)
        page = reverse("admin:programs_projectmembership_new-password", args=[membership.pk])
        owner.get(page)
        assert theirs.get("/console/").status_code == 200, "a look does nothing"
        fresh = owner.post(page).context["secret"]
        assert "ended=elsewhere" in theirs.get("/console/")["Location"]
        theirs.post("/console/login/", {"username": colleague.username, "password": fresh})
        own = "a staple of their own"
        chosen = {"old_password": fresh, "new_password1": own, "new_password2": own}
        assert theirs.post("/console/password_change/", chosen).status_code == 302
        assert theirs.get("/console/").status_code == 200
        assert AuditEvent.objects.filter(verb="user.password_set", project_id=environment.project_id).exists()
        second = factories.make_project("Second", organization=environment.project.organization.name)
        set_membership(project=second, user=colleague, role="analyst", actor=factories.make_actor())
        assert "Only an owner of every project" in owner.post(page, follow=True).content.decode()
        assert theirs.get("/console/").status_code == 200

    def test_of_who_works_for_others_too_is_refused(self, environment: Environment) -> None:
        owner = factories.make_staff(environment.project)
        second = factories.make_project("Second", organization=environment.project.organization.name)
        colleague = factories.make_staff(environment.project, "support")
        set_membership(project=second, user=colleague, role="analyst", actor=factories.make_actor())
        password_step(theirs := Client(), colleague)
        set_up(theirs)
        membership = environment.project.memberships.get(user=colleague)
        page = reverse("admin:programs_projectmembership_reset-second-factor", args=[membership.pk])
        for role in (None, "operator"):
            if role:
                set_membership(project=second, user=owner, role=role, actor=factories.make_actor())
            password_step(client := Client(), owner)
            client.post("/console/environment/", {"environment": str(environment.pk)})
            assert "Only an owner of every project" in client.post(page, follow=True).content.decode()
        assert theirs.get("/console/").status_code == 200
        set_membership(project=second, user=owner, role="owner", actor=factories.make_actor())
        assert may_reset(by=owner, user=colleague)
        Project.objects.filter(pk=second.pk).update(two_factor_required=True)
        assert not may_reset(by=owner, user=colleague), "what one does not see one does not own"

    def test_of_a_superuser_or_of_oneself_is_refused(self, environment: Environment) -> None:
        owner, root = factories.make_staff(environment.project), factories.make_staff(environment.project)
        root.is_superuser = True
        root.save()
        assert not may_reset(by=owner, user=root)
        assert not may_reset(by=owner, user=owner)
        assert not may_reset(by=root, user=root)
        assert may_reset(by=root, user=owner)

    def test_by_command(self, environment: Environment) -> None:
        user = factories.make_staff(environment.project)
        password_step(client := Client(), user)
        set_up(client)
        call_command("reset_second_factor", user.username)
        assert "ended=elsewhere" in client.get("/console/")["Location"]
        for name in (user.username, "nobody"):
            with pytest.raises(CommandError):
                call_command("reset_second_factor", name)


def test_a_new_encryption_key_takes_over_the_secrets(environment: Environment, settings: Any) -> None:
    user = factories.make_staff(environment.project)
    password_step(client := Client(), user)
    phone, _ = set_up(client)
    fresh, old = "f" * 40, settings.ENCRYPTION_KEYS
    settings.ENCRYPTION_KEYS = [fresh, *old]
    call_command("encrypt_again")
    settings.ENCRYPTION_KEYS = [fresh]
    log_in(user, phone)
    settings.ENCRYPTION_KEYS = old
    with pytest.raises(Unreadable):
        phone_of(user)
