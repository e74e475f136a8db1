"""Purchases of a file are recorded as events of any age (docs/imports.md)."""

from collections.abc import Collection, Sequence
from uuid import UUID

from audit.errors import DomainError
from loyalty.actions.allowances import Allowance
from loyalty.actions.events import apply_events
from loyalty.actions.intake import take_in
from loyalty.ledger.posting import Journal
from loyalty.models import Member, member_key
from loyalty.queries.events import ReportedEvent
from loyalty.rules.import_rows import PurchaseLine
from loyalty.rules.stamps import PURCHASE
from programs.queries.snapshots import Snapshot

ERASED = "This member was erased, and is not brought back by a file."


def take_purchases(
    journal: Journal, config: Snapshot, lines: Sequence[PurchaseLine], allowance: Allowance
) -> dict[int, str]:
    """Plan the events as if they came one after the other, by the rules in force when they happened. Of each line
    what became of it: "added", "already" (recorded before), or why not. Locks: as `record_batch`."""
    erased = erased_keys(journal, {line.member for line in lines})
    told = {line.number: ERASED for line in lines if _key(journal, line.member) in erased}
    taken = [line for line in lines if line.number not in told]
    reported = [
        ReportedEvent(line.event_id, PURCHASE, line.member, line.data, line.occurred_at) for line in taken
    ]
    if reported:
        results = apply_events(journal, config, take_in(reported, config, journal.now), allowance)
        for line, result in zip(taken, results, strict=True):
            if isinstance(result, DomainError):
                told[line.number] = result.detail
            else:
                told[line.number] = "already" if result.duplicate else "added"
    return told


def erased_keys(journal: Journal, members: Collection[str]) -> set[UUID]:
    """The keys, by these ids, of members who were erased; one statement. The caller holds `share_members`,
    so that nobody is erased meanwhile."""
    keys = [_key(journal, member) for member in members]
    return set(Member.objects.filter(pk__in=keys, status=Member.Status.ERASED).values_list("pk", flat=True))


def _key(journal: Journal, member: str) -> UUID:
    return member_key(journal.environment.namespace, member)
