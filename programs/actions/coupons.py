"""Coupons, which are items of the set `coupons`, are saved with their item (domain.md 8)."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

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
    locked,
    place_of,
    refusal_of,
)
from programs.actions.inventory import item_faults, items_as_json
from programs.code_patterns import pattern_fault
from programs.models import Coupon, Environment, InventoryItem, InventorySet, Program
from programs.models.challenges import COUPONS

_OF_ITEM: Final = ("id", "title", "media", "picture")
_TEXTS: Final = ("link", "coupon_id", "coupon_type", "code", "code_pattern")


@transaction.atomic
def save_coupon(
    *, environment: Environment, coupon: Coupon, actor: Actor, now: datetime, changes: Mapping[str, Any]
) -> Coupon:
    """Save a new or stored coupon, checked whole. `changes`: link, coupon_id, coupon_type, code, code_pattern,
    show_on_notification; and of its item id (at creation only; made where absent), title, media and picture. The set
    `coupons` is made where it is missing, in the program `default`, else in the first one.

    Raises InvalidRequest naming every fault, NotFound. Locks: the environment, then the coupon.
    """
    lock_environment(environment)
    item, before = _item(environment, coupon, actor)
    faults = list(_fill(item, changes, is_new=before is None))
    wanted = {name: value for name, value in changes.items() if name not in _OF_ITEM}
    if before is None:
        wanted |= {"created_at": now, "item": item}
    if not faults:
        item.save()
    elif before is None:
        _refuse_all(coupon, wanted, faults)
    saved = configure(
        environment=environment,
        instance=coupon,
        actor=actor,
        changes=wanted,
        check=lambda whole: _check(whole, faults),
    )
    _record_item(environment, item, actor, before)
    saved.item = item
    return saved


def _item(
    environment: Environment, coupon: Coupon, actor: Actor
) -> tuple[InventoryItem, list[dict[str, Any]] | None]:
    """The coupon's item, and as the audit keeps it; of a new coupon a new one, and None."""
    if not coupon._state.adding:
        item = locked(environment, coupon).item
        return item, items_as_json([item])
    return InventoryItem(environment=environment, inventory_set=_coupons(environment, actor)), None


def _coupons(environment: Environment, actor: Actor) -> InventorySet:
    found = InventorySet.objects.filter(environment=environment, public_id=COUPONS).first()
    if found:
        return found
    programs = Program.objects.filter(environment=environment)
    program = programs.filter(code="default").first() or programs.order_by("created_at", "id").first()
    if program is None:
        raise InvalidRequest("The environment has no program; make one first.")
    return configure(
        environment=environment,
        instance=InventorySet(environment=environment, program=program, public_id=COUPONS),
        actor=actor,
        changes={"title": "Coupons"},
    )


def _fill(item: InventoryItem, changes: Mapping[str, Any], *, is_new: bool) -> Iterator[FieldError]:
    if changes.get("id") is not None:
        if not is_new and changes["id"] != item.public_id:
            yield FieldError("id", "fixed", "Members know it by its id; make another coupon instead.")
        else:
            item.public_id = changes["id"]
    if "title" in changes:
        item.title = str(changes["title"] or "").strip()
    if "media" in changes:
        item.media = changes["media"] or ""
    if "picture" in changes or changes.get("media"):
        item.picture = changes.get("picture")
    yield from item_faults(item, changes.get("picture"))
    same = InventoryItem.objects.filter(inventory_set=item.inventory_set, public_id=item.public_id)
    if is_new and same.exists():
        yield FieldError("id", "unique", "Another item of the set coupons has it; choose another.")


def _refuse_all(coupon: Coupon, wanted: Mapping[str, Any], faults: list[FieldError]) -> None:
    """A coupon whose item can't be saved is judged without it."""
    for name, value in wanted.items():
        setattr(coupon, name, value)
    errors = list(_own(coupon))
    try:
        coupon.clean_fields(exclude=["item", *(each.field for each in errors)])
    except ValidationError as error:
        errors += faults_of(error)
    raise refusal_of([*faults, *errors])


def _check(coupon: Coupon, faults: list[FieldError]) -> None:
    errors = [*faults, *_own(coupon)]
    try:
        clean(coupon)
    except InvalidRequest as refusal:
        named = {each.field for each in errors}
        errors += [each for each in refusal.errors if each.field and each.field not in named]
        errors = errors or list(refusal.errors)
    if errors:
        raise refusal_of(errors)


def _own(coupon: Coupon) -> Iterator[FieldError]:
    for name in _TEXTS:
        setattr(coupon, name, str(getattr(coupon, name) or "").strip())
    if coupon.code and coupon.code_pattern:
        detail = "It has one code for everybody; give that, or a pattern."
        yield FieldError("code_pattern", "invalid", detail)
    elif coupon.code_pattern and (fault := pattern_fault(coupon.code_pattern)):
        yield FieldError("code_pattern", fault.code, fault.detail)


def _record_item(
    environment: Environment, item: InventoryItem, actor: Actor, before: list[dict[str, Any]] | None
) -> None:
    """A change of the item is one of its set, as when the set is edited."""
    after = items_as_json([item])
    if before == after:
        return
    record(
        place=place_of(environment),
        actor=actor,
        verb="inventoryset.items_changed",
        object_type="inventoryset",
        object_id=str(item.inventory_set_id),
        before={"items": before or []},
        after={"items": after},
    )
    bump_version(environment)
