"""A staff member of one project sees nothing of another, on any page there is or will be.

Pages are taken from the registry and from their own URL patterns, so a new one is covered by itself;
a new model must get a row in `tenants.furnish`, which the first test demands.
"""

from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admin import site
from django.db.models import ForeignKey, Model
from django.test import Client
from django.urls import reverse

from programs.models import Environment
from tests import factories
from tests.console.tenants import Tenant, furnish, registered, state_of_everything

pytestmark = pytest.mark.django_db

OBJECT_PAGES = [
    (model, pattern.name)
    for model in registered()
    for pattern in site._registry[model].get_urls()
    if pattern.name and "object_id" in str(pattern.pattern)
]
PLAIN_PAGES = [
    (model, pattern.name)
    for model in registered()
    for pattern in site._registry[model].get_urls()
    if pattern.name and "<" not in str(pattern.pattern)
]


@pytest.fixture(scope="module")
def _ours(module_data: None) -> Tenant:
    return furnish("ours")


@pytest.fixture(scope="module")
def _theirs(module_data: None) -> Tenant:
    return furnish("theirs")


@pytest.fixture
def ours(_ours: Tenant, db: None, fresh_snapshots: None) -> Tenant:
    """Made once for all tests here; what one of them changes is undone after it."""
    return _ours


@pytest.fixture
def theirs(_theirs: Tenant, db: None, fresh_snapshots: None) -> Tenant:
    return _theirs


def _id(value: Any) -> str:
    return str(value._meta.model_name) if hasattr(value, "_meta") else str(value)


def _says_nothing_of(tenant: Tenant, text: str) -> None:
    assert tenant.mark not in text
    for row in tenant.rows.values():
        assert str(row.pk) not in text


def test_every_registered_model_is_furnished(theirs: Tenant) -> None:
    assert set(registered()) == set(theirs.rows), "give the new model a row in tests/console/tenants.py"


@pytest.mark.parametrize(("model", "name"), PLAIN_PAGES, ids=_id)
def test_no_page_shows_anything_of_another_project(
    login: Any, ours: Tenant, theirs: Tenant, model: type[Model], name: str
) -> None:
    """Lists, add forms with their look-ups, suggestions, filters' choices."""
    client = login(ours.environment)
    answer = client.get(reverse(f"admin:{name}"), follow=True)
    assert answer.status_code in (200, 403, 405)
    _says_nothing_of(theirs, answer.getvalue().decode())


@pytest.mark.parametrize("model", registered(), ids=_id)
def test_the_list_shows_what_is_ours(login: Any, ours: Tenant, theirs: Tenant, model: type[Model]) -> None:
    """The counterpart: nothing is hidden by showing nothing."""
    client = login(ours.environment)
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    assert str(ours.rows[model].pk) in client.get(url, follow=True).content.decode()


@pytest.mark.parametrize(("model", "name"), OBJECT_PAGES, ids=_id)
@pytest.mark.parametrize("method", ["get", "post"])
def test_another_projects_object_does_not_exist(
    login: Any, ours: Tenant, theirs: Tenant, model: type[Model], name: str, method: str
) -> None:
    """Detail, history, deletion and every page of our own: as for an id that nobody has."""
    client = login(ours.environment)
    before = state_of_everything()
    posted = {
        "_save": "1",
        "confirm": "yes",
        "step": "confirm",
        "token": "t",
        "role": "owner",
        "status": "frozen",
    }
    foreign = getattr(client, method)(reverse(f"admin:{name}", args=[theirs.rows[model].pk]), posted)
    unknown = getattr(client, method)(reverse(f"admin:{name}", args=[uuid4()]), posted)
    assert foreign.status_code == unknown.status_code
    assert foreign.status_code in (302, 403, 404)
    assert foreign.headers.get("Location") == unknown.headers.get("Location")
    assert theirs.mark not in foreign.content.decode()
    assert state_of_everything() == before


@pytest.mark.parametrize("model", registered(), ids=_id)
def test_search_and_filters_find_nothing_of_another_project(
    login: Any, ours: Tenant, theirs: Tenant, model: type[Model]
) -> None:
    client = login(ours.environment)
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    row = theirs.rows[model]
    queries = [
        {"q": theirs.mark},
        {"q": str(row.pk)},
        {"q": f"{theirs.mark}-ada"},
        {"q": f"{theirs.mark}-event-1"},
    ]
    queries += [{field.attname: str(getattr(row, field.attname))} for field in model._meta.concrete_fields]
    for query in queries:
        answer = client.get(url, query, follow=True)
        text = answer.content.decode().replace(f'value="{query.get("q")}"', "")
        listed = answer.context.get("cl") if answer.context else None
        assert answer.status_code in (200, 400)
        assert listed is None or row not in list(listed.result_list)
        assert f"/{row.pk}/change/" not in text


