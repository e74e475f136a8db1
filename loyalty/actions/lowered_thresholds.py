"""A lower threshold fills cards that are running: what is due is issued though nobody buys (domain.md 7).

No member waits for it: the stamps that are shown count it already.
"""

from collections.abc import Iterable
from datetime import datetime

from audit.record import Actor
from loyalty.actions.once import once
from loyalty.actions.pace import Pace
from loyalty.actions.turns import Counts, Run, environments_by_turns
from loyalty.ledger.card_trail import issue_due
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.posting import Journal
from loyalty.ledger.reading_cards import program_of, read_stamps
from loyalty.models import Member, StampCollection
from loyalty.queries.due import environments_with_lowered_thresholds
from loyalty.rules.stamps import MAX_AT_ONCE
from programs.models import Environment
from programs.queries.snapshots import snapshot

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


def settle_lowered(*, actor: Actor, now: datetime, pace: Pace) -> Run:
    """Issue what is due in every environment, in chunks of one transaction each, environments by turns; counts `cards`.
    `now`: real time; a sandbox with a test clock: that. Ended anywhere, the next run goes on. Must not be called in a
    transaction. Locks: the members of one chunk at a time, ids ascending."""

    def chunk(environment: Environment) -> Counts:
        return {"cards": settle_cards(environment=environment, actor=actor, now=environment.clock or now)}

    return environments_by_turns("stamps", environments_with_lowered_thresholds(), chunk, pace=pace)


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
    if "stamps" not in config.features:
        return 0  # until the plan has them again
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
