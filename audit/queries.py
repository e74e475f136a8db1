"""Reads of the audit trail."""

from uuid import UUID

from django.db.models import QuerySet

from audit.models import AuditEvent


def audit_events_of(environment_id: UUID) -> QuerySet[AuditEvent]:
    """The events of one environment; keyset by `id`."""
    return AuditEvent.objects.filter(environment_id=environment_id)
