"""Inventory sets, saved with their pictures while members own some of their items."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest

from audit.errors import FieldError, InvalidRequest
from loyalty.actions.inventory_sets import save_inventory_set
from programs.actions.pictures import MOST_BYTES, store_picture
from programs.admin.base import actor_of, required_environment
from programs.admin.inventory import InventoryAdmin, ItemRow
from programs.models import Environment, InventorySet, Picture


@admin.register(InventorySet)
class InventorySetAdmin(InventoryAdmin):
    @transaction.atomic
    def store(self, request: HttpRequest, form: Any, rows: Sequence[ItemRow]) -> InventorySet:
        environment = required_environment(request)
        pictures = list(_stored(environment, rows))
        return save_inventory_set(
            environment=environment,
            inventory_set=form.instance,
            actor=actor_of(request),
            changes=form.changes(),
            items=[row.as_item(picture) for row, picture in zip(rows, pictures, strict=True)],
        )


def _stored(environment: Environment, rows: Sequence[ItemRow]) -> Iterator[Picture | None]:
    """Of each row the picture that was sent with it. Raises InvalidRequest naming every one that can't be read."""
    faults = []
    for place, row in enumerate(rows):
        try:
            sent = row.sent.read(MOST_BYTES + 1) if row.sent else None
            yield store_picture(environment=environment, data=sent) if sent is not None else None
        except InvalidRequest as refusal:
            faults += [FieldError(f"items[{place}].picture", f.code, f.detail) for f in refusal.errors]
    if faults:
        raise InvalidRequest("A picture can't be used.", errors=faults)
