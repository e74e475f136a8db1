"""Files of codes for tests: looked at, started, and added."""

from typing import Any

from django.utils import timezone

from audit.models import AuditEvent
from audit.record import Actor
from loyalty.actions.code_uploads import (
    look_at_codes,
    run_upload,
    start_upload,
)
from loyalty.actions.codes import add_codes
from loyalty.actions.pace import Pace
from loyalty.models import CodeUpload
from programs.models import Environment, Reward
from tests.factories import make_actor

ANNA = Actor("staff", "anna", "t-1")
BEN = Actor("staff", "ben", "t-2")


def look(
    environment: Environment, reward: Reward, content: str | bytes, actor: Actor = ANNA, **options: Any
) -> CodeUpload:
    return look_at_codes(
        environment=environment,
        reward=reward,
        file_name="codes.csv",
        data=content.encode() if isinstance(content, str) else content,
        actor=actor,
        **{"now": timezone.now(), **options},
    )


def lines(number: int, name: str = "C") -> str:
    return "code\n" + "".join(f"{name}-{line:06}\n" for line in range(number))


def started(environment: Environment, reward: Reward, content: str) -> CodeUpload:
    upload = look(environment, reward, content)
    return start_upload(environment=environment, upload=upload.pk, actor=ANNA)


def run(upload: CodeUpload, pace: Pace | None = None, attempt: int = 0) -> CodeUpload:
    run_upload(upload=upload.pk, pace=pace or Pace(rest=0), attempt=attempt)
    upload.refresh_from_db()
    return upload


def add(environment: Environment, reward: Reward, *codes: str) -> None:
    add_codes(environment=environment, reward=reward, codes=codes, actor=make_actor(), now=timezone.now())


def uploaded(environment: Environment) -> list[dict[str, Any] | None]:
    events = AuditEvent.objects.filter(environment_id=environment.pk, verb="rewardcodes.uploaded")
    return list(events.values_list("after", flat=True))


def counts(upload: CodeUpload) -> tuple[str, int, int, int, int, int]:
    row = upload
    return row.status, row.total, row.duplicates, row.invalid, row.done, row.added
