"""Tenant scoping: what a console page may show, to whom, and who acts (domain.md 1, console.md).

Every page belongs to one *current environment*: chosen in the switcher, kept in the session, and
checked against the user's memberships on every request. Django's own permissions are not used.
"""

import re
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import DateField, DateTimeField, Field, ForeignKey, Model, Q, QuerySet, URLField
from django.forms import Media, ModelChoiceField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from audit.errors import DomainError
from audit.record import Actor
from programs.admin.list_names import list_name
from programs.admin.plan_features import is_hidden
from programs.admin.widgets import date_time, day_input
from programs.models import Environment
from programs.queries.staff import Role, environments_for, role_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.contrib.admin import ModelAdmin
else:
    from unfold.admin import ModelAdmin

ModelT = TypeVar("ModelT", bound=Model)

SESSION_KEY = "console_environment"
_RANK = {
    role.value: rank for rank, role in enumerate((Role.ANALYST, Role.SUPPORT, Role.OPERATOR, Role.OWNER))
}


def current_environment(request: HttpRequest) -> Environment | None:
    """The chosen environment, or the new one where that sandbox was reset, if the user may still see it; else their
    first sandbox, else any, else None."""
    if not hasattr(request, "console_environment"):
        allowed = environments_for(request.user)
        key = request.session.get(SESSION_KEY) or uuid4()
        try:
            chosen = allowed.filter(pk=key).first() or _in_place_of(key, allowed)
        except ValidationError:
            chosen = None
        chosen = chosen or allowed.filter(kind=Environment.Kind.SANDBOX).first() or allowed.first()
        request.console_environment = chosen  # type: ignore[attr-defined]
    found: Environment | None = request.console_environment  # type: ignore[attr-defined]
    return found


def _in_place_of(key: Any, allowed: QuerySet[Environment]) -> Environment | None:
    archived = Environment.objects.filter(pk=key, archived_at__isnull=False).values("project", "kind").first()
    return allowed.filter(**archived).first() if archived else None


def required_environment(request: HttpRequest) -> Environment:
    """The same, for pages that need one. Raises PermissionDenied."""
    environment = current_environment(request)
    if environment is None:
        raise PermissionDenied("You are in no project yet. Ask a project's owner to add you.")
    return environment


def role(request: HttpRequest) -> str | None:
    """The user's role in the current environment's project."""
    if not hasattr(request, "console_role"):
        environment = current_environment(request)
        found = role_of(request.user, environment.project_id) if environment else None
        request.console_role = found  # type: ignore[attr-defined]
    answer: str | None = request.console_role  # type: ignore[attr-defined]
    return answer


def may(request: HttpRequest, least: str) -> bool:
    """Whether the user's role is `least` or above: analyst < support < operator < owner."""
    return _RANK.get(role(request) or "", -1) >= _RANK[least]


def require(request: HttpRequest, least: str) -> None:
    if not may(request, least):
        raise PermissionDenied(f"This needs the role {least} in the project; ask one of its owners.")


def actor_of(request: HttpRequest) -> Actor:
    """The staff member who acts, for the audit trail (config.middleware sets both attributes)."""
    return Actor("staff", request.user.get_username(), request.trace_id, request.client_ip)  # type: ignore[attr-defined]


def staff_user(request: HttpRequest) -> User:
    """The one who is logged in, as the database has them now; one statement. Only on pages behind the log-in."""
    return User.objects.get(username=request.user.get_username())


