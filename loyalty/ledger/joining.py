"""What a merge moves beside points: counts of events, usage of rules, tiers, items, referrals (docs/members.md).

The caller has locked both members and their accounts: under these locks the rows are written.
"""

from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from audit.ids import new_id
from loyalty.ledger.posting import Journal
from loyalty.ledger.standings import ladders_of, merge_standing
from loyalty.models import EventCount, Member, MemberItem, Referral
from programs.queries.snapshots import snapshot

_MOVE_USAGE = """
WITH moved AS (
    DELETE FROM loyalty_ruleusage WHERE member_id = %(merged)s RETURNING environment_id, rule_id, period, points, times
)
INSERT INTO loyalty_ruleusage AS stored (id, environment_id, member_id, rule_id, period, points, times)
SELECT gen_random_uuid(), environment_id, %(survivor)s, rule_id, period, points, times FROM moved
ON CONFLICT (member_id, rule_id, period) DO UPDATE
SET points = stored.points + excluded.points, times = stored.times + excluded.times
"""


# Of ladders that are switched off; on the others standings are merged.
_MOVE_RESTING = """
WITH moved AS (
    DELETE FROM loyalty_tierprogress WHERE member_id = %(merged)s AND NOT ladder_id = ANY (%(active)s)
    RETURNING environment_id, ladder_id, day, figure
), added AS (
    INSERT INTO loyalty_tierprogress AS stored (id, environment_id, member_id, ladder_id, day, figure)
    SELECT gen_random_uuid(), environment_id, %(survivor)s, ladder_id, day, figure FROM moved
    ON CONFLICT (member_id, ladder_id, day) DO UPDATE SET figure = stored.figure + excluded.figure
), levels AS (
    DELETE FROM loyalty_membertier WHERE member_id = %(merged)s AND NOT ladder_id = ANY (%(active)s)
    RETURNING environment_id, ladder_id, tier_id, since, next_evaluation_at, in_grace
)
INSERT INTO loyalty_membertier AS stored (
    id, environment_id, member_id, ladder_id, tier_id, since, next_evaluation_at, in_grace
)
SELECT gen_random_uuid(), environment_id, %(survivor)s, ladder_id, tier_id, since, next_evaluation_at, in_grace
FROM levels
ON CONFLICT (member_id, ladder_id) DO UPDATE
SET tier_id = excluded.tier_id, since = excluded.since, next_evaluation_at = excluded.next_evaluation_at,
    in_grace = excluded.in_grace
WHERE coalesce((SELECT threshold FROM programs_tier WHERE id = excluded.tier_id), -1)
    > coalesce((SELECT threshold FROM programs_tier WHERE id = stored.tier_id), -1)
"""


def add_event_counts(merged: Member, survivor: Member) -> None:
    """The survivor has had the other's events too."""
    counts = EventCount.objects.filter(member__in=[merged, survivor])
    known = {row.type: row for row in counts if row.member_id == survivor.pk}
    for row in (row for row in counts if row.member_id == merged.pk):
        mine = known.get(row.type)
        if mine:
            mine.count += row.count
            mine.save(update_fields=["count"])
        else:
            EventCount.objects.create(
                environment_id=row.environment_id, member=survivor, type=row.type, count=row.count
            )


def move_usage(merged: Member, survivor: Member) -> None:
    """The survivor has used what either has; a cap may be exceeded by that, and is then used up. One
    statement."""
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_USAGE, {"merged": merged.pk, "survivor": survivor.pk})


def move_tiers(journal: Journal, merged: Member, survivor: Member) -> None:
    """The survivor's progress is what both have, their level the higher of the two, or one that they reach
    together. Of ladders that are switched off the rows go along unseen. The journal writes the rest."""
    ladders = ladders_of(snapshot(journal.environment))
    journal.open_standings([merged.pk, survivor.pk])
    for ladder in ladders:
        target = journal.standings[survivor.pk, ladder.id]
        merge_standing(journal.standings[merged.pk, ladder.id], target)
        target.review()
    who: dict[str, Any] = {
        "merged": merged.pk,
        "survivor": survivor.pk,
        "active": [ladder.id for ladder in ladders],
    }
    with connection.cursor() as cursor:
        cursor.execute(_MOVE_RESTING, who)


def move_items(journal: Journal, merged: Member, survivor: Member) -> None:
    """The survivor has the other's items too: lost at the one, received at the other. One statement; the
    journal writes the rest."""
    rows = MemberItem.objects.filter(member__in=[merged, survivor]).order_by("item")
    known = {(row.member_id, row.item_id): row for row in rows}
    for row in [row for row in known.values() if row.member_id == merged.pk and row.quantity]:
        mine = known.get((survivor.pk, row.item_id)) or MemberItem(
            environment_id=row.environment_id, member=survivor, item_id=row.item_id, quantity=0
        )
        moved = row.quantity
        mine.quantity, row.quantity = mine.quantity + moved, 0
        for each, by in ((row, -moved), (mine, moved)):
            journal.sales.items[each.member_id, each.item_id] = each
            journal.note_item(each.member_id, each.item_id, by)


def move_referrals(merged: Member, survivor: Member) -> None:
    """What waits goes on for the survivor: who they brought, and how they came, unless the survivor has a
    referral of their own. One person is referred once, and never by themselves. Awarded ones stay."""
    both = [merged.pk, survivor.pk]
    pending = Referral.objects.filter(status=Referral.Status.PENDING)
    pending.filter(member_id__in=both, referrer_id__in=both).delete()
    pending.filter(referrer_id=merged.pk).update(referrer_id=survivor.pk)
    if _came(merged).filter(status=Referral.Status.AWARDED).exists():
        pending.filter(member=survivor).delete()
    mine = pending.filter(member=merged).first()
    if mine is None:
        return
    pending.filter(pk=mine.pk).delete()
    if not _came(survivor).exists():
        # A new row, as everything that goes on at another member.
        mine.id, mine.member = new_id(), survivor
        mine.save(force_insert=True)


def _came(member: Member) -> QuerySet[Referral]:
    """How the member and those merged into them came; not who was erased before the id came back."""
    merged = Q(member__redirect_to=member) & ~Q(member__status=Member.Status.ERASED)
    return Referral.objects.filter(Q(member=member) | merged)
