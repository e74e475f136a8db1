"""How many have each stamp card and how many rewards wait for their payment, counted only as far as a list shows it."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db import connection

from loyalty.models import Member, StampReward
from loyalty.queries.counting import counts_of
from loyalty.queries.taken import MOST
from loyalty.rules.cards import shown
from programs.models import Environment, StampProgram

# By the indexes that begin with stamp_program.
_ENROLLED = """
loyalty_stampcollection AS card
JOIN loyalty_member AS member ON member.id = card.member_id AND member.status = ANY(%(living)s)
WHERE card.stamp_program_id = wanted.id AND card.merged_into_id IS NULL
"""

# By an index of its own, which leaves out what was paid long ago.
_TO_PAY = """
loyalty_stampreward AS reward WHERE reward.stamp_program_id = wanted.id AND reward.status = 'issued'
"""

# By the index on (stamp_program, cycle_from, counter), the fullest cards first: nothing is sorted, so that no other
# index is as cheap, whatever is guessed of the counters.
_FULLEST = """
SELECT card.counter, card.place
FROM unnest(%(places)s::integer[]) AS began (place)
CROSS JOIN LATERAL (
    SELECT collection.counter, began.place
    FROM loyalty_stampcollection AS collection
    JOIN loyalty_member AS member ON member.id = collection.member_id AND member.status = ANY(%(living)s)
    WHERE collection.stamp_program_id = %(program)s AND collection.cycle_from = began.place
        AND collection.counter >= %(stamps)s
    ORDER BY collection.counter DESC LIMIT %(most)s
) AS card
LIMIT %(most)s
"""


def enrolled_in(stamp_programs: Collection[UUID]) -> dict[UUID, int]:
    """Of each stamp program the members who have its card, at most `MOST`; one statement."""
    return counts_of(stamp_programs, _ENROLLED, most=MOST, living=list(Member.LIVING))


def to_pay_of(stamp_programs: Collection[UUID]) -> dict[UUID, int]:
    """Of each stamp program the rewards that are to be paid, at most `MOST`; one statement."""
    return counts_of(stamp_programs, _TO_PAY, most=MOST)


def standing_at(stamp_program: StampProgram, stamps: int) -> int:
    """How many members are shown so many stamps or more, at most `MOST`; one statement. Only so many cards are read,
    those first that wait for no reward of a lower threshold."""
    thresholds = stamp_program.thresholds
    found = fullest(stamp_program, stamps, most=MOST)
    return sum(shown(counter, thresholds, place) >= stamps for counter, place in found)


def fullest(stamp_program: StampProgram, stamps: int, *, most: int) -> list[tuple[int, int]]:
    """Counter and `cycle_from` of cards that have so many stamps or more, at most so many cards; one statement."""
    asked: dict[str, Any] = {
        "program": stamp_program.pk,
        "places": list(reversed(range(len(stamp_program.thresholds)))),
        "stamps": stamps,
        "living": list(Member.LIVING),
        "most": most,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FULLEST, asked)
        return list(cursor.fetchall())


def to_pay_count(*, environment: Environment, most: int = 100) -> int:
    """How many rewards are to be paid; counted up to `most`, so that a long queue costs no more."""
    rows = StampReward.objects.filter(environment_id=environment.id, status=StampReward.Status.ISSUED)
    return rows.order_by()[:most].count()
