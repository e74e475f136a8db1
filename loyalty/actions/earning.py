"""One event is applied: the rules judge it, and what they give is planned (domain.md 4, 6)."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit.errors import InvalidRequest
from loyalty.actions.intake import Item
from loyalty.actions.mission_counting import asked_by_missions, count, judge_missions
from loyalty.actions.points import credit
from loyalty.actions.purchases import Purchase
from loyalty.actions.sitting import Asking, Sitting, facts_of
from loyalty.actions.stamping import asked_by, judge, stamp
from loyalty.ledger.posting import Cause
from loyalty.ledger.standings import ladders_of
from loyalty.models import Event, LedgerEntry, Member, Referral, TierChange
from loyalty.models.ledger import MAX_TOTAL
from loyalty.queries.events import RecordedEvent
from loyalty.rules.earning import (
    Award,
    CompiledRule,
    Evaluation,
    Level,
    Referred,
    Room,
    Situation,
    Used,
    evaluate,
    periods_of,
    room_of,
)
from loyalty.rules.kept import to_json
from loyalty.rules.tiers import Ladder
from programs.awards import ReferralAward
from programs.conditions import Facts

MAX_OPENING = 10**15  # points that an account may begin with


def earn(sitting: Sitting, item: Item, event: Event, member: Member) -> RecordedEvent:
    """Plan what the event gives, with its explanation and what a refund needs to judge it again."""
    rules = sitting.rules_of(item)
    cards = sitting.cards_of(item)
    asking: list[Asking] = [
        *rules,
        *asked_by(sitting.config, cards),
        *asked_by_missions(sitting.config, item),
    ]
    facts = facts_of(sitting, item, member, asking)
    situation = _situation(sitting, item, member, rules)
    evaluation = evaluate(facts, rules, situation)
    _refuse_too_many(sitting, member, evaluation)
    journal, config = sitting.journal, sitting.config
    judged = judge(journal, config, event, cards, facts, situation.levels)
    missions = judge_missions(journal, config, item, member.pk, facts, situation.levels)
    event.facts = _kept(facts, rules, asking, situation)
    event.explanation = evaluation.to_json()
    event.figures = _use(sitting, item, member, rules, evaluation)
    journal.add_event(event)
    sitting.counts[member.pk, event.type] = sitting.counts.get((member.pk, event.type), 0) + 1
    entries, reward, referral = _post(sitting, event, member, evaluation)
    stamp(journal, event, judged)
    won = count(journal, config, event, missions)
    changes = progress(sitting, event, member.pk, counts_of(sitting, event), event.occurred_at)
    sitting.purchases[event.event_id] = Purchase(
        event,
        member.pk,
        entries=entries,
        referral=referral,
        reward=reward,
        referrer=sitting.referrers[referral.referrer_id].pk if referral else None,
    )
    given = [*entries, *([reward] if reward else []), *won]
    return RecordedEvent(event, str(member), given, duplicate=False, changes=changes, referral=referral)


def _refuse_too_many(sitting: Sitting, member: Member, evaluation: Evaluation) -> None:
    """Raises InvalidRequest where an account would hold more than it can, before anything is planned."""
    sums: dict[tuple[UUID, UUID], int] = {}
    for award in evaluation.awards:
        holder = member if award.recipient == "member" else sitting.referrer_of(member)
        key = holder.pk, award.metric_id
        sums[key] = sums.get(key, 0) + award.points
    for (holder_id, metric_id), points in sums.items():
        book = sitting.journal.find_book(holder_id, metric_id)
        held = max(book.account.total, book.account.earned) if book else MAX_OPENING
        if held + points > MAX_TOTAL:
            raise InvalidRequest.field("data", "max_value", f"An account holds at most {MAX_TOTAL} points.")


def levels_of(sitting: Sitting, member: Member) -> dict[UUID, Level]:
    """The member's level in each program that has a ladder."""
    found = {}
    for ladder in ladders_of(sitting.config):
        level = sitting.journal.standings[member.pk, ladder.id].level
        if level:
            found[ladder.program_id] = Level(level.code, level.title, level.multiplier, ladder.metric_id)
        else:
            found[ladder.program_id] = Level(None, "no level", Decimal(1), ladder.metric_id)
    return found


def _situation(sitting: Sitting, item: Item, member: Member, rules: Iterable[CompiledRule]) -> Situation:
    rules = list(rules)
    return Situation(
        levels=levels_of(sitting, member),
        rooms=_rooms(sitting, item, member, rules),
        maximum=_maximum(sitting, member, rules),
        referral=_referred(sitting, item, member, rules),
    )


def _rooms(sitting: Sitting, item: Item, member: Member, rules: Iterable[CompiledRule]) -> dict[UUID, Room]:
    used, rooms = sitting.journal.used, {}
    for rule in rules:
        if rule.keeps_usage:
            periods = periods_of(rule, item.occurred_at, sitting.config.time_zone)
            rooms[rule.id] = room_of(rule, used.of(member.pk, rule.id, periods), used.spent_of(rule.id))
    return rooms


def _maximum(sitting: Sitting, member: Member, rules: Iterable[CompiledRule]) -> dict[UUID, int]:
    """Room under each metric's maximum, in points, as the account stands or as it would begin."""
    rooms = {}
    for metric_id in {rule.metric_id for rule in rules}:
        metric = sitting.config.metrics_by_id[metric_id]
        if metric.maximum is not None:
            book = sitting.journal.find_book(member.pk, metric_id)
            total = book.account.total if book else metric.default_value
            rooms[metric_id] = max(0, metric.maximum - total)
    return rooms


