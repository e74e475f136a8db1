"""Stored rows as the pure rules see them."""

from collections.abc import Iterable

from loyalty.models import Lot
from loyalty.rules import lots as lot_rules


def state_of(lot: Lot) -> lot_rules.Lot:
    """A stored lot as the pure rules see it."""
    return lot_rules.Lot(
        id=lot.id,
        points=lot.points,
        remaining=lot.remaining,
        held=lot.held,
        earned_at=lot.earned_at,
        available_at=lot.available_at,
        expires_at=lot.expires_at,
        pending=lot.pending,
    )


def state_of_all(lots: Iterable[Lot]) -> list[lot_rules.Lot]:
    """Stored lots as the pure rules see them."""
    return [state_of(lot) for lot in lots]
