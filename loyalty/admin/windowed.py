"""Lists of history, which begin where the program's retention and the plan let them (docs/retention.md)."""

from datetime import datetime
from typing import Any, TypeVar

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from audit.ids import parse_public
from loyalty.queries.windows import Windows, windows_of
from programs.admin.base import current_environment
from programs.admin.detail import DetailAdmin
from programs.queries.environments import now_in

ModelT = TypeVar("ModelT", bound=Model)


def windows_at(request: HttpRequest) -> Windows | None:
    """Those of the current environment, at its now; found once a request."""
    if not hasattr(request, "console_windows"):
        environment = current_environment(request)
        found = windows_of(environment, now_in(environment)) if environment else None
        request.console_windows = found  # type: ignore[attr-defined]
    windows: Windows | None = request.console_windows  # type: ignore[attr-defined]
    return windows


def history_from(request: HttpRequest) -> datetime | None:
    """From then on a page leaves out nothing; None: at all."""
    windows = windows_at(request)
    return windows.tightest if windows else None


class WindowedAdmin(DetailAdmin[ModelT]):
    """A list that says from when on it is whole, and an object's page that says that it is too old."""

    list_before_template = "console/history_from.html"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(
            request, {"history_from": history_from(request), **(extra_context or {})}
        )

    def not_found(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if not self._is_hidden(request, object_id):
            return super().not_found(request, object_id)
        name = self.opts.verbose_name
        messages.warning(
            request, f"This {name} is older than the history that is shown (see the list's first line)."
        )
        return HttpResponseRedirect(self.url("changelist"))

    def _is_hidden(self, request: HttpRequest, object_id: str) -> bool:
        environment = current_environment(request)
        if environment is None or windows_at(request) is None:
            return False
        rows = self.model._default_manager.filter(environment_id=environment.pk)
        try:
            return rows.filter(pk=parse_public("txn", object_id) or object_id).exists()
        except ValidationError:
            return False
