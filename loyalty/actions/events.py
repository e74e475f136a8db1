"""Events are stored and cause what the published rules say (domain.md 4)."""

import hashlib
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import simplejson

from audit.errors import InvalidRequest
from audit.ids import new_id, public
from audit.instants import rfc3339
from audit.record import Actor
from loyalty.actions.once import once
from loyalty.actions.points import credit, find_program
from loyalty.errors import EventIdReused, EventTooLate, MemberFrozen
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.members import lock_member
from loyalty.ledger.posting import Cause, Journal
from loyalty.models import Event, EventCount, Member
from loyalty.queries.events import RecordedEvent, entries_of
from loyalty.queries.rules import rules_for
from loyalty.rules.earning import MAX_AMOUNT, Award, CompiledRule, Evaluation, evaluate
from programs.conditions import Facts, event_types_counted, fields_used
from programs.conditions.values import number
from programs.models import Environment, Metric, Program
from programs.queries.snapshots import Snapshot, snapshot

MAX_DATA = 32 * 1024  # bytes of JSON
LATE_WINDOW = timedelta(days=30)
AHEAD = timedelta(minutes=5)  # a caller's clock may be this much before ours
REFUND = "refund"


@once
def record_event(
    *,
    environment: Environment,
    event_id: str,
    type: str,  # noqa: A002 - the wire's word
    member: str,
    data: dict[str, Any],
    actor: Actor,
    now: datetime,
    occurred_at: datetime | None = None,
    program: str | None = None,
    idempotency: Idempotency | None = None,
) -> RecordedEvent:
    """Store the event and award what the rules in force at `occurred_at` (default `now`) give.

    The same event again, at any time, is a duplicate and changes nothing. Refunds are stored and
    cause nothing yet. Raises EventIdReused, EventTooLate, InvalidRequest, MemberFrozen,
    ProgramNotFound, Replay. Locks: the member, then their accounts.
    """
    digest = _digest(type, member, data, occurred_at, program)
    locked = lock_member(environment=environment, member=member, now=now)
    if idempotency:
        idempotency.check_stored(environment.id)
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    recorded = _known(environment, event_id, digest, member)
    if recorded is None:
        event = Event(
            id=new_id(),
            environment_id=environment.id,
            member_id=locked.id,
            event_id=event_id,
            type=type,
            occurred_at=_check(occurred_at, now, data),
            data=data,
            digest=digest,
            actor_kind=actor.kind,
            actor_id=actor.id,
            trace_id=actor.trace_id,
        )
        recorded = _apply(journal, snapshot(environment), event, locked, program)
    journal.write(recorded, member_id=locked.id)
    return recorded


def _apply(
    journal: Journal, config: Snapshot, event: Event, member: Member, program: str | None
) -> RecordedEvent:
    sent_to = find_program(config, program) if program else None
    if member.status == Member.Status.FROZEN:
        raise MemberFrozen(f"Member {member} is frozen; an operator can make it active again.")
    event.program_id = sent_to.id if sent_to else None
    event.amount, event.currency = money_of(event.data)
    event.purchase_id = _purchase_of(event) if event.type == REFUND else None
    evaluation = _evaluate(config, event, member, sent_to)
    event.explanation = evaluation.to_json()
    journal.add_event(event)
    units = {award.metric_id: config.metrics_by_id[award.metric_id] for award in evaluation.awards}
    books = journal.open_all(str(member), units.values())
    names = {verdict.rule.id: verdict.rule.name for verdict in evaluation.verdicts}
    entries = []
    for award in evaluation.awards:
        unit = units[award.metric_id]
        entry = credit(
            books[award.metric_id],
            config,
            unit,
            type=award.type,
            points=award.points,
            cause=Cause(
                reason=names[award.rule_id],
                event=event,
                origin=f"rule:{award.rule_id}",
                rule_revision_id=award.revision_id,
            ),
            # A till whose clock is ahead reports from the future; points are never from there.
            occurred_at=min(event.occurred_at, journal.now),
        )
        if entry is None or entry.nominal:
            _explain_maximum(event.explanation, award, entry.points if entry else 0, unit)
        if entry:
            entries.append(entry)
    return RecordedEvent(event, str(member), entries, duplicate=False)


def _explain_maximum(explanation: dict[str, Any], award: Award, given: int, metric: Metric) -> None:
    """Add the last stage of the award's arithmetic: what the metric's maximum left of it."""
    words = f"cut to {given}: an account holds at most {metric.maximum} {metric.code}"
    for verdict in explanation["verdicts"]:
        if verdict["rule_id"] == str(award.rule_id):
            verdict["steps"].append({"stage": "maximum", "words": words, "points": str(given)})


