"""Second factors and settings, each at the same moment as itself."""

from typing import Any

from programs.actions.projects import add_project, change_project
from programs.actions.second_factors import (
    begin_second_factor,
    check_code,
    confirm_second_factor,
    make_recovery_codes,
    remove_second_factor,
    reset_second_factor,
)
from programs.models import Environment, Project, SecondFactor
from tests import factories
from tests.console.second_factors import Phone


def test_two_confirmations_make_one_second_factor(committed_environment: Environment, together: Any) -> None:

    user = factories.make_staff(committed_environment.project)
    waiting = begin_second_factor(user=user)

    code = Phone(waiting.bytes_of_secret()).code()
    answers = together(
        lambda _n: confirm_second_factor(user=user, code=code, actor=factories.make_actor()), 6
    )
    done = [each for each in answers if isinstance(each, tuple)]
    assert len(done) == 1
    assert SecondFactor.objects.filter(user=user).count() == 1
    assert user.recovery_codes.count() == 10


def test_a_recovery_code_and_a_code_of_the_app_let_one_in(
    committed_environment: Environment, together: Any
) -> None:

    user = factories.make_staff(committed_environment.project)
    phone = Phone(begin_second_factor(user=user).bytes_of_secret())
    _, codes, _ = confirm_second_factor(user=user, code=phone.code(), actor=factories.make_actor())
    for code in (codes[0], phone.code()):
        answers = together(
            lambda _n, code=code: check_code(user=user, code=code, actor=factories.make_actor()), 6
        )
        assert [isinstance(each, SecondFactor) for each in answers].count(True) == 1, answers
        SecondFactor.objects.filter(user=user).update(throttling_failure_count=0)
    assert user.recovery_codes.filter(used_at=None).count() == 9


def test_removed_and_made_anew_never_end_half(committed_environment: Environment, together: Any) -> None:

    user, actor = factories.make_staff(committed_environment.project), factories.make_actor()
    phone = Phone(begin_second_factor(user=user).bytes_of_secret())
    confirm_second_factor(user=user, code=phone.code(), actor=actor)
    acts = [
        lambda: remove_second_factor(user=user, actor=actor),
        lambda: make_recovery_codes(user=user, actor=actor),
        lambda: begin_second_factor(user=user),
        lambda: reset_second_factor(user=user, by=None, actor=actor),
    ]
    together(lambda number: acts[number % 4](), 8)
    assert not SecondFactor.objects.filter(user=user, confirmed=True).exists()
    assert user.recovery_codes.count() == 0


def test_settings_changed_at_once_are_both_kept(committed_environment: Environment, together: Any) -> None:
    project = committed_environment.project
    owner = factories.make_staff(project)
    changes: list[dict[str, Any]] = [{"audit_member_views": True}, {"name": "Renamed"}]
    together(
        lambda number: change_project(
            project=project, changes=changes[number], by=owner, actor=factories.make_actor()
        ),
        2,
    )
    project.refresh_from_db()
    assert (project.audit_member_views, project.name) == (True, "Renamed")


def test_two_of_one_name_at_once_are_one(committed_environment: Environment, together: Any) -> None:
    organization = committed_environment.project.organization
    owner = factories.make_staff(committed_environment.project)
    answers = together(
        lambda _n: add_project(
            organization=organization, name="Twin", time_zone="UTC", owner=owner, actor=factories.make_actor()
        ),
        4,
    )
    assert [isinstance(each, Project) for each in answers].count(True) == 1
    assert Project.objects.filter(organization=organization, name="Twin").count() == 1
