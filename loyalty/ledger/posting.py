"""The one write path to the ledger: lock, read, plan, write (architecture.md).

    journal = Journal(environment=…, actor=…, now=…, idempotency=…)
    book = journal.open(member, metric)   # one statement, two where lots are needed
    entry = credit(book, …)               # none
    journal.write(entry)                  # one

Locks: accounts. The lots are read in a statement of their own, and so are the member and a repeated key
if the lock had to be waited for: only a statement that begins then sees what its last holder wrote.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import timezone

from audit.ids import public
from audit.models import AuditEvent
from audit.record import Actor, audit_event
from loyalty.errors import MemberFrozen
from loyalty.ledger import accounts, trail
from loyalty.ledger.achievements import Achievements
from loyalty.ledger.book import OPENING, Book, Cause, root_type
from loyalty.ledger.cards import Cards
from loyalty.ledger.covering import credit
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.members import successions
from loyalty.ledger.milestones import crossed
from loyalty.ledger.opening import open_books
from loyalty.ledger.reading import read_spendable
from loyalty.ledger.sales import Sales
from loyalty.ledger.seating import hold_seats
from loyalty.ledger.standings import Standing, ladders_of, read_standings
from loyalty.ledger.using import Used
from loyalty.ledger.writing import write_rows
from loyalty.models import (
    Account,
    Event,
    EventCount,
    IdempotencyRecord,
    ItemChange,
    LedgerEntry,
    Member,
    Referral,
)
from loyalty.rules.tiers import Ladder
from programs.actions.configure import place_of
from programs.models import Environment, Metric
from programs.queries.snapshots import snapshot

__all__ = ["Book", "Cause", "Journal"]

_COUNTING = (LedgerEntry.Type.EARNED, LedgerEntry.Type.BONUS)


@dataclass(slots=True)
class Journal:
    """What one transaction will write. Must be used inside `transaction.atomic`.

    `heirs`: of members that were merged away, who goes on with what counts towards their tiers.
    """

    environment: Environment
    actor: Actor
    now: datetime
    idempotency: Idempotency | None = None
    books: dict[UUID, Book] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    event_counts: dict[tuple[UUID, str], EventCount] = field(default_factory=dict)
    audit_events: list[AuditEvent] = field(default_factory=list)
    new_members: dict[UUID, Member] = field(default_factory=dict)
    standings: dict[tuple[UUID, UUID], Standing] = field(default_factory=dict)
    heirs: dict[UUID, UUID] = field(default_factory=dict)
    used: Used = field(default_factory=Used)
    referrals: list[Referral] = field(default_factory=list)
    seats_freed: int = 0
    sales: Sales = field(default_factory=Sales)
    cards: Cards = field(init=False)
    achievements: Achievements = field(init=False)
    _posted: dict[UUID, Book] = field(default_factory=dict)
    _books_of: defaultdict[UUID, list[Book]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        self.cards = Cards(self.now, self.actor)
        self.achievements = Achievements(self.now, self.actor)

    @property
    def via(self) -> UUID | None:
        """The environment through which a call of a shared program came."""
        return self.environment.via.guest_id if self.environment.via else None

    def open(self, member: str, metric: Metric, *, spends: int = 0, frozen_ok: bool = False) -> Book:
        """The account in `metric` of whoever answers for this id, locked and settled; made, with the
        member, if it is new.

        `spends`: read the lots that cover so many points. Raises Replay or IdempotencyKeyReused where
        the key was used before, MemberFrozen unless `frozen_ok`. Locks: the account.
        """
        account, status = accounts.lock_account(
            environment=self.environment,
            member=member,
            metric=metric,
            now=self.now,
            idempotency=self.idempotency,
        )
        _check(status, member, frozen_ok=frozen_ok)
        (book,) = self.open_locked([account])
        if spends:
            read_spendable(book, spends)
        return book

    def check_status(self, member_id: UUID, member: str, *, frozen_ok: bool = False) -> None:
        """What stands against a write for the member whose account is locked; one statement.

        Raises Replay, IdempotencyKeyReused, Redirected, and MemberFrozen unless `frozen_ok`.
        """
        _check(accounts.read_status(member_id, self.idempotency), member, frozen_ok=frozen_ok)

    def find_book(self, member_id: UUID, metric_id: UUID) -> Book | None:
        """The open book of an account, if there is one."""
        books = self._books_of[member_id]
        return next((book for book in books if book.account.metric_id == metric_id), None)

    def _ready(self, book: Book) -> Book:
        self._posted[book.account.id] = book  # whoever asks for it may post in it
        return book

    def book_of(self, member_id: UUID, metric: Metric) -> Book:
        """The book of an account that is open, or of one that is made with this posting.

        The accounts of the member that exist must be locked and open already.
        """
        if found := self.find_book(member_id, metric.id):
            return self._ready(found)
        account = accounts.new_account(self.environment, member_id, metric, timezone.now())
        (book,) = self.open_locked([account])
        book.is_new = True
        return self._ready(book)

    def open_locked(self, locked: Sequence[Account]) -> list[Book]:
        """Books of accounts that this transaction has locked, settled, all at one instant."""
        units = snapshot(self.environment).metrics_by_id
        for account in locked:
            if unit := units.get(
                account.metric_id
            ):  # one made since the request began is read when asked for
                account.metric = unit
        opened = open_books(locked, now=self.now, actor=self.actor)
        for book in opened:
            book.via = self.via
            self.books[book.account.id] = book
            self._books_of[book.account.member_id].append(book)
            member = book.account.member_id
            if self.heirs.get(member, member) == member:  # nobody begins again after they were merged away
                _open_with_default(book)
        return opened

    def open_standings(self, members: Collection[UUID], ladders: Collection[Ladder] | None = None) -> None:
        """Read the standings of these members on these ladders (None: every), settled; one statement, none
        where there is no ladder. Locked must be: of a ladder of points the accounts, of others the members."""
        ladders = ladders_of(snapshot(self.environment)) if ladders is None else ladders
        known = self.standings
        wanted = {m for m in members if any((m, ladder.id) not in known for ladder in ladders)}
        if ladders and wanted:
            now = max([self.now, *(book.now for book in self.books.values())])
            found = read_standings(self.environment, ladders, wanted, now=now, actor=self.actor)
            self.standings = found | known

    def follow(
        self,
        event: Event | None = None,
        counts: Iterable[tuple[UUID, Ladder, datetime, Decimal]] = (),
    ) -> None:
        """Count towards their members' tiers what was posted since the last time, and `counts` (member,
        ladder, when, figure) besides; then review the standings that moved.

        Earned and bonus points count on their day, their reversals take back on the same (domain.md 6).
        """
        moves = [*self._points_moved(), *counts]
        ladders = {ladder.id: ladder for _, ladder, *_ in moves}
        self.open_standings({member for member, *_ in moves}, list(ladders.values()))
        moved = {}
        for member, ladder, at, figure in moves:
            standing = moved[member, ladder.id] = self.standings[member, ladder.id]
            standing.count(at, figure)
        for standing in moved.values():
            # After a merge the event may be of the member who went away.
            own = event if event and event.member_id == standing.member_id else None
            standing.review(event=own)

    def _points_moved(self) -> list[tuple[UUID, Ladder, datetime, Decimal]]:
        ladders = [ladder for ladder in ladders_of(snapshot(self.environment)) if ladder.basis == "points"]
        moves = []
        for book in self._posted.values():
            for entry in _unfollowed(book):
                member = self.heirs.get(entry.member_id, entry.member_id)
                moves += [
                    (member, ladder, *_count_of(entry))
                    for ladder in ladders
                    if ladder.metric_id == book.account.metric_id
                ]
        self._posted.clear()
        return moves

    def write(self, result: Any, *, member_id: UUID | None = None) -> None:
        """Write everything planned, and `result` as the answer of the idempotency key; one statement, two
        where a stamp or an achievement takes the place of one that is taken back.

        Raises IntegrityError where a key or event id was used meanwhile; `once` turns it into a replay.
        """
        at = timezone.now()
        self._posted |= self.books
        self.follow()
        books = list(self.books.values())
        for change, told in crossed(snapshot(self.environment), books):
            self.achievements.crossings.append(change)
            self.audit(**told)
        standings = list(self.standings.values())
        self.audit_events += trail.of_books(books, self.environment, self.actor)
        for standing in standings:
            self.audit_events += trail.of_standing(standing, self.environment, self.actor)
        answers: list[IdempotencyRecord] = []
        if self.idempotency:
            answers.append(self.idempotency.record(self.environment.id, result, at, member_id))
        self._seat()
        # In which order the parts of one statement run, PostgreSQL does not promise.
        write_rows(
            {
                "stamp_changes": self.cards.take_freed_days(),
                "achievement_changes": self.achievements.take_freed(),
            }
        )
        write_rows(
            {
                "new_members": self.new_members.values(),
                "successions": successions(self.environment, self.new_members.values()),
                "new_accounts": [book.account for book in books if book.is_new],
                "events": self.events,
                "event_counts": self.event_counts.values(),
                "entries": [entry for book in books for entry in book.entries],
                "lots": [lot for book in books for lot in book.new_lots.values()],
                "lot_changes": [lot for book in books for lot in book.changed_lots.values()],
                "lot_uses": [use for book in books for use in book.lot_uses],
                "uncovered": [row for book in books for row in book.new_uncovered.values()],
                "uncovered_changes": [row for book in books for row in book.changed_uncovered.values()],
                "holds": [hold for book in books for hold in book.new_holds.values()],
                "hold_changes": [hold for book in books for hold in book.changed_holds.values()],
                "hold_lots": [piece for book in books for piece in book.new_hold_lots],
                "accounts": [book.account for book in books if book.is_changed and not book.is_new],
                "member_tiers": [row for each in standings if (row := each.member_tier)],
                "tier_progress": [row for each in standings for row in each.progress_changes],
                "tier_changes": [row for each in standings for row in each.changes],
                "usages": self.used.new_rows(self.environment.id),
                "usage_changes": self.used.changed_rows(self.environment.id),
                "budgets": self.used.budget_rows(self.environment.id),
                "referrals": self.referrals,
                **self.sales.rows(),
                **self.cards.rows(),
                **self.achievements.rows(),
                "audit_events": self.audit_events,
                "answers": answers,
            }
        )

    def _seat(self) -> None:
        """Take and free seats where the plan limits members; elsewhere no statement. Raises PlanLimitExceeded."""
        coming = len(self.new_members)
        if (coming or self.seats_freed) and (seats := hold_seats(self.environment)):
            if coming:
                seats.take(coming)
            if self.seats_freed:
                seats.free(self.seats_freed)

    def add_event(self, event: Event) -> None:
        """Plan the event's row, its count and its audit event."""
        event.recorded_at = timezone.now()
        self.events.append(event)
        key = event.member_id, event.type
        if key not in self.event_counts:
            self.event_counts[key] = EventCount(
                environment_id=event.environment_id, member_id=event.member_id, type=event.type, count=0
            )
        self.event_counts[key].count += 1
        self.audit(
            verb="event.recorded",
            object_type="event",
            object_id=public("evt", event.id),
            member_id=event.member_id,
            after={
                "type": event.type,
                "occurred_at": event.occurred_at.isoformat(),
                **trail.through(self.environment),
            },
            event_id=event.event_id,
            occurred_at=event.occurred_at,
        )

    def note_item(
        self,
        member_id: UUID,
        item_id: UUID,
        by: int,
        *,
        redemption_id: UUID | None = None,
        achievement_id: UUID | None = None,
        code: str | None = None,
    ) -> ItemChange:
        """Plan the row that says that the member received the item so often, or below zero lost it."""
        change = ItemChange(
            environment_id=self.environment.id,
            member_id=member_id,
            item_id=item_id,
            quantity=by,
            redemption_id=redemption_id,
            achievement_id=achievement_id,
            code=code,
            occurred_at=self.now,
            recorded_at=timezone.now(),
            actor_kind=self.actor.kind,
            actor_id=self.actor.id,
            trace_id=self.actor.trace_id,
        )
        self.sales.item_changes.append(change)
        return change

    def audit(
        self,
        *,
        verb: str,
        object_type: str,
        object_id: str,
        member_id: UUID | None = None,
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
        event_id: str | None = None,
        occurred_at: datetime | None = None,
    ) -> None:
        """Plan an audit event by this journal's actor, in its environment."""
        self.audit_events.append(
            audit_event(
                place=place_of(self.environment),
                actor=self.actor,
                verb=verb,
                object_type=object_type,
                object_id=object_id,
                before=before,
                after=after,
                member_id=member_id,
                event_id=event_id,
                occurred_at=occurred_at or self.now,
            )
        )


def _check(status: str, member: str, *, frozen_ok: bool) -> None:
    if status == Member.Status.FROZEN and not frozen_ok:
        raise MemberFrozen(f"Member {member!r} is frozen; an operator can make it active again.")


def _unfollowed(book: Book) -> list[LedgerEntry]:
    """The entries that count towards tiers and have not yet."""
    entries = book.entries[book.followed :]
    book.followed = len(book.entries)
    return [entry for entry in entries if root_type(entry) in _COUNTING]


def _count_of(entry: LedgerEntry) -> tuple[datetime, Decimal]:
    """When and how much an entry counts: a reversal on its original's day, whatever could be taken."""
    root = entry
    while root.type == LedgerEntry.Type.REVERSED and root.reverses:
        root = root.reverses
    return root.occurred_at, Decimal(entry.points if root is entry else -(entry.nominal or 0))


def _open_with_default(book: Book) -> None:
    if book.account.sequence > 0:
        return
    opening = book.account.metric.default_value
    if opening > 0:
        cause = Cause(reason="Opening balance", origin=OPENING)
        credit(book, type="adjusted", points=opening, cause=cause, occurred_at=book.now)