@pytest.mark.parametrize("model", registered(), ids=_id)
def test_autocomplete_offers_nothing_of_another_project(
    login: Any, ours: Tenant, theirs: Tenant, model: type[Model]
) -> None:
    client = login(ours.environment)
    for field in model._meta.concrete_fields:
        if isinstance(field, ForeignKey):
            asked = {
                "app_label": model._meta.app_label,
                "model_name": model._meta.model_name or "",
                "field_name": field.name,
                "term": theirs.mark,
            }
            answer = client.get(reverse("admin:autocomplete"), asked)
            assert answer.status_code in (200, 403, 404)
            # A refusal's page can be come back to by its own address, which says what was asked for.
            _says_nothing_of(theirs, answer.content.decode().replace(f"term={theirs.mark}", ""))


@pytest.mark.parametrize("model", registered(), ids=_id)
def test_actions_do_not_reach_another_project(
    login: Any, ours: Tenant, theirs: Tenant, model: type[Model]
) -> None:
    client = login(ours.environment)
    before = state_of_everything()
    url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    for action in ("delete_selected", "archive", "revoke"):
        chosen = {"action": action, "_selected_action": [str(theirs.rows[model].pk)], "post": "yes"}
        assert client.post(url, chosen).status_code in (200, 302, 403)
    assert state_of_everything() == before


def test_a_forged_look_up_is_refused(login: Any, ours: Tenant, theirs: Tenant) -> None:
    """The form of a rule that names another project's program and metric."""
    client = login(ours.environment)
    form = {
        "name": "x",
        "event_type": "x",
        "condition": "{}",
        "priority": "0",
        "award_kind": "fixed",
        "award_points": "5",
        "entry_type": "earned",
    }
    by_name = {model._meta.model_name: row for model, row in theirs.rows.items()}
    answer = client.post(
        reverse("admin:programs_earningrule_add"),
        form | {"program": str(by_name["program"].pk), "metric": str(by_name["metric"].pk)},
    )
    assert set(answer.context["adminform"].form.errors) == {"program", "metric"}
    assert theirs.mark not in answer.content.decode()


@pytest.mark.parametrize(
    "path", ["/console/", "/console/find/?q=theirs", "/console/search/?s=theirs&extended=1"]
)
def test_overview_and_search_everywhere(login: Any, ours: Tenant, theirs: Tenant, path: str) -> None:
    text = login(ours.environment).get(path).content.decode()
    assert "theirs-" not in text


def test_the_palette_forgets_the_other_environment(login: Any, ours: Tenant, theirs: Tenant) -> None:
    """Unfold's own search keeps its answers per user; ours must follow the switcher."""
    client = login(theirs.environment, is_superuser=True)
    assert "theirs-ada" in client.get("/console/search/?s=theirs-ada").content.decode()
    client.post("/console/environment/", {"environment": str(ours.environment.pk)})
    assert "theirs-ada" not in client.get("/console/search/?s=theirs-ada").content.decode()


def test_sandbox_and_live_of_one_project_are_apart(login: Any, ours: Tenant) -> None:
    live = Environment.objects.get(project=ours.environment.project, kind="live")
    client = login(live)
    for model in registered():
        row = ours.rows[model]
        if hasattr(row, "environment_id") and model._meta.app_label != "audit":
            url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[row.pk])
            assert client.get(url).status_code == 302, model


class TestSwitcher:
    def test_refuses_a_foreign_environment(self, login: Any, ours: Tenant, theirs: Tenant) -> None:
        client = login(ours.environment)
        for wrong in (str(theirs.environment.pk), "nonsense", ""):
            assert client.post("/console/environment/", {"environment": wrong}).status_code == 404
        assert client.get("/console/").context["console_environment"] == ours.environment

    def test_offers_only_ones_own(self, login: Any, ours: Tenant, theirs: Tenant) -> None:
        offered = login(ours.environment).get("/console/").context["console_environments"]
        assert {environment.project for environment in offered} == {ours.environment.project}

    def test_a_membership_that_ended_ends_at_once(self, login: Any, ours: Tenant) -> None:
        client = login(ours.environment)
        ours.environment.project.memberships.all().delete()
        answer = client.get("/console/")
        assert "You are in no project yet" in answer.content.decode()
        assert client.get(reverse("admin:loyalty_member_changelist")).status_code == 403

    def test_is_a_post(self, login: Any, ours: Tenant) -> None:
        assert login(ours.environment).get("/console/environment/").status_code == 405

    def test_leaves_an_object_for_its_list(self, login: Any, ours: Tenant) -> None:
        live = Environment.objects.get(project=ours.environment.project, kind="live")
        client = login(ours.environment)
        for here, there in {
            "/console/loyalty/member/x/change/": "/console/loyalty/member/",
            "/console/": "/console/",
            "https://evil.example/": "/console/",
        }.items():
            answer = client.post("/console/environment/", {"environment": str(live.pk), "next": here})
            assert answer["Location"] == there

    def test_a_log_in_without_staff_rights_is_sent_to_the_log_in(self, ours: Tenant) -> None:
        user = factories.make_staff(ours.environment.project)
        user.is_staff = False
        user.save()
        client = Client()
        client.force_login(user)
        assert "/login/" in client.get("/console/")["Location"]
