"""Double submission changes nothing and answers the same (domain.md 3.7)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import timezone

from loyalty.errors import IdempotencyKeyReused, Replay
from loyalty.models import IdempotencyRecord

Answer = tuple[int, str]
"""Status and body."""

ELSEWHERE = 0
"""The status of a record that says no more than that the key was used: what was answered is in another project's
environment, where the call acted."""


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A caller's `Idempotency-Key`, and how to answer.

    `fingerprint` is the SHA-256 of the request; `answer` renders an action's result to its status
    and body, which is stored in the transaction of the effect. `home`: the caller's own environment and the scope
    there, of a call that acts in another project's: the key counts in both.
    """

    scope: str
    key: str
    fingerprint: bytes
    answer: Callable[[Any], Answer]
    home: tuple[UUID, str] | None = None

    def record(
        self, environment_id: UUID, result: Any, at: datetime, member_id: UUID | None
    ) -> IdempotencyRecord:
        """The unsaved record of what `result` was answered."""
        status, body = self.answer(result)
        return IdempotencyRecord(
            environment_id=environment_id,
            member_id=member_id,
            scope=self.scope,
            key=self.key,
            fingerprint=self.fingerprint,
            status=status,
            answer=body,
            created_at=at,
        )

    def check(self, fingerprint: bytes, status: int, answer: str) -> None:
        """Compare with what is stored under the key. Raises Replay or IdempotencyKeyReused, always but where the same
        request was answered elsewhere."""
        if fingerprint != self.fingerprint:
            raise IdempotencyKeyReused(
                f"Idempotency-Key {self.key!r} was used for another request; use a new key for a new request."
            )
        if status != ELSEWHERE:
            raise Replay(status, answer)

    def check_stored(self, environment_id: UUID) -> None:
        """Raises Replay or IdempotencyKeyReused where the key was used; one statement."""
        record = IdempotencyRecord.objects.filter(
            environment_id=environment_id, scope=self.scope, key=self.key
        ).first()
        if record:
            self.check(bytes(record.fingerprint), record.status, record.answer)

    def take_home(self) -> None:
        """Take the key in the caller's own environment too, where the call acts in another; two statements, none for
        a project's own call. Raises IdempotencyKeyReused where it was used there for another request."""
        if self.home is None:
            return
        environment_id, scope = self.home
        named = {"environment_id": environment_id, "scope": scope, "key": self.key}
        used = IdempotencyRecord.objects.filter(**named).first()
        if used is None:
            IdempotencyRecord.objects.create(
                **named, fingerprint=self.fingerprint, status=ELSEWHERE, answer="", created_at=timezone.now()
            )
        elif bytes(used.fingerprint) != self.fingerprint:
            self.check(bytes(used.fingerprint), used.status, used.answer)
