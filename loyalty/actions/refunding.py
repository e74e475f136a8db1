"""A refund is applied: the purchase minus all its refunds is judged again, and what it would no longer earn
is taken back (domain.md 3.5). The arithmetic is in loyalty/rules/refunds.py."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit.errors import InvalidRequest
from loyalty.actions.earning import progress
from loyalty.actions.intake import Item, RefundedLine, RefundRequest, read_refund
from loyalty.actions.purchases import Purchase
from loyalty.actions.sitting import Sitting
from loyalty.errors import PurchaseNotFound, RefundExceedsPurchase
from loyalty.ledger.book import Book, Cause, Piece
from loyalty.ledger.covering import credit, pay_shortfalls
from loyalty.ledger.moves import move
from loyalty.ledger.past import Past
from loyalty.ledger.reversals import reverse
from loyalty.ledger.standings import ladders_of
from loyalty.models import Event, LedgerEntry, Member
from loyalty.queries.events import RecordedEvent
from loyalty.queries.rules import revisions_of
from loyalty.rules import refunds as rules
from loyalty.rules.earning import Evaluation, Level, Referred, Room, Situation, evaluate
from loyalty.rules.refunds import LineRefund, Net, Original, Refund, Side
from loyalty.rules.tiers import Ladder
from programs.awards import PerAmountAward
from programs.conditions import Facts
from programs.conditions.values import plain

_NOTHING = Evaluation((), (), ())


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
    asked = _asked(purchase, item)
    earlier = [_as_refund(purchase, row) for row in purchase.refunds]
    net = _net(sitting, purchase, [*earlier, asked])
    was_whole = bool(earlier) and _is_whole(_net(sitting, purchase, earlier))
    event.member_id = purchase.event.member_id  # after a merge, still of who bought
    event.purchase, event.program_id = purchase.event, purchase.event.program_id
    event.amount, event.currency = asked.amount, purchase.event.currency
    evaluation = _again(sitting, purchase, net)
    event.figures = _give_back_usage(sitting, purchase, net, evaluation)
    event.explanation = {"verdicts": [verdict.to_json() for verdict in evaluation.verdicts]}
    sitting.journal.add_event(event)
    entries, sides = _settle(sitting, purchase, event, net, evaluation)
    event.explanation["refund"] = _in_figures(purchase, net, sides)
    purchase.refunds.append(event)
    is_whole = _is_whole(net)
    counts = _counts(sitting, purchase, asked, whole=is_whole and not was_whole)
    changes = progress(sitting, event, purchase.owner, counts, purchase.event.occurred_at)
    return RecordedEvent(event, str(member), entries, duplicate=False, changes=changes)


def find_purchase(sitting: Sitting, item: Item, member: Member) -> Purchase:
    """The purchase that the refund names. Raises PurchaseNotFound, also for another member's."""
    assert item.refund is not None  # noqa: S101 - it is a refund
    purchase = sitting.purchases.get(item.refund.purchase)
    if purchase is None or purchase.owner != member.pk:
        raise PurchaseNotFound(
            f"Member {str(member)!r} has no purchase {item.refund.purchase!r}; report the purchase first."
        )
    return purchase


# -- what is asked


def _asked(purchase: Purchase, item: Item) -> Refund:
    """The refund with its amount worked out, checked against what is left of the purchase."""
    request = item.refund
    assert request is not None  # noqa: S101
    bought = purchase.event
    if request.currency and bought.currency and request.currency != bought.currency:
        raise InvalidRequest.field(
            "data.currency", "invalid", f"The purchase was in {bought.currency}, not {request.currency}."
        )
    earlier = [_as_refund(purchase, row) for row in purchase.refunds]
    lines = _lines(purchase, request, earlier)
    return _with_amount(bought, request, earlier, lines)


