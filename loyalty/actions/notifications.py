"""Members fetch what they are told of; what they got is read (domain.md 8)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from loyalty.actions.once import once
from loyalty.ledger.idempotency import Idempotency
from loyalty.models import Achievement, Member
from loyalty.queries.notifications import Notification, notifications_of, unread_of
from programs.models import Environment

MOST_FETCHED = 200
MOST_PENDING = 50


@once
def fetch_notifications(
    *, environment: Environment, member: Member, now: datetime, idempotency: Idempotency | None = None
) -> list[Notification]:
    """The member's unread ones, oldest first, at most 200, and exactly these are read from now on: of two devices
    that ask at once each gets others. Five statements at most, one where there are none. Locks: what it returns, and
    waits for nobody."""
    unread = list(
        unread_of(member.pk).select_for_update(skip_locked=True)[:MOST_FETCHED].values_list("pk", flat=True)
    )
    if unread:
        Achievement.objects.filter(member=member, pk__in=unread).update(read_at=now)
    return notifications_of(member.pk, unread)


@once
def pending_notifications(
    *,
    environment: Environment,
    member: Member,
    acknowledged: Sequence[UUID],
    now: datetime,
    idempotency: Idempotency | None = None,
) -> list[Notification]:
    """Exactly the `acknowledged` ones are read from now on, others' and unknown ones aside; then the unread ones,
    oldest first, at most 50, which stay so until they are acknowledged. Six statements at most. Locks: those
    acknowledged, in the order of their ids."""
    if acknowledged:
        got = Achievement.objects.filter(member=member, pk__in=set(acknowledged), read_at__isnull=True)
        locked = list(got.select_for_update().order_by("pk").values_list("pk", flat=True))
        Achievement.objects.filter(pk__in=locked, read_at__isnull=True).update(read_at=now)
    return notifications_of(member.pk, list(unread_of(member.pk).values_list("pk", flat=True)[:MOST_PENDING]))
