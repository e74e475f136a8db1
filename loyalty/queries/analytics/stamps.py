"""Stamp programs by day: cards, stamps, and what full cards gave (domain.md 11)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from loyalty.queries.analytics.periods import Period
from loyalty.queries.analytics.rates import rate_of
from programs.models import Environment, StampProgram


@dataclass(frozen=True, slots=True)
class StampDay:
    """One local day of a stamp program: cards that members got, stamps that were put on cards and taken back, rewards
    that full cards gave and that were paid, each on its own day."""

    day: date
    joined: int
    stamps: int
    returned: int
    issued: int
    paid: int


@dataclass(frozen=True, slots=True)
class StampFigures:
    """`completion_rate`: of all cards, the share that was full at least once and whose reward was not revoked; 1 is
    all, four places, None where nobody has a card. `days`: those on which anything happened, in order."""

    completion_rate: Decimal | None
    days: list[StampDay]


# Cards, and rewards, by their program; stamps by when they were put on a card.
_DAYS = """
SELECT stamp_program_id, (at AT TIME ZONE %(time_zone)s)::date, what, count(*) FROM (
    SELECT card.stamp_program_id, card.created_at AS at, 'joined' AS what
    FROM loyalty_stampcollection AS card JOIN loyalty_member AS member ON member.id = card.member_id
    WHERE card.stamp_program_id = ANY(%(programs)s) AND card.merged_into_id IS NULL AND member.status <> 'erased'
    UNION ALL
    SELECT card.stamp_program_id, stamp.collected_at, 'stamps'
    FROM loyalty_stamp AS stamp JOIN loyalty_stampcollection AS card ON card.id = stamp.collection_id
    WHERE stamp.environment_id = %(environment)s AND card.stamp_program_id = ANY(%(programs)s)
        AND stamp.collected_at >= %(begins_at)s AND stamp.collected_at < %(ends_at)s
    UNION ALL
    SELECT card.stamp_program_id, stamp.returned_at, 'returned'
    FROM loyalty_stamp AS stamp JOIN loyalty_stampcollection AS card ON card.id = stamp.collection_id
    WHERE stamp.environment_id = %(environment)s AND card.stamp_program_id = ANY(%(programs)s)
        AND stamp.returned_at >= %(begins_at)s AND stamp.returned_at < %(ends_at)s
    UNION ALL
    SELECT stamp_program_id, issued_at, 'issued' FROM loyalty_stampreward
    WHERE stamp_program_id = ANY(%(programs)s)
    UNION ALL
    SELECT stamp_program_id, paid_at, 'paid' FROM loyalty_stampreward
    WHERE stamp_program_id = ANY(%(programs)s) AND paid_at IS NOT NULL
) AS happened
WHERE at >= %(begins_at)s AND at < %(ends_at)s
GROUP BY 1, 2, 3 ORDER BY 2
"""
_FULL = """
SELECT card.stamp_program_id, count(*), count(*) FILTER (WHERE EXISTS (
    SELECT FROM loyalty_stampreward AS reward WHERE reward.collection_id = card.id AND reward.status <> 'revoked'
))
FROM loyalty_stampcollection AS card JOIN loyalty_member AS member ON member.id = card.member_id
WHERE card.stamp_program_id = ANY(%(programs)s) AND card.merged_into_id IS NULL AND member.status <> 'erased'
GROUP BY 1
"""


def stamp_figures(
    *, environment: Environment, stamp_programs: Sequence[StampProgram], period: Period
) -> dict[UUID, StampFigures]:
    """Each of these stamp programs, by its key. Two statements for all of them."""
    sent: dict[str, Any] = {
        "environment": environment.pk,
        "programs": [one.pk for one in stamp_programs],
        "time_zone": environment.project.time_zone,
        "begins_at": period.begins_at,
        "ends_at": period.ends_at,
    }
    counted: defaultdict[UUID, dict[date, dict[str, int]]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_DAYS, sent)
        for program, day, what, times in cursor.fetchall():
            nothing = dict.fromkeys(("joined", "stamps", "returned", "issued", "paid"), 0)
            counted[program].setdefault(day, nothing)[what] = times
        cursor.execute(_FULL, sent)
        full = {program: rate_of(some, cards) for program, cards, some in cursor.fetchall()}
    return {
        one.pk: StampFigures(
            full.get(one.pk), [StampDay(day, **figures) for day, figures in counted[one.pk].items()]
        )
        for one in stamp_programs
    }
