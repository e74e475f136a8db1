"""Every page answers, full and empty, for each role as its role allows."""

import re
from typing import Any

import pytest
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from audit.models import AuditEvent
from config.console import not_allowed
from loyalty.models import LedgerEntry
from loyalty.templatetags.console import actor, published_by
from programs.actions.webhook_endpoints import rotate_secret
from programs.models import Environment, Program
from tests import factories
from tests.console.tenants import Tenant, furnish, registered

pytestmark = pytest.mark.django_db

READ = [
    "loyalty_member",
    "loyalty_event",
    "loyalty_ledgerentry",
    "loyalty_hold",
    "audit_auditevent",
    "programs_program",
]
READ += [
    "loyalty_redemption",
    "programs_metric",
    "programs_earningrule",
    "programs_tierladder",
    "loyalty_backtest",
]
OWNED = ["programs_apikey", "programs_tokenkey", "programs_projectmembership"]


def _name(model: type[Model]) -> str:
    return f"{model._meta.app_label}_{model._meta.model_name}"


@pytest.fixture(scope="module")
def _ours(module_data: None) -> Tenant:
    return furnish("ours")


@pytest.fixture
def ours(_ours: Tenant, db: None, fresh_snapshots: None) -> Tenant:
    """Made once for all tests here; what one of them changes is undone after it."""
    return _ours


@pytest.mark.parametrize("model", registered(), ids=_name)
def test_lists_and_details_answer_an_owner(login: Any, ours: Tenant, model: type[Model]) -> None:
    client = login(ours.environment)
    for url in (
        reverse(f"admin:{_name(model)}_changelist"),
        reverse(f"admin:{_name(model)}_change", args=[ours.rows[model].pk]),
    ):
        answer = client.get(url, follow=True)
        assert answer.status_code == 200
        assert "SANDBOX" in answer.content.decode()


@pytest.mark.parametrize("model", registered(), ids=_name)
def test_empty_lists_say_what_they_would_hold(login: Any, model: type[Model]) -> None:
    environment = factories.make_environment("live")
    for rows in (environment.metrics, environment.programs):
        rows.all().delete()
    answer = login(environment).get(reverse(f"admin:{_name(model)}_changelist"), follow=True)
    assert answer.status_code == 200
    page = site._registry[model]
    if answer.context.get("cl") is not None and answer.context["cl"].result_count == 0:
        assert page.explanation in answer.content.decode().replace("&#x27;", "'")  # type: ignore[attr-defined]


@pytest.mark.parametrize("model", registered(), ids=_name)
def test_nothing_can_be_deleted(login: Any, ours: Tenant, model: type[Model]) -> None:
    url = reverse(f"admin:{_name(model)}_delete", args=[ours.rows[model].pk])
    assert login(ours.environment).post(url, {"post": "yes"}).status_code == 403
    assert type(ours.rows[model])._default_manager.filter(pk=ours.rows[model].pk).exists()


def _may_post(client: Client, url: str) -> bool:
    return client.post(url, {}).status_code != 403


