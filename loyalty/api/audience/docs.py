"""How /api/loyalty's operations are documented."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers

from loyalty.api.audience.errors import MEDIA_TYPE
from loyalty.api.audience.shapes import AudienceError
from loyalty.api.common.docs import documented

F = TypeVar("F", bound=Callable[..., Any])


class MemberScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """A member token, as /v1 defines it."""

    target_class = "loyalty.api.audience.authentication.MemberAuthentication"
    name: list[str] = []

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        return [{"memberToken": []}]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return []


class ConfigScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """A member token, a publishable key, or nothing."""

    target_class = "loyalty.api.audience.authentication.ConfigAuthentication"
    name = ["publishableKey"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        return [{"memberToken": []}, {"publishableKey": []}, {}]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [
            {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "pk_…",
                "description": "A publishable key: it may stand in an app, and reads `GET /api/loyalty/config` alone.",
            }
        ]


def operation(
    name: str,
    summary: str,
    *,
    answer: type[serializers.Serializer[Any]] | None,
    example: Any = None,
    refusals: Sequence[str] = (),
    body: type[serializers.Serializer[Any]] | None = None,
    request_example: Any = None,
    query: type[serializers.Serializer[Any]] | None = None,
    parameters: Sequence[OpenApiParameter] = (),
    writes: bool = False,
    description: str = "",
) -> Callable[[F], F]:
    """Decorates a view's method with its place in the OpenAPI document."""
    return documented(
        name,
        summary,
        answer=answer,
        example=example,
        error=AudienceError,
        error_type=MEDIA_TYPE,
        refusals=refusals,
        body=body,
        request_example=request_example,
        parameters=[*([query] if query else []), *parameters],
        writes=writes,
        tag="audience",
        description=description,
    )