def _evaluate(config: Snapshot, event: Event, member: Member, sent_to: Program | None) -> Evaluation:
    if event.type == REFUND:
        return Evaluation((), ())
    reached = [sent_to] if sent_to else config.programs
    active = frozenset(program.id for program in reached if _is_active(program, event.occurred_at))
    rules = rules_for(config, event.type, active, event.occurred_at)
    facts = Facts(
        event_type=event.type,
        occurred_at=event.occurred_at,
        time_zone=config.time_zone,
        data=event.data,
        attributes=member.attributes,
        age_days=max(0, (event.occurred_at - member.created_at).days),
        event_counts=_counts(member.id, rules),
    )
    event.facts = _kept(facts, rules)
    return evaluate(facts, rules)


def _kept(facts: Facts, rules: list[CompiledRule]) -> dict[str, Any]:
    """What the rules could read of the member, so that a refund can ask them again (domain.md 3.5)."""
    prefix = "member.attributes."
    used = {name for rule in rules for name in fields_used(rule.condition) if name.startswith(prefix)}
    names = {name.removeprefix(prefix).split(".")[0] for name in used}
    return {
        "attributes": {name: value for name, value in facts.attributes.items() if name in names},
        "age_days": facts.age_days,
        "event_counts": dict(facts.event_counts),
    }


def money_of(data: dict[str, Any]) -> tuple[Decimal | None, str | None]:
    """`data.amount` and `data.currency`, where they are an amount of up to 10^12 and an ISO 4217 code."""
    amount, currency = number(data.get("amount")), data.get("currency")
    if amount is not None and not -MAX_AMOUNT <= amount <= MAX_AMOUNT:
        amount = None
    if not (isinstance(currency, str) and len(currency) == 3 and currency.isascii() and currency.isalpha()):
        return amount, None
    return amount, currency.upper()


def _purchase_of(event: Event) -> UUID | None:
    """The purchase that a refund names, if it is one of the same member."""
    named = (event.data or {}).get("purchase")
    if not isinstance(named, str):
        return None
    purchases = Event.objects.filter(environment_id=event.environment_id, event_id=named, type="purchase")
    return purchases.filter(member_id=event.member_id).values_list("id", flat=True).first()


def _is_active(program: Program, at: datetime) -> bool:
    return (
        program.status == Program.Status.ACTIVE
        and (program.starts_at is None or program.starts_at <= at)
        and (program.ends_at is None or at < program.ends_at)
    )


def _counts(member_id: UUID, rules: list[CompiledRule]) -> dict[str, int]:
    types = {type_ for rule in rules for type_ in event_types_counted(rule.condition)}
    if not types:
        return {}
    return dict(EventCount.objects.filter(member_id=member_id, type__in=types).values_list("type", "count"))


def _known(environment: Environment, event_id: str, digest: bytes, member: str) -> RecordedEvent | None:
    event = Event.objects.filter(environment_id=environment.id, event_id=event_id).first()
    if event is None:
        return None
    if bytes(event.digest) != digest:
        raise EventIdReused(
            f"event_id {event_id!r} was used for another event; give each event an id of its own.",
            event=public("evt", event.id),
        )
    return RecordedEvent(event, member, entries_of(event), duplicate=True)


def _digest(
    type: str,  # noqa: A002
    member: str,
    data: dict[str, Any],
    occurred_at: datetime | None,
    program: str | None,
) -> bytes:
    at = occurred_at and occurred_at.astimezone(UTC).isoformat()
    content = [type, member, data, at, program]
    return hashlib.sha256(simplejson.dumps(content, sort_keys=True, use_decimal=True).encode()).digest()


def _check(occurred_at: datetime | None, now: datetime, data: dict[str, Any]) -> datetime:
    if len(simplejson.dumps(data, use_decimal=True, ensure_ascii=False).encode()) > MAX_DATA:
        raise InvalidRequest.field("data", "too_large", f"At most {MAX_DATA} bytes of JSON.")
    if occurred_at is None:
        return now
    if occurred_at > now + AHEAD:
        raise InvalidRequest.field("occurred_at", "in_future", f"It is {rfc3339(now)} in this environment.")
    if occurred_at < now - LATE_WINDOW:
        earliest = now - LATE_WINDOW
        raise EventTooLate(
            f"Events are accepted for {LATE_WINDOW.days} days; the earliest is {rfc3339(earliest)}.",
            earliest=rfc3339(earliest),
        )
    return occurred_at
