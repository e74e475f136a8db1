"""Every URL and method of the generated OpenAPI document, with a request that works: a new URL joins by itself."""

import copy
import re
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote, urlencode

from drf_spectacular.generators import SchemaGenerator

WRITES = {"post", "patch", "put", "delete"}
ISSUES_TOKENS = {"issue_customer_token", "issue_member_token"}  # also for members that are yet to come
# POST because of what they ask for; they change nothing, so there is nothing that a key could guard.
ASKS = {"dry_run_event", "export_customer", "export_member", "validate_code", *ISSUES_TOKENS}
DONE = (200, 201, 202)
# The fields of bodies that name a member, and which of a world's ids they mean.
_MEMBERS = dict.fromkeys(("customer_id", "member_id", "from_customer_id", "userId"), "customer_id")
_MEMBERS |= dict.fromkeys(("to_customer_id", "into"), "other_customer_id")
_SCOPE = re.compile(r"Scope: `([a-z*:]+)`")


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document as it is served."""
    found: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return found


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    spec: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def scope(self) -> str:
        return str(_SCOPE.findall(self.spec["description"])[0])

    @property
    def writes(self) -> bool:
        return self.method in WRITES and self.spec["operationId"] not in ASKS

    @property
    def statuses(self) -> set[int]:
        return {int(status) for status in self.spec["responses"]}

    def url(self, ids: dict[str, str]) -> str:
        """The path for these ids, and in its query those that it requires or that narrow it to a customer.

        Raises KeyError for a path parameter that `ids` does not know: give it one there, and where one
        operation needs another one than the rest, as `<operationId>.<parameter>`.
        """
        path = self.path
        for name in re.findall(r"{(\w+)}", path):
            own = ids.get(f"{self.spec['operationId']}.{name}", ids[name])
            path = path.replace(f"{{{name}}}", quote(own, safe=""))
        named = [
            p["name"]
            for p in self.spec.get("parameters", [])
            if p["in"] == "query" and p["name"] == "customer_id"
        ]
        return f"{path}?{urlencode({name: ids[name] for name in named})}" if named else path

    def body(self, ids: dict[str, str]) -> dict[str, Any] | None:
        """The schema's own example, on these ids' members; None where the call takes no body."""
        if "requestBody" not in self.spec:
            return None
        content = self.spec["requestBody"]["content"]["application/json"]
        body: dict[str, Any] = copy.deepcopy(next(iter(content["examples"].values()))["value"])
        own = f"{self.spec['operationId']}."
        body |= {name: ids[own + name] for name in body if own + name in ids}
        for item in body.get("events", ()):
            item.update(_of_members(item, ids))
        return body | _of_members(body, ids)

    def fields(self) -> set[str]:
        """The names that the body may carry."""
        return set(self._schema().get("properties", ()))

    @property
    def needs_a_body(self) -> bool:
        """Whether there is something that the body must carry."""
        return bool(self._schema().get("required") or self._schema().get("anyOf"))

    def _schema(self) -> dict[str, Any]:
        if "requestBody" not in self.spec:
            return {}
        reference = self.spec["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        found: dict[str, Any] = document()["components"]["schemas"][reference.rsplit("/", 1)[1]]
        return found


def _of_members(body: dict[str, Any], ids: dict[str, str]) -> dict[str, Any]:
    return {name: ids[whose] for name, whose in _MEMBERS.items() if name in body}


def operations(surface: str = "/v1/") -> list[Operation]:
    """Those whose address begins so."""
    return [
        Operation(method, path, spec)
        for path, methods in document()["paths"].items()
        if path.startswith(surface)
        for method, spec in methods.items()
    ]


def writes() -> list[Operation]:
    return [operation for operation in operations() if operation.writes]
