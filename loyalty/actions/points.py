"""Points are awarded, spent and adjusted by call (domain.md 3)."""

from datetime import datetime, timedelta
from typing import Any, Literal, cast

from django.utils import timezone

from audit.errors import InvalidRequest, NotFound
from audit.record import Actor
from loyalty.actions.once import once
from loyalty.errors import MaximumReached, ProgramNotFound
from loyalty.ledger import covering
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.posting import Book, Cause, Journal
from loyalty.models import LedgerEntry
from loyalty.queries.approvals import approval_needed
from loyalty.rules.lots import ExpiryKind, ExpiryPolicy, expiry_of
from programs.models import Environment, Metric, Program
from programs.queries.plans import require_feature
from programs.queries.snapshots import Snapshot, snapshot

MAX_POINTS = 10**12  # a call's limit; far below where a 64-bit total could overflow
ADJUSTMENT_REASONS = {
    "correction": "Correction of a mistake",
    "goodwill": "Goodwill",
    "complaint": "Complaint",
    "missing_points": "Points that were missing",
    "fraud": "Fraud",
    "migration": "Migration from another system",
    "other": "Other",
}


@once
def award(
    *,
    environment: Environment,
    member: str,
    points: int,
    reason: str | None,
    actor: Actor,
    now: datetime,
    type: Literal["earned", "bonus"] = "earned",  # noqa: A002 - the wire's word
    metadata: dict[str, Any] | None = None,
    expires_at: datetime | None = None,
    metric: str | None = None,
    program: str | None = None,
    idempotency: Idempotency | None = None,
) -> LedgerEntry:
    """Give `points` (1 to 10^12), cut to what the metric's maximum leaves room for. `expires_at` overrides
    the metric's expiry; one in the past is accepted: earned and expired, two entries.

    Raises InvalidRequest, MaximumReached, MemberFrozen, ProgramNotFound, NotFound (metric), Replay. Locks: the account.
    """
    check_points(points)
    config = snapshot(environment)
    unit = find_metric(config, metric, program)
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    book = journal.open(member, unit)
    given = credit(
        book,
        config,
        unit,
        type=type,
        points=points,
        cause=Cause(reason=reason, metadata=metadata),
        occurred_at=now,
        expires_at=expires_at,
    )
    entry = _must(given, book)
    journal.write(entry, member_id=entry.member_id)
    return entry


@once
def spend(
    *,
    environment: Environment,
    member: str,
    points: int,
    reason: str | None,
    actor: Actor,
    now: datetime,
    metadata: dict[str, Any] | None = None,
    metric: str | None = None,
    program: str | None = None,
    idempotency: Idempotency | None = None,
) -> LedgerEntry:
    """Take `points` (1 to 10^12) for something outside the reward catalogue.

    Raises InsufficientBalance, InvalidRequest, MemberFrozen, ProgramNotFound, NotFound (metric), Replay. Locks: the
    account.
    """
    check_points(points)
    unit = find_metric(snapshot(environment), metric, program)
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    book = journal.open(member, unit, spends=points)
    entry = covering.debit(
        book, type="redeemed", points=points, cause=Cause(reason=reason, metadata=metadata)
    )
    journal.write(entry, member_id=entry.member_id)
    return entry


@once
def adjust(
    *,
    environment: Environment,
    member: str,
    points: int,
    reason: str,
    note: str,
    actor: Actor,
    now: datetime,
    metric: str | None = None,
    idempotency: Idempotency | None = None,
) -> LedgerEntry:
    """Correct a balance by hand: `points` is signed and not 0; `reason` is a code of
    ADJUSTMENT_REASONS, `note` says why (domain.md 9.3). A frozen member may be adjusted.

    Never takes more than can be spent: InsufficientBalance. Above the program's limit it takes a second person:
    ApprovalRequired, or FeatureNotInPlan where the plan knows none. Raises InvalidRequest, MaximumReached,
    NotFound, Replay.
    Locks: the account.
    """
    check_adjustment(points=points, reason=reason, note=note)
    config = snapshot(environment)
    unit = find_metric(config, metric, None)
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    book = journal.open(member, unit, spends=max(0, -points), frozen_ok=True)
    need = approval_needed(
        environment=environment,
        member_id=book.account.member_id,
        metric=unit,
        points=points,
        actor=actor,
        at=timezone.now(),
    )
    if need:
        require_feature(environment, "approvals")
        raise need.refusal()
    cause = Cause(reason=reason, metadata={"note": note.strip()})
    entry = post_adjustment(book, config, unit, points=points, cause=cause, now=now)
    journal.write(entry, member_id=entry.member_id)
    return entry


