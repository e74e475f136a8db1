"""Purchases as refunds find them: what they caused, and what was taken back of it (domain.md 3.5)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from loyalty.ledger.book import CHALLENGE
from loyalty.ledger.past import Past, Record, past_of
from loyalty.ledger.posting import Book, Journal
from loyalty.models import Event, LedgerEntry, Member, Referral
from programs.queries.snapshots import Snapshot


@dataclass(slots=True)
class Purchase:
    """`owner`: the member who answers for it now; `refunds` so far, in order; `entries` that it earned, and
    those `restored` to it by refunds; `referral` that it completed, with the `reward` of the referrer, who
    is `referrer` now. `is_too_much`: its stamps can't be in memory together with those of others."""

    event: Event
    owner: UUID
    refunds: list[Event] = field(default_factory=list)
    entries: list[LedgerEntry] = field(default_factory=list)
    restored: list[LedgerEntry] = field(default_factory=list)
    referral: Referral | None = None
    reward: LedgerEntry | None = None
    referrer: UUID | None = None
    records: dict[UUID, Record] = field(default_factory=dict)
    is_too_much: bool = False

    @property
    def originals(self) -> list[LedgerEntry]:
        """All entries that refunds may reverse."""
        return [*self.entries, *self.restored, *([self.reward] if self.reward else [])]

    @property
    def holders(self) -> set[UUID]:
        """The members whose accounts refunds touch."""
        members = {entry.member_id for entry in self.originals} | {self.owner}
        return members | {self.referrer} if self.referrer else members

    @property
    def heirs(self) -> dict[UUID, UUID]:
        """Of those that were merged away, who goes on."""
        pairs = [(entry.member_id, self.wallet_of(entry)) for entry in self.originals]
        return {member: heir for member, heir in pairs if member != heir}

    @property
    def usage(self) -> list[dict[str, Any]]:
        """What it used of caps and budgets, as it was recorded."""
        return list((self.event.figures or {}).get("usage", ()))

    def user_of(self, used: dict[str, Any]) -> UUID | None:
        """Who used it: the referrer, where it says so, else the owner. None: erased since, with the usage."""
        return self.referrer if "member" in used else self.owner

    def wallet_of(self, entry: LedgerEntry) -> UUID:
        """The member who holds the entry's points now."""
        return self.referrer or entry.member_id if entry is self.reward else self.owner

    def books_of(self, entry: LedgerEntry, journal: Journal, config: Snapshot) -> tuple[Book, Book]:
        """The book of the entry's account, and that of whoever holds its points now."""
        metric = config.metrics_by_id[entry.account.metric_id]
        home = journal.book_of(entry.member_id, metric)
        wallet = self.wallet_of(entry)
        return home, home if wallet == entry.member_id else journal.book_of(wallet, metric)

    def past_of(self, entry: LedgerEntry, home: Book, wallet: Book) -> Past:
        """What stands and is planned about an entry. One that is planned itself has no record yet."""
        record = self.records.get(entry.id) or Record(entry)
        return past_of(record, home, wallet, since=entry.sequence)


def read_purchases(events: Sequence[Event]) -> dict[str, Purchase]:
    """The purchases of these events (with their members), by event id; four statements, none without any.
    Not those of erased members: whoever comes back under their id is somebody new."""
    purchases = {
        event.id: Purchase(event, event.member.redirect_to_id or event.member_id)
        for event in events
        if event.member.status != Member.Status.ERASED
    }
    if not purchases:
        return {}
    for refund in Event.objects.filter(purchase__in=list(purchases)).order_by("id"):
        purchases[_key(refund.purchase_id)].refunds.append(refund)
    _read_entries(purchases)
    _read_referrals(purchases)
    return {purchase.event.event_id: purchase for purchase in purchases.values()}


def _read_entries(purchases: dict[UUID, Purchase]) -> None:
    owners = {refund.id: purchase for purchase in purchases.values() for refund in purchase.refunds}
    earned = LedgerEntry.objects.filter(
        event__in=[*purchases, *owners], reverses__isnull=True, type__in=["earned", "bonus"]
    )
    for entry in earned.select_related("account").order_by("id"):
        if (entry.origin or "").startswith(CHALLENGE):
            continue  # a challenge's rewards stand or fall with its missions, whatever their event earned
        if entry.event_id in purchases:
            purchases[_key(entry.event_id)].entries.append(entry)
        else:
            owners[_key(entry.event_id)].restored.append(entry)


def _read_referrals(purchases: dict[UUID, Purchase]) -> None:
    rows = {_key(row.event_id): row for row in Referral.objects.filter(event__in=list(purchases))}
    if not rows:
        return
    entries = LedgerEntry.objects.select_related("account", "member").in_bulk(
        [row.referrer_entry_id for row in rows.values() if row.referrer_entry_id]
    )
    heirs = _heirs(row.referrer_id for row in rows.values())
    for key, row in rows.items():
        purchase = purchases[key]
        purchase.referral, purchase.referrer = row, heirs.get(row.referrer_id)
        reward = entries.get(row.referrer_entry_id) if row.referrer_entry_id else None
        if reward and reward.member.status != Member.Status.ERASED:
            purchase.reward = reward


def _heirs(members: Iterable[UUID]) -> dict[UUID, UUID]:
    """Who goes on with what was theirs; themselves, unless they were merged away. Without the erased."""
    rows = Member.objects.filter(pk__in=set(members)).exclude(status=Member.Status.ERASED)
    return {key: heir or key for key, heir in rows.values_list("id", "redirect_to_id")}


def _key(key: UUID | None) -> UUID:
    assert key is not None  # noqa: S101 - they were asked for by it
    return key
