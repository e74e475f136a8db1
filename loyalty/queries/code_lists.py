"""The codes of a reward by what has become of them."""

from datetime import datetime

from django.db.models import Count, F, Q, QuerySet

from loyalty.models import RewardCode
from loyalty.rules.codes import lookups
from programs.models import Reward

STATUSES = ("available", "issued", "used", "expired", "void")


def codes_of(
    *, reward: Reward, now: datetime, status: str | None = None, code: str | None = None
) -> QuerySet[RewardCode]:
    """A reward's codes with their redemption and its member: those that wait in the order in which they are
    issued, others the latest first. `status`: one of `STATUSES`, at `now`; `code`: as it is shown or typed."""
    rows = RewardCode.objects.filter(reward=reward).select_related("redemption__member")
    if code is not None:
        rows = rows.filter(environment_id=reward.environment_id, code__in=lookups(code))
    if status is not None:
        rows = rows.filter(_being(status, now))
    if status == "available":
        return rows.order_by("id")
    return rows.order_by(F("issued_at").desc(nulls_last=True), "-id")


def code_counts(*, reward: Reward, now: datetime) -> dict[str, int]:
    """How many codes of a reward are in each of `STATUSES` at `now`; one statement, over all of them."""
    counts = {status: Count("pk", filter=_being(status, now)) for status in STATUSES}
    return RewardCode.objects.filter(reward=reward).aggregate(**counts)


def _being(status: str, now: datetime) -> Q:
    expired = Q(status="issued", expires_at__isnull=False, expires_at__lte=now)
    if status == "expired":
        return expired
    return Q(status=status) & ~expired if status == "issued" else Q(status=status)
