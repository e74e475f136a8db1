"""/v1/inventory-sets: what members can own beside points (domain.md 8)."""

from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from audit.errors import NotFound
from loyalty.actions.configuration import configure_once
from loyalty.actions.inventory_sets import save_inventory_set
from loyalty.actions.points import find_program
from loyalty.api.common.fields import CHOSEN_ID, Body, Items, Pattern, Text
from loyalty.api.common.parsing import check_text
from loyalty.api.common.views import EngineView
from loyalty.api.v1 import examples, reward_examples, reward_rendering, reward_shapes
from loyalty.api.v1.docs import operation
from loyalty.api.v1.lists import ListView, PageQuery
from loyalty.api.v1.picture_fields import Media, media_of
from loyalty.api.v1.rewards import address
from programs.actions.inventory import MAX_ITEMS
from programs.models import Environment, InventorySet
from programs.queries.snapshots import snapshot


class ItemBody(Body):
    id = Pattern(
        CHOSEN_ID,
        required=False,
        help_text="Chosen, or made for you. An item is known by it, also when the list is sent anew.",
    )
    title = Text(max_length=200)
    media = Media(
        required=False,
        help_text="An https address, or JPEG, PNG, WebP or GIF as a data URL, which is kept here; empty: none.",
    )


class InventorySetChanges(Body):
    title = Text(required=False, max_length=200)
    items = Items(
        ItemBody(),
        max_length=MAX_ITEMS,
        required=False,
        help_text="All of them: one that is left out is removed, unless a member has it or a reward gives it.",
    )


class InventorySetBody(InventorySetChanges):
    id = Pattern(CHOSEN_ID, required=False, help_text="Chosen, or made for you.")
    program = Text(required=False, max_length=64, help_text="Code or id; default, if absent.")
    title = Text(max_length=200)


class InventorySetListView(ListView):
    scopes = {"GET": "config:read", "POST": "config:write"}

    @operation(
        "list_inventory_sets",
        "Inventory sets",
        scope="config:read",
        query=PageQuery,
        answer=reward_shapes.InventorySetPage,
        example=examples.page(reward_examples.INVENTORY_SET),
        tag="inventory",
    )
    def get(self, request: Request) -> Response:
        return self.listed(inventory_sets(self.environment), renderer(self))

    @operation(
        "create_inventory_set",
        "Make a set of items",
        scope="config:write",
        body=InventorySetBody,
        request_example=reward_examples.INVENTORY_SET_REQUEST,
        answer=reward_shapes.InventorySetShape,
        example=reward_examples.INVENTORY_SET,
        status=201,
        refusals=["program_not_found"],
        writes=True,
        tag="inventory",
        description="Items are what members can own beside points: badges, wallpapers, coupons. A reward of kind "
        "`inventory_item` gives one.",
    )
    def post(self, request: Request) -> Response:
        body = self.body(InventorySetBody)
        program = find_program(snapshot(self.environment), body.pop("program", "default"))
        if "id" in body:
            body["public_id"] = body.pop("id")
        return saved(self, InventorySet(environment=self.environment, program=program), body, 201)


class InventorySetView(EngineView):
    scopes = {"GET": "config:read", "PATCH": "config:write"}
    http_method_names = ["get", "head", "patch"]

    @operation(
        "retrieve_inventory_set",
        "An inventory set",
        scope="config:read",
        answer=reward_shapes.InventorySetShape,
        example=reward_examples.INVENTORY_SET,
        refusals=["not_found"],
        tag="inventory",
    )
    def get(self, request: Request, set_id: str) -> Response:
        return Response(renderer(self)(find_set(self, set_id)))

    @operation(
        "update_inventory_set",
        "Change a set of items",
        scope="config:write",
        body=InventorySetChanges,
        request_example={"title": "Summer wallpapers"},
        answer=reward_shapes.InventorySetShape,
        example=reward_examples.INVENTORY_SET | {"title": "Summer wallpapers"},
        refusals=["not_found"],
        writes=True,
        tag="inventory",
        description="`items` is the whole list. An item that members have or had, or that a reward gives, can't be "
        "left out.",
    )
    def patch(self, request: Request, set_id: str) -> Response:
        body = self.body(InventorySetChanges)
        return saved(self, find_set(self, set_id), body, 200)


def saved(view: EngineView, found: InventorySet, body: dict[str, Any], status: int) -> Response:
    items = body.pop("items", None)

    def change() -> InventorySet:
        made = save_inventory_set(
            environment=view.environment,
            inventory_set=found,
            actor=view.actor,
            changes=body,
            items=None if items is None else _with_pictures(view, items),
        )
        return inventory_sets(view.environment).get(pk=made.pk)

    return view.write(configure_once, renderer(view), http_status=status, change=change)


def _with_pictures(view: EngineView, items: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    host = view.request.get_host()
    return [
        item | media_of(item.get("media"), view.environment, host, f"items[{place}].media")
        for place, item in enumerate(items)
    ]


def renderer(view: EngineView) -> Callable[[InventorySet], dict[str, Any]]:
    at = address(view)
    return lambda found: reward_rendering.inventory_set(found, found.items.all(), at)


def inventory_sets(environment: Environment) -> QuerySet[InventorySet]:
    rows = InventorySet.objects.filter(environment=environment).select_related("program")
    return rows.prefetch_related("items")


def find_set(view: EngineView, set_id: str) -> InventorySet:
    """The set by its id. Raises NotFound; also for another environment's."""
    check_text(set_id, "set_id")
    found = inventory_sets(view.environment).filter(public_id=set_id).first()
    if found is None:
        raise NotFound(f"There is no inventory set {set_id!r} in this environment.")
    return found
