"""A set and its items are configured whole (domain.md 8)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from audit.errors import FieldError, InvalidRequest
from audit.record import Actor, record
from programs.actions.configure import (
    bump_version,
    clean,
    configure,
    faults_of,
    lock_environment,
    place_of,
    refusal_of,
)
from programs.models import Environment, InventoryItem, InventorySet, Picture

MAX_ITEMS = 500
_FIELDS = ("id", "title", "media", "picture")


@transaction.atomic
def configure_inventory_set(
    *,
    environment: Environment,
    inventory_set: InventorySet,
    actor: Actor,
    changes: Mapping[str, Any],
    items: Sequence[Mapping[str, Any]] | None,
    is_used: Callable[[InventoryItem], bool],
) -> InventorySet:
    """Save a new or stored set with `changes`, and its whole list of items, matched by id: those that are
    missing are made, those that are not named are removed. None: as they are.

    Each item: id (made where absent), title, media (a URL, or empty), picture (an uploaded one, shown instead;
    None: none; left out: as it was, unless media is given). Raises InvalidRequest naming every fault, as `title`
    or `items[1].title`, also where an item that would go is used; NotFound for another environment's set. Locks:
    the environment, then the set.
    """
    lock_environment(environment)
    new = inventory_set._state.adding
    stored = {} if new else {item.public_id: item for item in inventory_set.items.all()}
    wanted, faults = _read(environment, inventory_set, stored, items or ())
    gone = [] if items is None else [item for key, item in stored.items() if key not in wanted]
    faults += [_in_use(item) for item in gone if is_used(item)]
    saved = configure(
        environment=environment,
        instance=inventory_set,
        actor=actor,
        changes=changes,
        check=lambda whole: _check(whole, faults),
    )
    if items is not None:
        _save_items(environment, saved, actor, stored, wanted, gone)
    return saved


def _check(inventory_set: InventorySet, faults: Sequence[FieldError]) -> None:
    """Refuse the faults of the set and those of its items together."""
    errors: Sequence[FieldError] = ()
    try:
        clean(inventory_set)
    except InvalidRequest as refusal:
        errors = refusal.errors
    if errors or faults:
        raise refusal_of([*errors, *faults])


def _read(
    environment: Environment,
    inventory_set: InventorySet,
    stored: Mapping[str, InventoryItem],
    items: Sequence[Mapping[str, Any]],
) -> tuple[dict[str, InventoryItem], list[FieldError]]:
    """The items as they would be saved, by id, and what is wrong with them."""
    if len(items) > MAX_ITEMS:
        return {}, [FieldError("items", "max_length", f"A set has at most {MAX_ITEMS} items.")]
    faults: list[FieldError] = []
    wanted: dict[str, InventoryItem] = {}
    for place, given in enumerate(items):
        old = stored.get(str(given.get("id")))
        item = InventoryItem(environment=environment)
        if old:
            item = InventoryItem(
                id=old.id, environment=environment, created_at=old.created_at, picture_id=old.picture_id
            )
            item._state.adding = False
        item.inventory_set = inventory_set
        found = _fill(item, given)
        if not found and item.public_id in wanted:
            found.append(FieldError("id", "unique", "Another item has it; choose another."))
        faults += [FieldError(f"items[{place}].{f.field}", f.code, f.detail) for f in found]
        wanted[item.public_id] = item
    return wanted, faults


def _fill(item: InventoryItem, given: Mapping[str, Any]) -> list[FieldError]:
    faults = [FieldError(n, "unknown_field", "There is no such field.") for n in given if n not in _FIELDS]
    if given.get("id") is not None:
        item.public_id = given["id"]
    item.title, item.media = given.get("title") or "", given.get("media") or ""
    if "picture" in given or item.media:
        item.picture = given.get("picture")
    return [*faults, *item_faults(item, given.get("picture"))]


def item_faults(item: InventoryItem, picture: Picture | None) -> list[FieldError]:
    """What is wrong with an item by itself, named as callers name it; `picture`: one that is given anew."""
    faults = []
    if picture and picture.environment_id != item.environment_id:
        faults.append(FieldError("picture", "invalid", "There is no such picture in this environment."))
    try:
        item.clean_fields(exclude=["id", "environment", "inventory_set"])
    except ValidationError as error:
        faults += faults_of(error, rename={"public_id": "id"})
    return faults


def _in_use(item: InventoryItem) -> FieldError:
    detail = f"Members have {item.public_id}, it is a coupon, or a reward gives it; so it can't be removed."
    return FieldError("items", "in_use", detail)


def _save_items(
    environment: Environment,
    inventory_set: InventorySet,
    actor: Actor,
    stored: Mapping[str, InventoryItem],
    wanted: Mapping[str, InventoryItem],
    gone: Sequence[InventoryItem],
) -> None:
    before, after = items_as_json(stored.values()), items_as_json(wanted.values())
    if before == after:
        return
    for item in gone:
        item.delete()
    for key, item in wanted.items():
        if key not in stored or items_as_json([item]) != items_as_json([stored[key]]):
            item.inventory_set = inventory_set
            item.save()
    record(
        place=place_of(environment),
        actor=actor,
        verb="inventoryset.items_changed",
        object_type="inventoryset",
        object_id=str(inventory_set.pk),
        before={"items": before},
        after={"items": after},
    )
    bump_version(environment)


def items_as_json(items: Iterable[InventoryItem]) -> list[dict[str, str]]:
    """By id, as the audit keeps them."""
    return [
        {"id": item.public_id, "title": item.title, "media": item.media}
        | ({"picture": str(item.picture_id)} if item.picture_id else {})
        for item in sorted(items, key=lambda item: item.public_id)
    ]
