"""Ledger entries, each with its cause: the lines of a member's timeline, and what an event did."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from loyalty.models import Event, LedgerEntry, Lot, LotUse, Redemption
from loyalty.queries.relations import Relations, relations_of
from programs.models import EarningRuleRevision, Metric


@dataclass(frozen=True, slots=True)
class Line:
    """An entry, the tenant's event behind it, the rule revision by which it was earned, its relations, and the
    redemption that it pays for, is given by, or takes back."""

    entry: LedgerEntry
    metric: Metric
    event: Event | None
    revision: EarningRuleRevision | None
    related: Relations
    redemption: Redemption | None = None


def with_causes(entries: Sequence[LedgerEntry]) -> list[Line]:
    """The entries with what caused them; at most six statements for all together."""
    events = Event.objects.defer("data", "explanation").in_bulk([e.event_id for e in entries if e.event_id])
    wanted = [e.rule_revision_id for e in entries if e.rule_revision_id]
    revisions = EarningRuleRevision.objects.select_related("rule").in_bulk(wanted)
    related = relations_of(entries)
    bought = {entry.pk: _bought(entry, related[entry.pk]) for entry in entries}
    redemptions = Redemption.objects.in_bulk([key for key in bought.values() if key])
    return [
        Line(
            entry,
            entry.account.metric,
            events.get(entry.event_id) if entry.event_id else None,
            revisions.get(entry.rule_revision_id) if entry.rule_revision_id else None,
            related[entry.pk],
            redemptions.get(bought[entry.pk]),
        )
        for entry in entries
    ]


def _bought(entry: LedgerEntry, related: Relations) -> UUID | None:
    """The redemption of the entry, or of what it takes back."""
    return entry.redemption_id or (related.original.redemption_id if related.original else None)


def lots_of(entry: LedgerEntry) -> list[Lot]:
    """What the entry put in, and what is left of it."""
    return list(Lot.objects.filter(entry=entry).order_by("expires_at", "id"))


def uses_of(entry: LedgerEntry) -> list[LotUse]:
    """From which lots the entry took (or to which it gave back), and the entries that had made them."""
    return list(LotUse.objects.filter(entry=entry).select_related("lot__entry").order_by("id"))


def taken_from(lots: Sequence[Lot]) -> list[LotUse]:
    """Who took from these lots since."""
    return list(LotUse.objects.filter(lot__in=lots).select_related("entry").order_by("id"))


def caused_by(event: Event) -> list[Line]:
    """What the event put into the ledger."""
    entries = LedgerEntry.objects.filter(event_id=event.pk).select_related("account__metric").order_by("id")
    return with_causes(list(entries))
