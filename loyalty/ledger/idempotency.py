"""Double submission changes nothing and answers the same (domain.md 3.7)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from loyalty.errors import IdempotencyKeyReused, Replay
from loyalty.models import IdempotencyRecord

Answer = tuple[int, str]
"""Status and body."""


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A caller's `Idempotency-Key`, and how to answer.

    `fingerprint` is the SHA-256 of the request; `answer` renders an action's result to its status
    and body, which is stored in the transaction of the effect.
    """

    scope: str
    key: str
    fingerprint: bytes
    answer: Callable[[Any], Answer]

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
        """Compare with what is stored under the key. Raises Replay or IdempotencyKeyReused, always."""
        if fingerprint == self.fingerprint:
            raise Replay(status, answer)
        raise IdempotencyKeyReused(
            f"Idempotency-Key {self.key!r} was used for another request; use a new key for a new request."
        )

    def check_stored(self, environment_id: UUID) -> None:
        """Raises Replay or IdempotencyKeyReused where the key was used; one statement."""
        record = IdempotencyRecord.objects.filter(
            environment_id=environment_id, scope=self.scope, key=self.key
        ).first()
        if record:
            self.check(bytes(record.fingerprint), record.status, record.answer)
