"""How /v1's operations are documented: scope, answer, refusals and an example each."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django_filters import ChoiceFilter, Filter, FilterSet
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from loyalty.api.common import schema as _extensions  # noqa: F401 - registers them
from loyalty.api.common.problems import PROBLEMS
from loyalty.api.v1.errors import MEDIA_TYPE
from loyalty.api.v1.filters import InstantFilter

F = TypeVar("F", bound=Callable[..., Any])

_ALWAYS = (
    "invalid_request",
    "authentication_failed",
    "permission_denied",
    "rate_limited",
    "service_unavailable",
)
_BODIES = ("payload_too_large", "unsupported_media_type")
_WRITES = ("idempotency_key_in_use", "idempotency_key_reused", *_BODIES)
_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    OpenApiParameter.HEADER,
    description="Send the same key with the same request and it is done once; the answer is the same, "
    "with `Idempotent-Replayed: true`. Kept for 30 days.",
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
    codes = [*_ALWAYS, *(_WRITES if writes else _BODIES if body else ()), *refusals]
    statuses = [status] if isinstance(status, int) else list(status)
    responses: dict[Any, Any] = {
        (code, "application/json"): OpenApiResponse(
            answer,
            description=summary,
            examples=[OpenApiExample("answer", example, status_codes=[str(code)])],
        )
        for code in statuses
    }
    responses |= _problems(codes)
    parameters: list[Any] = [_KEY] if writes else []
    if query:
        parameters.append(query)
    if filters:
        parameters += _filter_parameters(filters)
    examples = [OpenApiExample("request", request_example, request_only=True)] if request_example else []
    decorator: Callable[[F], F] = extend_schema(
        operation_id=name,
        summary=summary,
        description=f"{description}\n\nScope: `{scope}`. Refusals: {', '.join(f'`{code}`' for code in codes)}.".strip(),
        request=body,
        responses=responses,
        parameters=parameters,
        examples=examples,
        tags=[tag],
    )
    return decorator


def _problems(codes: Sequence[str]) -> dict[Any, Any]:
    by_status: dict[int, list[str]] = {}
    for code in (*codes, "not_acceptable", "internal_error"):
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    return {
        (status, MEDIA_TYPE): OpenApiResponse(
            Problem, description=" or ".join(f"`{code}`" for code in of_status)
        )
        for status, of_status in sorted(by_status.items())
    }


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
