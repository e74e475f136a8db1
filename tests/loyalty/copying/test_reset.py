"""A sandbox begins anew: configured alike, empty, reached by the same keys; the old one is seen by nobody."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from audit.ids import new_id
from audit.models import AuditEvent
from loyalty.actions.clock import set_clock
from loyalty.actions.code_uploads import look_at_codes, run_upload, start_upload
from loyalty.actions.exporting_lists import start_export
from loyalty.actions.pace import Pace
from loyalty.actions.sandbox_reset import reset_sandbox
from loyalty.actions.turns import environments_by_turns
from loyalty.models import Event, Member, RewardStock
from loyalty.queries.due import environments_due
from programs.actions.shares import revoke_share
from programs.errors import EnvironmentArchived
from programs.models import Environment, MemberApp, Organization, Program, ProgramShare
from programs.queries.configuration import configuration
from tests import factories
from tests.api.operations import operations
from tests.api.v1.neighbours import Neighbours
from tests.conftest import Api
from tests.loyalty.copying.shop import content, set_up
from tests.waiting import while_uncommitted


def reset(environment: Environment) -> Environment:
    return reset_sandbox(environment=environment, actor=factories.make_actor(), now=timezone.now())


def test_all_that_is_configured_stays_under_the_same_ids(environment: Environment) -> None:
    set_up(environment)
    host = MemberApp.objects.get(environment=environment).public_host
    before, by_content = configuration(environment), content(environment)
    stocks = _stocks(environment)

    new = reset(environment)

    assert new.pk != environment.pk
    assert configuration(new) == before
    assert content(new) == by_content
    assert MemberApp.objects.get(environment=new).public_host == host
    assert _stocks(new) == stocks != {}
    assert not Member.objects.filter(environment=new).exists()
    environment.refresh_from_db()
    assert environment.archived_at is not None


def _stocks(environment: Environment) -> dict[str, Any]:
    rows = RewardStock.objects.filter(environment_id=environment.pk)
    return dict(rows.values_list("reward__public_id", "stock"))


EVENT = {"event_id": "o-1", "type": "purchase", "customer_id": "zoltan", "data": {"amount": "20.00"}}


def test_a_key_and_a_token_that_are_warm_mean_the_new_one_at_once(environment: Environment, api: Api) -> None:
    factories.make_rule(environment)
    made = factories.make_token_key(environment)
    zoltan = Api(factories.make_token(made, "zoltan"))
    assert api.post("/v1/events", EVENT).status_code == 201
    assert [row["points"] for row in zoltan.get("/v1/points").json()["data"]] == [20]
    endpoint = factories.make_endpoint(environment, "points.*").endpoint

    answer = api.post("/v1/sandbox/reset", Idempotency_Key="again")

    new = Environment.objects.get(project=environment.project, kind="sandbox", archived_at=None)
    assert (answer.status_code, answer.json()["id"], answer.json()["clock"]) == (200, str(new.pk), None)
    assert zoltan.get("/v1/points").status_code == 404
    lists = [each.path for each in operations() if each.method == "get" and "{" not in each.path]
    answers = {path: api.get(path) for path in lists if path.startswith("/v1/")}
    assert len(answers) > 20
    assert [path for path, answer in answers.items() if "zoltan" in answer.content.decode()] == []
    assert api.get("/v1/members/zoltan").status_code == 404
    assert api.post("/v1/events", EVENT).status_code == 201
    assert [row["points"] for row in zoltan.get("/v1/points").json()["data"]] == [20]
    for each in (environment, new):
        assert Event.objects.filter(environment_id=each.pk).count() == 1
    written = AuditEvent.objects.filter(environment_id=new.pk, actor_kind="member")
    assert not written.exclude(actor_id=Member.objects.get(environment=new).pk.hex).exists()
    endpoint.refresh_from_db()
    assert endpoint.environment_id == new.pk
    # the same key of a repetition again answers the same; another one begins anew once more
    again = api.post("/v1/sandbox/reset", Idempotency_Key="again")
    assert (again.json(), again.headers["Idempotent-Replayed"]) == (answer.json(), "true")
    second = api.post("/v1/sandbox/reset", Idempotency_Key="once-more")
    assert second.status_code == 200, second.content
    assert second.json()["id"] != str(new.pk)
    sandboxes = Environment.objects.filter(project=environment.project, kind="sandbox")
    assert sandboxes.count() == 3
    verbs = AuditEvent.objects.filter(object_type="environment", project_id=environment.project_id)
    told = verbs.exclude(verb="environment.created").order_by("id").values_list("environment_id", "verb")
    last = sandboxes.get(archived_at=None).pk
    assert list(told) == [
        (environment.pk, "environment.archived"),
        (new.pk, "environment.reset"),
        (new.pk, "environment.archived"),
        (last, "environment.reset"),
    ]


def test_the_clock_is_free_and_rules_are_in_force_where_history_is_told_again(
    environment: Environment, api: Api
) -> None:
    assert api.post("/v1/sandbox/clock", {"now": "2020-01-01T00:00:00Z"}).status_code == 200
    factories.make_rule(environment, published_at=factories.reload(environment).clock)
    assert api.post("/v1/events", EVENT).status_code == 201
    assert api.post("/v1/sandbox/clock", {"now": "2019-01-01T00:00:00Z"}).status_code == 400
    assert api.post("/v1/sandbox/reset").status_code == 200
    assert api.post("/v1/sandbox/clock", {"now": "2020-02-01T00:00:00Z"}).status_code == 200
    assert api.post("/v1/events", EVENT).json()["effects"][0]["transaction"]["points"] == 20


def test_live_is_never_reset_and_a_key_needs_the_scope(environment: Environment) -> None:
    live = factories.make_environment("live", project=environment.project)
    refused = Api(factories.make_key(live)).post("/v1/sandbox/reset")
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_request")
    refused = Api(factories.make_key(environment, "config:write")).post("/v1/sandbox/reset")
    assert refused.status_code == 403
    assert not Environment.objects.filter(project=environment.project, archived_at__isnull=False).exists()


def test_nothing_is_configured_in_one_that_is_archived(environment: Environment) -> None:
    """By whoever read it before the reset: a key that was made there would be dead."""
    reset(environment)
    for write in (factories.make_key, factories.make_rule, factories.make_token_key, reset):
        with pytest.raises(EnvironmentArchived):
            write(environment)
    with pytest.raises(EnvironmentArchived):
        set_clock(environment=environment, clock=None, actor=factories.make_actor())


def test_no_job_looks_at_the_archived_one(environment: Environment) -> None:
    """Points that expire there stay, though the job found the environment before it was reset."""
    factories.make_metric(environment, expiry="days", expiry_count=1)
    factories.give(environment, 100)
    later = timezone.now() + timedelta(days=2)
    found = environments_due(now=later)
    assert environment.pk in [each.pk for each in found]
    reset(environment)
    assert environment.pk not in [each.pk for each in environments_due(now=later)]
    asked: list[Environment] = []

    def chunk(each: Environment) -> dict[str, int]:
        asked.append(each)
        return {}

    environments_by_turns("sweep", [environment], chunk, pace=Pace())
    assert asked == []


def test_a_worker_ends_what_it_was_at_in_the_archived_one(environment: Environment) -> None:
    reward = factories.make_reward(environment, code_source="pool")
    common: dict[str, Any] = {"environment": environment, "actor": factories.make_actor()}
    upload = look_at_codes(
        reward=reward, file_name="codes.csv", data=b"A-1\nA-2", now=timezone.now(), **common
    )
    start_upload(upload=upload.pk, **common)
    export = start_export(kind="members", query="", now=timezone.now(), **common)
    reset(environment)
    export.refresh_from_db()
    assert export.status == "failed"
    assert run_upload(upload=upload.pk, pace=Pace()) == {"added": 0}
    upload.refresh_from_db()
    assert (upload.status, upload.error, upload.added) == ("failed", "The sandbox was reset.", 0)


def test_shares_go_along_both_ways(environment: Environment) -> None:
    project = environment.project
    other = factories.make_environment(
        project=factories.make_project("Café", organization=project.organization.name)
    )
    ours, theirs = (Program.objects.get(environment=each, code="default") for each in (environment, other))
    for program, guest in ((ours, other), (theirs, environment)):
        ProgramShare.objects.create(
            environment=program.environment, program=program, guest=guest, reason="One wallet"
        )
    new = reset(environment)
    living = ProgramShare.objects.filter(revoked_at=None).order_by("id")
    assert [(each.program.public_id, each.environment_id, each.guest_id) for each in living] == [
        (ours.public_id, new.pk, other.pk),
        (theirs.public_id, other.pk, new.pk),
    ]
    told = AuditEvent.objects.filter(environment_id=other.pk, verb__startswith="program.share").order_by("id")
    both = ["program.share_revoked", "program.shared"]
    assert list(told.values_list("verb", flat=True)) == both * 2


@pytest.mark.parametrize("first", ["revoked", "reset"])
def test_a_share_that_is_revoked_while_its_guest_begins_anew_is_gone(committed: None, first: str) -> None:
    two = Neighbours("sandbox")
    share = two.share()
    revoke: Callable[[], Any] = lambda: revoke_share(  # noqa: E731
        environment=two.owner, share=share, actor=factories.make_actor()
    )
    changes = [revoke, lambda: reset(two.guest)]
    while_uncommitted(*(changes if first == "revoked" else reversed(changes)))
    assert not ProgramShare.objects.filter(program=two.club, revoked_at=None).exists()
    told = AuditEvent.objects.filter(environment_id=two.owner.pk, verb="program.share_revoked").count()
    assert told == (1 if first == "revoked" else 2)
    two.guest.refresh_from_db()
    assert two.guest.archived_at is not None


def test_a_downgrade_takes_nothing_from_a_sandbox_that_begins_anew(environment: Environment) -> None:
    factories.make_stamp_program(environment)
    plan = environment.project.organization.plan
    plan.pk, plan.code, plan.features, plan.limits = new_id(), "none", [], {"programs": 0}
    plan.save(force_insert=True)
    Organization.objects.filter(pk=environment.project.organization_id).update(plan=plan)
    before = configuration(environment)
    assert configuration(reset(environment)) == before
