"""Whoever configures at the same time takes turns; nobody meets a database error, members never wait."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from audit.errors import InvalidRequest
from audit.models import AuditEvent
from loyalty.models import LedgerEntry
from programs.actions.configure import configure, lock_environment
from programs.actions.publish import archive, publish
from programs.actions.rules import save_rule
from programs.actions.staff import add_staff
from programs.models import EarningRule, EarningRuleRevision, Environment, Program, ProjectMembership
from tests.conftest import Api
from tests.factories import (
    give,
    make_actor,
    make_environment,
    make_key,
    make_member,
    make_project,
    make_rule,
    make_staff,
    reload,
)

Together = Callable[..., list[Any]]
CLUB = {"code": "club", "name": "Club"}


def test_one_key_makes_one_program_and_every_answer_is_the_same(
    committed_environment: Environment, together: Together
) -> None:
    secret = make_key(committed_environment)

    def create(_: int) -> tuple[int, bytes]:
        answer = Api(secret).post("/v1/programs", CLUB, Idempotency_Key="one")
        return answer.status_code, answer.content

    answers = together(create, 8)
    assert Counter(answers) == {answers[0]: 8}
    assert answers[0][0] == 201
    assert Program.objects.filter(environment=committed_environment, code="club").count() == 1


def test_without_a_key_the_others_are_told_that_the_code_is_taken(
    committed_environment: Environment, together: Together
) -> None:
    secret = make_key(committed_environment)

    def create(_: int) -> tuple[int, str]:
        answer = Api(secret).post("/v1/programs", CLUB)
        errors = answer.json().get("errors") or [{"field": ""}]
        return answer.status_code, errors[0]["field"]

    assert Counter(together(create, 8)) == {(201, ""): 1, (400, "code"): 7}


@pytest.mark.parametrize("step", ["publish", "archive"])
def test_one_key_publishes_and_archives_once(
    committed_environment: Environment, together: Together, step: str
) -> None:
    rule = make_rule(committed_environment, published=step == "archive")
    secret, before = make_key(committed_environment), rule.revisions.count()

    def act(_: int) -> tuple[int, bytes]:
        answer = Api(secret).post(f"/v1/earning-rules/{rule.public_id}/{step}", Idempotency_Key="one")
        return answer.status_code, answer.content

    answers = together(act, 8)
    assert Counter(answers) == {answers[0]: 8}
    assert answers[0][0] == 200
    assert rule.revisions.count() == before + 1


def test_changes_of_different_fields_all_stay(committed_environment: Environment, together: Together) -> None:
    rule = make_rule(committed_environment, published=False)
    copies = [EarningRule.objects.get(pk=rule.pk) for _ in range(4)]
    changes: list[dict[str, Any]] = [
        {"name": "New"},
        {"priority": 7},
        {"award": {"kind": "fixed", "points": 3}},
        {"condition": {"field": "data.vip", "op": "exists", "value": True}},
    ]

    def change(number: int) -> None:
        save_rule(
            environment=committed_environment,
            rule=copies[number],
            actor=make_actor(),
            changes=changes[number],
        )

    assert together(change, 4) == [None] * 4
    rule.refresh_from_db()
    assert (rule.name, rule.priority, rule.award) == ("New", 7, {"kind": "fixed", "points": 3})
    assert rule.condition
    assert reload(committed_environment).config_version == committed_environment.config_version + 5


def test_members_do_not_wait_for_a_change_of_configuration(
    committed_environment: Environment, together: Together
) -> None:
    make_member(committed_environment)
    with transaction.atomic():
        lock_environment(committed_environment)
        answers = together(lambda number: give(committed_environment, 5, f"new-{number}"), 4)
    assert [type(answer) for answer in answers] == [LedgerEntry] * 4


@pytest.mark.parametrize("action", [publish, archive])
def test_in_a_live_environment_the_later_to_publish_may_have_the_earlier_now(db: None, action: Any) -> None:
    live = make_environment("live")
    now = timezone.now()
    rule = make_rule(live, published_at=now)
    save_rule(environment=live, rule=rule, actor=make_actor(), changes={"priority": 1})
    action(environment=live, rule=rule, actor=make_actor(), now=now - timedelta(milliseconds=5))
    moments = EarningRuleRevision.objects.filter(rule=rule).order_by("number")
    assert list(moments.values_list("number", "effective_from")) == [(1, now), (2, now)]


def test_a_sandbox_in_real_time_too_but_not_one_whose_clock_is_behind(environment: Environment) -> None:
    now = timezone.now()
    rule = make_rule(environment, published_at=now)
    save_rule(environment=environment, rule=rule, actor=make_actor(), changes={"priority": 1})
    environment.clock = now - timedelta(days=1)
    with pytest.raises(InvalidRequest, match="move it forward"):
        publish(environment=environment, rule=rule, actor=make_actor(), now=environment.clock)
    assert rule.revisions.count() == 1
    environment.clock = None
    revision = publish(environment=environment, rule=rule, actor=make_actor(), now=now - timedelta(seconds=1))
    assert revision.effective_from == now


def test_a_new_log_in_is_made_once_and_the_others_are_told_to_choose_another_name(
    committed: None, together: Together
) -> None:
    name = f"sam-{uuid4().hex}"
    projects = [make_project() for _ in range(6)]

    def add(number: int) -> str:
        try:
            add_staff(project=projects[number], username=name, role="analyst", actor=make_actor())
        except InvalidRequest as refusal:
            return refusal.errors[0].detail
        return "added"

    assert Counter(together(add, 6)) == {"added": 1, "Choose another user name.": 5}
    user = User.objects.get(username=name)
    assert ProjectMembership.objects.filter(user=user).count() == 1
    made = AuditEvent.objects.get(verb="user.created", object_id=str(user.pk))
    assert made.after == {"username": name, "is_staff": True, "must_choose_password": True}


def test_a_colleague_who_is_added_twice_at_once_has_one_role(committed: None, together: Together) -> None:
    home = make_project()
    project = make_project("App", organization=home.organization.name)
    user = make_staff(home)

    def add(number: int) -> str:
        role = ("analyst", "owner")[number % 2]
        try:
            add_staff(project=project, username=user.username, role=role, actor=make_actor())
        except InvalidRequest as refusal:
            return refusal.errors[0].code
        return "added"

    assert Counter(together(add, 6)) == {"added": 1, "exists": 5}


def test_a_taken_public_id_is_named(environment: Environment) -> None:
    taken = Program.objects.get(environment=environment).public_id
    with pytest.raises(InvalidRequest) as refusal:
        configure(
            environment=environment,
            instance=Program(environment=environment),
            actor=make_actor(),
            changes={**CLUB, "public_id": taken},
        )
    assert [error.field for error in refusal.value.errors] == ["id"]
