"""Copies at once, and a reset beside sixteen writers: nothing is done twice, and nothing is lost without a word."""

import threading
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from audit.errors import InvalidRequest
from audit.models import AuditEvent
from loyalty.actions.copy_configuration import copy_to_live, look_at_copy
from loyalty.models import Event, LedgerEntry
from programs.models import ApiKey, Environment, Reward
from tests import factories
from tests.conftest import Api
from tests.loyalty.ledger.checking import check

Together = Callable[..., list[Any]]


def test_of_many_copies_at_once_one_is_made(committed: None, together: Together) -> None:
    project = factories.make_project()
    sandbox = factories.make_environment(project=project)
    factories.make_rule(sandbox)
    factories.make_reward(sandbox, "rwd_one")
    common: dict[str, Any] = {"project": project, "actor": factories.make_actor(), "now": timezone.now()}
    shown = look_at_copy(**common).difference.digest

    answers = together(lambda _: copy_to_live(expected=shown, **common), threads=4)

    refused = [answer for answer in answers if isinstance(answer, InvalidRequest)]
    assert ([each.errors[0].code for each in refused], len(answers)) == (["stale"] * 3, 4)
    live = factories.make_environment("live", project=project)
    assert Reward.objects.filter(environment=live).count() == 1
    copied = AuditEvent.objects.filter(environment_id=live.pk, verb="environment.configuration_copied")
    assert copied.count() == 1


def test_sixteen_writers_during_a_reset_lose_nothing(
    committed_environment: Environment, together: Together
) -> None:
    """Each of their calls is answered, and is in the sandbox of before or in the new one; those that begin after the
    reset has answered are in the new one."""
    old = committed_environment
    factories.make_rule(old)
    api = Api(factories.make_key(old))
    is_reset = threading.Event()
    late: list[str] = []

    def write(number: int) -> list[str]:
        if number == 16:
            answer = api.post("/v1/sandbox/reset")
            is_reset.set()
            return [answer.json()["id"]] if answer.status_code == 200 else [answer.content.decode()]
        answered = []
        caller = Api(api.key)
        for turn in range(12):
            event_id = f"o-{number}-{turn}"
            was_reset = is_reset.is_set()
            answer = caller.post(
                "/v1/events", {**_EVENT, "event_id": event_id, "customer_id": f"m{number % 4}"}
            )
            assert answer.status_code == 201, answer.content
            answered.append(event_id)
            late.extend([event_id] if was_reset else [])
        return answered

    answers = together(write, threads=17)

    new = Environment.objects.get(project=old.project, kind="sandbox", archived_at=None)
    assert answers.pop() == [str(new.pk)]
    written = [event_id for answered in answers for event_id in answered]
    assert len(written) == 16 * 12
    before, after = (set(_events(each)) for each in (old, new))
    assert (before | after, before & after) == (set(written), set())
    assert set(late) <= after
    for environment in (old, new):
        entries = LedgerEntry.objects.filter(environment_id=environment.pk)
        assert entries.count() == len(_events(environment))
        check(environment=str(environment.pk))
    assert ApiKey.objects.get(environment=new).name == "tests"


_EVENT = {"type": "purchase", "data": {"amount": "10.00"}}


def _events(environment: Environment) -> list[str]:
    return list(Event.objects.filter(environment_id=environment.pk).values_list("event_id", flat=True))


def test_of_two_resets_at_once_one_is_made(committed_environment: Environment, together: Together) -> None:
    """Of two with one key the second is answered as the first; of two without, it is told."""
    api = Api(factories.make_key(committed_environment))

    same = together(lambda _: api.post("/v1/sandbox/reset", Idempotency_Key="one"), threads=2)
    assert [answer.status_code for answer in same] == [200, 200]
    assert same[0].json() == same[1].json()
    made = Environment.objects.filter(project=committed_environment.project, kind="sandbox")
    assert made.count() == 2

    others = together(lambda _: api.post("/v1/sandbox/reset"), threads=2)
    told = sorted(answer.status_code for answer in others)
    assert told in ([200, 200], [200, 409])  # the second began before the first was done, or after
    assert made.count() == 2 + told.count(200)
