"""Everything about a member, newest first: the rows of the audit trail that name them (domain.md 9).

The trail has a row for each thing that happens, in one order, under one index (member, id): so a page is one walk along
it, and nothing can be missing or be told twice. What tells the same as another row is left out: an event that gave
something is told with what it gave, a redemption with the points that paid it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.db.models import (
    BooleanField,
    Case,
    ExpressionWrapper,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Substr
from django.db.models.lookups import IsNull

from audit.models import AuditEvent
from loyalty.models import Event, LedgerEntry, Member, Redemption, TierChange
from loyalty.queries.trail_objects import OBJECTS
from loyalty.queries.windows import Windows

PAGE = 25

KINDS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "points": ("Points", ("points.", "hold.", "adjustment.")),
    "redemptions": ("Redemptions", ("redemption.", "rewardcode.")),
    "stamps": ("Stamps", ("stamp.", "stamp_reward.", "stamp_collection.")),
    "challenges": ("Challenges", ("challenge.", "mission.", "milestone.", "item.")),
    "levels": ("Levels", ("tier.",)),
    "events": ("Events", ("event.",)),
    "member": ("Member", ("member.", "referral.", "referral_code.")),
}
"""By name: the label, and how the verbs of the lines begin."""

# Told by the entry that they made. Who looked at the page is in the audit trail alone.
_NEVER = ("hold.captured", "adjustment.approved", "member.viewed")
_NOBODY = UUID(int=0)
_MERGED = "member.merged"


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lines: of one kind; that happened from `since` until before `until`; older than the line `before`; what had
    happened (`occurred_by`) or was recorded (`recorded_by`) at an instant; what `windows` show."""

    kind: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: UUID | None = None
    occurred_by: datetime | None = None
    recorded_by: datetime | None = None
    windows: Windows | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """One page; `next` is the id to go on before, None at the end."""

    rows: list[AuditEvent]
    next: UUID | None


def trail_of(*, member: Member, asked: Asked, limit: int = PAGE) -> Rows:
    """A page of the member's lines; three statements at most, whatever their history."""
    found = list(_chosen(AuditEvent.objects.filter(member_id=member.pk), asked)[: limit + 1])
    found += _merged_into(member, asked, limit + 1)
    found = sorted(found, key=lambda row: row.id, reverse=True)[: limit + 1]
    return Rows(found[:limit], found[limit - 1].id if len(found) > limit else None)


def _merged_into(member: Member, asked: Asked, most: int) -> list[AuditEvent]:
    """That others were merged into this one, which the trail says of them."""
    if asked.kind not in (None, "member"):
        return []
    others = member.redirected_from.exclude(status=Member.Status.ERASED).values_list("pk", flat=True)
    keys = list(others)
    if not keys:
        return []
    return list(_chosen(AuditEvent.objects.filter(member_id__in=keys, verb=_MERGED), asked)[:most])


def _chosen(rows: QuerySet[AuditEvent], asked: Asked) -> QuerySet[AuditEvent]:
    rows = rows.exclude(verb__in=_NEVER).order_by("-id").alias(**_KEYS)
    rows = rows.defer("transaction", "epoch", "salt", "digest", "ip")
    if asked.kind is None:
        rows = rows.alias(told_elsewhere=_told_elsewhere()).filter(told_elsewhere=False)
    else:
        begins = (Q(verb__startswith=prefix) for prefix in KINDS[asked.kind][1])
        rows = rows.filter(reduce(or_, begins))
    if asked.windows:
        rows = rows.alias(program=_program()).filter(asked.windows.shown("program"))
    return rows.filter(**dict(_bounds(asked)))


def _bounds(asked: Asked) -> Iterable[tuple[str, Any]]:
    bounds = {
        "id__lt": asked.before,
        "occurred_at__gte": asked.since,
        "occurred_at__lt": asked.until,
        "occurred_at__lte": asked.occurred_by,
        "recorded_at__lte": asked.recorded_by,
    }
    return ((name, value) for name, value in bounds.items() if value is not None)


# -- what is told by another row


def _key(prefix: str) -> Cast:
    """The key in an object id: what follows the prefix, or all of it."""
    return Cast(Substr("object_id", len(prefix) + 2) if prefix else F("object_id"), UUIDField())


def _there(rows: QuerySet[Any]) -> Q:
    """Whether there is such a row. A scalar look-up goes by an index; EXISTS may read the whole table to hash it."""
    return Q(IsNull(Subquery(rows.order_by().values("pk")[:1]), False))


def _told_elsewhere() -> Case:
    redeemed = LedgerEntry.objects.filter(redemption_id=OuterRef("red"), points__lt=0)
    given_back = LedgerEntry.objects.filter(reverses__redemption_id=OuterRef("red"))
    at_once = Redemption.objects.filter(
        pk=OuterRef("red"), fulfilled_at=F("occurred_at"), trace_id=OuterRef("trace_id")
    )
    cases = {
        "event.recorded": _gave_something(),
        "redemption.created": _there(redeemed),
        "redemption.fulfilled": _there(at_once),
        "redemption.cancelled": _there(given_back),
        "redemption.failed": _there(given_back),
    }
    # Only a CASE promises that no key is looked for in the ids of other objects.
    whens = [
        When(verb=verb, then=ExpressionWrapper(condition, BooleanField()))
        for verb, condition in cases.items()
    ]
    return Case(*whens, default=Value(value=False))


# Of what the event did to cards and challenges, that the trail has rows of.
_MOVED = """jsonb_path_exists(%(expressions)s, '$.stamps[*] ? (@.collected > 0 || @.returned > 0)')
    OR jsonb_path_exists(%(expressions)s, '$.stamps[*].*[*] ? (exists (@.id))')
    OR jsonb_path_exists(%(expressions)s, '$.challenges.completed[*]')
    OR jsonb_path_exists(%(expressions)s, '$.challenges.revoked[*]')"""


def _gave_something() -> Q:
    moved = Func(F("figures"), template=f"({_MOVED})", output_field=BooleanField())
    return (
        _there(LedgerEntry.objects.filter(event_id=OuterRef("evt")))
        | _there(TierChange.objects.filter(event_id=OuterRef("evt")))
        | _there(Event.objects.filter(pk=OuterRef("evt")).filter(moved))
    )


# -- of which program a line is, where their histories are shown from different days on


def _program() -> Coalesce:
    """Nobody's id for what is of no program."""
    whens = []
    for object_type, one in OBJECTS.items():
        row = one.rows.filter(pk=OuterRef(one.prefix or "whole"))
        whens.append(When(object_type=object_type, then=Subquery(row.values(one.program)[:1])))
    return Coalesce(Case(*whens, default=None, output_field=UUIDField()), Value(_NOBODY))


_KEYS = {one.prefix or "whole": _key(one.prefix) for one in OBJECTS.values()}
