"""Milestones that ledger entries cross are noted with them (domain.md 8)."""

from collections.abc import Iterable, Iterator
from typing import Any

from loyalty.ledger.book import Book, is_opening
from loyalty.models import LedgerEntry, MilestoneChange
from loyalty.rules.milestones import crossing
from programs.models import Milestone, MilestoneSet
from programs.queries.snapshots import Snapshot


def crossed(config: Snapshot, books: Iterable[Book]) -> Iterator[tuple[MilestoneChange, dict[str, Any]]]:
    """Of all that is planned: each milestone change, with the audit event that tells of it. What an account begins
    with, or brought along from another system, crosses nothing: the member has had it all along. No statement."""
    for book in books:
        sets = config.milestone_sets_of(book.account.metric_id) if book.entries else ()
        ladders = [(each, ladder_of(config, each)) for each in sets]
        for entry in _events_of(book) if ladders else ():
            for each, ladder in ladders:
                if change := _change(entry, each, ladder):
                    yield change, _told(change, entry, each)


def _events_of(book: Book) -> Iterator[LedgerEntry]:
    """What has happened to the account: not what it began with, nor that this had expired long ago."""
    before: LedgerEntry | None = None
    for entry in book.entries:
        is_its_end = before is not None and entry.type == LedgerEntry.Type.EXPIRED and is_opening(before)
        if not is_opening(entry) and not (is_its_end and before and entry.points == -before.points):
            yield entry
        before = entry


def ladder_of(config: Snapshot, milestone_set: MilestoneSet) -> tuple[list[Milestone], list[int]]:
    """The set's milestones, ascending, and their thresholds; read once for each snapshot."""
    kept: tuple[list[Milestone], list[int]] | None = config.derived.get(milestone_set.id)
    if kept is None:
        ladder = sorted(milestone_set.milestones.all(), key=lambda each: each.threshold)
        kept = config.derived[milestone_set.id] = ladder, [each.threshold for each in ladder]
    return kept


def _change(
    entry: LedgerEntry, milestone_set: MilestoneSet, ladder: tuple[list[Milestone], list[int]]
) -> MilestoneChange | None:
    milestones, thresholds = ladder
    found = crossing(thresholds, entry.balance_after - entry.points, entry.balance_after)
    if found is None:
        return None
    before = None if found.before is None else milestones[found.before]
    after = None if found.after is None else milestones[found.after]
    return MilestoneChange(
        environment_id=entry.environment_id,
        member_id=entry.member_id,
        milestone_set_id=milestone_set.id,
        entry_id=entry.id,
        from_id=before.public_id if before else None,
        to_id=after.public_id if after else None,
        rises=found.rises,
        recorded_at=entry.recorded_at,
    )


def _told(change: MilestoneChange, entry: LedgerEntry, milestone_set: MilestoneSet) -> dict[str, Any]:
    return {
        "verb": "milestone.reached" if change.rises else "milestone.lost",
        "object_type": "milestoneset",
        "object_id": str(milestone_set.pk),
        "member_id": change.member_id,
        "before": {"milestone": change.from_id},
        "after": {"set": milestone_set.public_id, "milestone": change.to_id, "total": entry.balance_after},
        "event_id": entry.event.event_id if entry.event else None,
        "occurred_at": entry.occurred_at,
    }
