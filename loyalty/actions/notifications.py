"""Members fetch what they are told of; what they got is read (domain.md 8)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from loyalty.actions.once import once
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.members import Redirected
from loyalty.models import Achievement, Member
from loyalty.queries.members import find_member
from loyalty.queries.notifications import Notification, notifications_of, unread_of
from loyalty.queries.windows import windows_of
from programs.models import Environment

MOST_FETCHED = 200
MOST_PENDING = 50
_KEEP = "SELECT redirect_to_id, status FROM loyalty_member WHERE id = %s FOR KEY SHARE"


@once
def fetch_notifications(
    *,
    environment: Environment,
    member: str,
    now: datetime,
    idempotency: Idempotency | None = None,  # noqa: ARG001 - `once` gives it
) -> list[Notification]:
    """The member's unread ones, oldest first, at most 200, and exactly these are read from now on: of two devices
    that ask at once each gets others. Eight statements at most, three where there are none. Raises NotFound. Locks:
    the member, shared, which waits for a merge or an erasure alone; what it returns, which waits for nobody."""
    key = _kept(environment, member)
    free = unread_of(key, windows_of(environment, now)).select_for_update(skip_locked=True, of=("self",))
    unread = list(free.values_list("pk", flat=True)[:MOST_FETCHED])
    if unread:
        Achievement.objects.filter(member=key, pk__in=unread).update(read_at=now)
    return notifications_of(key, unread)


@once
def pending_notifications(
    *,
    environment: Environment,
    member: str,
    acknowledged: Sequence[UUID],
    now: datetime,
    idempotency: Idempotency | None = None,  # noqa: ARG001 - `once` gives it
) -> list[Notification]:
    """Exactly the `acknowledged` ones are read from now on, others' and unknown ones aside; then the unread ones,
    oldest first, at most 50, which stay so until they are acknowledged. Nine statements at most. Raises NotFound.
    Locks: the member, shared; those acknowledged, in the order of their ids."""
    key = _kept(environment, member)
    if acknowledged:
        own = Achievement.objects.filter(environment_id=environment.pk, member=key)
        got = own.filter(pk__in=set(acknowledged), read_at__isnull=True)
        locked = list(got.select_for_update().order_by("pk").values_list("pk", flat=True))
        own.filter(pk__in=locked).update(read_at=now)
    unread = unread_of(key, windows_of(environment, now)).values_list("pk", flat=True)
    return notifications_of(key, list(unread[:MOST_PENDING]))


def _kept(environment: Environment, member: str) -> UUID:
    """Whoever answers for this id, whom nobody merges or erases until the end: a merge hands on what is unread, and
    what one then marks of the merged member's would be told again. Two statements. Raises NotFound and Redirected."""
    found = find_member(environment=environment, member=member)
    with connection.cursor() as cursor:
        cursor.execute(_KEEP, [found.pk])
        heir, status = cursor.fetchone()
    if heir is not None or status == Member.Status.ERASED:
        raise Redirected
    return found.pk
