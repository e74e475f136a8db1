"""Everything that a redemption and its effects may touch is locked in everyone's order (domain.md 5)."""

from collections.abc import Collection
from uuid import UUID

from django.db import connection

from loyalty.errors import ServiceUnavailable
from loyalty.ledger import accounts
from loyalty.ledger.members import Redirected, keep_member, lock_member
from loyalty.ledger.posting import Book, Journal
from loyalty.ledger.standings import ladders_of
from loyalty.models import Member
from loyalty.queries.gifts import ladder_with
from loyalty.rules.tiers import Ladder
from programs.models import Metric, Reward
from programs.queries.snapshots import Snapshot

_KEEP_ITEM = "SELECT id FROM programs_inventoryitem WHERE id = %s FOR KEY SHARE"
_KEEP_TIER = "SELECT id FROM programs_tier WHERE id = %s FOR KEY SHARE"


def open_for_sale(journal: Journal, config: Snapshot, reward: Reward, member: str) -> Book:
    """The account that pays, locked and settled, with whatever the reward changes at once.

    Two statements where that is nothing. Raises Replay, IdempotencyKeyReused; ServiceUnavailable where what it
    gives has just been removed. Locks: the item or tier that it gives, shared; the member, shared unless the
    reward gives anything at once; their accounts; a tier's progress with them.
    """
    _keep_gift(reward)
    if reward.fulfilment == Reward.Fulfilment.MANUAL or not gives_anything(reward):
        keep_member(environment=journal.environment, member=member)
        return journal.open(member, reward.metric, frozen_ok=True)
    found = lock_member(environment=journal.environment, member=member, now=journal.now)
    ladder = ladder_of(config, reward.gives_tier.ladder_id) if reward.gives_tier else None
    metrics = {reward.metric_id, reward.gives_metric_id, _counted(ladder)} - {None}
    units = [config.metrics_by_id[key] for key in metrics if key]
    open_accounts(journal, {found.pk}, found.pk, units)
    if ladder:
        journal.open_standings([found.pk], [ladder])
    book = journal.find_book(found.pk, reward.metric_id)
    if book is None:
        raise Redirected
    return book


def open_for_change(
    journal: Journal, config: Snapshot, member: Member, tier: UUID | None, metrics: Collection[Metric]
) -> UUID:
    """Who goes on for the member of a stored redemption, with both their accounts in these metrics locked and
    settled, and with the ladder of the tier open. Locks: the members, ids ascending; their accounts."""
    owner = member.redirect_to_id or member.pk
    keys = {member.pk, owner}
    rows = Member.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk")
    found = {row.pk: row for row in rows}
    if (found[member.pk].redirect_to_id or member.pk) != owner:
        raise Redirected
    ladder = ladder_with(config, tier)
    units = {unit.pk: unit for unit in metrics}
    if counted := _counted(ladder):
        units[counted] = config.metrics_by_id[counted]
    journal.heirs |= {member.pk: owner}
    open_accounts(journal, keys, owner, list(units.values()))
    if ladder:
        journal.open_standings([owner], [ladder])
    return owner


def open_accounts(journal: Journal, members: set[UUID], owner: UUID, units: Collection[Metric]) -> None:
    """Lock the accounts of these members in these metrics, made where they are missing, and open them.
    Raises Replay, IdempotencyKeyReused and Redirected."""
    accounts.make_accounts(journal.environment, [(key, unit) for key in members for unit in units])
    locked = accounts.lock_accounts(member_id__in=members, metric_id__in=[unit.pk for unit in units])
    journal.check_status(owner, "", frozen_ok=True)
    journal.open_locked(locked)


def _keep_gift(reward: Reward) -> None:
    """Let nobody remove the item or the tier until the redemption that promises it can be seen."""
    for statement, key in ((_KEEP_ITEM, reward.gives_item_id), (_KEEP_TIER, reward.gives_tier_id)):
        if key is None:
            continue
        with connection.cursor() as cursor:
            cursor.execute(statement, [key])
            if cursor.fetchone() is None:
                raise ServiceUnavailable("The reward has just been changed; try again.", retry_after=1)


def gives_anything(reward: Reward) -> bool:
    """Whether it changes anything in the engine beside the points that it costs."""
    return bool(reward.gives_metric_id or reward.gives_tier_id or reward.gives_item_id)


def ladder_of(config: Snapshot, ladder_id: UUID) -> Ladder | None:
    """The ladder, where it is in use."""
    return next((ladder for ladder in ladders_of(config) if ladder.id == ladder_id), None)


def _counted(ladder: Ladder | None) -> UUID | None:
    """The metric whose accounts guard the ladder's levels."""
    return ladder.metric_id if ladder and ladder.basis == "points" else None
