"""Operators configure; owners hand out keys and roles."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from programs.actions.keys import hash_key
from programs.models import ApiKey, EarningRule, Environment, Metric, Program, ProjectMembership
from tests import factories
from tests.console.rule_forms import rule_form
from tests.console.tenants import state_of_everything

pytestmark = pytest.mark.django_db

RULE = "/console/programs/earningrule"


@pytest.fixture
def operator(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "operator")
    return client


@pytest.fixture
def owner(login: Any, environment: Environment) -> Client:
    client: Client = login(environment, "owner")
    return client


def _rule_form(environment: Environment, **changes: str) -> dict[str, Any]:
    """2 points per 1.00, from 50 on."""
    sent = rule_form(
        environment,
        condition='{"field": "data.amount", "op": "gte", "value": "50"}',
        award_kind="per_amount",
        award_rate="2",
        award_step="1",
        award_field="data.amount",
    )
    del sent["award_points"]
    return sent | changes


class TestConfiguration:
    def test_a_program_is_made_audited_and_versioned(
        self, operator: Client, environment: Environment
    ) -> None:
        version = environment.config_version
        answer = operator.post(
            "/console/programs/program/add/", {"name": "Club", "code": "club", "status": "active"}
        )
        assert answer.status_code == 302
        program = Program.objects.get(environment=environment, code="club")
        assert AuditEvent.objects.get(object_id=str(program.pk)).actor_kind == "staff"
        assert factories.reload(environment).config_version == version + 1

    @pytest.mark.parametrize(
        "wrong", [{"code": "default"}, {"code": "no spaces"}, {"name": ""}, {"status": "x"}]
    )
    def test_a_refused_program_is_said_on_the_form(
        self, operator: Client, environment: Environment, wrong: dict[str, str]
    ) -> None:
        before = state_of_everything()
        form = {"name": "Club", "code": "club", "status": "active"} | wrong
        answer = operator.post("/console/programs/program/add/", form)
        assert answer.status_code == 200
        assert answer.context["adminform"].form.errors
        assert state_of_everything() == before

    def test_a_metric_with_expiry_but_no_number_of_days_is_refused(
        self, operator: Client, environment: Environment
    ) -> None:
        metric = Metric.objects.get(environment=environment)
        form = {"title": "Points", "code": "points", "program": str(metric.program_id), "expiry": "days"}
        form |= {"default_value": "0", "vesting_days": "0", "negative_balance": "debt", "rounding": "down"}
        url = f"/console/programs/metric/{metric.pk}/change/"
        assert operator.post(url, form).context["adminform"].form.errors
        assert operator.post(url, form | {"expiry_count": "30"}).status_code == 302
        metric.refresh_from_db()
        assert (metric.expiry, metric.expiry_count) == ("days", 30)


class TestRules:
    def test_a_rule_is_written_put_in_words_and_published(
        self, operator: Client, environment: Environment
    ) -> None:
        assert operator.post(f"{RULE}/add/", _rule_form(environment)).status_code == 302
        rule = EarningRule.objects.get(environment=environment)
        assert rule.award == {"kind": "per_amount", "field": "data.amount", "rate": "2", "step": "1"}
        assert rule.status == "draft"
        page = operator.get(f"{RULE}/{rule.pk}/change/").content.decode()
        assert "Purchases of 50 or more earn 2 points per 1." in page
        assert "no effect yet" in page
        assert "2 points per 1" in operator.get(f"{RULE}/{rule.pk}/publish/").content.decode()
        assert not rule.revisions.exists()
        operator.post(f"{RULE}/{rule.pk}/publish/")
        rule.refresh_from_db()
        assert rule.status == "published"
        assert AuditEvent.objects.get(verb="earningrule.published").actor_kind == "staff"

    def test_an_edit_of_a_published_rule_shows_the_difference_until_it_is_published(
        self, operator: Client, environment: Environment
    ) -> None:
        rule = factories.make_rule(environment)
        operator.post(f"{RULE}/{rule.pk}/change/", _rule_form(environment, award_rate="3"))
        assert (
            "The draft differs from revision 1" in operator.get(f"{RULE}/{rule.pk}/change/").content.decode()
        )
        diff = operator.get(f"{RULE}/{rule.pk}/publish/").context["diff"]
        assert {row.name for row in diff if row.changed} == {"Name", "Condition", "Award"}
        operator.post(f"{RULE}/{rule.pk}/publish/")
        assert rule.revisions.count() == 2
        operator.post(f"{RULE}/{rule.pk}/publish/")
        assert rule.revisions.count() == 2

    def test_the_difference_names_the_program(self, operator: Client, environment: Environment) -> None:
        rule = factories.make_rule(environment)
        form = {"name": "Club", "code": "club", "status": "active"}
        operator.post("/console/programs/program/add/", form)
        club = Program.objects.get(environment=environment, code="club")
        EarningRule.objects.filter(pk=rule.pk).update(program=club)
        diff = operator.get(f"{RULE}/{rule.pk}/publish/").context["diff"]
        assert [tuple(row) for row in diff if row.changed] == [("Program", "Default program", "Club", True)]

    def test_archiving(self, operator: Client, environment: Environment) -> None:
        rule = factories.make_rule(environment)
        operator.post(f"{RULE}/{rule.pk}/archive/")
        rule.refresh_from_db()
        assert rule.status == "archived"
        assert rule.revisions.first().definition is None  # type: ignore[union-attr]

    @pytest.mark.parametrize(
        ("wrong", "field"),
        [
            ({"condition": '{"field": "data.amount", "op": "near", "value": 1}'}, "condition"),
            ({"condition": "{"}, "condition"),
            ({"condition": '{"all": []}'}, "condition"),
            ({"award_rate": "-1"}, "award_rate"),
            ({"award_step": "many"}, "award_step"),
            ({"award_field": "member.tier"}, "award_field"),
            ({"award_kind": "fixed"}, "award_points"),
            ({"award_kind": "magic"}, "award_kind"),
            ({"name": ""}, "name"),
        ],
    )
    def test_a_faulty_rule_is_refused_on_its_field(
        self, operator: Client, environment: Environment, wrong: dict[str, str], field: str
    ) -> None:
        before = state_of_everything()
        answer = operator.post(f"{RULE}/add/", _rule_form(environment, **wrong))
        assert answer.status_code == 200
        assert field in answer.context["adminform"].form.errors
        assert state_of_everything() == before

    def test_the_sentence_says_what_is_on_the_screen(
        self, operator: Client, environment: Environment
    ) -> None:
        said = operator.post(f"{RULE}/sentence/", _rule_form(environment)).json()
        assert said["sentence"].endswith("earn 2 points per 1.")
        faulty: list[dict[str, str]] = [
            {"condition": "{"},
            {"award_rate": "x"},
            {"metric": "zzz", "condition": "[[["},
        ]
        for wrong in faulty:
            assert operator.post(f"{RULE}/sentence/", _rule_form(environment, **wrong)).json()["faults"]

    def test_suggestions_come_from_what_was_received(self, login: Any, ours: Any) -> None:
        answer = login(ours.environment).get("/console/loyalty/event/suggestions/?type=ours-purchase").json()
        assert answer["types"] == ["ours-purchase", "purchase"]
        assert {"data.amount", "data.note", "member.event_count.ours-purchase"} <= set(answer["fields"])


class TestKeys:
    def sent(self, owner: Client, form: dict[str, Any]) -> Any:
        """The answer to the form, opened and filled in."""
        url = "/console/programs/apikey/add/"
        return owner.post(url, form | {"token": owner.get(url).context["token"]})

    def test_the_secret_is_shown_once_and_works(
        self, owner: Client, environment: Environment, client: Client
    ) -> None:
        answer = self.sent(owner, {"name": "Till", "scopes": ["points:read", "config:read"]})
        secret = answer.context["secret"]
        key = ApiKey.objects.get(environment=environment)
        assert key.key_hash == hash_key(secret)
        assert "no-store" in answer["Cache-Control"]
        for url in (
            "/console/programs/apikey/",
            f"/console/programs/apikey/{key.pk}/change/",
            "/console/audit/auditevent/",
        ):
            text = owner.get(url).content.decode()
            assert secret not in text
            assert key.key_hash not in text
        assert secret not in str(state_of_everything())

    def test_a_key_without_scopes_or_with_a_past_end_is_refused(
        self, owner: Client, environment: Environment
    ) -> None:
        yesterday = (timezone.now() - timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%S")
        faulty: list[dict[str, Any]] = [
            {"scopes": []},
            {"scopes": ["root"]},
            {"scopes": ["*"], "expires_at": yesterday},
        ]
        for wrong in faulty:
            answer = self.sent(owner, {"name": "Till"} | wrong)
            assert answer.context["form"].errors
        assert not ApiKey.objects.filter(environment=environment).exists()

    def test_a_form_that_nobody_opened_makes_no_key(self, owner: Client, environment: Environment) -> None:
        form = {"name": "Till", "scopes": ["points:read"]}
        answer = owner.post("/console/programs/apikey/add/", form, follow=True)
        assert "sent already" in answer.content.decode()
        assert not ApiKey.objects.filter(environment=environment).exists()

    def test_revoking_asks_first(self, owner: Client, environment: Environment) -> None:
        factories.make_key(environment)
        key = ApiKey.objects.get(environment=environment)
        url = f"/console/programs/apikey/{key.pk}/revoke/"
        assert owner.get(url).status_code == 200
        key.refresh_from_db()
        assert key.revoked_at is None
        owner.post(url)
        key.refresh_from_db()
        assert key.revoked_at is not None


class TestStaff:
    def test_a_new_log_in_is_made_and_its_password_shown_once(
        self, owner: Client, environment: Environment
    ) -> None:
        answer = owner.post(
            "/console/programs/projectmembership/add/", {"username": "sam", "role": "support"}
        )
        password = answer.context["secret"]
        user = User.objects.get(username="sam")
        assert user.is_staff
        assert user.check_password(password)
        assert password not in str(state_of_everything())
        again = owner.post("/console/programs/projectmembership/add/", {"username": "sam", "role": "owner"})
        assert again.context["form"].errors

    def test_somebody_known_keeps_their_password(self, owner: Client, environment: Environment) -> None:
        sister = factories.make_project("App", organization=environment.project.organization.name)
        user = factories.make_staff(sister, username="kim")
        old = user.password
        form = {"username": "kim", "role": "analyst"}
        assert owner.post("/console/programs/projectmembership/add/", form).status_code == 302
        user.refresh_from_db()
        assert user.password == old

    @pytest.mark.parametrize("elsewhere", [True, False])
    def test_another_organizations_user_is_as_taken_as_any(
        self, owner: Client, environment: Environment, elsewhere: bool
    ) -> None:
        user = factories.make_staff(factories.make_project() if elsewhere else None, username="kim")
        User.objects.filter(pk=user.pk).update(is_staff=False, is_active=False)
        before = state_of_everything()
        form = {"username": "kim", "role": "analyst"}
        answer = owner.post("/console/programs/projectmembership/add/", form)
        assert answer.context["form"].errors == {"username": ["Choose another user name."]}
        assert state_of_everything() == before

    @pytest.mark.parametrize("name", ["Kim", "KIM"])
    def test_a_name_in_other_letters_case_is_taken(
        self, owner: Client, environment: Environment, name: str
    ) -> None:
        factories.make_staff(environment.project, username="kim")
        before = state_of_everything()
        form = {"username": name, "role": "analyst"}
        answer = owner.post("/console/programs/projectmembership/add/", form)
        assert answer.context["form"].errors == {"username": ["Choose another user name."]}
        assert state_of_everything() == before

    def test_the_last_owner_stays(self, owner: Client, environment: Environment) -> None:
        membership = ProjectMembership.objects.get(project=environment.project)
        url = f"/console/programs/projectmembership/{membership.pk}"
        before = state_of_everything()
        assert "is the last owner" in owner.post(f"{url}/remove/", follow=True).content.decode()
        assert (
            "is the last owner"
            in owner.post(f"{url}/role/", {"role": "analyst"}, follow=True).content.decode()
        )
        assert state_of_everything() == before
        factories.make_staff(environment.project, "owner")
        assert owner.post(f"{url}/remove/").status_code == 302
        assert not ProjectMembership.objects.filter(pk=membership.pk).exists()

    def test_a_switched_off_owner_does_not_count(self, owner: Client, environment: Environment) -> None:
        other = factories.make_staff(environment.project, "owner")
        other.is_active = False
        other.save()
        membership = ProjectMembership.objects.filter(project=environment.project).exclude(user=other).get()
        owner.post(f"/console/programs/projectmembership/{membership.pk}/remove/")
        assert ProjectMembership.objects.filter(pk=membership.pk).exists()


class TestClock:
    def test_moves_the_sandbox_and_says_why_not(self, operator: Client, environment: Environment) -> None:
        url = f"/console/programs/project/{environment.project_id}/clock/"
        operator.post(url, {"clock": "2020-05-01T10:00:00"})
        assert factories.reload(environment).clock.isoformat() == "2020-05-01T10:00:00+00:00"  # type: ignore[union-attr]
        factories.make_member(environment)
        answer = operator.post(url, {"clock": "2019-05-01T10:00:00"}, follow=True)
        assert "choose a later instant" in answer.content.decode()
        assert factories.reload(environment).clock.year == 2020  # type: ignore[union-attr]
