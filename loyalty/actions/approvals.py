"""An adjustment above the limit: one person asks for it, another decides (domain.md 9.3, docs/approvals.md)."""

from datetime import datetime
from uuid import UUID

from django.utils import timezone

from audit.errors import InvalidRequest, PermissionRefused
from audit.ids import public
from audit.record import Actor
from loyalty.actions.once import once
from loyalty.actions.points import check_adjustment, find_metric, post_adjustment
from loyalty.errors import ApprovalClosed
from loyalty.ledger.approvals import audit_request, close_request
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.members import Redirected
from loyalty.ledger.posting import Cause, Journal
from loyalty.models import AdjustmentRequest, Member
from loyalty.queries.approvals import find_request
from loyalty.queries.members import find_member
from programs.models import Environment
from programs.queries.plans import require_feature
from programs.queries.snapshots import snapshot

LONGEST_NOTE = 1000  # characters
Status = AdjustmentRequest.Status


@once
def request_adjustment(
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
) -> AdjustmentRequest:
    """Ask another person for an adjustment; as `adjust` takes it, and no points move. `actor`: of the staff.

    Raises FeatureNotInPlan, InvalidRequest, NotFound (also the member), PermissionRefused, Replay.
    Locks: the member.
    """
    _check_staff(actor)
    require_feature(environment, "approvals")
    check_adjustment(points=points, reason=reason, note=note)
    _check_length(note)
    if idempotency:
        idempotency.check_stored(environment.id)
    unit = find_metric(snapshot(environment), metric, None)
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    made = AdjustmentRequest.objects.create(
        environment_id=environment.pk,
        member=_lock_member(environment, member),
        metric=unit,
        points=points,
        reason=reason,
        note=note.strip(),
        requested_by=actor.id,
        requested_at=timezone.now(),
        trace_id=actor.trace_id,
    )
    audit_request(journal, made, "requested")
    journal.write(made, member_id=made.member_id)
    return made


@once
def approve_adjustment(
    *,
    environment: Environment,
    request: UUID,
    actor: Actor,
    now: datetime,
    note: str = "",
    idempotency: Idempotency | None = None,
) -> AdjustmentRequest:
    """Make the adjustment that somebody else asked for: the entry is this actor's, and names who asked.

    What stands against it leaves the request waiting: InsufficientBalance, MaximumReached. A frozen member is
    adjusted, a merged one's survivor too. Raises ApprovalClosed, FeatureNotInPlan, InvalidRequest, NotFound,
    PermissionRefused (who asked themselves), Replay. Locks: the account, then the request.
    """
    require_feature(environment, "approvals")
    if idempotency:
        idempotency.check_stored(environment.id)
    asked = _pending(environment, request)
    _check_second(asked, actor)
    _check_length(note)
    config = snapshot(environment)
    unit = config.metrics_by_id[asked.metric_id]
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    # The account first, as a merge and an erasure do, which then come to the requests.
    book = journal.open(str(asked.member), unit, spends=max(0, -asked.points), frozen_ok=True)
    held = _lock(environment, asked)
    if book.account.member_id != held.member_id:
        raise Redirected  # merged meanwhile; or erased, and the id has come back
    said = {"note": held.note, "requested_by": held.requested_by, "request": public("adr", held.pk)}
    cause = Cause(reason=held.reason, metadata=said)
    entry = post_adjustment(book, config, unit, points=held.points, cause=cause, now=now)
    held.entry = entry
    close_request(journal, held, Status.APPROVED, note.strip() or None)
    journal.write(held, member_id=held.member_id)
    held.save(update_fields=_DECISION)
    return held


@once
def reject_adjustment(
    *,
    environment: Environment,
    request: UUID,
    note: str,
    actor: Actor,
    now: datetime,
    idempotency: Idempotency | None = None,
) -> AdjustmentRequest:
    """Say no to what somebody else asked for, and why. Raises ApprovalClosed, InvalidRequest, NotFound,
    PermissionRefused, Replay. Locks: the request."""
    if not note.strip():
        raise InvalidRequest.field("note", "blank", "Say why; who asked reads it.")
    asked = _pending(environment, request, idempotency)
    _check_second(asked, actor)
    return _closed(environment, asked, Status.REJECTED, note, actor, now, idempotency)


@once
def withdraw_adjustment(
    *,
    environment: Environment,
    request: UUID,
    actor: Actor,
    now: datetime,
    note: str = "",
    idempotency: Idempotency | None = None,
) -> AdjustmentRequest:
    """Take back what this actor asked for. Raises ApprovalClosed, NotFound, PermissionRefused, Replay. Locks:
    the request."""
    asked = _pending(environment, request, idempotency)
    if actor.kind != "staff" or asked.requested_by != actor.id:
        raise PermissionRefused(
            f"Only {asked.requested_by}, who asked for it, may withdraw it; you may reject it."
        )
    return _closed(environment, asked, Status.WITHDRAWN, note, actor, now, idempotency)


_DECISION = ["status", "decided_by", "decided_at", "decision_note", "entry"]


def _closed(
    environment: Environment,
    asked: AdjustmentRequest,
    status: AdjustmentRequest.Status,
    note: str,
    actor: Actor,
    now: datetime,
    idempotency: Idempotency | None,
) -> AdjustmentRequest:
    _check_length(note)
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    held = _lock(environment, asked)
    close_request(journal, held, status, note.strip() or None)
    held.save(update_fields=_DECISION)
    journal.write(held, member_id=held.member_id)
    return held


def _pending(
    environment: Environment, request: UUID, idempotency: Idempotency | None = None
) -> AdjustmentRequest:
    """As it stands before anything is locked. Raises ApprovalClosed, NotFound, Replay."""
    if idempotency:
        idempotency.check_stored(environment.id)
    return _still_open(find_request(environment=environment, request=request))


def _lock(environment: Environment, asked: AdjustmentRequest) -> AdjustmentRequest:
    """The request, as it stands now. Raises ApprovalClosed where somebody else was faster. Locks: it."""
    rows = AdjustmentRequest.objects.select_for_update(of=("self",)).select_related("member", "metric")
    return _still_open(rows.get(pk=asked.pk, environment_id=environment.pk))


def _still_open(found: AdjustmentRequest) -> AdjustmentRequest:
    if found.status == Status.PENDING:
        return found
    by, status = found.decided_by, Status(found.status)
    raise ApprovalClosed(
        f"It was {status.label.lower()} already, by {by}; nothing was done.", request_status=str(status)
    )


def _check_staff(actor: Actor) -> None:
    if actor.kind != "staff":
        raise PermissionRefused("Only a person of the staff may ask for and decide adjustments.")


def _check_second(asked: AdjustmentRequest, actor: Actor) -> None:
    _check_staff(actor)
    if asked.requested_by.lower() == actor.id.lower():
        raise PermissionRefused("You asked for it yourself; another person decides.")


def _check_length(note: str) -> None:
    if len(note.strip()) > LONGEST_NOTE:
        raise InvalidRequest.field("note", "max_length", f"At most {LONGEST_NOTE:,} characters.")


def _lock_member(environment: Environment, member: str) -> Member:
    """Whoever answers for the id, so that no merge or erasure passes it by. Raises NotFound, Redirected."""
    key = find_member(environment=environment, member=member).pk
    living = Member.objects.filter(redirect_to__isnull=True, status__in=Member.LIVING)
    found = living.select_for_update(no_key=True).filter(pk=key).first()
    if found is None:
        raise Redirected
    return found
