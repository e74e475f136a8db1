"""A member's tiers and referrals for an export."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from audit.ids import public
from audit.instants import rfc3339
from loyalty.models import Member, MemberTier, Referral, ReferralCode, TierChange, TierProgress
from loyalty.queries.history import names_of


def exported_tiers(family: Sequence[Member]) -> dict[str, list[dict[str, Any]]]:
    """Levels as last settled, progress by local day, and every change; three statements."""
    levels = MemberTier.objects.filter(member__in=family).select_related("member", "ladder__program", "tier")
    progress = TierProgress.objects.filter(member__in=family).select_related("member", "ladder__program")
    changes = TierChange.objects.filter(member__in=family).select_related(
        "member", "ladder__program", "event"
    )
    return {
        "levels": [
            _whose(row)
            | {
                "tier": row.tier.code if row.tier else None,
                "since": rfc3339(row.since),
                "next_evaluation_at": _instant(row.next_evaluation_at),
                "in_grace": row.in_grace,
            }
            for row in levels.order_by("member", "ladder")
        ],
        "progress": [
            _whose(row) | {"day": row.day.isoformat(), "figure": f"{row.figure.normalize():f}"}
            for row in progress.order_by("member", "ladder", "day")
        ],
        "changes": [_change(row) for row in changes.defer("event__data").order_by("pk")],
    }


def exported_referrals(family: Sequence[Member]) -> dict[str, Any]:
    """Codes, through whom the member came, and who came through them; three statements."""
    keys = {one.pk for one in family}
    codes = ReferralCode.objects.filter(member__in=family).select_related("member").order_by("pk")
    sides = Q(member__in=family) | Q(referrer_id__in=keys)
    rows = list(Referral.objects.filter(sides).select_related("event").defer("event__data").order_by("pk"))
    names = names_of([row.member_id for row in rows] + [row.referrer_id for row in rows])
    return {
        "codes": [
            {"member_id": row.member.external_id, "code": row.code, "created_at": rfc3339(row.created_at)}
            for row in codes
        ],
        "came_through": [_referral(row, names) for row in rows if row.member_id in keys],
        "brought": [_referral(row, names) for row in rows if row.member_id not in keys],
    }


def _whose(row: MemberTier | TierProgress | TierChange) -> dict[str, Any]:
    return {"member_id": row.member.external_id, "program": row.ladder.program.code}


def _change(row: TierChange) -> dict[str, Any]:
    return _whose(row) | {
        "kind": row.kind,
        "from": row.from_code,
        "to": row.to_code,
        "progress": f"{row.progress.normalize():f}",
        "event_id": row.event.event_id if row.event else None,
        "occurred_at": rfc3339(row.occurred_at),
        "recorded_at": rfc3339(row.recorded_at),
        "actor": {"kind": row.actor_kind, "id": row.actor_id},
    }


def _referral(row: Referral, names: dict[UUID, str | None]) -> dict[str, Any]:
    return {
        "member_id": names.get(row.member_id),
        "referrer": names.get(row.referrer_id),
        "status": row.status,
        # The qualifying event is the referred member's own; its effect is the referrer's too.
        "event_id": row.event.event_id if row.event else None,
        "transaction_id": row.referrer_entry_id and public("txn", row.referrer_entry_id),
        "created_at": rfc3339(row.created_at),
        "awarded_at": _instant(row.awarded_at),
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else rfc3339(at)
