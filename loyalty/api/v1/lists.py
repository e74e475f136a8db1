"""What every list call of /v1 shares: the page's parameters, filters, and the answer's frame."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.functional import cached_property
from django_filters import FilterSet
from rest_framework.response import Response

from audit.errors import FieldError, InvalidRequest, told
from loyalty.api.common.fields import Body, Choice, QueryInteger, Text
from loyalty.api.common.pages import DEFAULT_LIMIT, MAX_LIMIT, Page, PageRequest, paginate
from loyalty.api.common.views import EngineView


class PageQuery(Body):
    limit = QueryInteger(
        min_value=1, max_value=MAX_LIMIT, required=False, help_text=f"Rows a page; {DEFAULT_LIMIT} if absent."
    )
    order = Choice(choices=["desc", "asc"], required=False, help_text="Newest first: desc.")
    cursor = Text(required=False, help_text="next_cursor of the page before.")


class ListView(EngineView):
    """A list by keyset pages; subclasses name the filters and the key columns."""

    filters: type[FilterSet] | None = None
    paging: type[PageQuery] = PageQuery
    key: Sequence[str] = ("id",)

    def parameters(self) -> dict[str, Any]:
        """The page's parameters, checked; those of the filters are left to `page`."""
        return self._parameters

    @cached_property
    def _parameters(self) -> dict[str, Any]:
        return self.query(self.paging, ignore=list(self.filters.base_filters) if self.filters else ())

    def page(self, rows: QuerySet[Any]) -> Page:
        """One page of the filtered rows. Raises InvalidRequest for an unknown or faulty parameter."""
        paging = self.parameters()
        if self.filters:
            given = self.request.query_params.dict()
            narrowing = {name: given[name] for name in self.filters.base_filters if name in given}
            if narrowing:  # to find that there is no filter, forms would take as long as the rest
                rows = filtered(self.filters, narrowing, rows)
        return paginate(rows, self.key, PageRequest.parse(paging))

    def listed(self, rows: QuerySet[Any], render: Callable[[Any], dict[str, Any]], **frame: Any) -> Response:
        """`frame`: what the answer says besides its rows."""
        page = self.page(rows)
        return Response(page.as_json([render(row) for row in page.rows]) | frame)


def filtered(filters: type[FilterSet], given: dict[str, Any], rows: QuerySet[Any]) -> QuerySet[Any]:
    """`rows` by the query string. Raises InvalidRequest naming each parameter that is wrong."""
    for name, value in given.items():
        if not value.strip():  # forms would take it for no filter at all
            raise InvalidRequest.field(name, "blank", "Give it a value, or leave it out.")
    checked = filters(given, queryset=rows)
    if not checked.is_valid():
        errors = [
            FieldError(name, str(problem.code or "invalid"), " ".join(problem.messages))
            for name, problems in checked.errors.as_data().items()
            for problem in problems
        ]
        raise InvalidRequest(told(errors), errors=errors)
    narrowed: QuerySet[Any] = checked.qs
    return narrowed
