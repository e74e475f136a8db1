"""The stored events of a period in time order, and what they gave: what a back-test reads.

Plain rows, not models: a back-test reads hundreds of thousands of them.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

_LEAST = UUID(int=0)
_loads = json.JSONDecoder(parse_float=Decimal).decode

_EVENTS = """
SELECT id, member_id, program_id, occurred_at, data, facts, {multiplied} FROM loyalty_event
WHERE environment_id = %(environment)s AND type = %(type)s
    AND occurred_at >= %(at)s AND occurred_at < %(ends_at)s AND (occurred_at, id) > (%(at)s, %(id)s)
ORDER BY occurred_at, id LIMIT %(limit)s
"""
# What a multiplying rule added is part of other rules' entries; the explanation tells it apart.
_MULTIPLIED = """
(SELECT (verdict ->> 'points')::bigint FROM jsonb_array_elements(explanation -> 'verdicts') AS verdict
    WHERE verdict ->> 'rule_id' = %(rule)s AND verdict ->> 'outcome' = 'multiplied' LIMIT 1)
"""
_KEYS = """
SELECT occurred_at, id, member_id FROM loyalty_event
WHERE environment_id = %(environment)s AND type = %(type)s
    AND occurred_at >= %(at)s AND occurred_at < %(ends_at)s AND (occurred_at, id) > (%(at)s, %(id)s)
ORDER BY occurred_at, id LIMIT %(limit)s
"""
_GIVEN = """
SELECT entry.event_id, entry.origin, entry.member_id, entry.points FROM loyalty_ledgerentry AS entry
JOIN loyalty_account AS account ON account.id = entry.account_id
WHERE entry.event_id = ANY(%s) AND entry.type IN ('earned', 'bonus') AND account.metric_id = %s
"""
# The referrer's side of a referral is in their own ledger, where another member's event can't be named.
_REWARDED = """
UNION ALL
SELECT referral.event_id, 'rule:' || revision.rule_id, entry.member_id, entry.points
FROM loyalty_referral AS referral
JOIN loyalty_ledgerentry AS entry ON entry.id = referral.referrer_entry_id
JOIN loyalty_account AS account ON account.id = entry.account_id
JOIN programs_earningrulerevision AS revision ON revision.id = referral.rule_revision_id
WHERE referral.event_id = ANY(%s) AND account.metric_id = %s
"""


@dataclass(frozen=True, slots=True)
class Period:
    """Events of one type in one environment, with `begins_at <= occurred_at < ends_at`."""

    environment_id: UUID
    type: str
    begins_at: datetime
    ends_at: datetime

    def count(self) -> int:
        """How many there are. One statement."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM loyalty_event WHERE environment_id = %s AND type = %s"
                " AND occurred_at >= %s AND occurred_at < %s",
                [self.environment_id, self.type, self.begins_at, self.ends_at],
            )
            return int(cursor.fetchone()[0])

    def pages(self, statement: str, limit: int, at: int, key: int, **more: Any) -> Iterator[list[Any]]:
        """Rows by keyset, one statement a page; `at` and `key`: where a row has its instant and its id."""
        parameters = {
            "environment": self.environment_id,
            "type": self.type,
            "at": self.begins_at,
            "id": _LEAST,
            "ends_at": self.ends_at,
            "limit": limit,
            **more,
        }
        while True:
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters)
                rows = cursor.fetchall()
            if rows:
                yield rows
            if len(rows) < limit:
                return
            parameters |= {"at": rows[-1][at], "id": rows[-1][key]}


class PastEvent(NamedTuple):
    """One stored event. `data` is None where retention has erased it; `multiplied` is what the asked-for
    rule really added to it as a multiplier."""

    id: UUID
    member_id: UUID
    program_id: UUID | None
    occurred_at: datetime
    data: dict[str, Any] | None
    facts: dict[str, Any]
    multiplied: int


def past_events(
    period: Period, *, limit: int, multiplied_by: UUID | None = None
) -> Iterator[list[PastEvent]]:
    """The period's events in pages of `limit`, by (`occurred_at`, id). One statement a page, no transaction:
    what is reported meanwhile may still be seen."""
    statement = _EVENTS.format(multiplied=_MULTIPLIED if multiplied_by else "0")
    for rows in period.pages(statement, limit, 3, 0, rule=str(multiplied_by)):
        yield [
            PastEvent(
                key,
                member,
                program,
                at,
                None if data is None else _loads(data),
                {} if facts is None else _loads(facts),
                multiplied or 0,
            )
            for key, member, program, at, data, facts, multiplied in rows
        ]


