"""How /publisher.v1's operations are documented."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from rest_framework import serializers

from loyalty.api.common.docs import documented
from loyalty.api.publisher_v1.errors import MEDIA_TYPE
from loyalty.api.publisher_v1.shapes import PublisherError

F = TypeVar("F", bound=Callable[..., Any])


def operation(
    name: str,
    summary: str,
    *,
    scope: str,
    body: type[serializers.Serializer[Any]],
    request_example: Any,
    answer: type[serializers.Serializer[Any]],
    example: Any,
    refusals: Sequence[str] = (),
    writes: bool = False,
    description: str = "",
) -> Callable[[F], F]:
    """Decorates a view's method with its place in the OpenAPI document."""
    return documented(
        name,
        summary,
        scope=scope,
        body=body,
        request_example=request_example,
        answer=answer,
        example=example,
        error=PublisherError,
        error_type=MEDIA_TYPE,
        refusals=refusals,
        writes=writes,
        tag="publisher",
        description=description,
    )