@pytest.mark.parametrize(
    ("role", "helps", "configures", "owns"),
    [
        ("analyst", False, False, False),
        ("support", True, False, False),
        ("operator", True, True, False),
        ("owner", True, True, True),
    ],
)
def test_roles(login: Any, ours: Tenant, role: str, helps: bool, configures: bool, owns: bool) -> None:
    client = login(ours.environment, role)
    row = {_name(model): str(found.pk) for model, found in ours.rows.items()}
    for name in READ:
        assert client.get(reverse(f"admin:{name}_changelist")).status_code == 200
        assert client.get(reverse(f"admin:{name}_change", args=[row[name]])).status_code == 200
    for name in OWNED:
        assert (client.get(reverse(f"admin:{name}_changelist")).status_code == 200) is owns
        assert (client.get(reverse(f"admin:{name}_change", args=[row[name]])).status_code == 200) is owns
        assert (client.get(reverse(f"admin:{name}_add")).status_code == 200) is owns
    member, rule = row["loyalty_member"], row["programs_earningrule"]
    assert client.get(reverse("admin:loyalty_redemption_queue")).status_code == 200
    assert _may_post(client, reverse("admin:loyalty_redemption_queue")) is helps
    for name in ("fulfil", "fail", "cancel", "use", "resend"):
        url = reverse(f"admin:loyalty_redemption_{name}", args=[row["loyalty_redemption"]])
        assert _may_post(client, url) is helps
    assert _may_post(client, reverse("admin:loyalty_member_redeem", args=[member])) is helps
    assert _may_post(client, reverse("admin:loyalty_member_adjust", args=[member])) is helps
    assert _may_post(client, reverse("admin:loyalty_member_status", args=[member])) is helps
    assert _may_post(client, reverse("admin:loyalty_member_export", args=[member])) is helps
    assert _may_post(client, reverse("admin:programs_earningrule_try", args=[rule]))
    assert (
        client.get(reverse("admin:loyalty_backtest_csv", args=[row["loyalty_backtest"]])).status_code == 200
    )
    for name in ("programs_program", "programs_metric", "programs_earningrule", "programs_tierladder"):
        assert _may_post(client, reverse(f"admin:{name}_add")) is configures
        assert _may_post(client, reverse(f"admin:{name}_change", args=[row[name]])) is configures
    for name in ("publish", "archive", "roll-back", "back-test"):
        assert _may_post(client, reverse(f"admin:programs_earningrule_{name}", args=[rule])) is configures
    assert (
        _may_post(client, reverse("admin:programs_project_clock", args=[row["programs_project"]]))
        is configures
    )
    for url in (
        reverse("admin:programs_apikey_revoke", args=[row["programs_apikey"]]),
        reverse("admin:programs_tokenkey_revoke", args=[row["programs_tokenkey"]]),
        reverse("admin:programs_projectmembership_role", args=[row["programs_projectmembership"]]),
        reverse("admin:programs_projectmembership_remove", args=[row["programs_projectmembership"]]),
    ):
        assert _may_post(client, url) is owns


def test_what_a_role_may_not_is_said_in_the_consoles_frame(login: Any, ours: Tenant) -> None:
    answer = login(ours.environment, "analyst").get(reverse("admin:programs_reward_add"))
    assert answer.status_code == 403
    assert answer.templates[0].name == "console/not_allowed.html"
    text = answer.content.decode()
    assert "This needs the role operator in the project; ask one of its owners." in text
    assert 'href="/console/">Back to the overview' in text


def test_who_is_in_no_project_and_who_is_nobody_are_told_so_too(
    django_user_model: Any, client: Client, rf: Any
) -> None:
    client.force_login(django_user_model.objects.create_user("lone", is_staff=True))
    answer = client.get(reverse("admin:programs_reward_figures"))
    assert (answer.status_code, "Not allowed" in answer.content.decode()) == (403, True)
    plain = not_allowed(rf.get("/"), PermissionDenied("Not for you."))
    assert (plain.status_code, b"Not for you." in plain.content) == (403, True)


def test_who_did_it_is_written_in_one_form() -> None:
    for kind, name, words in (
        ("system", "demo", "the engine (demo)"),
        ("staff", "olga", "staff olga"),
        ("member", "5f", "the member"),
    ):
        row = LedgerEntry(actor_kind=kind, actor_id=name)
        assert (actor(row), published_by(f"{kind}:{name}")) == (words, words)


def test_the_overview_shows_the_figures_and_the_first_steps(login: Any, ours: Tenant) -> None:
    text = login(ours.environment).get("/console/?period=7").content.decode()
    assert "Points per day" in text
    assert "+75" in text
    fresh = login(factories.make_environment()).get("/console/").content.decode()
    assert "First steps" in fresh


