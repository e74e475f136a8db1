"""What any number of events need, locked and read together (domain.md 4; architecture.md).

A sitting takes a number of statements that does not grow with its events: it locks their members, then the
accounts that they may touch, reads all that the rules may ask, and locks budgets last, since those are hot.
Events are then applied in memory, one after the other (earning.py, refunding.py), and written at once.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID

from loyalty.actions import mission_counting
from loyalty.actions.completing import books_of_prize
from loyalty.actions.intake import REFUND, Item
from loyalty.actions.purchases import Purchase, read_purchases
from loyalty.actions.stamping import asked_by, read_for, stamp_programs_of
from loyalty.ledger import accounts
from loyalty.ledger.achievements import prizes_held
from loyalty.ledger.cards import Card
from loyalty.ledger.members import Redirected, and_heirs, lock_members
from loyalty.ledger.past import Record, read_records, read_their_lots
from loyalty.ledger.posting import Book, Journal
from loyalty.ledger.reading import read_spendable_all, read_uncovered
from loyalty.ledger.seating import HeldSeats, hold_seats
from loyalty.ledger.standings import ladders_of
from loyalty.models import Event, EventCount, Member, Referral, member_key
from loyalty.queries.events import RecordedEvent, recorded_events
from loyalty.queries.rules import is_active, rules_for
from loyalty.rules.earning import CompiledRule, periods_of
from programs.awards import ReferralAward
from programs.conditions import Facts
from programs.queries.snapshots import Snapshot


class Asking(Protocol):
    """Whatever judges an event by what is known of its member: an earning rule, a stamp rule."""

    @property
    def asks_counts(self) -> frozenset[str]: ...

    @property
    def asks_attributes(self) -> frozenset[str]: ...


@dataclass(slots=True)
class Sitting:
    """`members` by the tenant's ids; `counts` of earlier events by member and type; `pending` referrals by
    member, with their `referrers` by key; `known`: what was recorded before, by event id; `purchases` that
    can be refunded, by event id. Whatever is applied is added to all of them."""

    journal: Journal
    config: Snapshot
    items: Sequence[Item]
    members: dict[str, Member] = field(default_factory=dict)
    referrers: dict[UUID, Member] = field(default_factory=dict)
    counts: dict[tuple[UUID, str], int] = field(default_factory=dict)
    pending: dict[UUID, Referral] = field(default_factory=dict)
    known: dict[str, RecordedEvent] = field(default_factory=dict)
    purchases: dict[str, Purchase] = field(default_factory=dict)
    touched: mission_counting.Touched = field(default_factory=mission_counting.Touched)
    seats: HeldSeats | None = None
    _rules: dict[int, list[CompiledRule]] = field(default_factory=dict)

    def rules_of(self, item: Item) -> list[CompiledRule]:
        """The revisions in force when the event happened, of the programs that it reaches."""
        key = id(item)
        if key not in self._rules:
            at = item.occurred_at
            reached = [item.program] if item.program else self.config.programs
            active = frozenset(program.id for program in reached if is_active(program, at))
            self._rules[key] = rules_for(self.config, item.reported.type, active, at)
        return self._rules[key]

    def member_of(self, item: Item) -> Member:
        return self.members[item.reported.member]

    def cards_of(self, item: Item) -> list[Card]:
        """The stamp cards of the event's member that it may concern."""
        programs = [one.id for one in stamp_programs_of(self.config, item)]
        return self.journal.cards.of_member(self.member_of(item).pk, programs) if programs else []

    def check_seat(self, member: Member) -> None:
        """Raises PlanLimitExceeded where the member is new and the plan holds no more."""
        taken = len(self.journal.new_members)
        if self.seats and is_new(self.journal, member) and taken >= self.seats.left:
            raise self.seats.refusal(taken)

    def referrer_of(self, member: Member) -> Member:
        """Who brought the member, whose referral is pending."""
        return self.referrers[self.pending[member.pk].referrer_id]


