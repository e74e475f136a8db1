"""A refund is applied: the purchase minus all its refunds is judged again, and what it would no longer earn
is taken back (domain.md 3.5). The arithmetic is in loyalty/rules/refunds.py."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from loyalty.actions.earning import progress
from loyalty.actions.intake import Item
from loyalty.actions.judging_again import can_be_judged, is_whole, judge_again, net_of
from loyalty.actions.mission_refunding import take_progress_back
from loyalty.actions.purchases import Purchase
from loyalty.actions.refund_requests import asked_of, refund_before
from loyalty.actions.sitting import Sitting
from loyalty.actions.stamping import too_many_at_once
from loyalty.actions.unstamping import take_stamps_back
from loyalty.errors import PurchaseNotFound
from loyalty.ledger.book import Book, Cause, Piece
from loyalty.ledger.covering import credit, pay_shortfalls
from loyalty.ledger.moves import move
from loyalty.ledger.past import Past
from loyalty.ledger.reversals import reverse
from loyalty.ledger.standings import ladders_of
from loyalty.models import Event, LedgerEntry, Member
from loyalty.queries.events import RecordedEvent
from loyalty.queries.explanations import REFUND_OF_REFERRED
from loyalty.rules import refunds as rules
from loyalty.rules.earning import Evaluation
from loyalty.rules.refunds import Net, Original, Refund, Side
from loyalty.rules.tiers import Ladder
from programs.conditions.values import plain


@dataclass(slots=True)
class Taken:
    """One entry of the purchase with its books and its past."""

    entry: LedgerEntry
    home: Book
    wallet: Book
    past: Past

    @property
    def left(self) -> int:
        return self.entry.points - self.past.reversed


def refund(sitting: Sitting, item: Item, event: Event, member: Member) -> RecordedEvent:
    """Plan what the refund takes back. Raises PurchaseNotFound, RefundExceedsPurchase and InvalidRequest,
    and then nothing is planned."""
    purchase = find_purchase(sitting, item, member)
    earlier = [refund_before(purchase, row) for row in purchase.refunds]
    asked = asked_of(purchase, item, earlier)
    every = [*earlier, asked]
    net = net_of(sitting, purchase, every)
    event.member_id = purchase.event.member_id  # after a merge, still of who bought
    event.purchase, event.program_id = purchase.event, purchase.event.program_id
    event.amount, event.currency = asked.amount, purchase.event.currency
    evaluation = judge_again(sitting, purchase, net)
    event.explanation = {"verdicts": [verdict.to_json() for verdict in evaluation.verdicts]}
    sitting.journal.add_event(event)
    entries, sides = _settle(sitting, purchase, event, net, evaluation)
    event.figures = _figures(_give_back_usage(sitting, purchase, net, evaluation), is_whole(net))
    event.explanation["refund"] = _in_figures(purchase, net, sides)
    take_stamps_back(sitting, purchase, event, net, every)
    entries += take_progress_back(sitting, purchase, event, net, every)
    purchase.refunds.append(event)
    counts = _counts(sitting, purchase, asked, whole=is_whole(net))
    changes = progress(sitting, event, purchase.owner, counts, purchase.event.occurred_at)
    return RecordedEvent(event, str(member), entries, duplicate=False, changes=changes)


def find_purchase(sitting: Sitting, item: Item, member: Member) -> Purchase:
    """The purchase that the refund names. Raises PurchaseNotFound, also for another member's, and
    InvalidRequest where the request moves too many stamps."""
    assert item.refund is not None  # noqa: S101 - it is a refund
    purchase = sitting.purchases.get(item.refund.purchase)
    if purchase and not _is_theirs(sitting, item, purchase.event):
        purchase = None
    if purchase is None or purchase.owner != member.pk:
        raise PurchaseNotFound(
            f"Member {str(member)!r} has no purchase {item.refund.purchase!r}; report the purchase first."
        )
    if purchase.is_too_much:
        raise too_many_at_once()
    return purchase


def _is_theirs(sitting: Sitting, item: Item, purchase: Event) -> bool:
    """Whoever calls through a share refunds what came the same way alone."""
    via = sitting.journal.via
    if via is None:
        return True
    return purchase.via_environment_id == via and purchase.program_id == (item.program and item.program.id)


# -- taken back


def _settle(
    sitting: Sitting, purchase: Purchase, event: Event, net: Net, evaluation: Evaluation
) -> tuple[list[LedgerEntry], list[dict[str, Any]]]:
    """Post the signed difference in each account; the entries, and the figures of each side."""
    taken = [_taken(sitting, purchase, entry) for entry in purchase.originals]
    accounts: dict[UUID, list[Taken]] = {}
    for each in taken:
        accounts.setdefault(each.entry.account_id, []).append(each)
    entries, sides = [], []
    for group in accounts.values():
        side = _side(purchase, group, net, evaluation)
        posted = []
        if side.difference > 0:
            posted = _take_back(purchase, group, side.difference, event, evaluation)
        elif side.difference < 0:
            posted = [_give_again(purchase, group, -side.difference, event)]
        entries += [entry for entry in posted if entry.event_id == event.id]
        sides.append(_side_in_figures(purchase, group, side))
    return entries, sides


def _taken(sitting: Sitting, purchase: Purchase, entry: LedgerEntry) -> Taken:
    home, wallet = purchase.books_of(entry, sitting.journal, sitting.config)
    return Taken(entry, home, wallet, purchase.past_of(entry, home, wallet))


def _side(purchase: Purchase, group: Sequence[Taken], net: Net, evaluation: Evaluation) -> Side:
    restored = sum(each.entry.points for each in group if each.entry in purchase.restored)
    earned = sum(each.entry.points for each in group) - restored
    refunded = sum(each.past.refunded for each in group)
    return Side(
        earned=earned,
        recomputed=_recomputed(purchase, group, earned, net, evaluation),
        by_refunds=refunded - restored,
        by_hand=sum(each.past.reversed for each in group) - refunded,
    )


def _recomputed(
    purchase: Purchase, group: Sequence[Taken], earned: int, net: Net, evaluation: Evaluation
) -> int:
    bought = purchase.event
    if not can_be_judged(bought):
        return earned - rules.in_proportion(earned, net.refunded, net.gross)
    recipient = "referrer" if group[0].entry is purchase.reward else "member"
    metric = group[0].home.account.metric_id
    return sum(
        award.points
        for award in evaluation.awards
        if award.metric_id == metric and award.recipient == recipient
    )


def _take_back(
    purchase: Purchase, group: Sequence[Taken], points: int, event: Event, evaluation: Evaluation
) -> list[LedgerEntry]:
    keep = {award.revision_id: award.points for award in evaluation.awards}
    ordered = sorted(group, key=lambda each: each.entry in purchase.restored, reverse=True)
    parts = rules.allocate(
        points,
        [
            Original(each.entry.points, each.left, keep.get(each.entry.rule_revision_id or UUID(int=0), 0))
            for each in ordered
        ],
    )
    # The referrer's ledger can't name the other member's event.
    own = purchase.reward is None or group[0].entry is not purchase.reward
    cause = Cause(
        reason="Refund" if own else REFUND_OF_REFERRED,
        event=event if own else None,
        origin="refund" if own else None,
    )
    entries = []
    for each, part in zip(ordered, parts, strict=True):
        if part:
            past = purchase.past_of(each.entry, each.home, each.wallet)
            target = past.reversed + part
            done = reverse(
                each.home, each.wallet, past, cumulative_target=target, cause=cause, never_refuse=True
            )
            entries.append(done.entry)
    return entries


def _give_again(purchase: Purchase, group: Sequence[Taken], points: int, event: Event) -> LedgerEntry:
    """A smaller purchase may earn more where rules are not monotone: that is earned again, in a lot with the
    purchase's own dates, and first covers what earlier refunds could not take."""
    first = group[0]
    lot = min(first.past.lots, key=lambda lot: lot.id) if first.past.lots else None
    entry = credit(
        first.home,
        type=first.entry.type,
        points=points,
        cause=Cause(reason="Earned by what is left of the purchase", event=event, origin="restored"),
        occurred_at=first.entry.occurred_at,
        vesting=lot.available_at - first.entry.occurred_at if lot else timedelta(0),
        expires_at=lot.expires_at if lot else None,
    )
    purchase.restored.append(entry)
    lots = [made for made in first.home.new_lots.values() if made.entry_id == entry.id]
    if first.home is not first.wallet:
        pieces = [Piece(made, made.remaining) for made in lots if made.remaining]
        if pieces:
            moved = move(first.home, first.wallet, pieces, Cause(reason="Merged"), continues=True)
            lots = [piece.lot for piece in moved]
    reversals = {each.entry.id for each in group}
    pay_shortfalls(first.wallet, lots, of=reversals)
    return entry


