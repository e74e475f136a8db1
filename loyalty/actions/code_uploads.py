"""A file of codes is looked at first; then a worker adds what is new, piece by piece (domain.md 5)."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from audit.errors import InvalidRequest, NotFound
from audit.record import Actor, record
from loyalty.actions.back_tests import Interrupted
from loyalty.actions.codes import check_pool, strike_known
from loyalty.actions.pace import Pace
from loyalty.ledger.pools import insert_codes
from loyalty.models import CodeUpload
from loyalty.rules.code_files import read_codes
from loyalty.rules.codes import Sifted, sift
from loyalty.rules.csv_text import UnreadableFileError
from programs.actions.configure import place_of
from programs.models import Environment, Reward

CHUNK = 5_000  # codes
PREVIEWS_LAST = timedelta(days=1)
MOST_ATTEMPTS = 10
UNFINISHED = (CodeUpload.Status.QUEUED, CodeUpload.Status.RUNNING)


@transaction.atomic
def look_at_codes(
    *, environment: Environment, reward: Reward, file_name: str, data: bytes, actor: Actor, now: datetime
) -> CodeUpload:
    """Keep what of a file is new, and count what is not; nothing is added yet. The file: one code a line, or
    CSV with them in its first column, with or without a heading; UTF-8, or UTF-16 with a mark; at most a
    million lines and `settings.LARGEST_CODE_FILE` bytes. What this actor looked at before for the reward, and
    did not start, goes. `now`: real time.

    Raises InvalidRequest where the file can't be read or the reward takes no uploaded codes; NotFound.
    """
    check_pool(environment, reward)
    sifted = _read(data)
    strike_known(environment, sifted)
    earlier = CodeUpload.objects.filter(reward=reward, status=CodeUpload.Status.PREVIEW)
    earlier.filter(actor_kind=actor.kind, actor_id=actor.id).delete()
    return CodeUpload.objects.create(
        environment=environment,
        reward=reward,
        file_name=file_name[:200],
        content="\n".join(sifted.lines),
        total=len(sifted.lines),
        duplicates=sifted.duplicates,
        invalid=sifted.invalid,
        problems=[problem.to_json() for problem in sifted.problems],
        created_at=now,
        actor_kind=actor.kind,
        actor_id=actor.id,
        trace_id=actor.trace_id,
    )


def _read(data: bytes) -> Sifted:
    if len(data) > settings.LARGEST_CODE_FILE:
        most = settings.LARGEST_CODE_FILE // 2**20
        raise InvalidRequest.field("file", "too_large", f"At most {most} MiB; part the file.")
    try:
        sifted = sift(read_codes(data))
    except UnreadableFileError as error:
        raise InvalidRequest.field("file", "invalid", str(error)) from error
    if not (sifted.lines or sifted.duplicates or sifted.invalid):
        raise InvalidRequest.field("file", "empty", "There is no code in it.")
    return sifted


@transaction.atomic
def start_upload(*, environment: Environment, upload: UUID, actor: Actor) -> CodeUpload:
    """Let a worker add what was looked at. Raises InvalidRequest where nothing in it is new or the reward takes
    no uploaded codes any more, and for one that was started already; NotFound. Locks: the upload."""
    found = CodeUpload.objects.select_for_update(of=("self",)).select_related("reward")
    chosen = found.filter(pk=upload, environment=environment).first()
    if chosen is None:
        raise NotFound("There is no such upload in this environment; choose the file again.")
    if chosen.status != CodeUpload.Status.PREVIEW:
        raise InvalidRequest("These codes are being added already.")
    if not chosen.total:
        raise InvalidRequest("Nothing in this file is new.")
    check_pool(environment, chosen.reward)
    chosen.status = CodeUpload.Status.QUEUED
    chosen.actor_kind, chosen.actor_id, chosen.trace_id = actor.kind, actor.id, actor.trace_id
    chosen.save(update_fields=["status", "actor_kind", "actor_id", "trace_id"])
    # One after the other in an environment; a large file of one tenant keeps no other waiting.
    app.configure_task("code_upload", lock=f"code_upload {environment.pk}").defer(upload=str(chosen.pk))
    return chosen


def run_upload(*, upload: UUID, pace: Pace, attempt: int = 0) -> dict[str, int | bool]:
    """Add its codes, from where the last run came to; one that is done already is left as it is. Answers counts
    for the log.

    A chunk of codes and how far that is are one transaction: whoever is killed loses the chunk, and two runs at
    once share them. What somebody else has added since the file was looked at counts as a duplicate. `attempt`:
    how often it was begun and not ended. Must not be called in a transaction. Raises Interrupted when `pace`
    ends it, and what the database or a fault in the engine raise; but for the first two it has then failed.
    """
    codes = _begin(upload)
    if attempt >= MOST_ATTEMPTS:
        return _end(upload, error=f"It was begun {attempt} times and never came to an end.")
    try:
        for _ in pace.chunks():
            if not _add_chunk(upload, codes):
                return _end(upload)
    except (OperationalError, InterfaceError):
        raise
    except InvalidRequest as refusal:
        return _end(upload, error=refusal.detail)
    except Exception as error:
        name = type(error).__name__
        _end(upload, error=f"A fault ended it ({name}); the server's log says more.")
        raise
    raise Interrupted("The worker is to end.")


def _begin(key: UUID) -> list[str]:
    unfinished = CodeUpload.objects.filter(pk=key, status__in=UNFINISHED)
    unfinished.update(status=CodeUpload.Status.RUNNING)
    content = unfinished.values_list("content", flat=True).first()
    return content.split("\n") if content else []


@transaction.atomic
def _add_chunk(key: UUID, codes: list[str]) -> bool:
    """Whether there was one. Locks: the upload, so that its runs take turns; then the codes."""
    found = _locked(key)
    chunk = codes[found.done : found.done + CHUNK] if found else []
    if found is None or not chunk:
        return False
    check_pool(found.environment, found.reward)
    added = insert_codes(found.reward, chunk, timezone.now())
    CodeUpload.objects.filter(pk=key).update(
        done=found.done + len(chunk),
        added=found.added + len(added),
        duplicates=found.duplicates + len(chunk) - len(added),
    )
    return True


@transaction.atomic
def _end(key: UUID, *, error: str = "") -> dict[str, int | bool]:
    """Close it and say in the audit what was added, once. Locks: the upload."""
    found = _locked(key)
    if found is None:
        return {"added": 0}
    CodeUpload.objects.filter(pk=key).update(
        status=CodeUpload.Status.FAILED if error else CodeUpload.Status.DONE,
        content="",
        error=error,
        finished_at=timezone.now(),
    )
    counts: dict[str, Any] = {"added": found.added, "duplicates": found.duplicates, "invalid": found.invalid}
    record(
        place=place_of(found.environment),
        actor=Actor(found.actor_kind, found.actor_id, found.trace_id),  # type: ignore[arg-type]
        verb="rewardcodes.uploaded",
        object_type="reward",
        object_id=str(found.reward_id),
        after={"upload": str(key), "file": found.file_name, **counts, "error": error},
    )
    return {"added": found.added, "failed": bool(error)}


def _locked(key: UUID) -> CodeUpload | None:
    """The upload that runs, without its content."""
    rows = CodeUpload.objects.select_for_update(of=("self",)).defer("content")
    related = rows.select_related("environment__project", "reward")
    return related.filter(pk=key, status=CodeUpload.Status.RUNNING).first()


def delete_previews(*, now: datetime, pace: Pace) -> int:
    """Forget the files that were looked at more than a day ago and never started; how many. One statement and
    transaction each."""
    old = CodeUpload.objects.filter(status=CodeUpload.Status.PREVIEW, created_at__lt=now - PREVIEWS_LAST)
    deleted = 0
    keys = list(old.values_list("pk", flat=True))
    for _, key in zip(pace.chunks(), keys, strict=False):
        deleted += old.filter(pk=key).delete()[0]
    return deleted
