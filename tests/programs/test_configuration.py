"""Configuration is checked, audited and versioned; revisions are immutable; keys are shown once."""

from datetime import datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.errors import InvalidRequest
from audit.models import AuditEvent
from programs.actions import tenancy
from programs.actions.configure import configure
from programs.actions.keys import create_key, hash_key, revoke_key
from programs.actions.publish import archive, publish
from programs.actions.rules import save_rule
from programs.actions.tenancy import create_project
from programs.models import (
    ApiKey,
    EarningRule,
    EarningRuleRevision,
    Environment,
    Metric,
    Organization,
    Program,
    Project,
)
from programs.queries.snapshots import snapshot
from tests.factories import make_actor, make_environment, make_project, make_rule, reload


def verbs(environment: Environment) -> list[str]:
    rows = AuditEvent.objects.filter(environment_id=environment.id).order_by("id")
    return list(rows.values_list("verb", flat=True))


def test_a_new_project_has_two_environments_with_program_and_metric(db: None) -> None:
    project = make_project()
    assert sorted(project.environments.values_list("kind", flat=True)) == ["live", "sandbox"]
    for environment in project.environments.all():
        assert list(environment.programs.values_list("code", "status")) == [("default", "active")]
        assert list(environment.metrics.values_list("code", flat=True)) == ["points"]
        assert verbs(environment) == ["environment.created", "program.created", "metric.created"]


def test_making_a_project_again_changes_nothing(db: None) -> None:
    project = make_project(organization="Twice")
    before = AuditEvent.objects.filter(project_id=project.id).count()
    assert make_project(organization="Twice") == project
    assert AuditEvent.objects.filter(project_id=project.id).count() == before
    assert Project.objects.filter(organization__name="Twice").count() == 1


def test_an_unknown_time_zone_is_refused_and_nothing_is_made(db: None) -> None:
    with pytest.raises(InvalidRequest):
        create_project(organization_name="O", project_name="P", time_zone="Mars/Olympus", actor=make_actor())
    assert not Organization.objects.filter(name="O").exists()


def test_so_is_one_that_the_database_does_not_know(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tenancy, "time_zones", lambda: frozenset(["Mars/Olympus"]))
    with pytest.raises(InvalidRequest):
        create_project(organization_name="O", project_name="P", time_zone="Mars/Olympus", actor=make_actor())
    assert not Organization.objects.filter(name="O").exists()


def test_a_change_is_audited_with_before_and_after_and_raises_the_version(environment: Environment) -> None:
    program = Program.objects.get(environment=environment)
    version = environment.config_version
    configure(environment=environment, instance=program, actor=make_actor(), changes={"name": "Club"})
    event = AuditEvent.objects.get(environment_id=environment.id, verb="program.updated")
    assert event.before
    assert event.after
    assert (event.before["name"], event.after["name"]) == ("Default program", "Club")
    assert reload(environment).config_version == version + 1


def test_a_change_that_changes_nothing_is_neither_audited_nor_versioned(environment: Environment) -> None:
    program = Program.objects.get(environment=environment)
    before = verbs(environment), environment.config_version
    configure(environment=environment, instance=program, actor=make_actor(), changes={"name": program.name})
    assert (verbs(environment), reload(environment).config_version) == before


def test_a_faulty_change_names_its_fields_and_leaves_nothing(environment: Environment) -> None:
    metric = Metric.objects.get(environment=environment)
    before = verbs(environment)
    with pytest.raises(InvalidRequest) as refusal:
        configure(environment=environment, instance=metric, actor=make_actor(), changes={"expiry": "soon"})
    assert [error.field for error in refusal.value.errors] == ["expiry", "metric_expiry_valid"][:1]
    assert Metric.objects.get(pk=metric.pk).expiry == "never"
    assert verbs(environment) == before


def test_codes_are_unique_in_their_environment_and_free_in_others(environment: Environment) -> None:
    changes = {"code": "club", "name": "Club"}
    for where in (environment, make_environment("live", project=environment.project)):
        configure(environment=where, instance=Program(environment=where), actor=make_actor(), changes=changes)
    with pytest.raises(InvalidRequest) as refusal:
        configure(
            environment=environment,
            instance=Program(environment=environment),
            actor=make_actor(),
            changes=changes,
        )
    assert [(error.field, error.code) for error in refusal.value.errors] == [("code", "unique")]
    with pytest.raises(IntegrityError), transaction.atomic():
        Program.objects.create(environment=environment, **changes)


