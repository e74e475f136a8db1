"""What a merge makes of stamp cards (docs/members.md).

The caller has locked both members: under these locks the rows are written.
"""

from collections.abc import Collection
from uuid import UUID

from django.db import connection

from loyalty.ledger.card_trail import audit_moves, issue_due
from loyalty.ledger.cards import Card, Moves
from loyalty.ledger.posting import Journal
from loyalty.ledger.reading_cards import program_of, read_cards, read_stamps
from loyalty.models import Member, StampCollection, StampReward
from programs.queries.snapshots import snapshot

# In one statement: the keys between these tables hold again when it ends. Cards that were joined to the merged
# member's before belong to who redirects to them; no index has a card's successor.
_MOVE = """
WITH joined AS (
    SELECT card.id, card.cycle_from, kept.id AS kept_id
    FROM loyalty_stampcollection AS card
    JOIN loyalty_stampcollection AS kept
        ON kept.member_id = %(survivor)s AND kept.stamp_program_id = card.stamp_program_id
    WHERE card.member_id = %(merged)s
), cards AS (
    UPDATE loyalty_stampcollection
    SET member_id = %(survivor)s
    WHERE member_id = %(merged)s AND id NOT IN (SELECT id FROM joined)
), emptied AS (
    UPDATE loyalty_stampcollection AS card
    SET counter = 0, merged_into_id = joined.kept_id
    FROM joined
    WHERE card.id = joined.id
), earlier AS (
    UPDATE loyalty_stampcollection AS card
    SET merged_into_id = joined.kept_id
    FROM joined
    WHERE card.merged_into_id = joined.id
        AND card.member_id IN (SELECT id FROM loyalty_member WHERE redirect_to_id = %(merged)s)
), rewards AS (
    UPDATE loyalty_stampreward AS reward
    SET member_id = %(survivor)s,
        collection_id = coalesce((SELECT kept_id FROM joined WHERE id = collection_id), collection_id)
    WHERE member_id = %(merged)s
), stamps AS (
    UPDATE loyalty_stamp AS stamp
    SET member_id = %(survivor)s,
        collection_id = coalesce((SELECT kept_id FROM joined WHERE id = collection_id), collection_id),
        day = CASE WHEN returned_at IS NULL AND EXISTS (
            SELECT FROM loyalty_stamp AS other
            WHERE other.collection_id = (SELECT kept_id FROM joined WHERE id = stamp.collection_id)
                AND other.day = stamp.day AND other.returned_at IS NULL
        ) THEN NULL ELSE day END
    WHERE member_id = %(merged)s
)
SELECT kept_id, cycle_from FROM joined
"""


def settle_due_cards(journal: Journal, members: Collection[UUID]) -> None:
    """Issue what lower thresholds have made due to these members, who are locked, before their cards are joined: a
    card that is full already takes no part. No statement where no threshold was ever changed, else one, four where
    something is due. Written at once, with `journal`'s actor and now."""
    config = snapshot(journal.environment)
    changed = [one.id for one in config.stamp_programs if len(one.thresholds) > 1]
    if not changed:
        return
    own = Journal(environment=journal.environment, actor=journal.actor, now=journal.now)
    read_cards(own.cards, config, members, changed)
    cards = [card for card in own.cards.by_id.values() if card.is_due]
    read_stamps(cards)
    for card in cards:
        issue_due(own, card)
    if cards:
        own.write(None)


def move_cards(journal: Journal, merged: Member, survivor: Member) -> None:
    """The survivor goes on with the other's stamps and rewards: on the other's card, or, where both have one of a
    stamp program, on their own. That pays what either owes, and what it fills is issued. Of a day that has
    stamped both, both stamps count. One statement, four where two cards became one; the journal writes the rest.

    Must be called before those who redirect to the merged member redirect to the survivor.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MOVE, {"merged": merged.pk, "survivor": survivor.pk})
        joined: dict[UUID, int] = dict(cursor.fetchall())
    for card in _read(journal, joined):
        begun = card.collection.cycle_from
        card.collection.cycle_from = min(begun, joined[card.collection.id])
        moves = Moves()
        journal.cards.settle(card, moves, None)
        audit_moves(journal, card, moves, None)


def _read(journal: Journal, keys: Collection[UUID]) -> list[Card]:
    """With every open stamp and whatever they owe, as it is after the rows have moved."""
    config = snapshot(journal.environment)
    rows = StampCollection.objects.filter(pk__in=keys).order_by("id")
    cards = {row.id: journal.cards.learn(row, program_of(config, row.stamp_program_id)) for row in rows}
    # Not by the counters, as a purchase does: together they may be above zero while one card owes.
    for reward in StampReward.objects.filter(collection__in=keys, owed__gt=0):
        cards[reward.collection_id].rewards[reward.id] = reward
    read_stamps(cards.values())
    return list(cards.values())