def open_sitting(journal: Journal, config: Snapshot, items: Sequence[Item]) -> Sitting:
    """Lock and read. Raises Replay and IdempotencyKeyReused where the key was used before.

    Locks: the members, ids ascending; then their accounts; then the budgets of rules that may give; then seats.
    """
    sitting = Sitting(journal, config, items)
    live = [item for item in items if item.refusal is None]
    rules = list({rule.id: rule for item in live for rule in sitting.rules_of(item)}.values())
    _lock_members(sitting, any(isinstance(rule.award, ReferralAward) for rule in rules))
    if journal.idempotency:
        journal.idempotency.check_stored(journal.environment.id)
    _read_known(sitting)
    live = [item for item in live if item.reported.event_id not in sitting.known]
    buying = [(item, sitting.member_of(item).pk) for item in live]
    read_for(journal, config, buying, sitting.purchases.values())
    sitting.touched = mission_counting.read_for(journal, config, buying, sitting.purchases.values())
    asked: list[Asking] = [
        *rules,
        *asked_by(config, (card for item in live for card in sitting.cards_of(item))),
        *(rule for item in live for rule in mission_counting.asked_by_missions(config, item)),
    ]
    _read_counts(sitting, asked, {member for _, member in buying})
    _read_usage(sitting, live)
    _lock_accounts(sitting, live)
    _read_pasts(sitting)
    journal.open_standings(_all_members(sitting, live))
    _lock_budgets(sitting, live)
    _hold_seats(sitting, live)
    return sitting


def is_new(journal: Journal, member: Member) -> bool:
    return member._state.adding and member.pk not in journal.new_members


def _hold_seats(sitting: Sitting, live: Sequence[Item]) -> None:
    """For new members, where the plan limits them. Raises Redirected where one was made meanwhile, who then needs
    no seat."""
    coming = {member.pk for item in live if (member := sitting.member_of(item))._state.adding}
    if not coming:
        return
    sitting.seats = hold_seats(sitting.journal.environment)
    if sitting.seats and Member.objects.filter(pk__in=coming).exists():
        raise Redirected


def _lock_members(sitting: Sitting, with_referrers: bool) -> None:
    environment, now = sitting.journal.environment, sitting.journal.now
    names = {item.reported.member for item in sitting.items}
    others: Collection[UUID] = ()
    if with_referrers:
        # Read before the lock, to lock all in one order; read again under it, since that is what counts.
        others = {row.referrer_id for row in _pending(sitting, names)}
    found = lock_members(environment=environment, members=names, now=now, others=others)
    sitting.members = {name: member for name, member in found.items() if isinstance(name, str)}
    sitting.referrers = {key: member for key, member in found.items() if isinstance(key, UUID)}
    if with_referrers:
        keys = {member.pk for member in sitting.members.values()}
        rows = Referral.objects.filter(member__in=keys, status=Referral.Status.PENDING)
        sitting.pending = {row.member_id: row for row in rows if row.referrer_id in sitting.referrers}


def _pending(sitting: Sitting, names: Collection[str]) -> list[Referral]:
    keys = {member_key(sitting.journal.environment.namespace, name) for name in names}
    return list(Referral.objects.filter(member__in=and_heirs(keys), status=Referral.Status.PENDING))


def _read_known(sitting: Sitting) -> None:
    """What was recorded before under these ids, and the purchases that refunds name; up to nine statements,
    one where neither is the case."""
    ids = {item.reported.event_id for item in sitting.items}
    named = {item.refund.purchase for item in sitting.items if item.refund}
    rows = Event.objects.filter(environment_id=sitting.journal.environment.id, event_id__in=ids | named)
    events = {event.event_id: event for event in rows.select_related("member")}
    again = [event for event in events.values() if event.event_id in ids]
    for found in recorded_events(again):
        sitting.known[found.event.event_id] = found
    # In the order of the events: of more stamps than fit in memory, those of the first ones are read.
    fresh = [item for item in sitting.items if item.reported.event_id not in sitting.known]
    asked = dict.fromkeys(item.refund.purchase for item in fresh if item.refund)
    bought = [events[name] for name in asked if name in events]
    sitting.purchases = read_purchases([event for event in bought if event.type != REFUND])


def _read_counts(sitting: Sitting, asking: Iterable[Asking], members: Collection[UUID]) -> None:
    types = {type_ for one in asking for type_ in one.asks_counts}
    if types and members:
        rows = EventCount.objects.filter(member_id__in=members, type__in=types)
        for member, type_, count in rows.values_list("member_id", "type", "count"):
            sitting.counts[member, type_] = count


def _read_usage(sitting: Sitting, live: Sequence[Item]) -> None:
    members = {sitting.member_of(item).pk for item in live} | {row.pk for row in sitting.referrers.values()}
    rules: set[UUID] = set()
    periods: set[str] = set()
    for item in live:
        for rule in sitting.rules_of(item):
            if rule.periods:
                rules.add(rule.id)
                periods.update(periods_of(rule, item.occurred_at, sitting.config.time_zone))
    for purchase in sitting.purchases.values():
        for used in purchase.usage:
            if user := purchase.user_of(used):
                members.add(user)
            rules.add(UUID(used["rule"]))
            periods.update(used["periods"])
    if rules and periods:
        sitting.journal.used.read(members, rules, periods)


