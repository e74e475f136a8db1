"""Read-only nouns: a page of their own instead of a form."""

from typing import Any, ClassVar, TypeVar

from django.db.models import Model
from django.http import HttpRequest, HttpResponse

from programs.admin.base import TenantAdmin, require

ModelT = TypeVar("ModelT", bound=Model)


class Crumb:
    """What unfold's header writes for an object: our title in place of the model's."""

    def __init__(self, found: Model, title: str) -> None:
        self._meta, self.pk, self.title = found._meta, found.pk, title

    def __str__(self) -> str:
        return self.title


class DetailAdmin(TenantAdmin[ModelT]):
    """A read-only noun with a page of its own instead of a form."""

    detail_template: ClassVar[str]

    def detail(self, request: HttpRequest, found: ModelT) -> dict[str, Any]:
        """What the page needs besides `object`."""
        return {}

    def detail_title(self, found: ModelT) -> str:
        return str(found)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        require(request, self.reader)
        found = self.get_object(request, object_id)
        if found is None:
            return self.not_found(request, object_id)
        crumb = Crumb(found, self.detail_title(found))
        context = {"object": found, "original": crumb, **self.detail(request, found)}
        return self.page(request, self.detail_template, self.detail_title(found), **context)
