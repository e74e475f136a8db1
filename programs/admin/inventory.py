"""Inventory: sets of what members can own beside points, each with its items as rows (domain.md 8).

What members and rewards have to do with them, saving too, is added in loyalty.admin.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import slugify

from audit.errors import DomainError, InvalidRequest
from programs.admin.base import form_errors, may, required_environment
from programs.admin.configured import ConfiguredForm, EditorAdmin
from programs.admin.detail import Crumb
from programs.admin.widgets import text_input
from programs.models import InventorySet, Program, Reward

_ITEM = re.compile(r"items\[(\d+)\]\.?(\w*)")
_NAMES = ("title", "id", "media")
_WORDS = {"title": "Title", "id": "Id", "media": "Picture"}


@dataclass(slots=True)
class ItemRow:
    """An item as its inputs show it, with what is wrong with it and the rewards that give it."""

    title: str = ""
    id: str = ""
    media: str = ""
    rewards: list[Reward] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def as_item(self) -> dict[str, Any]:
        """An id left empty is made of the title."""
        return {"id": self.id or slugify(self.title) or None, "title": self.title, "media": self.media}


class InventorySetForm(ConfiguredForm):
    class Meta:
        model = InventorySet
        fields = ("title", "program")
        widgets = {"title": text_input(placeholder="Badges")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.fields["program"].disabled = True


class InventoryAdmin(EditorAdmin[InventorySet]):
    form = InventorySetForm
    explanation = "A set holds items that members can own beside points: badges, wallpapers, coupons."
    first_step = "Add one with its items; then make a reward of the kind inventory item, which gives one."
    list_display = ("title", "items", "program", "public_id")
    list_select_related = ("program",)
    search_fields = ("title", "public_id")
    sortable_by = ()
    fieldsets = ((None, {"fields": ("title", "program")}),)

    def store(self, request: HttpRequest, form: Any, items: Sequence[dict[str, Any]]) -> InventorySet:
        """Raises DomainErrors."""
        raise NotImplementedError

    def get_queryset(self, request: HttpRequest) -> QuerySet[InventorySet]:
        return super().get_queryset(request).select_related("program").prefetch_related("items")

    @admin.display(description="Items")
    def items(self, found: InventorySet) -> str:
        titles = [item.title for item in found.items.all()]
        more = f" and {len(titles) - 5} more" if len(titles) > 5 else ""
        return ", ".join(titles[:5]) + more or "none yet"

    def edit(self, request: HttpRequest, found: InventorySet | None) -> HttpResponse:
        form = self._form(request, found) if may(request, "operator") else None
        stored = self.get_object(request, str(found.pk)) if found else None
        rows = _sent_rows(request) if request.method == "POST" else _rows_of(stored)
        if request.method == "POST" and form is not None and form.is_valid():
            saved = self._save(request, form, rows)
            if saved is not None:
                messages.success(request, f"{saved} is saved.")
                return HttpResponseRedirect(self.url("change", saved.pk))
        context = {
            "form": form,
            "rows": rows,
            "blank": [ItemRow(), ItemRow()],
            "may_operate": form is not None,
        }
        if stored is not None:
            context |= {"object": stored, "original": Crumb(stored, str(stored))}
        return self.page(request, "inventory.html", str(stored or "New inventory set"), **context)

    def _form(self, request: HttpRequest, found: InventorySet | None) -> Any:
        made: Any = self.get_form(request, found, change=found is not None)
        environment = required_environment(request)
        first = Program.objects.filter(environment=environment).order_by("created_at", "pk").first()
        initial = {} if found else {"program": first}
        return made(request.POST if request.method == "POST" else None, instance=found, initial=initial)

    def _save(self, request: HttpRequest, form: Any, rows: list[ItemRow]) -> InventorySet | None:
        """The saved set; None where it was refused (said on the form and its rows)."""
        try:
            return self.store(request, form, [row.as_item() for row in rows])
        except DomainError as error:
            others = []
            for fault in error.errors:
                place = _ITEM.fullmatch(fault.field)
                if place and int(place[1]) < len(rows):
                    name = _WORDS.get(place[2], place[2])
                    rows[int(place[1])].errors.append(f"{name}: {fault.detail}")
                else:
                    others.append(fault)
            if others or not error.errors:
                form_errors(form, InvalidRequest(error.detail, errors=others))
            return None


def _rows_of(found: InventorySet | None) -> list[ItemRow]:
    """In the order in which they were made, each with the rewards that give it; one more statement."""
    if found is None:
        return []
    items = sorted(found.items.all(), key=lambda item: item.pk)
    givers: dict[Any, list[Reward]] = {}
    for reward in Reward.objects.filter(gives_item__in=items):
        givers.setdefault(reward.gives_item_id, []).append(reward)
    return [ItemRow(item.title, item.public_id, item.media, givers.get(item.pk, [])) for item in items]


def _sent_rows(request: HttpRequest) -> list[ItemRow]:
    sent = zip(*(request.POST.getlist(f"item_{name}") for name in _NAMES), strict=False)
    rows = [ItemRow(*(text.strip() for text in row)) for row in sent]
    return [row for row in rows if row.title or row.id or row.media]
