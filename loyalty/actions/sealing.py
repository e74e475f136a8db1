"""The audit trail is sealed as it grows (domain.md 9.1)."""

from django.utils import timezone

from audit.seals import CHUNK, seal_next
from loyalty.actions.pace import Pace


def seal_trail(*, pace: Pace, chunk: int = CHUNK) -> int:
    """Seal what is final of all tenants' trail, a seal and transaction a chunk; how many rows.

    Raises Restored. Locks: the table of seals, while a chunk is written.
    """
    sealed = 0
    for _ in pace.chunks():
        rows = seal_next(now=timezone.now(), limit=chunk)
        sealed += rows
        if rows < chunk:
            break
    return sealed
