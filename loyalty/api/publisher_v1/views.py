"""What every view of /publisher.v1 shares: POST alone, the document's envelope, and its pages."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db.models import QuerySet
from rest_framework.response import Response

from audit.errors import InvalidRequest
from loyalty.api.common.nothing_here import NothingHereView
from loyalty.api.common.pages import DEFAULT_LIMIT, PageRequest, paginate
from loyalty.api.common.views import EngineView
from loyalty.api.publisher_v1.errors import exception_handler


class _Refusing:
    """Refusals leave in this surface's envelope."""

    def get_exception_handler(self) -> Callable[..., Response]:
        return exception_handler


class PublisherView(_Refusing, EngineView):
    """A call of this surface; for secret keys alone."""

    http_method_names = ["post"]

    def page(
        self,
        rows: QuerySet[Any],
        pagination: Mapping[str, Any] | None,
        render: Callable[[Any], dict[str, Any]],
    ) -> Response:
        """One page of `rows`, oldest first. Raises InvalidRequest for a cursor that this list did not make."""
        asked = pagination or {}
        limit = asked.get("limit", DEFAULT_LIMIT)
        try:
            page = paginate(rows, ("id",), PageRequest(limit, "asc", asked.get("cursor")))
        except InvalidRequest as refusal:
            raise InvalidRequest.field(
                "pagination.cursor", "invalid", "Use the page.cursor of the same list."
            ) from refusal
        return Response(
            {
                "data": [render(row) for row in page.rows],
                "page": {
                    "page_size": limit,
                    "cursor": page.next_cursor,
                    "more": page.next_cursor is not None,
                },
            }
        )


class NothingHere(_Refusing, NothingHereView):
    """Addresses below /publisher.v1 that do not exist."""