def _with_amount(
    bought: Event, request: RefundRequest, earlier: Sequence[Refund], lines: tuple[Refund, Decimal]
) -> Refund:
    parts, worth = lines
    if bought.amount is None:
        if earlier or request.amount is not None:
            raise _too_much(Decimal(0), "The purchase has no amount; refund it whole, once, without one.")
        return Refund(None, parts.lines)
    left = max(Decimal(0), bought.amount - sum((each.amount or Decimal(0) for each in earlier), Decimal(0)))
    amount = request.amount
    if amount is None:
        amount = worth if request.lines else left
        if request.lines and not worth:
            raise InvalidRequest.field("data.amount", "required", "These lines have no amount; give one.")
    if amount > left or (not left and earlier):
        raise _too_much(left, f"{plain(left)} of the purchase's {plain(bought.amount)} are left to refund.")
    if worth > amount:
        raise InvalidRequest.field(
            "data.amount", "invalid", f"The lines alone give back {plain(worth)}; that is more."
        )
    return Refund(amount, parts.lines)


def _lines(purchase: Purchase, request: RefundRequest, earlier: Sequence[Refund]) -> tuple[Refund, Decimal]:
    """The lines that are given back, by their place, and the money that they account for."""
    if not request.lines or purchase.event.data is None:
        return Refund(None), Decimal(0)
    left, _ = rules.lines_of(purchase.event.data, earlier)
    parts, worth = [], Decimal(0)
    for number, asked in enumerate(request.lines):
        index = rules.line_named(purchase.event.data.get("items") or (), asked.name)
        if index is None:
            raise InvalidRequest.field(
                f"data.items[{number}].line", "unknown", f"The purchase has no line {asked.name!r}."
            )
        _refuse_too_much(left[index], asked)
        part = LineRefund(index, asked.quantity, asked.amount)
        worth += left[index].take(part)
        parts.append(part)
    return Refund(None, tuple(parts)), worth


def _refuse_too_much(line: rules.Line, asked: RefundedLine) -> None:
    for wanted, there, noun in (
        (asked.quantity, line.quantity, "pieces"),
        (asked.amount, line.amount, "of its amount"),
    ):
        if wanted is not None and (line.is_gone or (there is not None and wanted > there)):
            room = Decimal(0) if line.is_gone or there is None else there
            raise _too_much(room, f"{plain(room)} {noun} of line {asked.name} are left to refund.")


def _too_much(refundable: Decimal, detail: str) -> RefundExceedsPurchase:
    return RefundExceedsPurchase(detail, refundable=plain(refundable))


def _as_refund(purchase: Purchase, row: Event) -> Refund:
    """A refund that was applied before, as the arithmetic takes it."""
    if row.data is None or purchase.event.data is None:
        return Refund(row.amount)
    items = purchase.event.data.get("items") or ()
    parts = []
    for line in read_refund(row.data).lines:
        index = rules.line_named(items, line.name)
        if index is not None:
            parts.append(LineRefund(index, line.quantity, line.amount))
    return Refund(row.amount, tuple(parts))


# -- judged again


def _net(sitting: Sitting, purchase: Purchase, refunds: Sequence[Refund]) -> Net:
    bought = purchase.event
    if bought.data is None:  # after retention: by money alone
        known = sum((each.amount or Decimal(0) for each in refunds), Decimal(0))
        whole = bought.amount is None or known >= bought.amount
        return Net(None, bought.amount, None if bought.amount is None or whole else bought.amount - known)
    awards = [rule.award for rule in revisions_of(sitting.config, _revisions(bought))]
    fields = {award.field for award in awards if isinstance(award, PerAmountAward)}
    return rules.net_of(bought.data, bought.amount, refunds, fields - {"data.amount"})


def _is_whole(net: Net) -> bool:
    """Whether nothing is left of the purchase."""
    return net.data is None and not net.amount


def _revisions(bought: Event) -> list[UUID]:
    verdicts = (bought.explanation or {}).get("verdicts", ())
    return [UUID(verdict["revision_id"]) for verdict in verdicts]


def _again(sitting: Sitting, purchase: Purchase, net: Net) -> Evaluation:
    """What the net purchase earns, by the revisions and facts of then."""
    bought, facts = purchase.event, purchase.event.facts or {}
    if net.data is None:
        return _NOTHING
    return evaluate(
        Facts(
            event_type=bought.type,
            occurred_at=bought.occurred_at,
            time_zone=sitting.config.time_zone,
            data=net.data,
            attributes=facts.get("attributes", {}),
            age_days=facts.get("age_days"),
            event_counts=facts.get("event_counts", {}),
        ),
        revisions_of(sitting.config, _revisions(bought)),
        situation_of(facts, referred=purchase.referral is not None),
    )


