"""Instants as text."""

from datetime import UTC, datetime


def rfc3339(instant: datetime) -> str:
    """RFC 3339 in UTC: `2026-01-31T12:00:00Z`, with microseconds where there are any."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def to_the_second(instant: datetime) -> str:
    """The same for a sentence, which nobody reads for microseconds."""
    return rfc3339(instant.replace(microsecond=0))