def test_the_bar_tells_sandbox_from_live(login: Any, ours: Tenant) -> None:
    live = Environment.objects.get(project=ours.environment.project, kind="live")
    assert "lc-bar-sandbox" in login(ours.environment).get("/console/").content.decode()
    assert "lc-bar-live" in login(live).get("/console/").content.decode()


def test_times_are_in_the_projects_zone(login: Any) -> None:
    environment = factories.make_environment(time_zone="Pacific/Kiritimati")
    entry = factories.give(environment, 5)
    text = login(environment).get(f"/console/loyalty/member/{entry.member_id}/change/").content.decode()
    from zoneinfo import ZoneInfo

    assert f"{entry.occurred_at.astimezone(ZoneInfo('Pacific/Kiritimati')):%H:%M}" in text


def test_the_member_list_counts_what_came_due_without_a_query_per_member(
    login: Any, django_assert_max_num_queries: Any
) -> None:
    from datetime import timedelta

    from django.utils import timezone

    environment = factories.make_environment()
    for number in range(12):
        factories.give(environment, 10, f"m{number}")
    soon = timezone.now() + timedelta(milliseconds=1)
    factories.give(environment, 7, "m1", expires_at=soon)
    client = login(environment)
    with django_assert_max_num_queries(25):  # the first steps among them: no event has come in
        rows = client.get("/console/loyalty/member/").context["cl"].result_list
    assert {row.spendable for row in rows} == {10}


def test_search_opens_a_single_hit(login: Any, ours: Tenant) -> None:
    from audit.ids import public

    client = login(ours.environment)
    by_name = {model._meta.model_name: row for model, row in ours.rows.items()}
    for term, noun in (
        ("ours-ada", "member"),
        ("ours-event-1", "event"),
        (public("txn", by_name["ledgerentry"].pk), "ledgerentry"),
    ):
        answer = client.get("/console/find/", {"q": term})
        assert answer.status_code == 302, term
        assert f"/{noun}/{by_name[noun].pk}/change/" in answer["Location"]
    assert "Nothing found" in client.get("/console/find/", {"q": "zzz"}).content.decode()


def test_the_trail_names_objects_that_its_events_do_not(login: Any, environment: Environment) -> None:
    made = factories.make_endpoint(environment, description="Shop")
    rotate_secret(
        environment=environment, endpoint=made.endpoint, actor=factories.make_actor(), now=timezone.now()
    )
    factories.make_challenge(environment, title="Look around")
    factories.make_ladder(environment, ("silver", "0"))
    shown = login(environment).get("/console/audit/auditevent/").context["cl"].result_list
    about = {event.verb: site._registry[AuditEvent].about(event) for event in shown}  # type: ignore[attr-defined]
    assert about["webhookendpoint.secret_rotated"] == "Shop"
    assert about["challenge.rewards_changed"] == "Look around"
    assert about["tierladder.levels_changed"] == "Tiers of Default program"


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("audit/auditevent/", "Audit trail"),
        ("loyalty/adjustmentrequest/queue/", "Approvals"),
        ("programs/plan/", "Plan"),
        ("programs/projectmembership/", "Staff"),
    ],
)
def test_a_list_is_called_as_in_the_sidebar(
    login: Any, environment: Environment, path: str, name: str
) -> None:
    page = login(environment).get(f"/console/{path}").content.decode()
    assert re.search(rf'<h1 class="lc-page-title">{name}</h1>', page), "in the heading"
    assert re.search(rf"<title>[^<]*· {name}", " ".join(page.split())), "and in the browser's tab"


