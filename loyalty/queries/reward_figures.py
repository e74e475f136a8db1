"""How rewards do: how often they are chosen, and what becomes of their codes (domain.md 11)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from loyalty.queries.analytics.rates import rate_of, share_of
from programs.models import Environment, Program


@dataclass(frozen=True, slots=True)
class RewardFigures:
    """A reward's redemptions of a period; `program` and `metric` (that it is paid in) by their codes. `redemptions`,
    `members`: all that were made, whatever became of them (members who were merged are one); `share`: of those of all
    rewards, 0 to 1. `points`: paid for those that stand (pending, fulfilled). `codes_issued`: codes that stand with
    them, the used ones among them; `codes_expired`: not used in time. `use_rate`: used of issued, 0 to 1; None where
    none was issued. The times are those from a code's issue to its use; None where none was used."""

    reward_id: UUID
    program: str
    metric: str
    public_id: str
    name: str
    kind: str
    redemptions: int
    members: int
    points: int
    share: Decimal
    pending: int
    fulfilled: int
    cancelled: int
    failed: int
    codes_issued: int
    codes_used: int
    codes_expired: int
    use_rate: Decimal | None
    median_to_use: timedelta | None
    p90_to_use: timedelta | None


# By the index on (reward, occurred_at), for each reward of the environment; codes by their redemption's index.
_FIGURES = """
SELECT reward.id AS reward_id, program.code AS program, metric.code AS metric, reward.public_id, reward.name,
    reward.kind,
    count(*) AS redemptions,
    count(DISTINCT CASE WHEN buyer.redirect_to_id IS NOT NULL AND buyer.status <> 'erased'
        THEN buyer.redirect_to_id ELSE sold.member_id END) AS members,
    coalesce(sum(sold.points) FILTER (WHERE sold.status IN ('pending', 'fulfilled')), 0)::bigint AS points,
    count(*) FILTER (WHERE sold.status = 'pending') AS pending,
    count(*) FILTER (WHERE sold.status = 'fulfilled') AS fulfilled,
    count(*) FILTER (WHERE sold.status = 'cancelled') AS cancelled,
    count(*) FILTER (WHERE sold.status = 'failed') AS failed,
    count(*) FILTER (WHERE code.status IN ('issued', 'used')) AS codes_issued,
    count(*) FILTER (WHERE code.status = 'used') AS codes_used,
    count(*) FILTER (WHERE code.status = 'issued' AND code.expires_at <= %(now)s) AS codes_expired,
    percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (
        ORDER BY extract(epoch FROM code.used_at - code.issued_at)::double precision
    ) AS times
FROM programs_reward AS reward
JOIN programs_program AS program ON program.id = reward.program_id
JOIN programs_metric AS metric ON metric.id = reward.metric_id
JOIN loyalty_redemption AS sold
    ON sold.reward_id = reward.id AND sold.occurred_at >= %(begins_at)s AND sold.occurred_at < %(ends_at)s
JOIN loyalty_member AS buyer ON buyer.id = sold.member_id
LEFT JOIN loyalty_rewardcode AS code ON code.redemption_id = sold.id
WHERE reward.environment_id = %(environment)s AND (%(program)s::uuid IS NULL OR reward.program_id = %(program)s)
GROUP BY reward.id, program.code, metric.code
ORDER BY count(*) DESC, reward.name, reward.id
"""


def reward_figures(
    *,
    environment: Environment,
    begins_at: datetime,
    ends_at: datetime,
    now: datetime,
    program: Program | None = None,
) -> list[RewardFigures]:
    """All rewards, or those of `program`, that were redeemed at `begins_at <= occurred_at < ends_at`, the most popular
    first; what has become of them as it stands at `now`, the environment's time. Shares and rates to four places; one
    statement.
    """
    sent: dict[str, Any] = {"begins_at": begins_at, "ends_at": ends_at, "now": now}
    sent |= {"environment": environment.pk, "program": program.pk if program else None}
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES, sent)
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    total = sum(row["redemptions"] for row in rows)
    return [_figures(row, total) for row in rows]


def _figures(row: dict[str, Any], total: int) -> RewardFigures:
    median, slow = row.pop("times") or (None, None)
    return RewardFigures(
        **row,
        share=share_of(row["redemptions"], total),
        use_rate=rate_of(row["codes_used"], row["codes_issued"]),
        median_to_use=_seconds(median),
        p90_to_use=_seconds(slow),
    )


def _seconds(value: float | None) -> timedelta | None:
    return None if value is None else timedelta(seconds=round(value))
