"""An account as it stood at an instant, by business time, by recorded time, or both (domain.md 3.9).

The rows that were known then are read, settled in memory as a read at that time would have, and of all
that only what had happened counts.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from audit.record import Actor
from loyalty.ledger.book import LIFETIME, Book, root_type
from loyalty.ledger.reading import read_holds
from loyalty.ledger.settling import settle
from loyalty.ledger.sql import sections
from loyalty.models import Account, Hold, Lot, Uncovered
from loyalty.rules import lots as lot_rules

_SQL = sections("history.sql")
_EVER = "infinity"


@dataclass(frozen=True, slots=True)
class Standing:
    """An account at an instant, in points. `lots`: those with something left, as they were.

    `exists`: something had been posted by then. `earned` and the like are lifetime figures.
    """

    at: datetime
    exists: bool
    total: int
    pending: int
    held: int
    shortfall: int
    lifetime: dict[str, int]
    lots: list[lot_rules.Lot]

    @property
    def balance(self) -> int:
        return self.total - self.pending - self.held


def standing(account: Account, *, now: datetime, at: datetime | None, known: datetime | None) -> Standing:
    """The account at the business instant `at` (None: at `now`), from what was recorded by `known` (None:
    all). `now`: the environment's time at `known`. Seven statements at most; call it in one snapshot."""
    until = max(now, at or now)
    arguments = {"account": account.id, "known": known or _EVER, "at": at or _EVER}
    figures = _ask("figures", arguments)
    lots = _ask("lots", arguments)
    book = _book(account, lots, until)
    _learn_holds(book, at, known)
    _learn_uncovered(book, arguments)
    _set_figures(book, figures)
    settle(book, None)
    missing = sum(row["open"] for row in _ask("uncovered", arguments) if row["kind"] == "shortfall")
    return _standing_at(book, at or now, lots, figures, missing)


def _ask(section: str, arguments: dict[str, Any]) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(_SQL[section], arguments)
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _book(account: Account, lots: list[dict[str, Any]], until: datetime) -> Book:
    """What was left of each lot, with nothing held yet. One that ever vested may count as pending: to
    settle it again changes nothing, since no vested lot has anything left while there is debt."""
    was = Account(
        id=account.id,
        environment_id=account.environment_id,
        member_id=account.member_id,
        metric_id=account.metric_id,
    )
    book = Book(account=was, now=until, recorded_at=until, actor=Actor.system("as_of", ""), uncovered=[])
    for row in lots:
        lot = Lot(
            id=row["id"],
            environment_id=account.environment_id,
            member_id=account.member_id,
            account_id=account.id,
            points=row["points"],
            remaining=row["points"] - row["used"],
            pending=row["available_at"] > row["earned_at"],
            earned_at=row["earned_at"],
            available_at=row["available_at"],
            expires_at=row["expires_at"],
        )
        book.lots[lot.id] = lot
    return book


def _learn_holds(book: Book, at: datetime | None, known: datetime | None) -> None:
    """The holds that were open, or closed only after `at`; those closed after `known` were open."""
    holds = Hold.objects.filter(account=book.account.id)
    relevant = Q(closed_recorded_at__isnull=True)
    if known:
        holds = holds.filter(recorded_at__lte=known)
        relevant |= Q(closed_recorded_at__gt=known)
    if at:
        relevant |= Q(closed_at__gt=at)
    read_holds([book], holds.filter(relevant))
    for hold in book.holds.values():
        if hold.closed_recorded_at and known and hold.closed_recorded_at > known:
            hold.status, hold.closed_at, hold.captured = Hold.Status.OPEN, None, 0
        if hold.status == Hold.Status.OPEN:
            for piece in book.hold_lots[hold.id]:
                piece.lot.remaining -= piece.points
                piece.lot.held += piece.points


def _learn_uncovered(book: Book, arguments: dict[str, Any]) -> None:
    open_then = {
        row["id"]: row["open"] for row in _ask("uncovered", arguments | {"at": _EVER}) if row["open"]
    }
    rows = Uncovered.objects.filter(pk__in=list(open_then)).select_related("entry__reverses__reverses")
    book.uncovered = list(rows.order_by("entry__sequence", "kind")) if open_then else []
    for row in book.uncovered:
        row.open = open_then[row.id]


def _set_figures(book: Book, figures: list[dict[str, Any]]) -> None:
    account = book.account
    for row in figures:
        name, sign = LIFETIME[row["root"]]
        setattr(account, name, getattr(account, name) + sign * row["points"])
        account.total += row["points"]
        account.sequence = max(account.sequence, row["sequence"])
    account.pending = sum(lot.remaining for lot in book.lots.values() if lot.pending)
    account.held = sum(lot.held for lot in book.lots.values())


def _standing_at(
    book: Book, at: datetime, lots: list[dict[str, Any]], figures: list[dict[str, Any]], shortfall: int
) -> Standing:
    """Of the settled book, what had happened by `at`."""
    lifetime = dict.fromkeys((name for name, _ in LIFETIME.values()), 0)
    for row in figures:
        name, sign = LIFETIME[row["root"]]
        lifetime[name] += sign * row["points_then"]
    for entry in book.entries:
        if entry.occurred_at <= at:
            name, sign = LIFETIME[root_type(entry)]
            lifetime[name] += sign * entry.points
            shortfall += entry.points if entry.nominal == 0 else 0  # a lapsed hold has paid it
    left = {row["id"]: row["points"] - row["used_then"] for row in lots if row["earned_at"] <= at}
    for use in book.lot_uses:
        if use.occurred_at <= at and use.lot_id in left:
            left[use.lot_id] -= use.points
    held = _held_at(book, at)
    states = [_state(book.lots[key], points, held.get(key, 0), at) for key, points in left.items() if points]
    return Standing(
        at=at,
        exists=any(row["entries_then"] for row in figures),
        total=sum(sign * lifetime[name] for name, sign in dict(LIFETIME.values()).items()),
        pending=sum(state.remaining for state in states if state.pending),
        held=sum(state.held for state in states),
        shortfall=shortfall,
        lifetime=lifetime,
        lots=states,
    )


def _held_at(book: Book, at: datetime) -> dict[UUID, int]:
    held: dict[UUID, int] = {}
    for hold in book.holds.values():
        if hold.occurred_at <= at and (hold.closed_at is None or at < hold.closed_at):
            for piece in book.hold_lots[hold.id]:
                held[piece.lot_id] = held.get(piece.lot_id, 0) + piece.points
    return held


def _state(lot: Lot, left: int, held: int, at: datetime) -> lot_rules.Lot:
    return lot_rules.Lot(
        id=lot.id,
        points=lot.points,
        remaining=left - held,
        held=held,
        earned_at=lot.earned_at,
        available_at=lot.available_at,
        expires_at=lot.expires_at,
        pending=lot.available_at > at,
    )
