"""What OpenAPI can't know by itself: our authentication, and that bodies take no unknown fields."""

from typing import Any

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """A secret key; and where the view lets members call, a member token as well."""

    target_class = "loyalty.api.common.authentication.BearerAuthentication"
    name = ["secretKey", "memberToken"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        takes_tokens = auto_schema.method in auto_schema.view.members_may
        names = self.name if takes_tokens else self.name[:1]
        return [{name: []} for name in names]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [
            {"type": "http", "scheme": "bearer", "bearerFormat": "sk_…", "description": "A secret key."},
            {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "A JWT for one member, signed with a registered key (console: Member token keys) or "
                "issued by `POST /v1/members/{id}/tokens`. It reads and acts for its `sub` alone. A query "
                "may leave their id out; naming somebody else is `permission_denied`.",
            },
        ]


class ClosedBody(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Of every `Body`: no other fields; and of the names in its `any_of`, at least one."""

    target_class = "loyalty.api.common.fields.Body"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        schema: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)  # noqa: SLF001
        schema["additionalProperties"] = False
        if type(self.target).__doc__ is None:
            schema.pop("description", None)  # it is the base class's, which speaks to programmers
        if self.target.any_of and getattr(self.target, "member_needed", True):  # a token says who it is
            schema["anyOf"] = [{"required": [name]} for name in self.target.any_of]
        return schema


class ListOfBodies(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    """Of `Items`: each is as its `child` says."""

    target_class = "loyalty.api.common.fields.Items"

    def map_serializer_field(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        return {
            "type": "array",
            "items": auto_schema.resolve_serializer(self.target.child, direction).ref,
            "minItems": self.target.min_length,
            "maxItems": self.target.max_length,
        }
