"""How many have each stamp card and how many rewards wait for their payment, counted only as far as a list shows it."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import connection

from loyalty.models import Member, StampReward
from loyalty.queries.taken import MOST
from programs.models import Environment

# By the index on (stamp_program, counter); at most 1,000 cards of each are read, however many there are.
_ENROLLED = """
SELECT wanted.id, (
    SELECT count(*) FROM (
        SELECT FROM loyalty_stampcollection AS card
        JOIN loyalty_member AS member ON member.id = card.member_id AND member.status = ANY(%(living)s)
        WHERE card.stamp_program_id = wanted.id AND card.merged_into_id IS NULL LIMIT %(most)s
    ) AS found
)
FROM unnest(%(wanted)s::uuid[]) AS wanted (id)
"""

# By the index on (stamp_program, status).
_TO_PAY = """
SELECT wanted.id, (
    SELECT count(*) FROM (
        SELECT FROM loyalty_stampreward AS reward
        WHERE reward.stamp_program_id = wanted.id AND reward.status = 'issued' LIMIT %(most)s
    ) AS found
)
FROM unnest(%(wanted)s::uuid[]) AS wanted (id)
"""


def enrolled_in(stamp_programs: Collection[UUID]) -> dict[UUID, int]:
    """Of each stamp program the members who have its card, at most `MOST`; one statement."""
    return _counted(_ENROLLED, stamp_programs)


def to_pay_of(stamp_programs: Collection[UUID]) -> dict[UUID, int]:
    """Of each stamp program the rewards that are to be paid, at most `MOST`; one statement."""
    return _counted(_TO_PAY, stamp_programs)


def to_pay_count(*, environment: Environment, most: int = 100) -> int:
    """How many rewards are to be paid; counted up to `most`, so that a long queue costs no more."""
    rows = StampReward.objects.filter(environment_id=environment.id, status=StampReward.Status.ISSUED)
    return rows.order_by()[:most].count()


def _counted(statement: str, stamp_programs: Collection[UUID]) -> dict[UUID, int]:
    with connection.cursor() as cursor:
        asked: dict[str, Any] = {"wanted": list(stamp_programs), "most": MOST, "living": list(Member.LIVING)}
        cursor.execute(statement, asked)
        return dict(cursor.fetchall())