def test_a_nul_in_the_address_is_a_bad_request(login: Any, ours: Tenant) -> None:
    assert login(ours.environment).get("/console/loyalty/event/?type=%00").status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "loyalty/member/?status__exact=active",
        "loyalty/ledgerentry/?type__exact=earned&metric=ours-coins",
        "loyalty/ledgerentry/?type__in=earned,bonus",
        "loyalty/ledgerentry/?occurred_at_from=2020-01-01&occurred_at_to=2090-01-01",
        "loyalty/ledgerentry/?occurred_at_from=2020-13-99",
        "loyalty/event/?type=ours-purchase",
        "audit/auditevent/?subject=points&actor=system",
        "programs/earningrule/?status__exact=published",
    ],
)
def test_filters_find(login: Any, ours: Tenant, path: str) -> None:
    answer = login(ours.environment).get(f"/console/{path}")
    assert answer.status_code == 200
    assert len(answer.context["cl"].result_list) >= 1


@pytest.mark.parametrize(
    "path",
    [
        "programs/apikey/?key_hash__startswith=a",
        "programs/projectmembership/?user__password__startswith=p",
        "loyalty/member/?status__regex=[",
        "loyalty/member/?status__range=1",
        "loyalty/member/?status__isnull=x",
        "loyalty/ledgerentry/?occurred_at__year=99999999999",
        "loyalty/ledgerentry/?occurred_at=0001-01-01",
        "loyalty/event/?type__in__in=x",
        "programs/earningrule/?status__regex=[",
    ],
)
def test_what_is_no_filter_cannot_be_asked(login: Any, ours: Tenant, path: str) -> None:
    assert login(ours.environment).get(f"/console/{path}").status_code == 400


def test_a_form_that_was_opened_in_another_environment_does_nothing(login: Any) -> None:
    sandbox = factories.make_environment()
    live = factories.make_environment("live", project=sandbox.project)
    client = login(live)
    form = {"name": "Club", "code": "club", "status": "active", "_environment": str(sandbox.pk)}
    answer = client.post("/console/programs/program/add/", form, follow=True)
    assert "Nothing was saved: this form was opened in another environment" in answer.content.decode()
    assert not Program.objects.filter(code="club").exists()
    client.post("/console/programs/program/add/", form | {"_environment": str(live.pk)})
    assert Program.objects.get(code="club").environment == live


def test_log_ins_and_changes_of_password_are_audited() -> None:
    user = factories.make_staff(factories.make_project(), "owner")
    client, password = Client(), "correct horse battery staple"
    for given in ("wrong", password):
        client.post("/console/login/", {"username": user.username, "password": given})
    fresh = "another horse battery staple"
    form = {"old_password": password, "new_password1": fresh, "new_password2": fresh}
    assert client.post("/console/password_change/", form).status_code == 302
    client.post("/console/logout/")
    rows = AuditEvent.objects.filter(object_type="user", object_id=user.username).order_by("id")
    verbs = ["staff.login_failed", "staff.logged_in", "staff.password_changed", "staff.logged_out"]
    assert list(rows.values_list("verb", flat=True)) == verbs
    assert "horse" not in str(list(rows.values()))
    assert {row.ip for row in rows} == {"127.0.0.1"}


def test_reloading_the_page_of_a_secret_makes_no_second_key(login: Any) -> None:
    environment = factories.make_environment()
    client = login(environment)
    form = client.get("/console/programs/apikey/add/").context
    sent = {"name": "Till 1", "scopes": ["*"], "token": form["token"]}
    assert "sk_sandbox_" in client.post("/console/programs/apikey/add/", sent).content.decode()
    again = client.post("/console/programs/apikey/add/", sent, follow=True)
    assert "This form was sent already" in again.content.decode()
    assert environment.api_keys.count() == 1


def test_a_metric_that_expires_says_which_field_it_lacks(login: Any) -> None:
    environment = factories.make_environment()
    metric = environment.metrics.get()
    url = reverse("admin:programs_metric_change", args=[metric.pk])
    client = login(environment)
    form = client.get(url).context["adminform"].form.initial
    sent = {name: value for name, value in form.items() if value is not None} | {"expiry": "days"}
    answer = client.post(url, sent)
    assert "Give the number of days." in answer.content.decode()
    metric.refresh_from_db()
    assert metric.expiry == "never"
