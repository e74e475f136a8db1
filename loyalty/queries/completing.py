"""How many members an easier challenge would complete at once, before anybody saves it (domain.md 8)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection

from loyalty.models import Member
from loyalty.queries.challenges_in_force import period_at
from loyalty.queries.counting import counts_of
from loyalty.queries.taken import MOST
from programs.models import Challenge
from programs.queries.snapshots import snapshot

# By the index on (challenge, kind, period).
_COMPLETED = """
loyalty_achievement AS done
JOIN loyalty_member AS member ON member.id = done.member_id AND member.status = ANY(%(living)s)
WHERE done.challenge_id = wanted.id AND done.kind = 'challenge' AND done.revoked_at IS NULL
"""

# By the index on (challenge, period, member): a member's rows stand together, so that nothing is sorted.
_COMPLETING = """
SELECT count(*) FILTER (WHERE is_complete), count(*) FILTER (WHERE mission_done)
FROM (
    SELECT progress.member_id,
        count(*) FILTER (WHERE progress.progress >= wanted.target) = %(missions)s AND NOT EXISTS (
            SELECT FROM loyalty_achievement AS done
            WHERE done.member_id = progress.member_id AND done.challenge_id = %(challenge)s
                AND done.period = %(period)s AND done.kind = 'challenge' AND done.revoked_at IS NULL
        ) AS is_complete,
        bool_or(progress.progress >= wanted.target AND NOT EXISTS (
            SELECT FROM loyalty_achievement AS done
            WHERE done.member_id = progress.member_id AND done.challenge_id = %(challenge)s
                AND done.period = %(period)s AND done.mission_id = progress.mission_id
                AND done.kind = 'mission' AND done.revoked_at IS NULL
        )) AS mission_done
    FROM loyalty_missionprogress AS progress
    JOIN unnest(%(keys)s::uuid[], %(targets)s::numeric[])
        AS wanted (mission, target) ON wanted.mission = progress.mission_id
    JOIN loyalty_member AS member ON member.id = progress.member_id AND member.status = ANY(%(living)s)
    WHERE progress.challenge_id = %(challenge)s AND progress.period = %(period)s
    GROUP BY progress.member_id
    HAVING bool_or(progress.progress >= wanted.target)
) AS found
WHERE is_complete OR mission_done
"""


@dataclass(frozen=True, slots=True)
class Completing:
    """So many members: who would complete the challenge, and who a mission of it."""

    challenge: int
    missions: int


def completed_of(challenges: Collection[UUID]) -> dict[UUID, int]:
    """How often living members have completed each of these, at most `MOST` of each; one statement."""
    return counts_of(challenges, _COMPLETED, most=MOST, living=list(Member.LIVING))


def completing(*, challenge: Challenge, targets: Mapping[UUID, Decimal], now: datetime) -> Completing:
    """Who would be complete in the current period with these targets, by the missions that there would be. One
    statement, which costs with the members who are on the way."""
    config = snapshot(challenge.environment)
    asked: dict[str, Any] = {
        "challenge": challenge.pk,
        "period": period_at(config, challenge, now),
        "missions": len(targets),
        "keys": list(targets),
        "targets": list(targets.values()),
        "living": list(Member.LIVING),
    }
    with connection.cursor() as cursor:
        cursor.execute(_COMPLETING, asked)
        return Completing(*cursor.fetchone())
