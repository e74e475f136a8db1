"""A member's history as their app shows it: achievements, metrics and inventory in the order in which they were
written (domain.md 8, api.md /api/loyalty).

Of rows the timestamp is that of their ids (UUIDv7: unix milliseconds, then their order), so that a page is read by
the indexes on (member, id). What a challenge gave is told with its completion, and what was taken back with that.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar
from uuid import UUID

from django.db.models import Model, OuterRef, Q, QuerySet, Subquery

from audit.ids import public
from loyalty.ledger.book import CHALLENGE, OPENING
from loyalty.ledger.consistent import one_state
from loyalty.models import Achievement, Event, ItemChange, LedgerEntry, Member, MilestoneChange
from loyalty.queries.windows import ENTRY, Windows, windows_of
from programs.models import Environment

LineType = Literal[
    "missionCompleted",
    "challengeCompleted",
    "missionRevoked",
    "challengeRevoked",
    "metricChanged",
    "inventoryChanged",
]
T = TypeVar("T")
ModelT = TypeVar("ModelT", bound=Model)
ItemName = tuple[str, str]
"""The public ids of an inventory set and of an item of it."""

_CHALLENGE, _ITEM = "challenge__program", "item__inventory_set__program"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LATEST = 253_402_300_799_998  # ms; the last but one that a datetime holds


@dataclass(frozen=True, slots=True)
class Line:
    """`timestamp`: unix ms. `metrics`: points before and after, by code; `milestones`: public ids before and after,
    by that of their set, None below the first. `challenge_id`, `mission_id`: UUIDs as text."""

    id: str
    timestamp: int
    type: LineType
    challenge_id: str | None = None
    mission_id: str | None = None
    metrics: dict[str, tuple[int, int]] = field(default_factory=dict)
    received: list[ItemName] = field(default_factory=list)
    lost: list[ItemName] = field(default_factory=list)
    milestones: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """`next_ms`: from when on the next page begins; None at the end. `history_from`: from then on nothing is left out;
    None: nothing at all is."""

    lines: list[Line]
    next_ms: int | None
    history_from: datetime | None = None


@dataclass(slots=True)
class _Row:
    """One line to be, and what is told with it. `revokes`: of an achievement, that it was taken back."""

    ms: int
    source: LedgerEntry | ItemChange | Achievement
    revokes: bool = False
    entries: list[LedgerEntry] = field(default_factory=list)
    items: list[ItemChange] = field(default_factory=list)

    @property
    def place(self) -> tuple[int, UUID, bool]:
        """In one millisecond the ledger's order decides, so that each total follows from the one before."""
        own = self.source.id if ms_of(self.source.id) == self.ms else id_at(self.ms)
        return self.ms, self.entries[-1].id if self.entries else own, self.revokes


def history_of(
    *,
    environment: Environment,
    member: Member,
    since_ms: int | None,
    until_ms: int | None,
    limit: int = 100,
    now: datetime | None = None,
) -> HistoryPage:
    """What was written from `since_ms` to `until_ms`, both inclusive, unix ms, oldest first. A page ends where a
    timestamp ends; one with more than `limit` lines is given whole. Seven statements at most (fifteen for such a
    one), whatever the member's history."""
    since = max(since_ms or 0, 0)
    until = _LATEST if until_ms is None else min(until_ms, _LATEST)
    asked = _Asked(member.pk, windows_of(environment, now))
    with one_state():
        rows, following = _page(asked, since, until, limit)
        complete = asked.windows.tightest if asked.windows else None
        return HistoryPage(_lines(member.pk, rows), following, complete)


def completed_lines(member_id: UUID, achievements: Sequence[Achievement]) -> list[Line]:
    """The line of each completion; in their order. They come with challenge and mission; three statements at most."""
    rows = [_Row(ms_of(one.id), one) for one in achievements]
    _fold(member_id, rows)
    crossings = _crossings(member_id, rows)
    return [_line(row, crossings) for row in rows]


def ms_of(key: UUID) -> int:
    """The unix milliseconds at which a UUIDv7 was made."""
    return key.int >> 80


