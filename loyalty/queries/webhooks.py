"""What webhooks must know of tenants (audit/webhooks/tenants.py)."""

from collections.abc import Collection, Mapping
from uuid import UUID

from audit.models import WebhookDelivery
from audit.webhooks.deliveries import event_of
from audit.webhooks.messages import body_of
from audit.webhooks.tenants import Tenants
from loyalty.models import Member
from programs.models import Environment


def kinds_of(environments: Collection[UUID]) -> Mapping[UUID, str]:
    """`live` or `sandbox`, of those that are not archived, and whose plan has webhooks; one statement."""
    rows = Environment.objects.filter(
        pk__in=environments,
        archived_at__isnull=True,
        project__organization__plan__features__contains=["webhooks"],
    )
    return dict(rows.values_list("pk", "kind"))


def names_of(members: Collection[UUID]) -> Mapping[UUID, str | None]:
    """The tenant's own ids, None of erased members; one statement, none for nobody."""
    return dict(Member.objects.filter(pk__in=members).values_list("pk", "external_id")) if members else {}


def body_now(delivery: WebhookDelivery, *, kind: str) -> str:
    """What would be sent if it were sent now, to an environment of that kind; two statements."""
    member = names_of([delivery.member_id]).get(delivery.member_id) if delivery.member_id else None
    return body_of(event_of(delivery), kind=kind, member=member, sequence=delivery.sequence)


TENANTS = Tenants(kinds=kinds_of, names=names_of)
