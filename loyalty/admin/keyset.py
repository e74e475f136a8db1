"""Large lists, newest first: a page costs the same at any depth, and a search that finds little ends (docs/console.md).

A page begins beyond the key of a row and not at a number. Filters that an index serves are asked as they are; any other
looks through so many rows at a time, says so, and goes on from there when it is asked to.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from uuid import UUID

from django.contrib.admin.views.main import IGNORED_PARAMS, ChangeList
from django.db.models import F, Model, QuerySet
from django.db.models.fields.tuple_lookups import TupleGreaterThan, TupleLessThan
from django.http import HttpRequest

from loyalty.admin.shared import DateRange
from programs.admin.base import TenantAdmin, current_environment

if TYPE_CHECKING:
    from django.core.paginator import Paginator as _Paginator

    Paginator = _Paginator[Any]
else:
    from unfold.paginator import InfinitePaginator as Paginator

ModelT = TypeVar("ModelT", bound=Model)

SPAN = 50_000
"""Rows that a filter without an index looks through for one page."""
BEFORE, AFTER = "before", "after"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class OlderNewer(Paginator):
    template_name = "console/older_newer.html"


@dataclass(frozen=True, slots=True)
class Place:
    """A page's beginning: the rows before this key (older), or after it; None: the newest."""

    key: tuple[Any, ...] | None
    newer: bool = False


class KeysetList(ChangeList):
    """`keys`: the columns in whose order the rows stand, descending unless `ascends`. `older`, `newer`: the addresses
    of the pages beside this one, or None. `looked_through`: how many rows were, where that was the end of this page;
    0: it is whole."""

    model_admin: "KeysetAdmin[Any]"

    keys: tuple[str, ...]
    ascends: bool = False
    older: str | None = None
    newer: str | None = None
    looked_through: int = 0

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """The place is no filter: whoever filters anew begins with the newest."""
        asked = {}
        for name in (BEFORE, AFTER):
            self.filter_params.pop(name, None)
            asked[name] = str(self.params.pop(name, ""))
        rows: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        order = self.model_admin.keys_for(self.active())
        self.keys = tuple(name.removeprefix("-") for name in order)
        self.ascends = not order[0].startswith("-")
        self.place = self._place(asked)
        return rows.order_by(*self._order())

    def active(self) -> set[str]:
        """The names of the filters that are set, `q` for the search."""
        names = {name.partition("__")[0] for name, value in self.params.items() if value}
        return names - set(IGNORED_PARAMS) | ({"q"} if self.query.strip() else set())

    def get_results(self, request: HttpRequest) -> None:
        page = self.list_per_page
        end = self._end(request) if self.model_admin.walks(request, self.active()) else None
        found = self._found(request, end, page + 1)
        if self.place.newer and len(found) <= page and end is None:
            self.place = Place(None)
            found = self._found(request, None, page + 1)
        more, found = len(found) > page, found[:page]
        beyond = self._key(found[-1]) if more else end
        self.looked_through = 0 if more or end is None else SPAN
        if self.place.newer:
            found.reverse()
            self.newer, self.older = self._to(AFTER, beyond), self._to(BEFORE, self.place.key)
            if found:
                self.older = self._to(BEFORE, self._key(found[-1]))
        else:
            self.older = self._to(BEFORE, beyond)
            first = self._key(found[0]) if found else self.place.key
            self.newer = self._to(AFTER, first) if self.place.key else None
        self._shown(request, found)

    def _found(self, request: HttpRequest, end: tuple[Any, ...] | None, most: int) -> list[Any]:
        """The page's rows, nearest to its beginning first."""
        return list(self._beyond(self.queryset, end)[:most])

    def _shown(self, request: HttpRequest, found: list[Any]) -> None:
        """What the templates of a list ask for."""
        self.result_list = found
        self.result_count = len(found)
        self.full_result_count = len(found)
        self.show_full_result_count = self.show_admin_actions = False
        self.can_show_all = self.multi_page = False
        self.paginator = self.model_admin.get_paginator(request, self.queryset, self.list_per_page)

    def _beyond(self, rows: QuerySet[Any], end: tuple[Any, ...] | None) -> QuerySet[Any]:
        """Those of the page's side, nearest first, up to `end`."""
        upwards = self.ascends != self.place.newer
        columns, sides = tuple(F(name) for name in self.keys), (TupleLessThan, TupleGreaterThan)
        if self.place.key:
            rows = rows.filter(sides[upwards](columns, self.place.key))
        if end:
            rows = rows.filter(sides[not upwards](columns, end))
        return rows.order_by(*self._order(upwards=upwards))

    def _order(self, *, upwards: bool | None = None) -> list[str]:
        rises = self.ascends if upwards is None else upwards
        return [name if rises else f"-{name}" for name in self.keys]

    def _end(self, request: HttpRequest) -> tuple[Any, ...] | None:
        """The key of the row up to which this page looks; None where the list ends before. Read from an index alone."""
        environment = current_environment(request)
        if environment is None:
            return None
        rows = self.model_admin.walked(environment)
        for spec in self.filter_specs:
            if isinstance(spec, DateRange):
                rows = spec.queryset(request, rows)
        at: tuple[Any, ...] | None = self._beyond(rows, None).values_list(*self.keys)[SPAN : SPAN + 1].first()
        return at

    def _key(self, row: Any) -> tuple[Any, ...]:
        return tuple(getattr(row, name) for name in self.keys)

    def _to(self, name: str, key: tuple[Any, ...] | None) -> str | None:
        return self.get_query_string({name: "~".join(map(_written, key))}) if key else None

    def _place(self, asked: dict[str, str]) -> Place:
        """What no page of this list has written is taken for its beginning."""
        newer = bool(asked[AFTER])
        parts = (asked[AFTER] or asked[BEFORE]).split("~")
        try:
            key = tuple(self._read(name, part) for name, part in zip(self.keys, parts, strict=True))
        except (ValueError, OverflowError):
            return Place(None)
        return Place(key, newer)

    def _read(self, name: str, text: str) -> Any:
        if name in ("id", "pk"):
            return UUID(text)
        kind = self.lookup_opts.get_field(name).get_internal_type() if "_at" in name else "CharField"
        return _EPOCH + int(text) * _MICROSECOND if kind == "DateTimeField" else bytes.fromhex(text).decode()


