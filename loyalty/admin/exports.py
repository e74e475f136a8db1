"""Lists as CSV files: the button at a list, the page of what was asked for, and the download."""

from collections.abc import Iterator
from copy import copy
from typing import Any, ClassVar, TypeVar
from urllib.parse import unquote

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import SuspiciousOperation
from django.db.models import Model, Q, QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    QueryDict,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.errors import DomainError, InvalidRequest
from loyalty.actions.exporting_lists import (
    CHOICES,
    UNFINISHED,
    note_download,
    pieces_of,
    start_export,
)
from loyalty.admin.keyset import AFTER, BEFORE, KeysetAdmin
from loyalty.models import Export
from programs.admin.base import TenantAdmin, actor_of, may, require, required_environment
from programs.admin.detail import DetailAdmin
from programs.models import Environment

ModelT = TypeVar("ModelT", bound=Model)
_LISTS: dict[str, TenantAdmin[Any]] = {}
_UNREADABLE = "The list's filters can't be read; choose them again."
# What an address says of the page that is shown, not of the rows.
_AFTER_LAST_PAGE = ("p", "all", "e", "o", BEFORE, AFTER)


class ExportableAdmin(KeysetAdmin[ModelT], DetailAdmin[ModelT]):
    """A list with a button that makes a file of it, as it is filtered."""

    exported_as: ClassVar[str]

    def __init__(self, model: type[ModelT], admin_site: Any) -> None:
        super().__init__(model, admin_site)
        _LISTS[self.exported_as] = self
        CHOICES[self.exported_as] = self._chosen

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_make_file"
        return [
            path("make-file/", self.admin_site.admin_view(self.make_file), name=name),
            *super().get_urls(),
        ]

    def make_file(self, request: HttpRequest) -> HttpResponse:
        """A post lets a worker write the list that the page showed, and goes to where it will be."""
        require(request, self.reader)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        query = QueryDict(request.POST.get("query", ""), mutable=True)
        for name in _AFTER_LAST_PAGE:
            query.pop(name, None)
        try:
            made = start_export(
                environment=required_environment(request),
                kind=self.exported_as,
                query=query.urlencode(),
                actor=actor_of(request),
                now=timezone.now(),
            )
        except DomainError as error:
            messages.error(request, error.detail)
            kept = "" if error.detail == _UNREADABLE else f"?{query.urlencode()}"
            return HttpResponseRedirect(self.url("changelist") + kept)
        return HttpResponseRedirect(reverse("admin:loyalty_export_change", args=[made.pk]))

    def _chosen(self, environment: Environment, query: str) -> QuerySet[ModelT]:
        """The rows that the list shows at this address, to whoever may read it. Raises InvalidRequest."""
        request = HttpRequest()
        request.method, request.GET, request.user = "GET", QueryDict(query), AnonymousUser()
        request.console_environment = environment  # type: ignore[attr-defined]
        request.console_role = self.reader  # type: ignore[attr-defined]
        page = copy(self)
        page.get_changelist = lambda asked, **_: _without_results(self.get_changelist(asked))  # type: ignore[method-assign]
        if "\0" in unquote(query):
            raise InvalidRequest(_UNREADABLE)
        try:
            rows: QuerySet[ModelT] = page.get_changelist_instance(request).queryset
        except (IncorrectLookupParameters, SuspiciousOperation, messages.MessageFailure) as error:
            raise InvalidRequest(_UNREADABLE) from error
        return rows


def _without_results(kind: type[ChangeList]) -> type[ChangeList]:
    """The list without reading a page of it."""
    return type(kind.__name__, (kind,), {"get_results": lambda *_: None})


@admin.register(Export)
class ExportAdmin(KeysetAdmin[Export], DetailAdmin[Export]):
    detail_template = "export.html"
    made_at = ("See the members", "loyalty_member_changelist", "analyst")
    explanation = "An export is a list as a CSV file. It can be downloaded for a day."
    first_step = "Open a list, filter it as you like, and choose “Export CSV”."
    list_display = ("when", "what", "filters", "state", "so_many", "size_of", "by", "file")
    list_display_links = ("when",)
    list_filter = ("status",)
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Export]:
        """Those of lists that the user may read."""
        readable = [kind for kind, page in _LISTS.items() if may(request, page.reader)]
        return super().get_queryset(request).filter(_not_expired(), kind__in=readable)

    def get_urls(self) -> list[URLPattern]:
        return [self.object_page("download", self.download, self.reader), *super().get_urls()]

    @admin.display(description="Asked for")
    def when(self, export: Export) -> Any:
        return export.created_at

    @admin.display(description="List")
    def what(self, export: Export) -> str:
        return title_of(export)

    @admin.display(description="Filters")
    def filters(self, export: Export) -> str:
        return ", ".join(f"{name}: {value}" for name, value in filters_of(export)) or "–"

    @admin.display(description="Status")
    def state(self, export: Export) -> SafeString:
        return format_html('<span class="lc-tag lc-{}">{}</span>', export.status, export.get_status_display())

    @admin.display(description="Rows")
    def so_many(self, export: Export) -> str:
        return f"{export.rows:,}"

    @admin.display(description="Size")
    def size_of(self, export: Export) -> str:
        return filesizeformat(export.size)

    @admin.display(description="By")
    def by(self, export: Export) -> str:
        return export.actor_id

    @admin.display(description="File")
    def file(self, export: Export) -> SafeString | str:
        if export.status != Export.Status.DONE:
            return "–"
        return format_html(
            '<a class="lc-link" href="{}" aria-label="Download: {}">Download</a>',
            reverse("admin:loyalty_export_download", args=[export.pk]),
            title_of(export),
        )

    def detail_title(self, found: Export) -> str:
        return f"Export of {title_of(found).lower()}"

    def detail(self, request: HttpRequest, found: Export) -> dict[str, Any]:
        page = _LISTS[found.kind]
        return {
            "list_title": title_of(found),
            "list_url": f"{page.url('changelist')}?{found.query}",
            "filters": filters_of(found),
            "unfinished": found.status in UNFINISHED,
        }

    def download(self, request: HttpRequest, found: Export) -> HttpResponseBase:
        """The file, streamed; it is in the trail who took it."""
        if found.status != Export.Status.DONE:
            messages.warning(request, "This export has no file yet.")
            return HttpResponseRedirect(self.url("change", found.pk))
        note_download(export=found, actor=actor_of(request))
        return file_answer(found)


def file_answer(found: Export) -> StreamingHttpResponse:
    """The export's file, one piece in memory at a time."""
    pieces: Iterator[bytes] = pieces_of(found)
    answer = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
    answer["Content-Length"] = str(found.size)
    answer["Cache-Control"] = "no-store"
    name = f"{found.kind.replace('_', '-')}-{found.created_at:%Y-%m-%d-%H%M}"
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def title_of(export: Export) -> str:
    """The list, as its page is called."""
    name = str(_LISTS[export.kind].opts.verbose_name_plural)
    return name[:1].upper() + name[1:]


def filters_of(export: Export) -> list[tuple[str, str]]:
    """Each filter's name and value, in words."""
    found = QueryDict(export.query)
    return [
        ("search" if name == "q" else name.replace("__exact", "").replace("_", " "), value)
        for name in found
        for value in found.getlist(name)
        if value
    ]


def _not_expired() -> Q:
    """An hour may pass before the job deletes what has expired; nobody gets it meanwhile."""
    return Q(expires_at=None) | Q(expires_at__gt=timezone.now())
