"""Two members turn out to be one person (domain.md 1)."""

from datetime import datetime
from uuid import UUID

from audit.errors import InvalidRequest
from audit.record import Actor
from loyalty.actions.due_challenges import complete_runs, rewarded_metrics
from loyalty.actions.once import once
from loyalty.errors import MemberFrozen
from loyalty.ledger import accounts
from loyalty.ledger.approvals import move_requests
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.joining import (
    add_event_counts,
    move_items,
    move_referrals,
    move_tiers,
    move_usage,
)
from loyalty.ledger.joining_cards import move_cards, settle_due_cards
from loyalty.ledger.joining_challenges import move_challenges
from loyalty.ledger.members import Redirected
from loyalty.ledger.merging import merge_accounts
from loyalty.ledger.posting import Cause, Journal
from loyalty.models import Account, Member
from loyalty.queries.challenges_in_force import in_force
from loyalty.queries.members import find_member
from programs.models import Environment
from programs.queries.snapshots import snapshot


@once
def merge_members(
    *,
    environment: Environment,
    member: str,
    into: str,
    reason: str | None,
    actor: Actor,
    now: datetime,
    idempotency: Idempotency | None = None,
) -> Member:
    """Let `into` go on with all that `member` has: points, pending, holds, debt, event counts, usage of
    rules, tiers, items, stamp cards, challenges and referrals (docs/members.md tells of each kind of row). `member`
    becomes a tombstone that redirects; its attributes are not taken over. Answers the survivor.

    Raises InvalidRequest, MemberFrozen (either), NotFound, Replay. Locks: both members, then their accounts.
    """
    if idempotency:
        idempotency.check_stored(environment.id)
    merged, survivor = _lock(environment, member, into)
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    _merge_accounts(journal, merged, survivor, Cause(reason=reason or "Merged"))
    _move(journal, merged, survivor)
    _redirect(merged, survivor)
    journal.audit(
        verb="member.merged",
        object_type="member",
        object_id=str(merged.pk),
        member_id=merged.pk,
        before={"member_id": merged.external_id},
        after={"member_id": survivor.external_id, "reason": reason},
    )
    journal.seats_freed = 1
    journal.write(survivor, member_id=survivor.pk)
    return survivor


def _move(journal: Journal, merged: Member, survivor: Member) -> None:
    """All that is not on accounts."""
    add_event_counts(merged, survivor)
    move_usage(merged, survivor)
    move_tiers(journal, merged, survivor)
    move_items(journal, merged, survivor)
    settle_due_cards(journal, [merged.pk, survivor.pk])
    move_cards(journal, merged, survivor)
    complete_runs(journal, move_challenges(journal, merged, survivor))
    move_referrals(merged, survivor)
    move_requests(merged, survivor)


def _redirect(merged: Member, survivor: Member) -> None:
    """Those merged into it before go on to the survivor too: every redirect is one step."""
    Member.objects.filter(redirect_to=merged).update(redirect_to=survivor)
    merged.redirect_to = survivor
    merged.save(update_fields=["redirect_to"])


def _lock(environment: Environment, member: str, into: str) -> tuple[Member, Member]:
    """Both rows, locked against every write that would give them something new."""
    keys = [find_member(environment=environment, member=name).pk for name in (member, into)]
    if keys[0] == keys[1]:
        raise InvalidRequest.field("into", "invalid", "These are one member already.")
    found = {
        row.pk: row
        for row in Member.objects.select_for_update()
        .filter(pk__in=keys, redirect_to__isnull=True, status__in=Member.LIVING)
        .order_by("pk")
    }
    if len(found) < len(keys):
        raise Redirected
    for row in found.values():
        if row.status == Member.Status.FROZEN:
            raise MemberFrozen(f"Member {row} is frozen; make it active before the merge.")
    return found[keys[0]], found[keys[1]]


def _merge_accounts(journal: Journal, merged: Member, survivor: Member, cause: Cause) -> None:
    config = snapshot(journal.environment)
    units = config.metrics_by_id
    held = Account.objects.filter(member=merged).values_list("metric_id", flat=True)
    metrics: list[UUID] = list(held)
    accounts.make_accounts(journal.environment, [(survivor.pk, units[key]) for key in metrics])
    # All of both, since the survivor's levels are decided under the locks of their accounts.
    locked = accounts.lock_accounts(member_id__in=[merged.pk, survivor.pk])
    rewarded = rewarded_metrics(in_force(config, journal.now))  # for what they complete together
    opened = journal.open_locked(
        [
            account
            for account in locked
            if account.metric_id in metrics
            or (account.member_id == survivor.pk and account.metric_id in rewarded)
        ]
    )
    books = {(book.account.member_id, book.account.metric_id): book for book in opened}
    for key in sorted(metrics):
        merge_accounts(books[merged.pk, key], books[survivor.pk, key], cause)
