"""What a merge moves beside points: counts of events, usage of rules, referrals (docs/members.md).

The caller has locked both members and their accounts: under these locks the rows are written.
"""

from django.db import connection
from django.db.models import Q, QuerySet

from audit.ids import new_id
from loyalty.models import EventCount, Member, Referral

_MOVE_USAGE = """
WITH moved AS (
    DELETE FROM loyalty_ruleusage WHERE member_id = %(merged)s RETURNING environment_id, rule_id, period, points, times
)
INSERT INTO loyalty_ruleusage AS stored (id, environment_id, member_id, rule_id, period, points, times)
SELECT gen_random_uuid(), environment_id, %(survivor)s, rule_id, period, points, times FROM moved
ON CONFLICT (member_id, rule_id, period) DO UPDATE
SET points = stored.points + excluded.points, times = stored.times + excluded.times
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
