"""What lists and single views of stamp cards show besides the rows themselves (domain.md 7)."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from loyalty.models import Event, Stamp, StampReward
from loyalty.queries.stamps import collections_of, offered, stamp_programs_of
from programs.models import Environment, StampProgram


def seen_by(*, environment: Environment, member: str, now: datetime) -> QuerySet[StampProgram]:
    """The stamp programs that a member sees: those that can be joined at `now`, and those that they have a card
    of, whatever has become of them. Keyset by `id`."""
    own = collections_of(environment=environment, member=member).order_by()
    return stamp_programs_of(environment).filter(
        Q(pk__in=offered(environment, now).order_by().values("pk")) | Q(pk__in=own.values("stamp_program"))
    )


def reward_counts(collections: Collection[UUID]) -> dict[UUID, dict[str, int]]:
    """By card: how many of its rewards are in each status. One statement."""
    found: dict[UUID, dict[str, int]] = defaultdict(dict)
    rows = StampReward.objects.filter(collection__in=collections).order_by()
    counted = rows.values_list("collection", "status").annotate(rewards=Count("pk"))
    for collection, status, rewards in counted:
        found[collection][status] = rewards
    return found


def event_names(events: Iterable[UUID | None]) -> dict[UUID, str]:
    """The tenant's own ids of these events. One statement, none where there is no event."""
    wanted = {key for key in events if key is not None}
    return dict(Event.objects.filter(pk__in=wanted).values_list("pk", "event_id")) if wanted else {}


def stamps_in(reward: StampReward) -> list[Stamp]:
    """The stamps in a reward, oldest first; of a revoked one those that it was issued for. One statement."""
    if reward.status == StampReward.Status.REVOKED:
        rows = Stamp.objects.filter(member=reward.member_id, pk__in=reward.stamp_ids)
    else:
        rows = Stamp.objects.filter(reward=reward.pk, returned_at__isnull=True)
    return list(rows.order_by("id"))
