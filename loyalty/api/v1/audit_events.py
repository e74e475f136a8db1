"""/v1/audit-events: who did what."""

from rest_framework.request import Request
from rest_framework.response import Response

from audit.queries import audit_events_of
from loyalty.api.v1 import examples, rendering, shapes
from loyalty.api.v1.docs import operation
from loyalty.api.v1.filters import AuditFilters
from loyalty.api.v1.lists import ListView, PageQuery


class AuditEventListView(ListView):
    scopes = {"GET": "audit:read"}
    filters = AuditFilters

    @operation(
        "list_audit_events",
        "The audit trail of the environment",
        scope="audit:read",
        query=PageQuery,
        filters=AuditFilters,
        answer=shapes.AuditEventPage,
        example=examples.page(examples.AUDIT_EVENT),
        tag="audit",
    )
    def get(self, request: Request) -> Response:
        return self.listed(audit_events_of(self.environment.id), rendering.audit_event)
