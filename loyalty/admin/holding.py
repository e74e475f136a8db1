"""What capturing or releasing a hold does, found by doing it and taking it back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from loyalty.actions.holds import Capture
from loyalty.admin.confirming import rehearsed
from loyalty.admin.effects import Piece, pieces_of
from loyalty.models import Hold, LedgerEntry, LotUse
from loyalty.queries.balances import Balance, balances_of
from loyalty.queries.holds import lots_of_hold
from programs.models import Environment


def hold_effect(
    *, environment: Environment, hold: Hold, now: datetime, act: Callable[[], Capture | Hold]
) -> dict[str, Any]:
    """The lots' and the balance's changes. `act` captures or releases the hold."""

    def look() -> dict[str, Any]:
        before = _balance(environment, hold, now)
        last = _last_sequence(hold)
        known = set(_uses(hold).values_list("pk", flat=True))
        done = act()
        entries = list(
            LedgerEntry.objects.filter(account_id=hold.account_id, sequence__gt=last).order_by("sequence")
        )
        uses = list(_uses(hold).exclude(pk__in=known).select_related("lot").order_by("id"))
        pieces = [
            replace(piece, kind="captured") if piece.kind == "taken" else piece
            for piece in pieces_of(uses, entries, main=done.entry if isinstance(done, Capture) else None)
        ]
        return _shown(before, _balance(environment, hold, now), _in_order(hold, pieces))

    return rehearsed(look)


def _in_order(hold: Hold, pieces: list[Piece]) -> list[Piece]:
    """What is captured, what is free again, and what comes of that."""
    captured = [piece for piece in pieces if piece.kind == "captured"]
    return captured + _returning(hold, captured) + [piece for piece in pieces if piece.kind != "captured"]


def _returning(hold: Hold, pieces: list[Piece]) -> list[Piece]:
    """What goes back to its lots: all that is held and was not captured."""
    captured: dict[Any, int] = {}
    for piece in pieces:
        captured[piece.lot.pk] = captured.get(piece.lot.pk, 0) - piece.change
    return [
        Piece("released", back, held.lot, held.lot.entry)
        for held in lots_of_hold(hold)
        if (back := held.points - captured.get(held.lot_id, 0))
    ]


def _shown(before: Balance, after: Balance, pieces: list[Piece]) -> dict[str, Any]:
    figures = {
        "before": before.balance,
        "after": after.balance,
        "held_before": before.held,
        "held_after": after.held,
    }
    return figures | {
        "metric": before.metric,
        "pieces": pieces,
        "shown": [figures, [piece.shown() for piece in pieces]],
    }


def _balance(environment: Environment, hold: Hold, now: datetime) -> Balance:
    found = balances_of(environment=environment, member_id=hold.member_id, now=now)
    return next(balance for balance in found if balance.metric.pk == hold.account.metric_id)


def _last_sequence(hold: Hold) -> int:
    entries = LedgerEntry.objects.filter(account_id=hold.account_id).order_by("-sequence")
    return entries.values_list("sequence", flat=True).first() or 0


def _uses(hold: Hold) -> Any:
    return LotUse.objects.filter(
        account_id=hold.account_id, lot__in=[row.lot_id for row in lots_of_hold(hold)]
    )