# -- caps, budgets and levels


def _figures(usage: list[dict[str, Any]], whole: bool) -> dict[str, Any] | None:
    """What outlives the payload: usage that is returned, and that nothing of the purchase is left."""
    figures: dict[str, Any] = {"usage": usage} if usage else {}
    return (figures | {"whole": True} if whole else figures) or None


def _give_back_usage(
    sitting: Sitting, purchase: Purchase, net: Net, evaluation: Evaluation
) -> list[dict[str, Any]]:
    """Return to the purchase's own periods what it no longer uses: neither by the net purchase, nor by what
    the ledger still holds of the rule's entry."""
    figures = []
    for original in purchase.usage:
        stays = _stays(sitting, purchase, original, net, evaluation)
        returned = [row for row in _returned(purchase.refunds) if _same(row, original)]
        change = {
            name: stays[name] - original[name] - sum(row[name] for row in returned)
            for name in ("points", "times")
        }
        if any(change.values()):
            figures.append(original | change)
            user = purchase.user_of(original)
            sitting.journal.used.add(
                user or purchase.owner,
                UUID(original["rule"]),
                original["periods"] if user else (),
                points=change["points"],
                times=change["times"],
                budget=original["budget"],
            )
    return figures


def _stays(
    sitting: Sitting, purchase: Purchase, original: dict[str, Any], net: Net, evaluation: Evaluation
) -> dict[str, int]:
    """Points and times that remain used."""
    recipient = "referrer" if "member" in original else "member"
    if can_be_judged(purchase.event):
        again = [
            used
            for used in evaluation.usage
            if str(used.rule_id) == original["rule"] and used.recipient == recipient
        ]
        points = min(original["points"], sum(used.points for used in again))
    else:
        points = _left_in_proportion(original["points"], net)
    held = 0
    if entry := _entry_of(purchase, original):
        taken = _taken(sitting, purchase, entry)
        held = min(original["points"], taken.left)
    points = max(points, held)
    return {"points": points, "times": original["times"] if points else 0}


