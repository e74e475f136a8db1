"""How /v1's operations are documented: scope, answer, refusals and an example each."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django_filters import ChoiceFilter, Filter, FilterSet
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from loyalty.api.common.docs import documented
from loyalty.api.common.problems import PROBLEMS
from loyalty.api.v1.errors import MEDIA_TYPE
from loyalty.api.v1.filters import InstantFilter

F = TypeVar("F", bound=Callable[..., Any])

HISTORY_WINDOW = (
    "What is older than the program's retention or the plan's history is left out; `history_from` then says from when "
    "on nothing is."
)


class FieldProblem(serializers.Serializer[Any]):
    field = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class ShortError(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """RFC 9457 problem details. Some codes carry more data, such as `balance` and `required`."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    code = serializers.ChoiceField(choices=list(PROBLEMS))
    detail = serializers.CharField()
    request_id = serializers.CharField()
    errors = FieldProblem(many=True)  # type: ignore[assignment]  # a field of that name, not DRF's property
    error = ShortError()


def operation(
    name: str,
    summary: str,
    *,
    scope: str,
    answer: type[serializers.Serializer[Any]],
    example: Any,
    status: int | Sequence[int] = 200,
    refusals: Sequence[str] = (),
    body: type[serializers.Serializer[Any]] | None = None,
    request_example: Any = None,
    query: type[serializers.Serializer[Any]] | None = None,
    filters: type[FilterSet] | None = None,
    writes: bool = False,
    tag: str,
    description: str = "",
) -> Callable[[F], F]:
    """Decorates a view's method with its place in the OpenAPI document."""
    parameters: list[Any] = [query] if query else []
    if filters:
        parameters += _filter_parameters(filters)
    return documented(
        name,
        summary,
        scope=scope,
        answer=answer,
        example=example,
        error=Problem,
        error_type=MEDIA_TYPE,
        status=status,
        refusals=refusals,
        body=body,
        request_example=request_example,
        parameters=parameters,
        writes=writes,
        tag=tag,
        description=description,
    )


def _filter_parameters(filters: type[FilterSet]) -> list[OpenApiParameter]:
    return [
        OpenApiParameter(name, _shape(narrowing), OpenApiParameter.QUERY)
        for name, narrowing in filters.base_filters.items()
    ]


def _shape(narrowing: Filter) -> dict[str, Any]:
    if isinstance(narrowing, ChoiceFilter):
        return {"type": "string", "enum": [value for value, _ in narrowing.extra["choices"]]}
    if isinstance(narrowing, InstantFilter):
        return {"type": "string", "format": "date-time"}
    return {"type": "string", "minLength": 1, "maxLength": narrowing.extra["max_length"]}