def _lock_accounts(sitting: Sitting, live: Sequence[Item]) -> None:
    """The accounts that exist of all that may be given or taken back; others are made as they are needed."""
    metrics = {rule.metric_id for item in live for rule in sitting.rules_of(item)}
    # Levels of points are decided under the lock of their account, also by an event that gives none.
    metrics |= {ladder.metric_id for ladder in ladders_of(sitting.config) if ladder.basis == "points"}
    metrics |= mission_counting.metrics_won(sitting.touched)
    members = _all_members(sitting, live)
    for purchase in sitting.purchases.values():
        metrics |= {entry.account.metric_id for entry in purchase.originals}
        sitting.journal.heirs |= purchase.heirs
    for entry, holder in prizes_held(sitting.journal.achievements):
        metrics.add(entry.account.metric_id)
        if entry.member_id != holder:
            sitting.journal.heirs[entry.member_id] = holder
    if metrics and members:
        locked = accounts.lock_accounts(member_id__in=members, metric_id__in=metrics)
        sitting.journal.open_locked(locked)


def _all_members(sitting: Sitting, live: Sequence[Item]) -> set[UUID]:
    """Whose accounts or levels may change."""
    members = {sitting.member_of(item).pk for item in live} | {row.pk for row in sitting.referrers.values()}
    for entry, holder in prizes_held(sitting.journal.achievements):
        members |= {entry.member_id, holder}
    return members.union(*(purchase.holders for purchase in sitting.purchases.values()))


def _read_pasts(sitting: Sitting) -> None:
    """What reversals of the purchases' entries, and of challenges' rewards, need to know; up to eight statements."""
    journal = sitting.journal
    sides = [
        (entry, *purchase.books_of(entry, journal, sitting.config), purchase.records)
        for purchase in sitting.purchases.values()
        for entry in purchase.originals
    ]
    achievements = journal.achievements
    sides += [
        (entry, *books_of_prize(journal, sitting.config, entry, holder), achievements.records)
        for entry, holder in prizes_held(achievements)
    ]
    if not sides:
        return
    records = read_records([entry for entry, *_ in sides])
    books: dict[UUID, Book] = {}
    by_wallet: dict[UUID, list[Record]] = {}
    for entry, home, wallet, kept in sides:
        kept[entry.id] = records[entry.id]
        entry.account = home.account
        books |= {home.account.id: home, wallet.account.id: wallet}
        by_wallet.setdefault(wallet.account.id, []).append(records[entry.id])
    read_uncovered(list(books.values()))
    read_their_lots(records.values(), books.values())
    read_spendable_all(
        [
            # What one takes from other lots may be another's own: so all, if any is short.
            (books[key], sum(_left(record) for record in own))
            for key, own in by_wallet.items()
            if any(_is_short(record, books[key]) for record in own)
        ]
    )


def _left(record: Record) -> int:
    return record.original.points - record.reversed


def _is_short(record: Record, wallet: Book) -> bool:
    """Whether the entry's own lots, and what expired of them, do not cover all that may be taken back."""
    own = sum(wallet.lots[lot].remaining for lot in record.family if lot in wallet.lots)
    return own + sum(record.family.values()) - record.counted < _left(record)


def _lock_budgets(sitting: Sitting, live: Sequence[Item]) -> None:
    """Lock the budgets that events may give from; the others are read alone, since a refund may ask what was
    left of them."""
    used = sitting.journal.used
    giving: set[UUID] = set()
    others: set[UUID] = set()
    for item in live:
        for rule in sitting.rules_of(item):
            if rule.budget is not None:
                (giving if _may_match(sitting, rule, item) else others).add(rule.id)
    if giving:
        used.lock_budgets(sitting.journal.environment.id, list(giving))
    if others - giving:
        used.read_budgets(others - giving)


def _may_match(sitting: Sitting, rule: CompiledRule, item: Item) -> bool:
    """False for an event that the rule can't give for, so that it does not wait for the budget."""
    if rule.asks_tier or rule.asks_counts:
        return True  # earlier events of the same sitting may decide
    return rule.condition.matches(facts_of(sitting, item, sitting.member_of(item), [rule]))


def facts_of(sitting: Sitting, item: Item, member: Member, asking: Iterable[Asking]) -> Facts:
    """What these rules may know of the event and its member, but for the level."""
    at = item.occurred_at
    types = {type_ for one in asking for type_ in one.asks_counts}
    return Facts(
        event_type=item.reported.type,
        occurred_at=at,
        time_zone=sitting.config.time_zone,
        data=item.reported.data,
        attributes=member.attributes,
        age_days=max(0, (at - member.created_at).days),
        event_counts={type_: sitting.counts.get((member.pk, type_), 0) for type_ in types},
    )