def ms_at(instant: datetime) -> int:
    """An instant as unix milliseconds."""
    return (instant - _EPOCH) // _MILLISECOND


def id_at(ms: int) -> UUID:
    """The lowest id of that millisecond."""
    return UUID(int=ms << 80)


# -- which rows


@dataclass(frozen=True, slots=True)
class _Asked:
    """Whose history, and from when on each program's is shown."""

    member_id: UUID
    windows: Windows | None

    def rows(self, model: type[ModelT], program: str) -> QuerySet[ModelT]:
        own = model._default_manager.filter(member=self.member_id)
        return own.filter(self.windows.shown(program)) if self.windows else own

    def revoked(self, since: int, until: int) -> QuerySet[Achievement]:
        """What was taken back, by when the refund happened: `revoked_at` is of real time."""
        rows = Achievement.objects.filter(
            member=self.member_id, revoked_at__gte=_instant(since), revoked_at__lt=_instant(until + 1)
        )
        if self.windows:
            refund = Event.objects.filter(pk=OuterRef("revoked_by_id")).values("occurred_at")
            rows = rows.annotate(refunded_at=Subquery(refund))
            rows = rows.filter(self.windows.shown(_CHALLENGE, "refunded_at"))
        return rows.select_related("challenge", "mission").order_by("revoked_at")


def _page(asked: _Asked, since: int, until: int, limit: int) -> tuple[list[_Row], int | None]:
    """The rows of a page, and when the next one begins."""
    rows = _read(asked, since, until, limit + 1)
    if len(rows) <= limit:
        return rows, None
    cut = rows[limit].ms
    if rows[0].ms < cut:
        return [row for row in rows if row.ms < cut], cut
    further = _read(asked, cut + 1, until, 1)
    return _read(asked, cut, cut, None), further[0].ms if further else None


def _read(asked: _Asked, since: int, until: int, most: int | None) -> list[_Row]:
    """The first `most` rows of that time. What others fold into the lines of achievements is skipped by its rows, so
    never many more than those achievements are read."""
    if since > until:
        return []
    achieved = asked.rows(Achievement, _CHALLENGE).select_related("challenge", "mission")
    rows = [_Row(ms_of(one.id), one) for one in _first(achieved, since, until, most)]
    until = _end(rows, until, most)
    revoked = asked.revoked(since, until)[:most]
    taken = [_Row(_ms(one.revoked_at), one, revokes=True) for one in revoked]
    until = _end(taken, until, most)
    entries = asked.rows(LedgerEntry, ENTRY).exclude(_FOLDED).exclude(points=0)
    items = asked.rows(ItemChange, _ITEM).filter(achievement_id__isnull=True)
    for model in (entries.select_related("account__metric"), items.select_related("item__inventory_set")):
        rows += [_Row(ms_of(one.id), one) for one in _first(model, since, until, most)]
    return sorted([*rows, *taken], key=lambda row: row.place)[:most]


# What a refund takes back of a challenge's rewards is told with the challenge; what staff take back is not.
_TAKEN_BACK = Q(event__isnull=False, reverses__origin__startswith=CHALLENGE)
_FOLDED = Q(origin=OPENING) | Q(origin__startswith=CHALLENGE) | _TAKEN_BACK


def _first(rows: QuerySet[Any], since: int, until: int, most: int | None) -> QuerySet[Any]:
    return rows.filter(id__gte=id_at(since), id__lt=id_at(until + 1)).order_by("id")[:most]


def _end(rows: Sequence[_Row], until: int, most: int | None) -> int:
    """Whatever comes after the last of a full page is on another one."""
    return rows[-1].ms if most and len(rows) == most else until


def _instant(ms: int) -> datetime:
    return _EPOCH + ms * _MILLISECOND


def _ms(at: datetime | None) -> int:
    assert at is not None  # noqa: S101 - of a revoked one
    return ms_at(at)


# -- what is told with them


def _lines(member_id: UUID, rows: list[_Row]) -> list[Line]:
    _fold(member_id, rows)
    crossings = _crossings(member_id, rows)
    return [_line(row, crossings) for row in sorted(rows, key=lambda row: row.place)]


