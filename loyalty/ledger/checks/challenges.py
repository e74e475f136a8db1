"""Members with how far they are with challenges, what they achieved and which milestones they crossed, chunk by chunk
(docs/checks.md)."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from loyalty.ledger.checks.catalogue import branches, checks_in
from loyalty.ledger.checks.hits import read_hits
from loyalty.ledger.checks.violation import Violation
from loyalty.models import Member
from programs.models import Challenge, Environment, MilestoneSet

CHALLENGES = checks_in("challenges")
MEMBERS_A_CHUNK = 2_000
_NO_ID = UUID(int=0)
_STATEMENT = f"""
{(Path(__file__).parent / "members.sql").read_text()}
SELECT hit.number, hit.kind, hit.id, hit.expected, hit.found, hit.hits,
    member.environment_id, member.id, member.external_id
FROM (
SELECT -1 AS number, NULL AS kind, NULL::uuid AS id, NULL::uuid AS owner_id,
    (SELECT count(*) FROM achievements)::text AS expected, NULL AS found, 0::bigint AS hits
UNION ALL
{branches(CHALLENGES)}
) AS hit
LEFT JOIN members AS member ON member.id = hit.owner_id
WHERE hit.number < 0 OR member.id IS NOT NULL
ORDER BY hit.number
"""  # noqa: S608 - made of this package's own files


def member_chunks(environment: Environment | None, member_id: UUID | None) -> Iterator[list[UUID]]:
    """One member, or all of the environments (or of this one) that ever had a challenge or milestones, in the order of
    their keys. None is ever removed."""
    if member_id:
        yield [member_id]
        return
    for environment_id in _environments():
        if environment and environment.id != environment_id:
            continue
        after = _NO_ID
        members = (
            Member.objects.filter(environment=environment_id).order_by("id").values_list("id", flat=True)
        )
        while chunk := list(members.filter(id__gt=after)[:MEMBERS_A_CHUNK]):
            yield chunk
            after = chunk[-1]


def _environments() -> list[UUID]:
    """Two statements."""
    found: set[UUID] = set()
    for model in (Challenge, MilestoneSet):
        found |= set(model._default_manager.order_by().values_list("environment_id", flat=True).distinct())
    return sorted(found)


class SeenMembers(NamedTuple):
    """What is wrong with a chunk's members, how many more rows a check has than are told, and what was read."""

    found: list[Violation]
    left_out: dict[str, int]
    achievements: int


def inspect_members(chunk: list[UUID]) -> SeenMembers:
    """Read what these members did of challenges; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, {"members": chunk})
        _number, _table, _id, achievements, *_rest = cursor.fetchone()
        found, left_out = read_hits(CHALLENGES, cursor)
    return SeenMembers(found, left_out, int(achievements))