class TenantAdmin(ModelAdmin[ModelT]):
    """A page of one environment. Subclasses name the roles; nothing can be deleted."""

    reader: ClassVar[str] = Role.ANALYST.value
    writer: ClassVar[str | None] = None
    """The least role that may add and change; None: read-only."""
    explanation: ClassVar[str] = ""
    """What this page lists, in a sentence; shown where the list is empty."""
    first_step: ClassVar[str] = ""
    """How the first row comes into being."""
    add_words: ClassVar[str] = ""
    """What the button says that makes one; empty: Add, and the noun."""
    made_at: ClassVar[tuple[str, str, str] | None] = None
    """Where the first row is made if not here: the button's words, the page's name, and the least role."""

    actions = None
    list_per_page = 50
    list_filter_submit = True
    show_facets = ShowFacets.NEVER  # counts of every filter would read whole tables
    compressed_fields = True
    warn_unsaved_form = True
    # The browser's own picker; Django's is two fields with scripts that the console does not load.
    formfield_overrides: ClassVar[dict[type[Field[Any, Any]], dict[str, Any]]] = {
        DateTimeField: {"form_class": forms.DateTimeField, "widget": date_time()},
        DateField: {"widget": day_input()},
    }

    def scope(self, environment: Environment) -> Q:
        """Which rows belong to the environment."""
        return Q(environment_id=environment.pk)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelT]:
        rows = super().get_queryset(request)
        environment = current_environment(request)
        return rows.filter(self.scope(environment)) if environment else rows.none()

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> "ModelChoiceField[Any] | None":
        """A look-up offers the current environment's rows alone, as the related page would show them."""
        related = self.admin_site._registry.get(db_field.related_model)
        if isinstance(related, TenantAdmin):
            kwargs["queryset"] = related.get_queryset(request)
        else:
            kwargs["queryset"] = db_field.related_model._default_manager.none()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Without the +, pencil and eye around look-ups: they open pop-ups, which the console has not."""
        if isinstance(db_field, URLField):
            kwargs["assume_scheme"] = "https"
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        for name in ("can_add_related", "can_change_related", "can_delete_related", "can_view_related"):
            if field is not None and hasattr(field.widget, name):
                setattr(field.widget, name, False)
        return field

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Only what the page offers as a filter: a hash can't be guessed letter by letter in the address."""
        offered: set[str] = set()
        for entry in self.list_filter:
            if isinstance(entry, tuple):
                offered |= {f"{entry[0]}_from", f"{entry[0]}_to"}
            elif isinstance(entry, str):
                offered |= {entry, f"{entry}__exact", f"{entry}__in"}
            else:
                offered.add(getattr(entry, "parameter_name", ""))
        return lookup in offered

    # -- permission comes from the role

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may(request, self.reader)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may(request, self.reader)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return self.writer is not None and may(request, self.writer)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.writer is not None and may(request, self.writer)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    # -- the audit trail is the record; Django's own log of the admin knows no tenants

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any: ...

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any: ...

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        found = self.get_object(request, object_id)
        if found is None:
            return self.not_found(request, object_id)
        return HttpResponseRedirect(f"{reverse('admin:audit_auditevent_changelist')}?q={found.pk}")

    # -- pages of our own

    def not_found(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The same for another tenant's object as for none."""
        messages.warning(request, f"There is no {self.opts.verbose_name} {object_id!r} in this environment.")
        return HttpResponseRedirect(self.url("changelist"))

    def url(self, name: str, *args: Any) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_{name}", args=args)

    def object_page(self, name: str, view: "Callable[..., HttpResponseBase]", least: str) -> URLPattern:
        """The URL of a page on one object, `view(request, object)`; scoped and refused like every other."""

        @wraps(view)
        def wrapper(request: HttpRequest, object_id: str) -> HttpResponseBase:
            require(request, least)
            found = self.get_object(request, object_id)
            return self.not_found(request, object_id) if found is None else view(request, found)

        route = f"<path:object_id>/{name}/"
        return path(
            route,
            self.admin_site.admin_view(wrapper),
            name=f"{self.opts.app_label}_{self.opts.model_name}_{name}",
        )

    def page(self, request: HttpRequest, template: str, title: str, **context: Any) -> TemplateResponse:
        """A page of our own in the console's frame."""
        whole = {**self.admin_site.each_context(request), "opts": self.opts, "title": title, **context}
        return TemplateResponse(request, f"console/{template}", whole)

    @property
    def media(self) -> Media:
        """None of Django's own scripts and styles, which need jQuery: a form names those of the console it needs."""
        return Media()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        request.GET = _without_blanks(request.GET)  # type: ignore[assignment]
        context = {
            "title": list_name(str(self.opts.verbose_name_plural)),
            "explanation": self.explanation,
            "first_step": self.first_step,
        } | (extra_context or {})
        return super().changelist_view(request, context)

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """With the way on from an empty list."""
        listed = super().get_changelist_instance(request)
        listed.first_button = self._first_button(request)  # type: ignore[attr-defined]
        return listed

    def _first_button(self, request: HttpRequest) -> tuple[str, str] | None:
        """Of an empty list: the words and the address, where the role may go there and the plan holds it."""
        if self.made_at is None:
            return None
        words, page, least = self.made_at
        hidden = is_hidden(current_environment(request), page)
        return (words, reverse(f"admin:{page}")) if may(request, least) and not hidden else None

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """A refusal that only the action could see (someone else was faster) is a sentence, not a 500."""
        try:
            return super().changeform_view(request, *args, **kwargs)
        except DomainError as error:
            messages.error(request, error.detail)
            return HttpResponseRedirect(request.get_full_path())


def _without_blanks(sent: QueryDict) -> QueryDict:
    """The filters' form sends all its fields; what is left at "All" filters nothing."""
    kept = QueryDict(mutable=True)
    for name, values in sent.lists():
        if filled := [value for value in values if value]:
            kept.setlist(name, filled)
    return kept


def form_errors(form: Any, error: DomainError, names: dict[str, str] | None = None) -> None:
    """Put a refusal's errors onto the form's fields; what fits no field stands above the form.

    `names`: the fields where a path, or what begins so, is said: `award.where` for `award.where.all[0].op`.
    """
    for fault in error.errors:
        found = next((path for path in _beginnings(fault.field) if path in (names or {})), None)
        root = fault.field.partition(".")[0].partition("[")[0]
        field = (names or {})[found] if found else root
        where = _place(fault.field.removeprefix(found or root)) if found != root else ""
        detail = f"{where}: {fault.detail}" if where else fault.detail
        form.add_error(field if field in form.fields else None, detail)
    if not error.errors:
        form.add_error(None, error.detail)


def _place(path: str) -> str:
    """Of a list of rows the row, counted as people do; of a tree the path."""
    row = re.match(r"\[(\d+)\]", path)
    return f"Row {int(row[1]) + 1}" if row else path.lstrip(".")


def _beginnings(path: str) -> "Iterator[str]":
    """`caps[1].points`, `caps[1]`, `caps`."""
    while path:
        yield path
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
