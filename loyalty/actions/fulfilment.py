"""Redemptions are fulfilled, fail or are cancelled (domain.md 5)."""

from datetime import datetime
from uuid import UUID

from audit.errors import InvalidRequest
from audit.record import Actor
from loyalty.actions.giving import give, take_back
from loyalty.actions.once import once
from loyalty.actions.opening import open_for_change
from loyalty.actions.reversals import reverse_opened
from loyalty.errors import NotReversible
from loyalty.ledger.closing import audit_redemption, close
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.posting import Cause, Journal
from loyalty.ledger.reading import read_uncovered
from loyalty.models import LedgerEntry, Member, Redemption, RewardCode
from loyalty.queries.redemptions import already_used, closed, code_status, expired, find_redemption
from programs.models import Environment, Metric
from programs.queries.snapshots import Snapshot, snapshot


@once
def fulfil(
    *,
    environment: Environment,
    redemption: UUID,
    note: str | None = None,
    actor: Actor,
    now: datetime,
    idempotency: Idempotency | None = None,
) -> Redemption:
    """What was promised was handed over; what the reward gives in the engine is given now.

    Raises MaximumReached and NotEligible (what it gives can't be given to the member: fail it, and everything
    is given back), NotFound, RedemptionClosed (not pending), Replay. Locks: the member and their
    accounts, where it gives anything; the redemption.
    """
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    config = snapshot(environment)
    known = find_redemption(environment=environment, redemption=redemption)
    owner = open_for_fulfilment(journal, config, known)
    row = lock_redemption(journal, known)
    if row.status != Redemption.Status.PENDING:
        raise closed(row)
    complete(journal, config, row, owner, note)
    journal.write(row, member_id=row.member_id)
    return row


@once
def cancel(
    *,
    environment: Environment,
    redemption: UUID,
    reason: str | None = None,
    actor: Actor,
    now: datetime,
    idempotency: Idempotency | None = None,
) -> Redemption:
    """Undo a redemption whose code was neither used nor has expired: its points return to their lots, each with
    its own expiry; stock, code, and what it gave are taken back.

    Raises CodeAlreadyUsed, CodeExpired, InsufficientBalance (what it gave is spent, and the metric's policy is
    `reject`), NotFound, NotReversible (the member was erased), RedemptionClosed, Replay. Locks: the member and
    the survivor of a merge, their accounts, the redemption, its code; the stock while it is written.
    """
    return _undo(
        Journal(environment=environment, actor=actor, now=now, idempotency=idempotency),
        redemption,
        Redemption.Status.CANCELLED,
        reason,
    )


@once
def fail(
    *,
    environment: Environment,
    redemption: UUID,
    reason: str,
    actor: Actor,
    now: datetime,
    idempotency: Idempotency | None = None,
) -> Redemption:
    """What was promised can't be handed over: everything is given back, as by `cancel`, of a redemption that
    waits for its fulfilment. Raises and locks as `cancel`, and InvalidRequest without a reason."""
    if not reason.strip():
        raise InvalidRequest.field("reason", "blank", "Say why; it stands with the redemption.")
    return _undo(
        Journal(environment=environment, actor=actor, now=now, idempotency=idempotency),
        redemption,
        Redemption.Status.FAILED,
        reason,
    )


def open_for_fulfilment(journal: Journal, config: Snapshot, known: Redemption) -> UUID:
    """Who goes on for its member. Locks: that member and their accounts, where fulfilment gives anything."""
    if known.gives and known.status == Redemption.Status.PENDING:
        return _open(journal, config, known, [])
    return known.member_id


def lock_redemption(journal: Journal, known: Redemption) -> Redemption:
    """The redemption and its code as they stand now. Raises Replay and IdempotencyKeyReused.

    Locks: the redemption, then its code; accounts before.
    """
    rows = Redemption.objects.select_for_update(of=("self",)).select_related("member", "reward", "metric")
    row = rows.get(pk=known.pk)
    if journal.idempotency:
        journal.idempotency.check_stored(journal.environment.id)
    row.issued_code = RewardCode.objects.select_for_update().filter(redemption=row).first()
    return row


def complete(
    journal: Journal, config: Snapshot, row: Redemption, owner: UUID, note: str | None = None
) -> None:
    """Plan that a locked, pending redemption is fulfilled."""
    give(journal, config, row, owner)
    row.status, row.fulfilled_at, row.note = Redemption.Status.FULFILLED, journal.now, note
    journal.sales.redemption_changes.append(row)
    audit_redemption(journal, row, "fulfilled", note=note)


def _undo(journal: Journal, redemption: UUID, status: Redemption.Status, reason: str | None) -> Redemption:
    known = find_redemption(environment=journal.environment, redemption=redemption)
    if known.member.status == Member.Status.ERASED:
        raise NotReversible("The member was erased; there is nobody to give anything back to.")
    owner = _open(journal, snapshot(journal.environment), known, [known.metric])
    row = lock_redemption(journal, known)
    _check_open(row, status, journal.now)
    told = take_back(journal, row, owner) if row.status == Redemption.Status.FULFILLED else {}
    for entry in _entries(row):
        _reverse(journal, entry, owner, Cause(reason=reason or f"Cancelled: {row.name}"))
    if row.takes_stock:
        journal.sales.take_stock(row.environment_id, row.reward_id, -1)
    _give_code_back(journal, row)
    close(journal, row, status, reason, **told)
    journal.write(row, member_id=row.member_id)
    return row


def _open(journal: Journal, config: Snapshot, known: Redemption, metrics: list[Metric]) -> UUID:
    gives = known.gives
    if "metric" in gives:
        metrics = [*metrics, config.metrics_by_id[UUID(gives["metric"])]]
    tier = UUID(gives["tier"]) if "tier" in gives else None
    return open_for_change(journal, config, known.member, tier, metrics)


def _check_open(row: Redemption, status: Redemption.Status, now: datetime) -> None:
    is_pending = row.status == Redemption.Status.PENDING
    may_be_fulfilled = status == Redemption.Status.CANCELLED and row.status == Redemption.Status.FULFILLED
    code = row.issued_code
    state = code_status(code, now) if code else ""
    if code and state == "used":
        raise already_used(code)
    if not (is_pending or may_be_fulfilled):
        raise closed(row)
    if code and state == "expired" and not is_pending:
        raise expired(code)


def _entries(row: Redemption) -> list[LedgerEntry]:
    """What paid for it and what it gave; read under its lock, since fulfilment adds to them."""
    rows = LedgerEntry.objects.filter(redemption_id=row.pk, reverses__isnull=True)
    return list(rows.select_related("account__metric", "member").order_by("-points", "id"))


def _reverse(journal: Journal, entry: LedgerEntry, owner: UUID, cause: Cause) -> None:
    metric = entry.account.metric
    home, wallet = (journal.book_of(key, metric) for key in (entry.member_id, owner))
    read_uncovered([home, wallet])
    entry.account = home.account
    reverse_opened(home, wallet, entry, None, cause)


def _give_code_back(journal: Journal, row: Redemption) -> None:
    """An uploaded code may be issued to somebody else, unless its reward says that it is void then."""
    code = row.issued_code
    if code is None:
        return
    if code.source == RewardCode.Source.POOL and row.reward.returns_codes:
        code.status, code.member_id, code.redemption = RewardCode.Status.AVAILABLE, None, None
        code.issued_at = code.expires_at = None
        row.issued_code = None
    else:
        code.status = RewardCode.Status.VOID
    journal.sales.code_changes.append(code)
