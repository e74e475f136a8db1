"""A purchase stamps its member's cards (domain.md 7). Part of a sitting: what is needed was read with everything
else, and is written with it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from audit.errors import InvalidRequest
from loyalty.actions.intake import Item
from loyalty.actions.purchases import Purchase
from loyalty.ledger.card_trail import audit_moves, names, told
from loyalty.ledger.cards import Card
from loyalty.ledger.posting import Journal
from loyalty.ledger.reading_cards import read_cards, read_purchases_stamps, read_stamps
from loyalty.models import Event
from loyalty.queries.rules import is_active
from loyalty.rules import stamps as rules
from loyalty.rules.cards import threshold_of
from loyalty.rules.days import day_of
from loyalty.rules.earning import Level
from loyalty.rules.situation import with_tier
from loyalty.rules.stamps import Judgement, StampRule
from programs.conditions import Facts
from programs.models import StampProgram
from programs.queries.snapshots import Snapshot


def stamp_programs_of(config: Snapshot, item: Item) -> list[StampProgram]:
    """Those whose cards the event may concern, paused ones too: explain says why they gave nothing. None where the
    plan has no stamps."""
    if item.reported.type != rules.PURCHASE or "stamps" not in config.features:
        return []
    return [
        one
        for one in config.stamp_programs
        if one.status != StampProgram.Status.ENDED
        and (item.program is None or item.program.id == one.program_id)
    ]


def rule_of(config: Snapshot, program: StampProgram) -> StampRule:
    """Compiled once and kept with the snapshot."""
    kept: StampRule | None = config.derived.get(program.id)
    if kept is None:
        kept = config.derived[program.id] = StampRule.of(
            condition=program.condition,
            where=program.item_where,
            per=program.stamps_per,
            currency=program.currency,
            needs_price=program.reward_kind == StampProgram.RewardKind.REFUND,
            program_id=program.program_id,
        )
    return kept


def read_for(
    journal: Journal, config: Snapshot, items: Sequence[tuple[Item, UUID]], purchases: Iterable[Purchase]
) -> None:
    """What these events, each with its member, and refunds of these purchases may do to cards. No statement
    where nothing is configured; one where nobody has a card; else two, three where a card owes, and five more
    for refunds."""
    refunded = _refunded(purchases)
    if refunded:
        read_purchases_stamps(journal.cards, config, refunded)
    programs: dict[UUID, set[UUID]] = defaultdict(set)
    for item, member in items:
        programs[member].update(one.id for one in stamp_programs_of(config, item))
    asked = set().union(*programs.values())
    if asked:
        read_cards(journal.cards, config, list(programs), asked)
        _read_stamps(journal, config, items)


def _refunded(purchases: Iterable[Purchase]) -> list[UUID]:
    """Those that have stamped, as far as their stamps can be in memory together; of the others the refund is
    refused."""
    found, stamps = [], 0
    for purchase in purchases:
        own = sum(each["collected"] for each in (purchase.event.figures or {}).get("stamps", ()))
        purchase.is_too_much = stamps > 0 and stamps + own > rules.MAX_AT_ONCE
        if own and not purchase.is_too_much:
            found.append(purchase.event.id)
            stamps += own
    return found


def _read_stamps(journal: Journal, config: Snapshot, items: Sequence[tuple[Item, UUID]]) -> None:
    """Of the cards that may become full, those that owe, those that a refund of the same sitting takes stamps
    from, and those that are stamped once a day."""
    undone = {item.refund.purchase for item, _ in items if item.refund}
    taken: set[UUID] = set()
    coming: dict[UUID, int] = defaultdict(int)
    days: dict[UUID, set[Any]] = defaultdict(set)
    cards: dict[UUID, Card] = {}
    for item, member in items:
        for card in journal.cards.of_member(member, [one.id for one in stamp_programs_of(config, item)]):
            key, per = card.collection.id, card.program.stamps_per
            cards[key] = card
            coming[key] += rules.MAX_STAMPS if per == "quantity" else 1
            if item.reported.event_id in undone:
                taken.add(key)
            if per == "day":
                days[key].add(day_of(item.occurred_at, config.time_zone))
    full = [
        card
        for key, card in cards.items()
        if key in taken
        or card.collection.counter < 0
        or card.collection.counter + coming[key]
        >= threshold_of(card.program.thresholds, card.collection.cycle_from)
    ]
    read_stamps([*full, *(cards[key] for key in days)], days)


# -- a purchase


def asked_by(config: Snapshot, cards: Iterable[Card]) -> list[StampRule]:
    return [rule_of(config, card.program) for card in cards]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a purchase stamps on one card; `day`: the local day, of a card that is stamped once a day."""

    card: Card
    rule: StampRule
    judgement: Judgement
    day: date | None


def judge(
    journal: Journal,
    config: Snapshot,
    event: Event,
    cards: Sequence[Card],
    facts: Facts,
    levels: Mapping[UUID, Level],
) -> list[Judged]:
    """What the purchase stamps on each card. Plans nothing. Raises InvalidRequest where the request would stamp
    more than can be in memory together."""
    found = []
    for card in cards:
        rule, day = rule_of(config, card.program), None
        judged = _judge(config, card, rule, facts, event, levels)
        if judged.pieces and rule.per == "day":
            day = day_of(event.occurred_at, config.time_zone)
            if day in card.days:
                judged = rules.stamped_that_day(day)
        found.append(Judged(card, rule, judged, day))
    if len(journal.cards.new_stamps) + sum(len(one.judgement.pieces) for one in found) > rules.MAX_AT_ONCE:
        raise too_many_at_once()
    return found


def too_many_at_once() -> InvalidRequest:
    """Of a purchase, or a refund, that comes after many stamps in one request."""
    return InvalidRequest.field(
        "data",
        "max_value",
        f"At most {rules.MAX_AT_ONCE} stamps move in one request; send fewer events at once.",
    )


def stamp(journal: Journal, event: Event, judged: Sequence[Judged]) -> None:
    """Stamp the cards that the purchase matches: told in its explanation and figures, kept with its facts for
    refunds, and audited."""
    verdicts, effects, kept = [], [], {}
    for one in judged:
        card, pieces = one.card, one.judgement.pieces
        verdict = names(card) | {"name": card.program.name} | one.judgement.to_json()
        verdicts.append(verdict)
        if pieces:
            moves = journal.cards.collect(card, event, pieces, one.day)
            verdict["reason"] += rules.replacing(moves.replaced, len(pieces))
            effects.append(told(card, moves))
            kept[str(card.program.id)] = one.rule.to_json()
            audit_moves(journal, card, moves, event)
    if verdicts:
        event.explanation = (event.explanation or {}) | {"stamps": verdicts}
    if effects:
        event.figures = (event.figures or {}) | {"stamps": effects}
        event.facts = (event.facts or {}) | {"stamps": kept}


def _judge(
    config: Snapshot,
    card: Card,
    rule: StampRule,
    facts: Facts,
    event: Event,
    levels: Mapping[UUID, Level],
) -> Judgement:
    one, at = card.program, event.occurred_at
    program = next((known for known in config.programs if known.id == one.program_id), None)
    if one.status != StampProgram.Status.ACTIVE:
        return rules.not_in_force("The stamp program is paused.")
    if not rules.in_window(one.starts_at, one.ends_at, at):
        return rules.not_in_force("The purchase lies outside the stamp program's dates.")
    if program is None or not is_active(program, at):
        return rules.not_in_force("Its program was not active when the purchase happened.")
    return rules.judge(rule, with_tier(facts, levels, rule.program_id), event.currency)
