"""Members of a file, with their opening balances and attributes (docs/imports.md)."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import simplejson
from django.db import connection
from django.db.models import Q

from audit.errors import NotFound
from loyalty.actions.importing_purchases import ERASED, erased_keys
from loyalty.actions.members import MAX_ATTRIBUTES
from loyalty.actions.points import find_metric, policy_of
from loyalty.ledger import accounts
from loyalty.ledger.book import OPENING_BALANCE, Cause
from loyalty.ledger.covering import credit
from loyalty.ledger.members import Redirected, lock_members
from loyalty.ledger.posting import Journal
from loyalty.ledger.seating import HeldSeats, hold_seats
from loyalty.models import Account, Import, LedgerEntry, Member, member_key
from loyalty.models.ledger import MAX_TOTAL
from loyalty.rules.import_rows import BY_RULE, NEVER, MemberLine, balance_key
from loyalty.rules.lots import expiry_of
from programs.models import Metric
from programs.queries.snapshots import Snapshot

REASON = "opening_balance"
_IN_FILE = """
SELECT DISTINCT key FROM loyalty_importpiece, unnest(keys) AS key WHERE file_id = %s AND key = ANY(%s)
"""
_FROZEN = "This member is frozen; an operator can make it active again."


class _Refusal(Exception):
    """Why a line is not taken; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class _Given:
    """An opening balance that somebody has: by which expiry it is told from others, in which import it came, and the
    key that its line would have."""

    points: int
    expiry_name: str
    file: str | None
    key: int


@dataclass(slots=True)
class _Sitting:
    """What the lines need, locked and read. `given`: by whose it was before they were merged, and metric."""

    journal: Journal
    config: Snapshot
    file: Import
    members: dict[str, Member]
    erased: set[UUID]
    given: defaultdict[tuple[str, UUID], list[_Given]] = field(default_factory=lambda: defaultdict(list))
    in_file: set[int] = field(default_factory=set)
    seats: HeldSeats | None = None
    changed: dict[UUID, tuple[Member, dict[str, Any]]] = field(default_factory=dict)

    def identity(self, line: MemberLine) -> str:
        return _identity(member_key(self.journal.environment.namespace, line.member))


def take_members(
    journal: Journal, config: Snapshot, lines: Sequence[MemberLine], file: Import
) -> dict[int, str]:
    """Plan the members that are new, their opening balances (an `adjusted` entry each, available at once, which pays
    debt as any credit does) and changed attributes. An account has one opening balance of each expiry, once: what is
    there already changes nothing. Of each line what became of it: "added", "already", or why not.

    A constant number of statements. Attributes of members who exist are written here, all else by the journal.
    Locks: the members, ids ascending; their accounts; seats.
    """
    names = {line.member for line in lines}
    erased = erased_keys(journal, names)
    namespace = journal.environment.namespace
    names = {name for name in names if member_key(namespace, name) not in erased}
    members = lock_members(environment=journal.environment, members=names, now=journal.now)
    sitting = _Sitting(
        journal, config, file, {name: one for name, one in members.items() if isinstance(name, str)}, erased
    )
    _open_accounts(sitting, lines)
    _read_in_file(sitting, lines)
    _hold_seats(sitting)
    told = {}
    for line in lines:
        try:
            told[line.number] = "added" if _take(sitting, line) else "already"
        except _Refusal as refusal:
            told[line.number] = str(refusal)
    _write_attributes(sitting)
    return told


def _open_accounts(sitting: _Sitting, lines: Sequence[MemberLine]) -> None:
    known = [one.pk for one in sitting.members.values() if not one._state.adding]
    codes = {line.metric for line in lines if line.points}
    metrics = {unit.pk: unit for unit in sitting.config.metrics if unit.code in codes}
    if not known or not metrics:
        return
    locked = accounts.lock_accounts(member_id__in=known, metric_id__in=list(metrics))
    sitting.journal.open_locked(locked)
    _read_given(sitting, known, metrics)


def _read_given(sitting: _Sitting, known: Sequence[UUID], metrics: dict[UUID, Metric]) -> None:
    """The opening balances of these members and of those who were merged into them; three statements."""
    family = Member.objects.filter(Q(pk__in=known) | Q(redirect_to__in=known))
    names = {_identity(key): name for key, name in family.values_list("pk", "external_id")}
    owned = Account.objects.filter(member__in=family.values("pk"), metric__in=list(metrics))
    owners = {
        pk: (member, metric) for pk, member, metric in owned.values_list("pk", "member_id", "metric_id")
    }
    entries = LedgerEntry.objects.filter(
        account__in=list(owners), origin__startswith=OPENING_BALANCE, reverses=None
    )
    for entry in entries:
        member, metric = owners[entry.account_id]
        expiry_name, _, other = (entry.origin or "").removeprefix(OPENING_BALANCE).partition("@")
        whose = other or _identity(member)
        sitting.given[whose, metric].append(
            _Given(
                points=entry.points,
                expiry_name=expiry_name,
                file=(entry.metadata or {}).get("import"),
                key=balance_key(names.get(whose) or "", metrics[metric].code, expiry_name),
            )
        )


def _identity(key: UUID) -> str:
    """Of whom an opening balance is, also after they were merged: it stands in the origin then."""
    return key.hex[-16:]


def _read_in_file(sitting: _Sitting, lines: Sequence[MemberLine]) -> None:
    """Which opening balances of earlier imports stand in this file too, where that matters: beside one of another
    expiry. One statement, none where there is no such case."""
    units = {unit.code: unit.pk for unit in sitting.config.metrics}
    asked: set[int] = set()
    for line in lines:
        unit = units.get(line.metric)
        given = sitting.given.get((sitting.identity(line), unit), []) if unit else []
        if line.points and all(one.expiry_name != line.expiry_name for one in given):
            asked |= {one.key for one in given if one.file != str(sitting.file.pk)}
    if asked:
        with connection.cursor() as cursor:
            cursor.execute(_IN_FILE, [sitting.file.pk, list(asked)])
            sitting.in_file = {key for (key,) in cursor.fetchall()}


