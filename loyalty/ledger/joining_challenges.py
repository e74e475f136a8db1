"""What a merge makes of challenges (docs/members.md).

The caller has locked both members: under these locks the rows are written.
"""

from collections.abc import Collection

from django.db import connection
from django.utils import timezone

from audit.ids import new_id
from loyalty.ledger.achievements import Achievements, RunKey
from loyalty.ledger.posting import Journal
from loyalty.ledger.reading_achievements import read_runs
from loyalty.models import Achievement, Member
from programs.queries.snapshots import snapshot

_MOVE = """
WITH moved AS (
    DELETE FROM loyalty_missionprogress WHERE member_id = %(merged)s
    RETURNING environment_id, challenge_id, mission_id, period, progress
), added AS (
    INSERT INTO loyalty_missionprogress AS stored (
        id, environment_id, member_id, challenge_id, mission_id, period, progress
    )
    SELECT gen_random_uuid(), environment_id, %(survivor)s, challenge_id, mission_id, period, progress FROM moved
    ON CONFLICT (member_id, challenge_id, period, mission_id) DO UPDATE
    SET progress = stored.progress + excluded.progress
)
SELECT DISTINCT challenge_id, period FROM moved
"""


def move_challenges(journal: Journal, merged: Member, survivor: Member) -> set[RunKey]:
    """The survivor is as far as both are together, and has achieved what either has: what they lack is copied, not
    given again. Three statements at most; the journal writes the copies. Answers the survivor's runs that the other
    took part in: they may be complete now, which is the caller's matter."""
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, {"merged": merged.pk, "survivor": survivor.pk})
        moved = {(survivor.pk, challenge, period) for challenge, period in cursor.fetchall()}
    live = Achievement.objects.filter(member=merged, revoked_at__isnull=True).order_by("id")
    # Locked, so that no device is told meanwhile of what the survivor would then be told again.
    theirs = [_copy(journal, row, survivor) for row in live.select_for_update(no_key=True)]
    keys = moved | {(survivor.pk, row.challenge_id, row.period) for row in theirs}
    read_runs(journal.achievements, snapshot(journal.environment), keys)
    _add_copies(journal.achievements, theirs)
    return keys


def _add_copies(achievements: Achievements, copies: Collection[Achievement]) -> None:
    """Those that the survivor has not achieved themselves; a challenge that both have completed is joined."""
    for copied in copies:
        run = achievements.runs[copied.member_id, copied.challenge_id, copied.period]
        if copied.mission_id is not None and copied.mission_id not in run.done:
            run.done[copied.mission_id] = achievements.new[copied.id] = copied
        elif copied.mission_id is None and run.completion is None:
            run.completion = achievements.new[copied.id] = copied
        elif copied.mission_id is None:
            achievements.absorb(run, copied)


def _copy(journal: Journal, row: Achievement, survivor: Member) -> Achievement:
    """Of somebody else's achievement, as it would be the survivor's; one that was not read is told to them."""
    return Achievement(
        id=new_id(),
        environment_id=row.environment_id,
        member_id=survivor.pk,
        kind=row.kind,
        challenge_id=row.challenge_id,
        mission_id=row.mission_id,
        period=row.period,
        target=row.target,
        event_id=row.event_id,
        entry_ids=row.entry_ids,
        copy_of=row.copy_of or row.id,
        absorbed=row.absorbed,
        display=row.display,
        title=row.title,
        message=row.message,
        read_at=row.read_at,
        occurred_at=row.occurred_at,
        recorded_at=timezone.now(),
        actor_kind=journal.actor.kind,
        actor_id=journal.actor.id,
        trace_id=journal.actor.trace_id,
    )
