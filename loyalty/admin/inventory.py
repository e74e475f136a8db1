"""Inventory sets, saved while members own some of their items."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from loyalty.actions.inventory_sets import save_inventory_set
from programs.admin.base import actor_of, required_environment
from programs.admin.inventory import InventoryAdmin
from programs.models import InventorySet


@admin.register(InventorySet)
class InventorySetAdmin(InventoryAdmin):
    def store(self, request: HttpRequest, form: Any, items: Sequence[dict[str, Any]]) -> InventorySet:
        return save_inventory_set(
            environment=required_environment(request),
            inventory_set=form.instance,
            actor=actor_of(request),
            changes=form.changes(),
            items=items,
        )