def _hold_seats(sitting: _Sitting) -> None:
    """For new members, where the plan limits them. Raises Redirected where one was made meanwhile."""
    coming = {one.pk for one in sitting.members.values() if one._state.adding}
    if coming:
        sitting.seats = hold_seats(sitting.journal.environment)
    if sitting.seats and Member.objects.filter(pk__in=coming).exists():
        raise Redirected


def _check_seat(sitting: _Sitting) -> None:
    if sitting.seats is None:
        return
    # What a trial would have taken by now; at most, since those who exist take none.
    taken = len(sitting.journal.new_members) + (sitting.file.added if sitting.file.is_trial else 0)
    if taken >= sitting.seats.left:
        raise _Refusal(sitting.seats.refusal(taken).detail)


def _take(sitting: _Sitting, line: MemberLine) -> bool:
    """Whether anything of the line is new. Raises _Refusal, and plans nothing then."""
    member = sitting.members.get(line.member)
    if member is None:
        raise _Refusal(ERASED)
    if member.status == Member.Status.FROZEN:
        raise _Refusal(_FROZEN)
    attributes = _merged(member, line)
    is_new = member._state.adding and member.pk not in sitting.journal.new_members
    if is_new:
        _check_seat(sitting)
    posted = bool(line.points) and _give(sitting, line, member)
    if is_new:
        sitting.journal.new_members[member.pk] = member
    if attributes != member.attributes:
        if not member._state.adding:
            sitting.changed.setdefault(member.pk, (member, member.attributes))
        member.attributes = attributes
        return True
    return is_new or posted


def _merged(member: Member, line: MemberLine) -> dict[str, Any]:
    merged: dict[str, Any] = member.attributes | line.attributes
    if line.attributes and _size(merged) > MAX_ATTRIBUTES:
        raise _Refusal(f"attributes: At most {MAX_ATTRIBUTES} bytes of JSON in all.")
    return merged


def _size(attributes: dict[str, Any]) -> int:
    return len(simplejson.dumps(attributes, use_decimal=True, ensure_ascii=False).encode())


def _give(sitting: _Sitting, line: MemberLine, member: Member) -> bool:
    try:
        unit = find_metric(sitting.config, line.metric, None)
    except NotFound as refusal:
        raise _Refusal(f"metric: {refusal.detail}") from refusal
    whose = sitting.identity(line)
    given = sitting.given[whose, unit.pk]
    if _is_there(sitting, line, given):
        return False
    _check_room(sitting, line, member, unit)
    now = sitting.journal.now
    book = sitting.journal.book_of(member.pk, unit)
    credit(
        book,
        type=LedgerEntry.Type.ADJUSTED,
        points=line.points,
        cause=Cause(
            reason=REASON,
            metadata={"import": str(sitting.file.pk), "line": line.number},
            origin=OPENING_BALANCE
            + line.expiry_name
            + ("" if whose == _identity(member.pk) else f"@{whose}"),
        ),
        occurred_at=book.now,
        expires_at=_expires_at(line, unit, sitting, now),
    )
    given.append(_Given(line.points, line.expiry_name, str(sitting.file.pk), line.key))
    return True


def _is_there(sitting: _Sitting, line: MemberLine, given: Sequence[_Given]) -> bool:
    """Raises _Refusal where this line, or the file without what is there, says otherwise."""
    for one in given:
        if one.expiry_name == line.expiry_name:
            if one.points == line.points:
                return True
            raise _Refusal(
                f"points: An opening balance of {one.points} with this expiry was imported already, not"
                f" {line.points}; adjust the difference by hand."
            )
    own = str(sitting.file.pk)
    for one in given:
        if one.file != own and one.key not in sitting.in_file:
            expiry = {BY_RULE: "by the metric's rule", NEVER: "that never expires"}.get(
                one.expiry_name, f"that expires {one.expiry_name}"
            )
            raise _Refusal(
                f"expires_at: An opening balance of {one.points} {expiry} was imported already, and is not in this"
                " file; adjust what differs by hand."
            )
    return False


def _check_room(sitting: _Sitting, line: MemberLine, member: Member, unit: Metric) -> None:
    """Nothing is cut: a balance is brought along whole, or not."""
    book = sitting.journal.find_book(member.pk, unit.pk)
    total = book.account.total if book else unit.default_value
    most = MAX_TOTAL if unit.maximum is None else min(unit.maximum, MAX_TOTAL)
    if total + line.points > most:
        raise _Refusal(
            f"points: An account of {unit.code} holds at most {most} points, and this one has {total}."
        )


def _expires_at(line: MemberLine, unit: Metric, sitting: _Sitting, now: datetime) -> datetime | None:
    if line.expires == NEVER:
        return None
    if line.expires == BY_RULE:
        return expiry_of(policy_of(unit), now, sitting.config.time_zone)
    assert isinstance(line.expires, datetime)  # noqa: S101 - it is neither of the two words
    return line.expires


def _write_attributes(sitting: _Sitting) -> None:
    changed = [(member, before) for member, before in sitting.changed.values() if member.attributes != before]
    if sitting.file.is_trial or not changed:
        return
    Member.objects.bulk_update([member for member, _ in changed], ["attributes"])
    for member, before in changed:
        sitting.journal.audit(
            verb="member.updated",
            object_type="member",
            object_id=str(member.pk),
            member_id=member.pk,
            before={"attributes": before, "status": member.status},
            after={"attributes": member.attributes, "status": member.status},
        )
