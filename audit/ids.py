"""Identifiers: time-ordered UUIDs inside, prefixed text outside."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """A UUIDv7 (RFC 9562): sorts by the time it was made, so indexes grow at their end."""
    return uuid7()


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def first_id_at(instant: datetime) -> UUID:
    """The lowest id of that millisecond; of any before 1970 the lowest of all."""
    return UUID(int=max(0, (instant - _EPOCH) // timedelta(milliseconds=1)) << 80)


def public(prefix: str, value: UUID) -> str:
    """`txn` and a UUID → `txn_0190…`: the form that APIs show; sorts as the UUID does."""
    return f"{prefix}_{value.hex}"


def parse_public(prefix: str, text: str) -> UUID | None:
    """The UUID in a public id, or None where the text is not one of that prefix."""
    head, _, tail = text.partition("_")
    if head != prefix or len(tail) != 32:
        return None
    try:
        value = UUID(tail)
    except ValueError:
        return None
    return value if value.hex == tail else None