def _written(value: Any) -> str:
    if isinstance(value, datetime):
        return str((value - _EPOCH) // _MICROSECOND)
    return value.hex if isinstance(value, UUID) else str(value).encode().hex()


class KeysetAdmin(TenantAdmin[ModelT]):
    """A list of that kind. `served`: filters that an index serves in the list's order; the others are looked for
    through `SPAN` rows at a time."""

    served: ClassVar[frozenset[str]] = frozenset({"q"})
    dated_by: ClassVar[str] = ""
    """The column that orders the list as soon as `dated_when` is filtered: with an index of its own."""
    dated_when: ClassVar[frozenset[str]] = frozenset()

    sortable_by: ClassVar[tuple[str, ...]] = ()
    paginator = OlderNewer
    show_full_result_count = False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetList

    def keys_for(self, active: set[str]) -> tuple[str, ...]:
        """What orders the list under these filters: columns that are unique together, all up or all down."""
        if self.dated_when & active:
            return (f"-{self.dated_by}", "-id")
        return tuple(str(name) for name in self.ordering or ("-id",))

    def walks(self, request: HttpRequest, active: set[str]) -> bool:
        """Whether the list has to look for what fits; not where a search has found the few rows by an index."""
        if "q" in active:
            return getattr(request, "console_search_walks", False)
        plain = {name for name in active if not name.endswith(("_from", "_to"))}
        return bool(active - self.served) or len(plain) > 1

    def walked(self, environment: Any) -> QuerySet[ModelT]:
        """What it looks through: all rows of the environment, in the list's order."""
        return self.model._default_manager.filter(environment_id=environment.pk)
