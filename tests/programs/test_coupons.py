"""A coupon is an item of the set `coupons`, saved together with it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.utils import timezone

from audit.errors import InvalidRequest, NotFound
from audit.models import AuditEvent
from loyalty.actions.inventory_sets import save_inventory_set
from programs.actions.coupons import save_coupon
from programs.models import Coupon, Environment, InventoryItem, InventorySet
from tests.factories import make_actor, make_challenge, make_coupon, make_environment, reload

pytestmark = pytest.mark.django_db


def save(stored: Coupon, environment: Environment | None = None, /, **changes: Any) -> Coupon:
    return save_coupon(
        environment=reload(environment or stored.environment),
        coupon=Coupon.objects.get(pk=stored.pk),
        actor=make_actor(),
        now=timezone.now(),
        changes=changes,
    )


@contextmanager
def faults(environment: Environment, *expected: tuple[str, str]) -> Iterator[None]:
    models = (Coupon, InventoryItem, InventorySet)

    def rows() -> list[Any]:
        found = [
            list(m._default_manager.filter(environment=environment).order_by("pk").values()) for m in models
        ]
        return [*found, AuditEvent.objects.filter(environment_id=environment.id).count()]

    before = rows()
    with pytest.raises(InvalidRequest) as caught:
        yield
    assert sorted((each.field, each.code) for each in caught.value.errors) == sorted(expected)
    assert rows() == before


FAULTS: list[tuple[dict[str, Any], list[tuple[str, str]]]] = [
    ({"title": " "}, [("title", "blank")]),
    ({"media": "x"}, [("media", "invalid")]),
    ({"link": "javascript:alert(1)"}, [("link", "invalid")]),
    ({"code": "", "code_pattern": "TEA-####"}, [("code_pattern", "too_short")]),
    ({"code": "A", "code_pattern": "TEA-########"}, [("code_pattern", "invalid")]),
    ({"title": "", "coupon_type": "x" * 101}, [("title", "blank"), ("coupon_type", "max_length")]),
    ({"id": "x" * 65}, [("id", "max_length")]),
]


def test_each_fault_is_named_and_then_not_even_the_set_is_made(environment: Environment) -> None:
    for changes, expected in FAULTS:
        with faults(environment, *expected):
            make_coupon(environment, **changes)
    stored = make_coupon(environment)
    for changes, expected in FAULTS[:-1]:
        with faults(environment, *expected):
            save(stored, **changes)
    with faults(environment, ("id", "fixed")):
        save(stored, id="coffee")
    with faults(environment, ("id", "unique")):
        make_coupon(environment)


def test_it_makes_the_set_once_and_an_item_that_has_its_id_and_title(environment: Environment) -> None:
    tea, cake = make_coupon(environment), make_coupon(environment, id="cake", code_pattern="CAKE-########")
    (coupons,) = InventorySet.objects.filter(environment=environment)
    assert (coupons.public_id, coupons.title, coupons.program.code) == ("coupons", "Coupons", "default")
    assert sorted(item.public_id for item in coupons.items.all()) == ["cake", "tea"]
    assert (tea.item.title, tea.code, tea.code_pattern) == ("Free tea", "TEA", "")
    assert (cake.code, cake.code_pattern) == ("", "CAKE-########")
    changed = save(
        tea, title="Free green tea", code="", code_pattern="TEA-########", show_on_notification=True
    )
    assert changed.item.title == "Free green tea"
    tea.refresh_from_db()
    assert (tea.code, tea.code_pattern, tea.show_on_notification) == ("", "TEA-########", True)
    assert InventoryItem.objects.get(pk=tea.item_id).title == "Free green tea"
    verbs = (
        AuditEvent.objects.filter(environment_id=environment.id).order_by("id").values_list("verb", flat=True)
    )
    of_coupons = [verb for verb in verbs if verb.startswith(("coupon.", "inventoryset."))]
    made = ["coupon.created", "inventoryset.items_changed"]
    assert of_coupons == [
        "inventoryset.created",
        *made,
        *made,
        "coupon.updated",
        "inventoryset.items_changed",
    ]


def test_it_belongs_to_its_environment_and_its_item_stays(environment: Environment) -> None:
    tea = make_coupon(environment)
    with pytest.raises(NotFound):
        save(tea, make_environment(), title="Mine")
    refused: dict[str, Any] = {"environment": environment, "actor": make_actor(), "changes": {}}
    coupons = tea.item.inventory_set
    with faults(environment, ("items", "in_use")):
        save_inventory_set(inventory_set=coupons, items=[], **refused)
    badges = save_inventory_set(
        inventory_set=InventorySet(environment=environment, program=coupons.program, public_id="badges"),
        environment=environment,
        actor=make_actor(),
        changes={"title": "Badges"},
        items=[{"id": "gold", "title": "Gold"}],
    )
    make_challenge(environment, rewards=[{"kind": "inventory_item", "item": badges.items.get()}])
    with faults_of_set(badges):
        save_inventory_set(inventory_set=badges, items=[], **refused)


@contextmanager
def faults_of_set(found: InventorySet) -> Iterator[None]:
    """The items of a set are in use, and all of them stay."""
    with pytest.raises(InvalidRequest) as caught:
        yield
    assert [(each.field, each.code) for each in caught.value.errors] == [("items", "in_use")]
    assert found.items.count() == 1
