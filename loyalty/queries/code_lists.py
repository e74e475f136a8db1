"""The codes of a reward by what has become of them."""

from datetime import datetime

from django.db.models import Q, QuerySet

from loyalty.models import RewardCode
from loyalty.queries.taken import MANY, MOST, codes_left
from loyalty.rules.codes import lookups
from programs.models import Reward

STATUSES = ("available", "issued", "used", "expired", "void")


def codes_of(
    *, reward: Reward, now: datetime, status: str | None = None, code: str | None = None
) -> QuerySet[RewardCode]:
    """A reward's codes; keyset by `id`, the order in which they were made or uploaded and are issued. `status`:
    one of `STATUSES`, at `now`; `code`: as it is shown or typed."""
    rows = RewardCode.objects.filter(reward=reward)
    if code is not None:
        rows = rows.filter(environment_id=reward.environment_id, code__in=lookups(code))
    return rows if status is None else rows.filter(_being(status, now))


def code_counts(*, reward: Reward, now: datetime) -> dict[str, int]:
    """How many codes of a reward are in each of `STATUSES` at `now`, a statement each: of the available
    at most one above `MANY`, of the others at most `MOST`."""
    left = codes_left([reward.pk], most=MANY + 1)[reward.pk]
    rest = {
        status: codes_of(reward=reward, now=now, status=status).order_by()[:MOST].count()
        for status in STATUSES
        if status != "available"
    }
    return {"available": left} | rest


def _being(status: str, now: datetime) -> Q:
    if status == "expired":
        return Q(status="issued", expires_at__lte=now)
    if status == "issued":
        return Q(status="issued") & (Q(expires_at__isnull=True) | Q(expires_at__gt=now))
    return Q(status=status)
