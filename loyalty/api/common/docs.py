"""How the operations of every surface are documented: scope, answer, refusals and an example each."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers

from loyalty.api.common import schema as _extensions  # noqa: F401 - registers them
from loyalty.api.common.problems import PROBLEMS

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


def documented(
    name: str,
    summary: str,
    *,
    scope: str | None = None,
    answer: type[serializers.Serializer[Any]] | None,
    example: Any,
    error: type[serializers.Serializer[Any]],
    error_type: str,
    status: int | Sequence[int] = 200,
    refusals: Sequence[str] = (),
    body: type[serializers.Serializer[Any]] | None = None,
    request_example: Any = None,
    parameters: Sequence[Any] = (),
    writes: bool = False,
    tag: str,
    description: str = "",
) -> Callable[[F], F]:
    """Decorates a view's method with its place in the OpenAPI document. `error`, `error_type`: the surface's
    envelope of refusals and its media type. `scope` None: no key has a scope for it. `answer` None: an empty body."""
    codes = [*_ALWAYS, *(_WRITES if writes else _BODIES if body else ()), *refusals]
    statuses = [status] if isinstance(status, int) else list(status)
    responses: dict[Any, Any] = {
        (code, "application/json") if answer else code: OpenApiResponse(
            answer,
            description=summary,
            examples=[OpenApiExample("answer", example, status_codes=[str(code)])] if answer else [],
        )
        for code in statuses
    }
    responses |= _refused(codes, error, error_type)
    examples = [OpenApiExample("request", request_example, request_only=True)] if request_example else []
    needed = f"Scope: `{scope}`. " if scope else ""
    decorator: Callable[[F], F] = extend_schema(
        operation_id=name,
        summary=summary,
        description=f"{description}\n\n{needed}Refusals: {', '.join(f'`{code}`' for code in codes)}.".strip(),
        request=body,
        responses=responses,
        parameters=[*([_KEY] if writes else ()), *parameters],
        examples=examples,
        tags=[tag],
    )
    return decorator


def _refused(
    codes: Sequence[str], error: type[serializers.Serializer[Any]], error_type: str
) -> dict[Any, Any]:
    by_status: dict[int, list[str]] = {}
    for code in (*codes, "not_acceptable", "internal_error"):
        by_status.setdefault(PROBLEMS[code].status, []).append(code)
    return {
        (status, error_type): OpenApiResponse(
            error, description=" or ".join(f"`{code}`" for code in of_status)
        )
        for status, of_status in sorted(by_status.items())
    }
