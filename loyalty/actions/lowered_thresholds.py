"""A lower threshold fills cards that are running: what is due is issued though nobody buys (domain.md 7).

No member waits for it: the stamps that are shown count it already.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog

from audit.record import Actor
from loyalty.actions.once import once
from loyalty.actions.pace import Pace
from loyalty.ledger.card_trail import issue_due
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.posting import Journal
from loyalty.ledger.reading_cards import program_of, read_stamps
from loyalty.models import Member, StampCollection
from loyalty.queries.due import environments_with_lowered_thresholds
from loyalty.rules.stamps import MAX_AT_ONCE
from programs.models import Environment
from programs.queries.environments import environment_by_id
from programs.queries.snapshots import snapshot

logger = structlog.get_logger(__name__)
CHUNK = 200  # cards of a transaction

# By index: for each threshold but the last, the cards that began under it and have reached a lower one since.
_DUE = """
SELECT collection.*
FROM programs_stampprogram AS program
CROSS JOIN LATERAL (
    SELECT place, (SELECT min(threshold) FROM unnest(program.thresholds[place + 1 :]) AS threshold) AS lowest
    FROM generate_series(0, cardinality(program.thresholds) - 2) AS place
) AS began
CROSS JOIN LATERAL (
    SELECT * FROM loyalty_stampcollection
    WHERE stamp_program_id = program.id AND cycle_from = began.place AND counter >= began.lowest
    OFFSET 0
) AS collection
JOIN loyalty_member AS member ON member.id = collection.member_id AND member.status IN ('active', 'frozen')
WHERE program.environment_id = %s AND cardinality(program.thresholds) > 1
LIMIT %s
"""


@dataclass(slots=True)
class Settled:
    """What a run has done. `left`: it ended before every card was settled; `failed`: environments."""

    cards: int = 0
    left: bool = False
    failed: list[UUID] = field(default_factory=list)


def settle_lowered(*, actor: Actor, now: datetime, pace: Pace) -> Settled:
    """Issue what is due in every environment, in chunks of one transaction each, environments by turns. `now`:
    real time; a sandbox with a test clock: that. Ended anywhere, the next run goes on. Must not be called in a
    transaction. Locks: the members of one chunk at a time, ids ascending."""
    done = Settled()
    waiting = environments_with_lowered_thresholds()
    for _ in pace.chunks():
        if not waiting:
            return done
        environment = waiting.pop(0)
        try:
            environment = environment_by_id(environment.pk)  # as it is configured by now
            cards = settle_cards(environment=environment, actor=actor, now=environment.clock or now)
        except Exception:  # whatever it is, it must not keep the rewards of other tenants
            logger.exception("stamps.environment_failed", environment_id=str(environment.pk))
            done.failed.append(environment.pk)
            continue
        done.cards += cards
        if cards:
            waiting.append(environment)
    done.left = bool(waiting)
    return done


@once
def settle_cards(
    *,
    environment: Environment,
    actor: Actor,
    now: datetime,
    limit: int = CHUNK,
    idempotency: Idempotency | None = None,
) -> int:
    """Issue the rewards of at most `limit` cards that a lower threshold has made full; how many cards gave any.
    Locks: their members, ids ascending."""
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    config = snapshot(environment)
    due = _at_once(StampCollection.objects.raw(_DUE, [environment.id, limit]))
    if not due:
        return 0
    living = Member.objects.select_for_update(no_key=True).filter(
        pk__in={row.member_id for row in due}, status__in=Member.LIVING
    )
    locked = list(living.order_by("pk").values_list("pk", flat=True))
    # As they stand under the lock: what was due may be issued, or joined to another card, by now.
    rows = StampCollection.objects.filter(
        pk__in=[row.pk for row in due], member__in=locked, merged_into__isnull=True
    )
    cards = [
        journal.cards.learn(row, program_of(config, row.stamp_program_id)) for row in rows.order_by("id")
    ]
    read_stamps(cards)
    settled = sum(issue_due(journal, card) for card in cards)
    journal.write(settled)
    return settled


def _at_once(due: Iterable[StampCollection]) -> list[StampCollection]:
    """As many as may have their stamps in memory together; one at least."""
    found: list[StampCollection] = []
    stamps = 0
    for card in due:
        stamps += card.counter
        if found and stamps > MAX_AT_ONCE:
            break
        found.append(card)
    return found