class Given(NamedTuple):
    """Points that an event really gave in one metric, before refunds: to its member, to their referrer, and
    what of both came through one rule."""

    to_member: int = 0
    to_referrer: int = 0
    by_rule: int = 0


def given_by(
    events: Collection[PastEvent], *, metric_id: UUID, rule_id: UUID, with_referrals: bool
) -> dict[UUID, Given]:
    """What these events gave, by their ids; those that gave nothing are not in it. One statement."""
    origin, statement = f"rule:{rule_id}", _GIVEN + _REWARDED if with_referrals else _GIVEN
    members = {event.id: event.member_id for event in events}
    found: defaultdict[UUID, Given] = defaultdict(Given)
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(members), metric_id] * (1 + with_referrals))
        for event, source, member, points in cursor.fetchall():
            so_far = found[event]
            own = points if member == members[event] else 0
            by_rule = points if source == origin else 0
            found[event] = Given(
                so_far.to_member + own, so_far.to_referrer + points - own, so_far.by_rule + by_rule
            )
    return dict(found)


class ReferralThen(NamedTuple):
    """A referral as the events of a period met it; `event_id`: the one that really settled it, if any."""

    referrer_id: UUID
    made_at: datetime
    event_id: UUID | None


def referrals_before(environment_id: UUID, begins_at: datetime) -> dict[UUID, ReferralThen]:
    """The environment's referrals by member, without those that an event before that instant has settled.
    One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT referral.member_id, referral.referrer_id, referral.created_at, referral.event_id"
            " FROM loyalty_referral AS referral LEFT JOIN loyalty_event AS event ON event.id = referral.event_id"
            " WHERE referral.environment_id = %s AND (event.id IS NULL OR event.occurred_at >= %s)",
            [environment_id, begins_at],
        )
        return {member: ReferralThen(*referral) for member, *referral in cursor.fetchall()}


class PresentMember(NamedTuple):
    """What an event that kept nothing can be told of its member: as it is today."""

    attributes: dict[str, Any]
    created_at: datetime


def present_members(
    members: Collection[UUID], attributes: Collection[str]
) -> Iterator[tuple[UUID, PresentMember]]:
    """Those attributes of each of these members, and since when there are members. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, created_at, attributes FROM loyalty_member WHERE id = ANY(%s)", [list(members)]
        )
        for key, created_at, raw in cursor.fetchall():
            found = _loads(raw)
            asked = {name: found[name] for name in attributes if name in found}
            yield key, PresentMember(asked, created_at)


class EventCounts:
    """How many events of some types each member had before an instant, told in time order. Counted by when
    they happened; what it holds grows with the members alone."""

    def __init__(self, period: Period, types: Collection[str], *, limit: int) -> None:
        """One statement a type; then one for each `limit` events of the other types in the period."""
        self._own = period.type
        self._counts: dict[str, defaultdict[UUID, int]] = {
            type_: _before(period.environment_id, type_, period.begins_at) for type_ in types
        }
        self._others = {
            type_: _Ahead(Period(period.environment_id, type_, period.begins_at, period.ends_at), limit)
            for type_ in types
            if type_ != period.type
        }

    def of(self, event: PastEvent, types: Collection[str]) -> dict[str, int]:
        """The member's counts before that event, which must not be before the last one asked about."""
        for type_, ahead in self._others.items():
            counts = self._counts[type_]
            for member_id in ahead.until(event.occurred_at, event.id):
                counts[member_id] += 1
        return {type_: self._counts[type_].get(event.member_id, 0) for type_ in types}

    def add(self, event: PastEvent) -> None:
        """Count an event of the period's own type, once it is dealt with."""
        if self._own in self._counts:
            self._counts[self._own][event.member_id] += 1


class _Ahead:
    """Events of another type, read up to where the period's own have come."""

    def __init__(self, period: Period, limit: int) -> None:
        pages = period.pages(_KEYS, limit, 0, 1)
        self._rows = (row for page in pages for row in page)
        self._next = next(self._rows, None)

    def until(self, at: datetime, key: UUID) -> Iterator[UUID]:
        """The members of the events before that one, which are then behind."""
        while self._next is not None and (self._next[0], self._next[1]) < (at, key):
            yield self._next[2]
            self._next = next(self._rows, None)


def _before(environment_id: UUID, type_: str, at: datetime) -> defaultdict[UUID, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT member_id, count(*) FROM loyalty_event"
            " WHERE environment_id = %s AND type = %s AND occurred_at < %s GROUP BY member_id",
            [environment_id, type_, at],
        )
        return defaultdict(int, cursor.fetchall())