def _referred(sitting: Sitting, item: Item, member: Member, rules: Iterable[CompiledRule]) -> Referred | None:
    referral = sitting.pending.get(member.pk)
    paying = [rule for rule in rules if isinstance(rule.award, ReferralAward)]
    if referral is None or not paying:
        return None
    referrer = sitting.referrer_of(member)
    return Referred(
        rooms=_rooms(sitting, item, referrer, paying),
        by_oneself=referrer.pk == member.pk,
        maximum=_maximum(sitting, referrer, paying),
    )


def _kept(
    facts: Facts, rules: Iterable[CompiledRule], asking: Iterable[Asking], situation: Situation
) -> dict[str, Any]:
    """What the rules could read besides the event, so that a refund can ask them again (domain.md 3.5)."""
    asked = {name for one in asking for name in one.asks_attributes}
    return {
        "attributes": {name: value for name, value in facts.attributes.items() if name in asked},
        "age_days": facts.age_days,
        "event_counts": dict(facts.event_counts),
        "revisions": [str(rule.revision_id) for rule in rules],
        **to_json(situation),
    }


def _use(
    sitting: Sitting, item: Item, member: Member, rules: Iterable[CompiledRule], evaluation: Evaluation
) -> dict[str, Any] | None:
    """Count against caps and budgets; the figures that say so, which outlive the event's payload."""
    by_id, figures = {rule.id: rule for rule in rules}, []
    for used in evaluation.usage:
        rule = by_id[used.rule_id]
        if not rule.keeps_usage:
            continue
        user = _user(sitting, member, used)
        periods = periods_of(rule, item.occurred_at, sitting.config.time_zone)
        figure = {
            "rule": str(rule.id),
            "points": used.points,
            "times": used.times,
            "periods": list(periods),
            "budget": rule.budget is not None,
        }
        figures.append(figure | ({"member": str(user)} if used.recipient == "referrer" else {}))
        sitting.journal.used.add(
            user,
            rule.id,
            periods,
            points=used.points,
            times=used.times,
            budget=rule.budget is not None,
        )
    return {"usage": figures} if figures else None


def _user(sitting: Sitting, member: Member, used: Used) -> UUID:
    if used.recipient == "member":
        return member.pk
    return sitting.referrer_of(member).pk


def _post(
    sitting: Sitting, event: Event, member: Member, evaluation: Evaluation
) -> tuple[list[LedgerEntry], LedgerEntry | None, Referral | None]:
    """The entries of the event's member, that of their referrer, and the referral that is completed."""
    names = {verdict.rule.id: verdict.rule.name for verdict in evaluation.verdicts}
    entries, reward, referral = [], None, None
    if evaluation.referral:
        referral = sitting.pending.pop(member.pk)
        _complete(sitting, referral, event, evaluation.referral)
    for award in evaluation.awards:
        if award.recipient == "referrer" and referral:
            reward = _reward(sitting, referral, award, names[award.rule_id])
        elif entry := _credit(sitting, event, member.pk, award, names[award.rule_id]):
            entries.append(entry)
    if referral and reward:
        referral.referrer_entry_id = reward.id
    return entries, reward, referral


def _credit(sitting: Sitting, event: Event, member_id: UUID, award: Award, name: str) -> LedgerEntry | None:
    cause = Cause(
        reason=name, event=event, origin=f"rule:{award.rule_id}", rule_revision_id=award.revision_id
    )
    return _put(sitting, member_id, award, cause, event)


def _reward(sitting: Sitting, referral: Referral, award: Award, name: str) -> LedgerEntry | None:
    """The referrer's side: in their ledger, where the other member's event can't be named."""
    referrer = sitting.referrers[referral.referrer_id].pk
    cause = Cause(reason=name, metadata={"referral": str(referral.id)}, rule_revision_id=award.revision_id)
    return _put(sitting, referrer, award, cause, referral.event)


def _put(
    sitting: Sitting, member_id: UUID, award: Award, cause: Cause, event: Event | None
) -> LedgerEntry | None:
    metric, journal = sitting.config.metrics_by_id[award.metric_id], sitting.journal
    occurred_at = event.occurred_at if event else journal.now
    return credit(
        journal.book_of(member_id, metric),
        sitting.config,
        metric,
        type=award.type,
        points=award.points,
        asked=award.asked,
        cause=cause,
        # A till whose clock is ahead reports from the future; points are never from there.
        occurred_at=min(occurred_at, journal.now),
    )


def _complete(sitting: Sitting, referral: Referral, event: Event, rule: CompiledRule) -> None:
    referral.status = Referral.Status.AWARDED
    referral.event, referral.rule_revision_id = event, rule.revision_id
    referral.awarded_at = sitting.journal.now
    sitting.journal.referrals.append(referral)


def progress(
    sitting: Sitting, event: Event, owner: UUID, counts: Iterable[tuple[Ladder, Decimal]], at: datetime
) -> list[TierChange]:
    """Count figures of `at` and the points just posted towards the levels; what that changed for `owner`."""
    journal = sitting.journal
    own = [journal.standings[owner, ladder.id] for ladder in ladders_of(sitting.config)]
    before = [len(standing.changes) for standing in own]
    journal.follow(
        event,
        [(owner, ladder, at, figure) for ladder, figure in counts],
    )
    return [
        change for standing, known in zip(own, before, strict=True) for change in standing.changes[known:]
    ]


def counts_of(sitting: Sitting, event: Event) -> list[tuple[Ladder, Decimal]]:
    """What an event counts for by itself, on ladders of money spent or of events."""
    counts = []
    for ladder in ladders_of(sitting.config):
        figure = ladder.figure_of(
            event_type=event.type,
            program_id=event.program_id,
            amount=event.amount,
            currency=event.currency,
        )
        if figure:
            counts.append((ladder, figure))
    return counts