def _entry_of(purchase: Purchase, used: dict[str, Any]) -> LedgerEntry | None:
    """The entry that the rule posted; a multiplier has none."""
    if "member" in used:
        return purchase.reward
    origin = f"rule:{used['rule']}"
    return next((entry for entry in purchase.entries if entry.origin == origin), None)


def _returned(refunds: Iterable[Event]) -> Iterable[dict[str, Any]]:
    for row in refunds:
        yield from (row.figures or {}).get("usage", ())


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one["rule"] == other["rule"] and one.get("member") == other.get("member")


def _left_in_proportion(used: int, net: Net) -> int:
    return used - rules.in_proportion(used, net.refunded, net.gross)


def _counts(
    sitting: Sitting, purchase: Purchase, asked: Refund, *, whole: bool
) -> list[tuple[Ladder, Decimal]]:
    """What the refund takes back on ladders of money spent or of events."""
    bought, counts = purchase.event, []
    for ladder in ladders_of(sitting.config):
        counted = ladder.figure_of(
            event_type=bought.type,
            program_id=bought.program_id,
            amount=bought.amount,
            currency=bought.currency,
        )
        if counted and ladder.basis == "spend":
            counts.append((ladder, -(asked.amount or Decimal(0))))
        elif counted and whole:
            counts.append((ladder, -counted))
    return counts


# -- in figures


def _in_figures(purchase: Purchase, net: Net, sides: list[dict[str, Any]]) -> dict[str, Any]:
    bought = purchase.event
    return {
        "purchase": bought.event_id,
        "gross": None if net.gross is None else plain(net.gross),
        "net": None if net.amount is None else plain(net.amount),
        "in_proportion": not can_be_judged(bought),
        "sides": sides,
    }


def _side_in_figures(purchase: Purchase, group: Sequence[Taken], side: Side) -> dict[str, Any]:
    return {
        "recipient": "referrer" if group[0].entry is purchase.reward else "member",
        "metric": group[0].home.account.metric.code,
        "earned": side.earned,
        "recomputed": side.recomputed,
        "target": side.target,
        "before": side.by_refunds,
        "by_hand": side.by_hand,
        "reversed": side.difference,
    }
