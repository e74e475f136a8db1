"""Files of codes are looked at first, then started, once."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from audit.errors import InvalidRequest, NotFound
from loyalty.actions.code_uploads import (
    delete_previews,
    start_upload,
)
from loyalty.actions.pace import Pace
from loyalty.models import CodeUpload
from programs.models import Environment, Reward
from tests.factories import make_environment
from tests.loyalty.pools import pool, pool_reward
from tests.loyalty.uploads import ANNA, BEN, add, counts, lines, look, started, uploaded


@pytest.mark.django_db
def test_a_file_is_counted_and_nothing_is_added(environment: Environment) -> None:
    reward = pool_reward(environment)
    add(environment, reward, "B")
    upload = look(environment, reward, "Code,note\nA,1\nB,2\n,3\nA,4\nC C,5\nD,6\n")
    assert counts(upload) == ("preview", 2, 2, 2, 0, 0)
    assert [(p["line"], p["code"]) for p in upload.problems] == [(3, "B"), (4, ""), (5, "A"), (6, "C C")]
    assert (upload.content, upload.file_name, upload.actor_id) == ("A\nD", "codes.csv", "anna")
    assert (pool(reward), len(uploaded(environment))) == (["B"], 1), "that is B, from before"
    assert not ProcrastinateJob.objects.filter(args__upload=str(upload.pk)).exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", "empty", "There is no code in it."),
        (b"code\n\n", "empty", "There is no code in it."),
        (b"\x89PNG\r\n", "invalid", "UTF-8"),
        (b"A\n" * 40, "too_large", "part the file"),
    ],
)
def test_what_is_no_file_of_codes_is_refused_and_not_kept(
    environment: Environment, settings: Any, content: bytes, code: str, words: str
) -> None:
    settings.LARGEST_CODE_FILE = 79
    reward = pool_reward(environment)
    with pytest.raises(InvalidRequest) as refused:
        look(environment, reward, content)
    assert [(error.field, error.code) for error in refused.value.errors] == [("file", code)]
    assert words in refused.value.detail
    assert not CodeUpload.objects.filter(environment=environment).exists()


@pytest.mark.django_db
def test_a_reward_without_a_pool_and_another_environments_take_no_file(environment: Environment) -> None:
    plain, foreign = pool_reward(environment, code_source="none"), pool_reward(make_environment())
    with pytest.raises(InvalidRequest):
        look(environment, plain, "A\n")
    with pytest.raises(NotFound):
        look(environment, foreign, "A\n")
    assert not CodeUpload.objects.filter(reward__in=[plain, foreign]).exists()


@pytest.mark.django_db
def test_who_looks_again_leaves_no_earlier_look_behind(environment: Environment) -> None:
    reward, other = pool_reward(environment), pool_reward(environment, name="Other")
    kept = [look(environment, reward, "A\n", BEN), look(environment, other, "B\n")]
    begun = start_upload(environment=environment, upload=look(environment, reward, "C\n").pk, actor=ANNA)
    look(environment, reward, "D\n")
    last = look(environment, reward, "E\n")
    found = set(CodeUpload.objects.filter(environment=environment).values_list("pk", flat=True))
    assert found == {*(upload.pk for upload in kept), begun.pk, last.pk}


@pytest.mark.django_db
def test_what_was_looked_at_and_not_started_goes_after_a_day(environment: Environment) -> None:
    reward, now = pool_reward(environment), timezone.now()
    look(environment, reward, "A\n", ANNA, now=now - timedelta(days=1, seconds=1))
    young = look(environment, reward, "B\n", BEN, now=now - timedelta(hours=23))
    old = look(environment, pool_reward(environment, name="Other"), "C\n", now=now - timedelta(days=9))
    start_upload(environment=environment, upload=old.pk, actor=ANNA)
    assert delete_previews(now=now, pace=Pace(rest=0)) == 1
    left = set(CodeUpload.objects.filter(environment=environment).values_list("pk", flat=True))
    assert left == {young.pk, old.pk}


@pytest.mark.django_db
def test_what_is_started_is_started_once_by_whoever_does(environment: Environment) -> None:
    reward = pool_reward(environment)
    upload = look(environment, reward, "A\n")
    begun = start_upload(environment=environment, upload=upload.pk, actor=BEN)
    assert (begun.status, begun.actor_id, begun.trace_id) == ("queued", "ben", "t-2")
    with pytest.raises(InvalidRequest, match="being added already"):
        start_upload(environment=environment, upload=upload.pk, actor=ANNA)
    assert ProcrastinateJob.objects.filter(args__upload=str(upload.pk)).count() == 1
    assert pool(reward) == []


@pytest.mark.django_db
def test_uploads_of_an_environment_take_turns_and_keep_no_other_waiting(environment: Environment) -> None:
    other = make_environment()
    uploads = [
        started(here, pool_reward(here), lines(1, name))
        for here, name in ((environment, "A"), (environment, "B"), (other, "A"))
    ]
    jobs = ProcrastinateJob.objects.filter(args__upload__in=[str(upload.pk) for upload in uploads])
    mine, theirs = f"code_upload {environment.pk}", f"code_upload {other.pk}"
    assert list(jobs.order_by("id").values_list("lock", flat=True)) == [mine, mine, theirs]


def test_what_can_not_be_started_is_refused_and_no_job_waits(environment: Environment) -> None:
    reward = pool_reward(environment)
    add(environment, reward, "A")
    nothing_new = look(environment, reward, "A\nA\n")
    no_pool = look(environment, reward, "B\n", BEN)
    foreign = look(elsewhere := make_environment(), pool_reward(elsewhere), "A\n")
    Reward.objects.filter(pk=reward.pk).update(code_source="none")
    for upload, refusal in ((nothing_new, InvalidRequest), (no_pool, InvalidRequest), (foreign, NotFound)):
        with pytest.raises(refusal):
            start_upload(environment=environment, upload=upload.pk, actor=ANNA)
        upload.refresh_from_db()
        assert upload.status == "preview"
        assert not ProcrastinateJob.objects.filter(args__upload=str(upload.pk)).exists()
    with pytest.raises(NotFound):
        start_upload(environment=environment, upload=uuid4(), actor=ANNA)
