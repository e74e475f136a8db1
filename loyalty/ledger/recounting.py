"""Progress is counted anew from the ledger and the events: when a ladder is made, or counts something else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from audit.record import Actor
from loyalty.ledger import accounts
from loyalty.ledger.posting import Journal
from loyalty.ledger.sql import sections
from loyalty.ledger.standings import ladders_of, read_standings
from loyalty.models import Member
from programs.models import Environment
from programs.queries.snapshots import snapshot

_RECOUNT = sections("standings.sql")["recount"]


@dataclass(frozen=True, slots=True)
class Recounted:
    """What one chunk did. `last`: the member it came to, None where there was nobody left."""

    members: int
    days: int
    last: UUID | None


def recount(
    *, environment: Environment, actor: Actor, now: datetime, after: UUID, members: int = 250
) -> Recounted:
    """Make the progress of the `members` members that follow `after` what the ledger and their events say,
    on every active ladder, and let them reach what that reaches; one transaction, five statements.

    Where all is right already nothing is written. Locks: the members, then their accounts of ladders of
    points.
    """
    config = snapshot(environment)
    ladders = ladders_of(config)
    with transaction.atomic():
        locked = _lock_members(environment, after, members)
        if not locked or not ladders:
            return Recounted(0, 0, None)
        metrics = [ladder.metric_id for ladder in ladders if ladder.basis == "points"]
        accounts.lock_accounts(member_id__in=locked, metric_id__in=metrics)
        standings = read_standings(environment, ladders, locked, now=now, actor=actor)
        missing = _missing([ladder.id for ladder in ladders], locked, str(config.time_zone))
        for member_id, ladder_id, day, figure in missing:
            standings[member_id, ladder_id].count_on(day, figure)
        for key in {(member_id, ladder_id) for member_id, ladder_id, *_ in missing}:
            standings[key].review()
        journal = Journal(environment=environment, actor=actor, now=now, standings=standings)
        journal.write(None)
    return Recounted(len(locked), len(missing), locked[-1])


def _lock_members(environment: Environment, after: UUID, members: int) -> list[UUID]:
    living = Member.objects.filter(status__in=Member.LIVING, redirect_to__isnull=True, pk__gt=after)
    rows = living.filter(environment=environment).select_for_update(no_key=True, of=("self",)).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:members])


def _missing(
    ladders: Sequence[UUID], members: Sequence[UUID], zone: str
) -> list[tuple[UUID, UUID, date, Decimal]]:
    arguments: dict[str, Any] = {"ladders": ladders, "members": members, "zone": zone}
    with connection.cursor() as cursor:
        cursor.execute(_RECOUNT, arguments)
        rows: list[tuple[UUID, UUID, date, Decimal]] = cursor.fetchall()
    return rows