def _fold(member_id: UUID, rows: Iterable[_Row]) -> None:
    """Give each row what is told with it; of achievements what they gave and what was taken back. Two statements,
    none without a challenge."""
    challenges: dict[tuple[UUID, bool], _Row] = {}
    owners: dict[tuple[UUID, bool], _Row] = {}
    for row in rows:
        if isinstance(row.source, LedgerEntry):
            row.entries = [row.source]
        elif isinstance(row.source, ItemChange):
            row.items = [row.source]
        elif row.source.kind == Achievement.Kind.CHALLENGE:
            challenges[row.source.id, row.revokes] = row
            owners |= {(entry_id, row.revokes): row for entry_id in row.source.entry_ids}
    if challenges:
        _fold_entries(member_id, owners)
        _fold_items(member_id, challenges)


def _fold_entries(member_id: UUID, owners: dict[tuple[UUID, bool], _Row]) -> None:
    """By the entry that was given, and whether it is taken back."""
    if not owners:
        return
    keys = {key for key, _ in owners}
    given, taken = Q(pk__in=keys), Q(reverses__in=keys, event__isnull=False)
    entries = LedgerEntry.objects.filter(given | taken, member=member_id)
    for entry in entries.select_related("account__metric").order_by("account", "sequence"):
        if row := owners.get((entry.reverses_id or entry.id, entry.reverses_id is not None)):
            row.entries.append(entry)


def _fold_items(member_id: UUID, owners: dict[tuple[UUID, bool], _Row]) -> None:
    changes = ItemChange.objects.filter(member=member_id, achievement_id__in={key for key, _ in owners})
    for change in changes.select_related("item__inventory_set").order_by("id"):
        if change.achievement_id and (row := owners.get((change.achievement_id, change.quantity < 0))):
            row.items.append(change)


def _crossings(member_id: UUID, rows: Iterable[_Row]) -> dict[UUID, list[MilestoneChange]]:
    """The milestones that these rows' entries crossed, by entry; one statement, none without entries."""
    entries = [entry.id for row in rows for entry in row.entries]
    found: dict[UUID, list[MilestoneChange]] = {}
    if entries:
        changes = MilestoneChange.objects.filter(member=member_id, entry__in=entries)
        for change in changes.select_related("milestone_set").order_by("milestone_set__title", "id"):
            found.setdefault(change.entry_id, []).append(change)
    return found


# -- the lines


def _line(row: _Row, crossings: dict[UUID, list[MilestoneChange]]) -> Line:
    source = row.source
    line = Line(_name(row), row.ms, _type(row))
    if isinstance(source, Achievement):
        mission = source.mission
        line = replace(
            line,
            challenge_id=str(source.challenge.public_id),
            mission_id=str(mission.public_id) if mission else None,
        )
    for entry in row.entries:
        _put(line.metrics, entry.account.metric.code, entry.balance_after - entry.points, entry.balance_after)
        for change in crossings.get(entry.id, ()):
            _put(line.milestones, change.milestone_set.public_id, change.from_id, change.to_id)
    for moved in row.items:
        name = (moved.item.inventory_set.public_id, moved.item.public_id)
        (line.received if moved.quantity > 0 else line.lost).extend([name] * abs(moved.quantity))
    return line


def _put(known: dict[str, tuple[T, T]], name: str, before: T, after: T) -> None:
    """Several changes in one line are told as one; none where they come to nothing."""
    first = known.pop(name, (before, before))[0]
    if first != after:
        known[name] = first, after


def _name(row: _Row) -> str:
    prefix = {LedgerEntry: "txn", ItemChange: "itc", Achievement: "ach"}[type(row.source)]
    return public(prefix, row.source.id) + ("_revoked" if row.revokes else "")


def _type(row: _Row) -> LineType:
    source = row.source
    if isinstance(source, LedgerEntry):
        return "metricChanged"
    if isinstance(source, ItemChange):
        return "inventoryChanged"
    if source.kind == Achievement.Kind.CHALLENGE:
        return "challengeRevoked" if row.revokes else "challengeCompleted"
    return "missionRevoked" if row.revokes else "missionCompleted"
