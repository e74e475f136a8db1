"""An edit makes members complete who have done enough already: they achieve it though they do nothing more
(domain.md 8).

A challenge that is paused, or whose time has not come, waits for that.

An event that was being worked on when the edit was saved may count by the old targets, and be stored after its
member was looked at. Its environment was read before its transaction began, so that no transaction id says when the
last such event is stored. So everybody is looked at once more, when `AGAIN` has passed: a request takes seconds (it
waits for a lock for two, and is cut off where it leaves a transaction open for sixty).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from audit.record import Actor
from loyalty.actions.due_challenges import complete_runs, rewarded_metrics
from loyalty.actions.once import once
from loyalty.actions.pace import Pace
from loyalty.actions.turns import Counts, Run, by_turns
from loyalty.ledger import accounts
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.posting import Journal
from loyalty.models import Member
from loyalty.queries.challenges_in_force import in_force, period_at
from loyalty.queries.due import edited_challenges
from programs.models import Challenge, Environment
from programs.queries.snapshots import snapshot

CHUNK = 250  # members who have begun, of a transaction
AGAIN = timedelta(minutes=10)
_FIRST = UUID(int=0)

# The next members who have begun, each with whether there is something to complete. In a sequence it may be less
# than it seems: under the lock the rules decide.
_BEGUN = """
WITH missions AS MATERIALIZED (
    SELECT id, target FROM programs_mission WHERE challenge_id = %(challenge)s AND removed_at IS NULL
), begun AS MATERIALIZED (
    SELECT member_id FROM loyalty_missionprogress
    WHERE challenge_id = %(challenge)s AND period = %(period)s AND member_id > %(after)s
    GROUP BY member_id ORDER BY member_id
    LIMIT %(limit)s
), done AS MATERIALIZED (
    SELECT begun.member_id, achievement.mission_id
    FROM begun
    CROSS JOIN LATERAL (
        SELECT mission_id FROM loyalty_achievement
        WHERE member_id = begun.member_id AND challenge_id = %(challenge)s AND period = %(period)s
            AND revoked_at IS NULL
        OFFSET 0
    ) AS achievement
)
SELECT begun.member_id,
    EXISTS (
        SELECT FROM loyalty_missionprogress AS progress
        JOIN missions AS mission ON mission.id = progress.mission_id
        WHERE progress.member_id = begun.member_id AND progress.challenge_id = %(challenge)s
            AND progress.period = %(period)s AND progress.progress >= mission.target
            AND NOT EXISTS (
                SELECT FROM done WHERE done.member_id = begun.member_id AND done.mission_id = mission.id
            )
    )
    OR NOT EXISTS (SELECT FROM done WHERE done.member_id = begun.member_id AND done.mission_id IS NULL)
    AND (
        SELECT count(*) FROM done JOIN missions ON missions.id = done.mission_id
        WHERE done.member_id = begun.member_id
    ) = (SELECT count(*) FROM missions)
FROM begun
ORDER BY begun.member_id
"""


@dataclass(frozen=True, slots=True)
class Edited:
    """A challenge after so many changes; members up to `after` are looked at. `look_again_at` (real time): when all
    are to be looked at once more, None: never."""

    challenge_id: UUID
    changes: int
    look_again_at: datetime | None
    after: UUID = _FIRST


def settle_edited(*, actor: Actor, now: datetime, pace: Pace) -> Run:
    """Complete what edits of challenges have made complete, in every environment, in chunks of one transaction each,
    challenges by turns; counts `members`. `now`: real time; a sandbox with a test clock: that. Ended anywhere, the next
    run begins with what is left. Must not be called in a transaction. Locks: the members of one chunk at a time, ids
    ascending, then their accounts."""

    def chunk(environment: Environment, edited: Edited) -> tuple[Counts, Edited | None]:
        after, members = settle_challenge(
            environment=environment, actor=actor, now=environment.clock or now, edited=edited
        )
        return {"members": members}, replace(edited, after=after) if after else None

    waiting = [
        (environment, Edited(challenge, changes, now + AGAIN if is_new else None))
        for environment, challenge, changes, is_new in edited_challenges(now=now)
    ]
    return by_turns("challenges", waiting, chunk, pace=pace)


@once
def settle_challenge(
    *,
    environment: Environment,
    actor: Actor,
    now: datetime,
    edited: Edited,
    limit: int = CHUNK,
    idempotency: Idempotency | None = None,
) -> tuple[UUID | None, int]:
    """Look at the next `limit` members who have begun the challenge in the present period, and complete what is due of
    them; where there are no more, note that its changes are settled, and when to look again. Answers up to which
    member it came, None where it is done, and how many achieved anything. Locks: the members, ids ascending, then
    their accounts."""
    config = snapshot(environment)
    challenge = next((one for one in in_force(config, now) if one.id == edited.challenge_id), None)
    if challenge is None:
        return None, 0
    period = period_at(config, challenge, now)
    begun = _begun(edited, period, limit)
    members = 0
    if due := [member for member, is_due in begun if is_due]:
        journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
        members = _complete(journal, challenge, period, due)
        journal.write(members)
    if len(begun) == limit:
        return begun[-1][0], members
    # Whoever was faster has looked into a later edit too, and will look again after that.
    rows = Challenge.objects.filter(pk=challenge.pk, settled__lte=edited.changes)
    rows.update(settled=edited.changes, look_again_at=edited.look_again_at)
    return None, members


def _begun(edited: Edited, period: str, limit: int) -> list[tuple[UUID, bool]]:
    parameters: dict[str, UUID | str | int | None] = {
        "challenge": edited.challenge_id,
        "period": period,
        "after": edited.after,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_BEGUN, parameters)
        return list(cursor.fetchall())


def _complete(journal: Journal, challenge: Challenge, period: str, due: list[UUID]) -> int:
    living = Member.objects.select_for_update(no_key=True).filter(pk__in=due, status__in=Member.LIVING)
    # Who was merged away meanwhile has no progress left: it is the survivor's.
    locked = list(living.filter(redirect_to__isnull=True).order_by("pk").values_list("pk", flat=True))
    metrics = rewarded_metrics([challenge])
    if metrics:
        journal.open_locked(accounts.lock_accounts(member_id__in=locked, metric_id__in=metrics))
    return complete_runs(journal, [(member, challenge.id, period) for member in locked])