def test_every_process_compiles_anew_after_a_change_and_not_otherwise(
    environment: Environment,
) -> None:
    first = snapshot(reload(environment))
    assert snapshot(reload(environment)) is first
    make_rule(environment)
    second = snapshot(reload(environment))
    assert (len(first.rules), len(second.rules)) == (0, 1)


def test_a_faulty_rule_is_refused_with_the_path_of_each_fault(environment: Environment) -> None:
    rule = EarningRule(
        environment=environment,
        program=Program.objects.get(environment=environment),
        metric=Metric.objects.get(environment=environment),
    )
    condition = {"all": [{"field": "data.amount", "op": "atleast", "value": 1}]}
    with pytest.raises(InvalidRequest) as refusal:
        save_rule(
            environment=environment,
            rule=rule,
            actor=make_actor(),
            changes={
                "name": "x",
                "event_type": "purchase",
                "condition": condition,
                "award": {"kind": "gift"},
            },
        )
    assert [error.field for error in refusal.value.errors] == ["condition.all[0].op", "award.kind"]
    assert not EarningRule.objects.filter(environment=environment).exists()


def test_publishing_makes_a_numbered_revision_and_publishing_the_same_again_makes_none(
    environment: Environment,
) -> None:
    rule = make_rule(environment)
    now = timezone.now()
    assert publish(environment=environment, rule=rule, actor=make_actor(), now=now).number == 1
    save_rule(environment=environment, rule=rule, actor=make_actor(), changes={"priority": 5})
    assert publish(environment=environment, rule=rule, actor=make_actor(), now=now).number == 2
    assert list(rule.revisions.values_list("number", flat=True)) == [2, 1]
    assert verbs(environment).count("earningrule.published") == 2


def test_a_revision_can_not_take_effect_before_the_one_in_force(environment: Environment) -> None:
    rule = make_rule(environment, published_at=datetime.fromisoformat("2026-05-01T00:00:00+00:00"))
    earlier = datetime.fromisoformat("2026-04-01T00:00:00+00:00")
    environment.clock = earlier
    with pytest.raises(InvalidRequest, match="move it forward"):
        archive(environment=environment, rule=rule, actor=make_actor(), now=earlier)
    assert EarningRuleRevision.objects.filter(rule=rule).count() == 1


def test_only_the_hash_of_a_key_is_kept(environment: Environment) -> None:
    made = create_key(environment=environment, name="till", scopes=["points:read"], actor=make_actor())
    assert made.secret.startswith("sk_sandbox_")
    stored = ApiKey.objects.get(pk=made.key.pk)
    assert stored.key_hash == hash_key(made.secret)
    assert made.secret not in str(ApiKey.objects.filter(pk=made.key.pk).values().get())
    assert made.secret not in str(list(AuditEvent.objects.filter(environment_id=environment.id).values()))


def test_a_key_of_the_live_environment_says_so(db: None) -> None:
    live = make_environment("live")
    made = create_key(environment=live, name="till", scopes=["*"], actor=make_actor())
    assert made.secret.startswith("sk_live_")


def test_an_unknown_scope_is_refused(environment: Environment) -> None:
    for scopes in (["points:steal"], []):
        with pytest.raises(InvalidRequest):
            create_key(environment=environment, name="till", scopes=scopes, actor=make_actor())
    assert not ApiKey.objects.filter(environment=environment).exists()


def test_revoking_twice_is_recorded_once(environment: Environment) -> None:
    key = create_key(environment=environment, name="till", scopes=["*"], actor=make_actor()).key
    first = revoke_key(environment=environment, key=key, actor=make_actor())
    second = revoke_key(environment=environment, key=key, actor=make_actor())
    assert first.revoked_at == second.revoked_at
    assert timezone.now() - (first.revoked_at or timezone.now()) < timedelta(minutes=1)
    assert verbs(environment).count("apikey.revoked") == 1