def check_adjustment(*, points: int, reason: str, note: str) -> None:
    """Raises InvalidRequest unless an adjustment may be so."""
    if points == 0 or abs(points) > MAX_POINTS:
        raise InvalidRequest.field(
            "points", "invalid", f"A whole number from 1 to {MAX_POINTS}, or below zero."
        )
    if reason not in ADJUSTMENT_REASONS:
        raise InvalidRequest.field(
            "reason", "invalid_choice", f"Choose from {', '.join(ADJUSTMENT_REASONS)}."
        )
    if not note.strip():
        raise InvalidRequest.field("note", "blank", "Say why; the note stands in the audit trail.")


def post_adjustment(
    book: Book, config: Snapshot, metric: Metric, *, points: int, cause: Cause, now: datetime
) -> LedgerEntry:
    """Plan the entry, in a book whose spendable lots were read. Raises InsufficientBalance, MaximumReached."""
    if points < 0:
        return covering.debit(book, type="adjusted", points=-points, cause=cause)
    given = credit(book, config, metric, type="adjusted", points=points, cause=cause, occurred_at=now)
    return _must(given, book)


def credit(
    book: Book,
    config: Snapshot,
    metric: Metric,
    *,
    type: str,  # noqa: A002
    points: int,
    cause: Cause,
    occurred_at: datetime,
    expires_at: datetime | None = None,
    asked: int | None = None,
) -> LedgerEntry | None:
    """A credit under the metric's point rules: its vesting delay, its expiry unless one is given, and its
    maximum, to which the points are cut (the entry's `nominal` says what was asked). None: no room.
    `asked`: what the points were, where the maximum has cut them already."""
    room = points if metric.maximum is None else max(0, metric.maximum - book.account.total)
    given = min(points, room)
    if not given:
        return None
    return covering.credit(
        book,
        type=type,
        points=given,
        nominal=asked or (points if given < points else None),
        cause=cause,
        occurred_at=occurred_at,
        vesting=timedelta(days=metric.vesting_days),
        expires_at=expires_at or expiry_of(policy_of(metric), occurred_at, config.time_zone),
    )


def policy_of(metric: Metric) -> ExpiryPolicy:
    """When points of this metric expire, as the rules of lots take it."""
    return ExpiryPolicy(
        kind=cast("ExpiryKind", metric.expiry),
        count=metric.expiry_count,
        date=metric.expiry_date,
        month_end=metric.expiry_month_end,
    )


def _must(entry: LedgerEntry | None, book: Book) -> LedgerEntry:
    if entry is None:
        maximum = book.account.metric.maximum
        raise MaximumReached(
            f"An account of {book.account.metric} holds at most {maximum} points, and this one has"
            f" {book.account.total}.",
            maximum=maximum,
            total=book.account.total,
        )
    return entry


def find_metric(config: Snapshot, metric: str | None, program: str | None) -> Metric:
    """The metric that a call means. Without one: `points`, or the only metric of the named program.

    Raises ProgramNotFound, or NotFound for the metric; both name what there is.
    """
    owner = find_program(config, program) if program else None
    owned = [unit for unit in config.metrics if owner is None or unit.program_id == owner.id]
    if metric is None and owner is not None and len(owned) == 1:
        return owned[0]
    for unit in owned:
        if unit.code == (metric or "points"):
            return unit
    known = ", ".join(unit.code for unit in owned) or "none"
    raise NotFound(f"There is no metric {metric or 'points'!r} here; there is: {known}.")


def find_program(config: Snapshot, name: str) -> Program:
    """A program by code or `prg_` id. Raises ProgramNotFound."""
    program = config.program(name)
    if program is None:
        raise ProgramNotFound(f"There is no program {name!r} in this environment.")
    return program


def check_points(points: int) -> None:
    """Raises InvalidRequest unless a call may move so many."""
    if not 0 < points <= MAX_POINTS:
        raise InvalidRequest.field("points", "invalid", f"A whole number from 1 to {MAX_POINTS}.")