def situation_of(facts: dict[str, Any], *, referred: bool) -> Situation:
    """The situation that was kept with an event. `referred`: it completed a referral."""
    referral = facts.get("referral") or {}
    return Situation(
        levels={UUID(key): _level(level) for key, level in facts.get("levels", {}).items()},
        rooms=_rooms(facts.get("rooms", {})),
        maximum={UUID(key): points for key, points in facts.get("maximum", {}).items()},
        referral=Referred(
            rooms=_rooms(referral.get("rooms", {})),
            maximum={UUID(key): points for key, points in referral.get("maximum", {}).items()},
        )
        if referred
        else None,
    )


def _level(kept: dict[str, Any]) -> Level:
    return Level(kept["code"], kept["title"], Decimal(kept["multiplier"]), UUID(kept["metric_id"]))


def _rooms(kept: dict[str, Any]) -> dict[UUID, Room]:
    return {UUID(key): Room(tuple(room["caps"]), room["budget"]) for key, room in kept.items()}


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
        sides.append(_side_in_figures(group, side))
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
    if bought.data is None:
        refunded = None if net.amount is None or net.gross is None else net.gross - net.amount
        return earned - rules.in_proportion(earned, refunded, net.gross)
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
        reason="Refund",
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


def _give_back_usage(
    sitting: Sitting, purchase: Purchase, net: Net, evaluation: Evaluation
) -> dict[str, Any] | None:
    """Return what the net purchase would not have used to the purchase's own periods."""
    kept = {(str(used.rule_id), used.recipient): used for used in evaluation.usage}
    figures = []
    for original in purchase.usage:
        recipient = "referrer" if "member" in original else "member"
        returned = [row for row in _returned(purchase.refunds) if _same(row, original)]
        now = kept.get((original["rule"], recipient))  # type: ignore[arg-type]
        change = {}
        for name in ("points", "times"):
            if purchase.event.data is None:
                stays = _left_in_proportion(original[name], net)
            else:
                stays = min(original[name], getattr(now, name) if now else 0)
            change[name] = stays - original[name] - sum(row[name] for row in returned)
        if any(change.values()):
            figures.append(original | change)
            sitting.journal.used.add(
                purchase.user_of(original),
                UUID(original["rule"]),
                original["periods"],
                points=change["points"],
                times=change["times"],
                budget=original["budget"],
            )
    return {"usage": figures} if figures else None


def _returned(refunds: Iterable[Event]) -> Iterable[dict[str, Any]]:
    for row in refunds:
        yield from (row.figures or {}).get("usage", ())


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one["rule"] == other["rule"] and one.get("member") == other.get("member")


def _left_in_proportion(used: int, net: Net) -> int:
    refunded = None if net.amount is None or net.gross is None else net.gross - net.amount
    return used - rules.in_proportion(used, refunded, net.gross)


def _counts(
    sitting: Sitting, purchase: Purchase, asked: Refund, *, whole: bool
) -> list[tuple[Ladder, Decimal]]:
    """What the refund takes back on ladders of money spent or of events."""
    bought, counts = purchase.event, []
    for ladder in ladders_of(sitting.config):
        if ladder.event_type != bought.type:
            continue
        if ladder.basis == "events" and whole:
            counts.append((ladder, Decimal(-1)))
        elif ladder.basis == "spend" and asked.amount and ladder.currency in ("", bought.currency):
            counts.append((ladder, -asked.amount))
    return counts


# -- in figures


def _in_figures(purchase: Purchase, net: Net, sides: list[dict[str, Any]]) -> dict[str, Any]:
    bought = purchase.event
    return {
        "purchase": bought.event_id,
        "gross": None if net.gross is None else plain(net.gross),
        "net": None if net.amount is None else plain(net.amount),
        "in_proportion": bought.data is None,
        "sides": sides,
    }


def _side_in_figures(group: Sequence[Taken], side: Side) -> dict[str, Any]:
    return {
        "metric": group[0].home.account.metric.code,
        "earned": side.earned,
        "recomputed": side.recomputed,
        "target": side.target,
        "before": side.by_refunds,
        "by_hand": side.by_hand,
        "reversed": side.difference,
    }
