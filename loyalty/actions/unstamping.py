"""A refund takes back what its purchase would no longer stamp (domain.md 3.5, 7.2). Part of a sitting."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from loyalty.actions.judging_again import can_be_judged, facts_then
from loyalty.actions.purchases import Purchase
from loyalty.actions.sitting import Sitting
from loyalty.ledger.card_trail import audit_moves, told
from loyalty.ledger.cards import Card
from loyalty.models import Event, Stamp
from loyalty.rules import refunds
from loyalty.rules import stamps as rules
from loyalty.rules.kept import from_json
from loyalty.rules.refunds import Net, Refund
from loyalty.rules.situation import with_tier
from loyalty.rules.stamps import HeldStamp, Judgement, StampRule


def take_stamps_back(
    sitting: Sitting, purchase: Purchase, refund: Event, net: Net, asked: Sequence[Refund]
) -> None:
    """Return what the purchase minus its refunds (`asked`, this one too) would no longer stamp. Told in the
    refund's explanation and figures, and audited."""
    cards = sitting.journal.cards
    by_card: dict[UUID, list[Stamp]] = defaultdict(list)
    for each in cards.of_event.get(purchase.event.id, ()):
        by_card[each.collection_id].append(each)
    effects = []
    for key, own in by_card.items():
        card = cards.by_id[key]
        back, again = _difference(sitting, card, own, purchase, net, asked)
        if back or again:
            moves = cards.take_back(card, back, again, refund, purchase.event)
            effects.append(told(card, moves))
            audit_moves(sitting.journal, card, moves, refund)
    if effects:
        refund.explanation = (refund.explanation or {}) | {"stamps": effects}
        refund.figures = (refund.figures or {}) | {"stamps": effects}


def _difference(
    sitting: Sitting, card: Card, own: Sequence[Stamp], purchase: Purchase, net: Net, asked: Sequence[Refund]
) -> tuple[list[Stamp], list[tuple[Stamp, Decimal | None]]]:
    """The stamps to take back, and those to give anew with their price."""
    kept = ((purchase.event.facts or {}).get("stamps") or {}).get(str(card.program.id))
    held = [HeldStamp(each.number, each.line, each.returned_at is not None, each.unit_price) for each in own]
    by_number = {each.number: each for each in own}
    if not can_be_judged(purchase.event) or kept is None:
        all_of_it = _collected(purchase, card)
        keep = all_of_it - refunds.in_proportion(all_of_it, net.refunded, net.gross)
        return [by_number[number] for number in rules.in_proportion(held, keep)], []
    again = Judgement("nothing_bought", "Nothing is left of the purchase.")
    if net.data is not None:
        again = _judge_again(sitting, StampRule.from_json(kept), purchase, asked)
    back, anew = rules.difference(held, again, by_price=kept["needs_price"])
    return [by_number[number] for number in back], [(by_number[number], price) for number, price in anew]


def _collected(purchase: Purchase, card: Card) -> int:
    """So many stamps the purchase gave on this card's program."""
    effects = (purchase.event.figures or {}).get("stamps", ())
    return sum(each["collected"] for each in effects if each["stamp_program"] == card.program.public_id)


def _judge_again(sitting: Sitting, rule: StampRule, purchase: Purchase, asked: Sequence[Refund]) -> Judgement:
    bought = purchase.event
    lines = refunds.lines_left(bought.data, bought.amount, asked)
    if not lines and refunds.items_of(bought.data):  # what is left, such as postage, was never a line
        return Judgement("no_line_matches", "None of the purchase's lines is left.")
    # Where its own quantity is what stamps, that shrinks with its amount.
    fields = ("data.quantity",) if rule.per == "quantity" and not lines else ()
    left = refunds.net_of(bought.data, bought.amount, asked, fields).data or {}
    levels = from_json(bought.facts or {}, referred=False).levels
    facts = with_tier(facts_then(sitting, bought, left), levels, rule.program_id)
    return rules.judge(rule, facts, bought.currency, left=lines)
