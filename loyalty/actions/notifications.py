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
    *,
    environment: Environment,
    member: Member,
    now: datetime,
    idempotency: Idempotency | None = None,  # noqa: ARG001 - `once` gives it
) -> list[Notification]:
    """The member's unread ones, oldest first, at most 200, and exactly these are read from now on: of two devices
    that ask at once each gets others. Six statements at most, one where there are none. Locks: what it returns, and
    waits for nobody."""
    free = unread_of(environment, member.pk).select_for_update(skip_locked=True)
    unread = list(free.values_list("pk", flat=True)[:MOST_FETCHED])
    if unread:
        Achievement.objects.filter(member=member, pk__in=unread).update(read_at=now)
    return notifications_of(environment, member.pk, unread)


@once
def pending_notifications(
    *,
    environment: Environment,
    member: Member,
    acknowledged: Sequence[UUID],
    now: datetime,
    idempotency: Idempotency | None = None,  # noqa: ARG001 - `once` gives it
) -> list[Notification]:
    """Exactly the `acknowledged` ones are read from now on, others' and unknown ones aside; then the unread ones,
    oldest first, at most 50, which stay so until they are acknowledged. Seven statements at most. Locks: those
    acknowledged, in the order of their ids."""
    if acknowledged:
        own = Achievement.objects.filter(environment_id=environment.pk, member=member)
        got = own.filter(pk__in=set(acknowledged), read_at__isnull=True)
        locked = list(got.select_for_update().order_by("pk").values_list("pk", flat=True))
        own.filter(pk__in=locked).update(read_at=now)
    unread = unread_of(environment, member.pk).values_list("pk", flat=True)
    return notifications_of(environment, member.pk, list(unread[:MOST_PENDING]))
