"""Members spend points on rewards (domain.md 5)."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from audit.errors import InvalidRequest
from audit.record import Actor
from loyalty.actions.giving import give
from loyalty.actions.once import once
from loyalty.actions.opening import open_for_sale
from loyalty.actions.refusing import error_of
from loyalty.errors import OutOfStock
from loyalty.ledger import covering
from loyalty.ledger.closing import audit_redemption
from loyalty.ledger.codes import claim_code
from loyalty.ledger.idempotency import Idempotency
from loyalty.ledger.posting import Book, Cause, Journal
from loyalty.ledger.reading import read_spendable
from loyalty.models import LedgerEntry, Redemption, RewardCode
from loyalty.queries.offers import Offer, find_offer
from loyalty.queries.situations import Known, read_known
from loyalty.rules.redeeming import cost_of, given_points, points_refused, refusals
from programs.code_patterns import fill
from programs.models import Environment, Reward
from programs.queries.snapshots import snapshot


@once
def redeem(
    *,
    environment: Environment,
    member: str,
    reward: str,
    points: int | None = None,
    actor: Actor,
    now: datetime,
    reason: str | None = None,
    metadata: dict[str, Any] | None = None,
    idempotency: Idempotency | None = None,
) -> Redemption:
    """Buy the reward of that `rwd_` id for the member. `points`: what a variable cost spends; of a fixed one
    it may be left out, and must else be the member's cost. An automatic reward is fulfilled at once.

    Raises NotFound, InvalidRequest, the first refusal of `loyalty.rules.redeeming` as its error
    (RewardNotAvailable, MemberFrozen, NotEligible, MemberLimitReached, InsufficientBalance, MaximumReached,
    OutOfStock), Replay. Locks: the account (the member and further accounts, where the reward gives
    something), a pool's code, and the stock only while it is written.
    """
    config = snapshot(environment)
    offer = find_offer(config, reward)
    journal = Journal(environment=environment, actor=actor, now=now, idempotency=idempotency)
    book = open_for_sale(journal, config, offer.reward, member)
    owner = book.account.member_id
    known = read_known(environment=environment, config=config, offers=[offer], member_id=owner, now=book.now)
    cost = _judge(journal, offer, known, book, points)
    row = _row(journal, offer, book, cost)
    row.reason, row.metadata = reason, metadata
    entry = _pay(book, row, cost) if cost else None
    code = _code(offer.reward, row)
    if offer.reward.fulfilment == Reward.Fulfilment.AUTOMATIC:
        give(journal, config, row, owner)
        row.status, row.fulfilled_at = Redemption.Status.FULFILLED, row.occurred_at
    _plan(journal, row, code, takes_stock=known.shelves[offer.reward.pk].is_counted)
    row.paid_by, row.balance = entry, book.account.balance
    journal.write(row, member_id=owner)
    return row


def _judge(journal: Journal, offer: Offer, known: Known, book: Book, points: int | None) -> int:
    """What it costs. Raises the first refusal, and InvalidRequest for points that are not its cost."""
    tier = known.tier_in(offer.reward.program_id)
    wrong = points_refused(offer.terms, points, tier)
    if wrong:
        raise InvalidRequest.field("points", "invalid", wrong)
    cost = points if offer.terms.bounds and points else cost_of(offer.terms, tier)
    situation = known.situation(offer, balance=book.account.balance, room=_room(journal, offer, book))
    for refusal in refusals(offer.terms, situation, cost):
        raise error_of(refusal)
    return cost


def _room(journal: Journal, offer: Offer, book: Book) -> int | None:
    """What is left to the maximum of the metric that it gives at once."""
    unit = offer.reward.gives_metric
    other = journal.find_book(book.account.member_id, unit.pk) if unit else None
    if unit is None or unit.maximum is None or other is None:
        return None
    return unit.maximum - other.account.total


def _row(journal: Journal, offer: Offer, book: Book, cost: int) -> Redemption:
    reward = offer.reward
    return Redemption(
        environment_id=journal.environment.id,
        member_id=book.account.member_id,
        reward=reward,
        metric=reward.metric,
        status=Redemption.Status.PENDING,
        points=cost,
        kind=reward.kind,
        name=reward.name,
        discount_amount=offer.value(cost),
        discount_percent=reward.discount_percent,
        currency=reward.currency,
        gives=_gives(offer, cost),
        occurred_at=book.now,
        recorded_at=timezone.now(),
        actor_kind=journal.actor.kind,
        actor_id=journal.actor.id,
        trace_id=journal.actor.trace_id,
    )


def _gives(offer: Offer, cost: int) -> dict[str, Any]:
    """What it will change, as sold: later edits of the reward change nothing of it."""
    reward, points = offer.reward, given_points(offer.terms, cost)
    if reward.gives_metric_id and points:
        return {"metric": str(reward.gives_metric_id), "points": points}
    if reward.gives_tier_id:
        return {"tier": str(reward.gives_tier_id)}
    return {"item": str(reward.gives_item_id)} if reward.gives_item_id else {}


def _pay(book: Book, row: Redemption, cost: int) -> LedgerEntry:
    read_spendable(book, cost)
    cause = Cause(reason=row.reason or row.name, metadata=row.metadata, redemption_id=row.id)
    return covering.debit(book, type="redeemed", points=cost, cause=cause)


def _code(reward: Reward, row: Redemption) -> RewardCode | None:
    if reward.code_source == Reward.CodeSource.NONE:
        return None
    code: RewardCode | None
    if reward.code_source == Reward.CodeSource.POOL:
        code = claim_code(reward.pk)
        if code is None:
            raise OutOfStock("No code is left.")
    else:
        text = fill(reward.code_pattern, secrets.randbelow)
        code = RewardCode(
            environment_id=row.environment_id, reward=reward, code=text, added_at=row.recorded_at
        )
        code.source = RewardCode.Source.GENERATED
    code.status, code.member_id, code.redemption = RewardCode.Status.ISSUED, row.member_id, row
    code.issued_at = row.occurred_at
    days = reward.code_valid_days
    code.expires_at = row.occurred_at + timedelta(days=days) if days else None
    return code


def _plan(journal: Journal, row: Redemption, code: RewardCode | None, *, takes_stock: bool) -> None:
    sales = journal.sales
    row.takes_stock = takes_stock
    sales.redemptions.append(row)
    if takes_stock:
        sales.take_stock(row.environment_id, row.reward_id, 1)
    if code:
        (sales.code_changes if code.source == RewardCode.Source.POOL else sales.codes).append(code)
    row.issued_code = code
    audit_redemption(
        journal, row, "created", name=row.name, code_id=code and str(code.pk), metadata=row.metadata
    )
    if row.status == Redemption.Status.FULFILLED:
        audit_redemption(journal, row, "fulfilled")
