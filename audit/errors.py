"""The base of all domain errors: a stable code and data, no HTTP."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field of a request, and the way out."""

    field: str
    code: str
    detail: str

    def as_json(self) -> dict[str, str]:
        return {"field": self.field, "code": self.code, "detail": self.detail}


def told(errors: Iterable[FieldError]) -> str:
    """All of them in one sentence: `points: Too many; reason: This field is required.`"""
    each = [f"{error.field}: {error.detail}" if error.field else error.detail for error in errors]
    return "; ".join([*(text.removesuffix(".") for text in each[:-1]), *each[-1:]])


class DomainError(Exception):
    """A refusal. `detail` is a sentence that says what to do; `data` goes to the caller as it is."""

    code: ClassVar[str]
    title: ClassVar[str]

    def __init__(self, detail: str, *, errors: Sequence[FieldError] = (), **data: Any) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = tuple(errors)
        self.data = data


class InvalidRequest(DomainError):
    """A field is missing or wrong; `errors` names each."""

    code = "invalid_request"
    title = "Invalid request"

    @classmethod
    def field(cls, field: str, code: str, detail: str) -> "InvalidRequest":
        return cls(f"{field}: {detail}", errors=[FieldError(field, code, detail)])


class NotFound(DomainError):
    """Nothing of that name here; also said of what is another tenant's."""

    code = "not_found"
    title = "Not found"


class PermissionRefused(DomainError):
    """The caller may not do this; the detail names what is missing."""

    code = "permission_denied"
    title = "Permission denied"
