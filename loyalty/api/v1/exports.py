"""/v1/members/{id}/export: all that is kept of a member (domain.md 10)."""

from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from loyalty.actions.exporting import export
from loyalty.api.common.parsing import check_text
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import earning_examples, earning_shapes
from loyalty.api.v1.docs import operation


class ExportView(EngineView):
    scopes = {"POST": "members:read"}

    @operation(
        "export_customer",
        "All that is kept of a customer",
        scope="members:read",
        answer=earning_shapes.ExportShape,
        example=earning_examples.EXPORT,
        refusals=["not_found"],
        tag="customers",
        description="Also of those who were merged into them; one section for each kind of row. With events and "
        "their data it may be large. That it was asked for stands in the audit trail.",
    )
    def post(self, request: Request, customer_id: str) -> Response:
        check_text(customer_id, "customer_id")
        return Response(
            export(environment=self.environment, member=customer_id, actor=self.actor, now=self.now)
        )


@extend_schema_view(post=extend_schema(operation_id="export_member"))
class MemberExportView(ExportView):
    """The same by its other name."""
