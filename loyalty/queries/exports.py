"""All that is kept of a member, as JSON values (domain.md 10; docs/members.md).

Left out are the answers kept for Idempotency-Keys: they repeat, as it was sent, what is exported here, and
go after 30 days; and digests and salts, which say nothing of a person.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit.ids import public
from audit.instants import rfc3339
from audit.models import AuditEvent
from loyalty.ledger.consistent import one_state
from loyalty.models import Account, Event, EventCount, Member, RuleUsage
from loyalty.queries.balances import Balance, balances_of
from loyalty.queries.exported_approvals import exported_requests
from loyalty.queries.exported_challenges import exported_challenges
from loyalty.queries.exported_ledger import exported_holds, exported_transactions
from loyalty.queries.exported_redemptions import exported_items, exported_redemptions
from loyalty.queries.exported_stamps import exported_stamp_collections
from loyalty.queries.exported_standing import exported_referrals, exported_tiers
from loyalty.queries.families import family_of
from loyalty.queries.members import find_member
from programs.models import Environment, Program
from programs.queries.environments import now_in


def export_member(*, environment: Environment, member: str, now: datetime | None = None) -> dict[str, Any]:
    """Everything kept of the member, and of those who were merged into them, one section a kind of row.

    Instants are RFC 3339 in UTC, ids those of the API, points whole numbers; money and progress, which are
    not, are texts. Balances are those at `now` (default: the environment's). The number of statements does
    not grow with the rows. Raises NotFound.
    """
    at = now or now_in(environment)
    with one_state():
        found = find_member(environment=environment, member=member)
        family = list(family_of(found.pk))
        balances = balances_of(environment=environment, member_id=found.pk, now=at)
        return {
            "exported_at": rfc3339(at),
            "member": _member(found) | {"merged": [_member(one) for one in family[1:]]},
            "accounts": _accounts(family, balances),
            "transactions": exported_transactions(family),
            "holds": exported_holds(family),
            "adjustment_requests": exported_requests(family),
            "redemptions": exported_redemptions(family),
            "items": exported_items(family),
            "challenges": exported_challenges(family),
            "stamp_collections": exported_stamp_collections(family),
            "events": _events(family),
            "event_counts": _event_counts(family),
            "tiers": exported_tiers(family),
            "usage": _usage(family),
            "referrals": exported_referrals(family),
            "audit_events": _audit_events(environment, family),
        }


def _member(found: Member) -> dict[str, Any]:
    return {
        "member_id": found.external_id,
        "status": found.status,
        "attributes": found.attributes,
        "created_at": rfc3339(found.created_at),
    }


def _accounts(family: Sequence[Member], balances: Sequence[Balance]) -> list[dict[str, Any]]:
    """Each account; the member's own as they stand now, those of merged members as the merge left them."""
    now = {(family[0].pk, balance.metric.id): balance for balance in balances}
    rows = Account.objects.filter(member__in=family).select_related("member", "metric")
    return [
        {
            "member_id": row.member.external_id,
            "metric": row.metric.code,
            **_figures(now.get((row.member_id, row.metric_id), row)),
            "created_at": rfc3339(row.created_at),
        }
        for row in rows
    ]


def _figures(found: Balance | Account) -> dict[str, Any]:
    lifetime = ("earned", "redeemed", "expired", "adjusted", "transferred")
    return {name: getattr(found, name) for name in ("balance", "total", "pending", "held")} | {
        "lifetime": {name: getattr(found, name) for name in lifetime}
    }


def _events(family: Sequence[Member]) -> list[dict[str, Any]]:
    rows = Event.objects.filter(member__in=family).select_related("member", "purchase").order_by("pk")
    programs = Program.objects.filter(environment=family[0].environment_id)
    named: dict[UUID | None, str] = dict(programs.values_list("pk", "public_id"))
    return [
        {
            "id": public("evt", row.pk),
            "event_id": row.event_id,
            "member_id": row.member.external_id,
            "type": row.type,
            "program": named.get(row.program_id),
            "occurred_at": rfc3339(row.occurred_at),
            "recorded_at": rfc3339(row.recorded_at),
            "data": row.data,
            "amount": _text(row.amount),
            "currency": row.currency,
            "purchase": row.purchase.event_id if row.purchase else None,
            "explanation": row.explanation,
            "facts": row.facts,
            "figures": row.figures,
            "actor": {"kind": row.actor_kind, "id": row.actor_id},
            "trace_id": row.trace_id,
        }
        for row in rows
    ]


def _event_counts(family: Sequence[Member]) -> list[dict[str, Any]]:
    rows = EventCount.objects.filter(member__in=family).select_related("member").order_by("member", "type")
    return [{"member_id": row.member.external_id, "type": row.type, "count": row.count} for row in rows]


def _usage(family: Sequence[Member]) -> list[dict[str, Any]]:
    rows = RuleUsage.objects.filter(member__in=family).select_related("member", "rule")
    return [
        {
            "member_id": row.member.external_id,
            "rule": row.rule.public_id,
            "name": row.rule.name,
            "period": row.period,
            "points": row.points,
            "times": row.times,
        }
        for row in rows.order_by("member", "rule", "period")
    ]


def _audit_events(environment: Environment, family: Sequence[Member]) -> list[dict[str, Any]]:
    """The trail of the member. Where somebody else acted, from which address is not the member's data."""
    keys = [one.pk for one in family]
    rows = AuditEvent.objects.filter(environment_id=environment.pk, member_id__in=keys).order_by("pk")
    return [
        {
            "id": public("aud", row.pk),
            "verb": row.verb,
            "object": {"type": row.object_type, "id": row.object_id},
            "actor": {"kind": row.actor_kind, "id": row.actor_id},
            "event_id": row.event_id,
            "trace_id": row.trace_id,
            "before": row.before,
            "after": row.after,
            "ip": row.ip if row.actor_kind == "member" else None,
            "occurred_at": rfc3339(row.occurred_at),
            "recorded_at": rfc3339(row.recorded_at),
        }
        for row in rows
    ]


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount.normalize():f}"
