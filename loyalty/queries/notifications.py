"""What a member is told of what they achieved (domain.md 8)."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from loyalty.models import Achievement
from loyalty.queries.member_history import Line, completed_lines
from loyalty.queries.windows import Windows


@dataclass(frozen=True, slots=True)
class Notification:
    """Empty `title` and `message`: the app finds words of its own."""

    line: Line
    display: str
    title: str
    message: str


def unread_of(member_id: UUID, windows: Windows | None = None) -> QuerySet[Achievement]:
    """What the member has not fetched and has not lost since, and is not too old to be shown; oldest first."""
    own = Achievement.objects.filter(member=member_id)
    if windows is not None:
        own = own.filter(windows.shown("challenge__program"))
    return own.filter(read_at__isnull=True, revoked_at__isnull=True).order_by("id")


def notifications_of(member_id: UUID, achievement_ids: Collection[UUID]) -> list[Notification]:
    """As the app gets them, oldest first; four statements at most, none for none."""
    if not achievement_ids:
        return []
    rows = Achievement.objects.filter(member=member_id, pk__in=achievement_ids)
    found = list(rows.select_related("challenge", "mission").order_by("id"))
    lines = completed_lines(member_id, found)
    return [
        Notification(line, row.display, row.title or "", row.message or "")
        for row, line in zip(found, lines, strict=True)
    ]
