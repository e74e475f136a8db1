"""Inventory: sets of what members can own beside points, each with its items as rows (domain.md 8).

What members and rewards have to do with them, saving too, is added in loyalty.admin.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import slugify

from audit.errors import DomainError
from programs.admin.base import may, required_environment
from programs.admin.configured import ConfiguredForm, EditorAdmin
from programs.admin.detail import Crumb
from programs.admin.row_faults import tell_rows
from programs.admin.sent_rows import sent_rows
from programs.admin.widgets import text_input
from programs.models import Challenge, ChallengeReward, InventoryItem, InventorySet, Picture, Program, Reward
from programs.pictures import picture_path

_NAMES = ("title", "id", "media")
_WORDS = {"title": "Title", "id": "Id", "media": "Address of its picture", "picture": "Picture"}
_THUMBNAILS = 6


@dataclass(slots=True)
class ItemRow:
    """An item as its inputs show it, with what is wrong with it, and the rewards and challenges that give it.
    `picture`: the stored one; `sent`: another, as it was uploaded."""

    title: str = ""
    id: str = ""
    media: str = ""
    picture: Picture | None = None
    sent: "UploadedFile[bytes] | None" = None
    without: bool = False
    rewards: list[Reward] = field(default_factory=list)
    challenges: list[Challenge] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def thumbnail(self) -> str:
        """Where the stored picture is served; empty where there is none."""
        return picture_path(self.picture.pk) if self.picture else ""

    def as_item(self, picture: Picture | None) -> dict[str, Any]:
        """An id left empty is made of the title. `picture`: the one that was just stored."""
        return {
            "id": self.id or slugify(self.title) or None,
            "title": self.title,
            "media": self.media,
            "picture": picture or (None if self.without else self.picture),
        }


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
    list_display = ("title", "pictures", "items", "program", "api_id")
    list_select_related = ("program",)
    search_fields = ("title", "public_id")
    sortable_by = ()
    fieldsets = ((None, {"fields": ("title", "program")}),)

    def store(self, request: HttpRequest, form: Any, rows: Sequence[ItemRow]) -> InventorySet:
        """Save the set with its items and their pictures. Raises DomainErrors."""
        raise NotImplementedError

    def get_queryset(self, request: HttpRequest) -> QuerySet[InventorySet]:
        rows = super().get_queryset(request).select_related("program")
        return rows.prefetch_related("items")  # of a picture the id is enough

    @admin.display(description="Pictures")
    def pictures(self, found: InventorySet) -> SafeString | str:
        shown = [(picture_path(item.picture_id), item.title) for item in found.items.all() if item.picture_id]
        each = format_html_join(
            "", '<img class="lc-thumb lc-small" src="{}" alt="{}" loading="lazy">', shown[:_THUMBNAILS]
        )
        return format_html('<span class="lc-thumbs">{}</span>', each) if shown else "–"

    @admin.display(description="Items")
    def items(self, found: InventorySet) -> str:
        titles = [item.title for item in found.items.all()]
        more = f" and {len(titles) - 5} more" if len(titles) > 5 else ""
        return ", ".join(titles[:5]) + more or "none yet"

    @admin.display(description="API id")
    def api_id(self, found: InventorySet) -> SafeString:
        return format_html("<code>{}</code>", found.public_id)

    def edit(self, request: HttpRequest, found: InventorySet | None) -> HttpResponse:
        form = self._form(request, found) if may(request, "operator") else None
        stored = self.get_object(request, str(found.pk)) if found else None
        rows = _sent_rows(request, stored) if request.method == "POST" else _rows_of(stored)
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
            return self.store(request, form, rows)
        except DomainError as error:
            tell_rows(form, error, "items", rows, _WORDS)
            for row in rows:
                if row.sent is not None and not any(one.startswith("Picture:") for one in row.errors):
                    row.errors.append(f"Choose the picture again: {row.sent.name} was not kept.")
            return None


def _rows_of(found: InventorySet | None) -> list[ItemRow]:
    """In the order in which they were made, each with its picture and what gives it; three more statements."""
    if found is None:
        return []
    items = sorted(found.items.all(), key=lambda item: item.pk)
    pictures, (rewards, challenges) = _pictures(found), _givers(items)
    return [
        ItemRow(
            title=item.title,
            id=item.public_id,
            media=item.media,
            picture=pictures.get(item.public_id),
            rewards=rewards.get(item.pk, []),
            challenges=challenges.get(item.pk, []),
        )
        for item in items
    ]


def _givers(items: Sequence[InventoryItem]) -> tuple[dict[UUID, list[Reward]], dict[UUID, list[Challenge]]]:
    rewards: dict[UUID, list[Reward]] = {}
    challenges: dict[UUID, list[Challenge]] = {}
    for reward in Reward.objects.filter(gives_item__in=items):
        if reward.gives_item_id:
            rewards.setdefault(reward.gives_item_id, []).append(reward)
    for given in ChallengeReward.objects.filter(item__in=items).select_related("challenge"):
        if given.item_id:
            challenges.setdefault(given.item_id, []).append(given.challenge)
    return rewards, challenges


def _pictures(found: InventorySet | None) -> dict[str, Picture]:
    """The stored pictures by their items' ids; what they show is not read. One statement."""
    keys = {
        item.public_id: item.picture_id for item in (found.items.all() if found else ()) if item.picture_id
    }
    known = Picture.objects.defer("content").in_bulk(list(keys.values()))
    return {name: known[key] for name, key in keys.items() if key in known}


def _sent_rows(request: HttpRequest, stored: InventorySet | None) -> list[ItemRow]:
    """What was typed. Files have the number of their row in their names: of those left empty nothing is sent."""
    pictures = _pictures(stored)
    rows = []
    for place, texts in enumerate(sent_rows(request, "item", _NAMES)):
        row = ItemRow(*texts)
        row.picture = pictures.get(row.id)
        row.sent = request.FILES.get(f"item_picture_{place}")
        row.without = f"item_without_{place}" in request.POST
        if row.title or row.id or row.media or row.sent:
            rows.append(row)
    return rows
