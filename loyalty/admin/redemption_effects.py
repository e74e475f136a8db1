"""What a redemption, its fulfilment or its cancellation changes, found by doing it and taking it back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.ids import new_id
from loyalty.admin.confirming import rehearsed
from loyalty.admin.effects import Piece, pieces_of
from loyalty.models import (
    LedgerEntry,
    LotUse,
    Member,
    MemberItem,
    MemberTier,
    Redemption,
    RewardCode,
    RewardStock,
)
from loyalty.queries.balances import balances_of
from loyalty.queries.relations import own_lots_of, survivor_of
from programs.models import Environment, Metric, Reward


@dataclass(frozen=True, slots=True)
class Purse:
    """What can be spent of one metric before and after, and which lots it comes from or goes back to."""

    metric: Metric
    before: int
    after: int
    pieces: list[Piece]


@dataclass(frozen=True, slots=True)
class _State:
    """How the member, the stock and the code stand."""

    balances: dict[UUID, tuple[Metric, int]]
    items: dict[str, int]
    tiers: dict[str, str]
    left: int | None
    code: RewardCode | None


def redemption_effect(
    *,
    environment: Environment,
    member: Member,
    reward: Reward,
    redemption: Redemption | None,
    now: datetime,
    act: Callable[[], Redemption],
) -> dict[str, Any]:
    """Purses, changes as sentences, and `shown`. `act` does it; `redemption` is the one it is done to. Raises
    what `act` raises; nothing stays written. Locks what `act` locks, for as long as it takes."""
    owner = survivor_of(member) or member

    def look() -> dict[str, Any]:
        before = _state(environment, owner, reward, redemption, now)
        mark = new_id()
        done = act()
        after = _state(environment, owner, reward, done, now)
        pieces = _pieces(member, owner, mark)
        purses = [
            Purse(metric, before.balances[key][1], balance, pieces.get(key, []))
            for key, (metric, balance) in after.balances.items()
            if key in pieces or before.balances[key][1] != balance
        ]
        changes = _changes(reward, before, after)
        figures = [[str(p.metric.code), p.before, p.after, [q.shown() for q in p.pieces]] for p in purses]
        return {
            "redemption": done,
            "becomes": Redemption.Status(done.status).label,
            "purses": purses,
            "changes": changes,
            "owner": owner if owner.pk != member.pk else None,
            "shown": [figures, changes, done.status],
        }

    return rehearsed(look)


def _state(
    environment: Environment, owner: Member, reward: Reward, redemption: Redemption | None, now: datetime
) -> _State:
    items = MemberItem.objects.filter(member=owner).select_related("item__inventory_set")
    tiers = MemberTier.objects.filter(member=owner).select_related("tier", "ladder__program")
    stock = RewardStock.objects.filter(reward=reward).first()
    found = balances_of(environment=environment, member_id=owner.pk, now=now)
    return _State(
        balances={balance.metric.pk: (balance.metric, balance.balance) for balance in found},
        items={
            f"{row.item} ({row.item.inventory_set})": row.quantity
            for row in items.order_by("item__title", "pk")
        },
        tiers={row.ladder.program.name: str(row.tier or "no tier") for row in tiers},
        left=stock.left if stock else None,
        code=RewardCode.objects.filter(redemption=redemption).first() if redemption else None,
    )


def _pieces(member: Member, owner: Member, mark: UUID) -> dict[UUID, list[Piece]]:
    """By metric: what was written after the mark, in the accounts of both where they are two."""
    both = [member.pk, owner.pk]
    entries = list(
        LedgerEntry.objects.filter(member_id__in=both, pk__gt=mark).select_related("account", "reverses")
    )
    uses = list(
        LotUse.objects.filter(member_id__in=both, pk__gt=mark)
        .select_related("lot__entry", "account")
        .order_by("pk")
    )
    entries.sort(key=lambda entry: (entry.account_id, entry.sequence))
    found: dict[UUID, list[Piece]] = {}
    for metric in {entry.account.metric_id for entry in entries}:
        written = [entry for entry in entries if entry.account.metric_id == metric]
        main = _main(written)
        own = own_lots_of(main.reverses) if main and main.reverses and main.points < 0 else ()
        mine = [use for use in uses if use.account.metric_id == metric and _stays(use, member, owner)]
        pieces = pieces_of(mine, written, main=main, own_lots=own)
        is_spent = main is not None and main.reverses_id is None
        found[metric] = [replace(p, kind="spent") if is_spent and p.kind == "taken" else p for p in pieces]
    return found


def _main(written: Sequence[LedgerEntry]) -> LedgerEntry | None:
    """The entry that the redemption, or its reversal, is in this metric."""
    return next((entry for entry in written if entry.redemption_id or entry.reverses_id), None)


def _stays(use: LotUse, member: Member, owner: Member) -> bool:
    """What only passes through a merged member's account on its way is no news to anybody."""
    return member.pk == owner.pk or use.points < 0 or use.lot.member_id == owner.pk


def _changes(reward: Reward, before: _State, after: _State) -> list[str]:
    """All that changes beside points, as sentences."""
    return [
        *_moved("Tier in", before.tiers, after.tiers, "no tier"),
        *_moved("Owns of", before.items, after.items, 0),
        *_code_changes(reward, before.code, after.code),
        *([f"Left in stock: {before.left:,} → {after.left:,}."] if _differ(before, after) else []),
    ]


def _differ(before: _State, after: _State) -> bool:
    return before.left is not None and after.left is not None and before.left != after.left


def _moved(what: str, before: dict[str, Any], after: dict[str, Any], none: object) -> list[str]:
    names = dict.fromkeys([*before, *after])
    pairs = [(name, before.get(name, none), after.get(name, none)) for name in names]
    return [f"{what} {name}: {was} → {becomes}." for name, was, becomes in pairs if was != becomes]


def _code_changes(reward: Reward, before: RewardCode | None, after: RewardCode | None) -> list[str]:
    if before is None:
        return [_issued(reward, after)] if after else []
    if after is None:
        return [f"The code {before} goes back to the pool: somebody else may get it."]
    if after.status == before.status:
        return []
    if after.status == RewardCode.Status.VOID:
        return [f"The code {before} becomes void: no till takes it any more."]
    if after.status == RewardCode.Status.USED:
        return [f"The code {before} counts as used from now on: no till takes it a second time."]
    return [f"The code {before} becomes {after.get_status_display().lower()}."]


def _issued(reward: Reward, code: RewardCode) -> str:
    days = reward.code_valid_days
    ends = f"valid for {days:,} day{'' if days == 1 else 's'}" if days else "which does not expire"
    source = "An uploaded code" if code.source == RewardCode.Source.POOL else "A new code"
    return f"{source} is issued, {ends}."
