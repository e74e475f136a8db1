"""Which challenges a member has ever begun or completed, however many times (domain.md 8)."""

from uuid import UUID

from django.db import connection

# From one challenge to the next along an index that begins with the member and the challenge: what is read is one
# row for each of them, not each of its days.
_EACH = """
WITH RECURSIVE found AS (
    (SELECT challenge_id FROM {rows} ORDER BY challenge_id LIMIT 1)
    UNION ALL
    SELECT (SELECT challenge_id FROM {rows} AND challenge_id > found.challenge_id ORDER BY challenge_id LIMIT 1)
    FROM found WHERE found.challenge_id IS NOT NULL
)
SELECT challenge_id FROM found WHERE challenge_id IS NOT NULL
"""
_BEGUN = _EACH.format(rows="loyalty_missionprogress WHERE member_id = %(member)s")
_COMPLETED = _EACH.format(
    rows="loyalty_achievement WHERE member_id = %(member)s AND kind = 'challenge' AND revoked_at IS NULL"
)


def completed_by(member_id: UUID) -> set[UUID]:
    """Those that the member completed in any period, and still has. One statement."""
    return _read(_COMPLETED, member_id)


def begun_by(member_id: UUID) -> set[UUID]:
    """Those that any event of the member counted for, in any period, and those that they completed. One statement."""
    return _read(f"({_BEGUN}) UNION ({_COMPLETED})", member_id)


def _read(statement: str, member_id: UUID) -> set[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"member": member_id})
        return {key for (key,) in cursor.fetchall()}
