"""Starting a back-test: what is refused, what is kept, and the job that is put into the queue with it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from audit.errors import InvalidRequest, NotFound
from audit.models import AuditEvent
from loyalty.actions.back_tests import MOST_UNFINISHED
from loyalty.models import BackTest
from loyalty.queries.back_tests import back_tests_of, find_back_test, most_affected
from programs.models import EarningRule, Environment
from tests.factories import make_environment, make_rule
from tests.loyalty.back_tests.past import BEGIN, END, Past, days, run, started, store

pytestmark = pytest.mark.django_db


def jobs() -> list[ProcrastinateJob]:
    return list(ProcrastinateJob.objects.filter(task_name="back_test").order_by("id"))


def test_it_keeps_the_draft_as_it_was_and_counts_nothing_yet(environment: Environment) -> None:
    store(environment, [Past()])
    rule = make_rule(environment, award={"kind": "fixed", "points": 5})
    EarningRule.objects.filter(pk=rule.pk).update(award={"kind": "fixed", "points": 7})
    test = started(environment, rule)
    EarningRule.objects.filter(pk=rule.pk).update(award={"kind": "fixed", "points": 9})
    test.refresh_from_db()
    assert test.definition["award"] == {"kind": "fixed", "points": 7}
    assert test.definition["program_id"] == str(rule.program_id)
    assert (test.status, test.total, test.done, test.result, test.started_at) == ("queued", 0, 0, None, None)
    assert (test.begins_at, test.ends_at, test.rule_id) == (BEGIN, END, rule.pk)
    assert test.public_id.startswith("bt_")


def test_it_is_audited_with_the_draft_and_the_period(environment: Environment) -> None:
    test = started(environment, make_rule(environment))
    (event,) = AuditEvent.objects.filter(verb="backtest.started", environment_id=environment.pk)
    assert (event.object_type, event.object_id) == ("backtest", str(test.pk))
    assert event.after == {
        "rule_id": str(test.rule_id),
        "definition": test.definition,
        "from": "2026-03-01T00:00:00Z",
        "to": "2026-04-01T00:00:00Z",
    }


def test_its_job_goes_into_the_queue_with_it_or_not_at_all(environment: Environment) -> None:
    rule = make_rule(environment)
    before = len(jobs())
    with transaction.atomic():
        started(environment, rule)
        transaction.set_rollback(True)
    assert len(jobs()) == before
    assert BackTest.objects.filter(environment=environment).count() == 0
    test = started(environment, rule)
    (job,) = jobs()[before:]
    assert job.args == {"back_test": str(test.pk)}
    assert (job.queue_name, job.lock, job.queueing_lock, job.priority) == ("loyalty", "back_test", None, -10)


@pytest.mark.parametrize(
    ("begins_at", "ends_at", "field", "code"),
    [
        (END, BEGIN, "to", "invalid"),
        (BEGIN, BEGIN, "to", "invalid"),
        (BEGIN, END + timedelta(microseconds=1), "to", "in_future"),
        (END - days(3 * 365 + 1) - timedelta(microseconds=1), END, "from", "too_long"),
    ],
)
def test_a_period_that_cant_be_tried_is_refused(
    environment: Environment, begins_at: datetime, ends_at: datetime, field: str, code: str
) -> None:
    rule = make_rule(environment)
    before = len(jobs())
    with pytest.raises(InvalidRequest) as refusal:
        started(environment, rule, begins_at, ends_at, now=END)
    assert [(error.field, error.code) for error in refusal.value.errors] == [(field, code)]
    assert BackTest.objects.filter(environment=environment).count() == 0
    assert len(jobs()) == before


def test_three_years_with_a_leap_day_can_be_tried(environment: Environment) -> None:
    test = started(environment, make_rule(environment), datetime(2023, 4, 1, tzinfo=UTC))
    assert test.ends_at - test.begins_at == timedelta(days=3 * 365 + 1)


def test_a_faulty_draft_is_refused_with_the_path_of_the_fault(environment: Environment) -> None:
    rule = make_rule(environment)
    EarningRule.objects.filter(pk=rule.pk).update(condition={"field": "data.amount", "op": "near"})
    with pytest.raises(InvalidRequest) as refusal:
        started(environment, rule)
    assert "condition.op" in [error.field for error in refusal.value.errors]
    assert BackTest.objects.filter(environment=environment).count() == 0


def test_another_environments_rule_and_back_test_are_not_found(environment: Environment) -> None:
    other = make_environment("live", project=environment.project)
    rule = make_rule(other)
    with pytest.raises(NotFound):
        started(environment, rule)
    test = started(other, rule)
    with pytest.raises(NotFound):
        find_back_test(environment=environment, back_test=test.public_id)
    assert find_back_test(environment=other, back_test=test.public_id) == test
    with pytest.raises(NotFound):
        find_back_test(environment=other, back_test="bt_none")


def test_no_more_wait_at_once_than_a_worker_will_get_to(environment: Environment) -> None:
    rule = make_rule(environment)
    tests = [started(environment, rule) for _ in range(MOST_UNFINISHED)]
    with pytest.raises(InvalidRequest, match="5 back-tests of this environment"):
        started(environment, rule)
    assert BackTest.objects.filter(environment=environment).count() == MOST_UNFINISHED
    run(tests[0])
    assert started(environment, rule) in back_tests_of(rule)


def test_a_rules_back_tests_are_listed_newest_first(environment: Environment) -> None:
    rule, other = make_rule(environment), make_rule(environment, name="Other")
    tests = [started(environment, rule) for _ in range(3)]
    started(environment, other)
    assert list(back_tests_of(rule)) == tests[::-1]


def test_the_most_affected_are_named_as_they_are_called_today(environment: Environment) -> None:
    store(environment, [Past("ada", data={"amount": "30"}), Past("bob", data={"amount": "20"})])
    test = started(environment, make_rule(environment))
    assert most_affected(test) == []
    run(test)
    found = most_affected(test)
    assert [(one.member, one.would, one.given) for one in found] == [("ada", 30, 0), ("bob", 20, 0)]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE loyalty_member SET external_id = NULL, status = 'erased' WHERE id = %s", [found[0].key]
        )
    with CaptureQueriesContext(connection) as queries:
        assert [one.member for one in most_affected(test)] == [None, "bob"]
    assert len(queries) == 1
