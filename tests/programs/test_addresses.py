"""Addresses that members' apps load or open are of http or https, in every model."""

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import Model, URLField

from programs.models import Coupon, InventoryItem, Metric, Milestone, StampProgram

ADDRESSES: list[tuple[type[Model], str]] = [
    (Coupon, "link"),
    (InventoryItem, "media"),
    (Metric, "media"),
    (Milestone, "media"),
    (StampProgram, "image_url"),
    (StampProgram, "logo_url"),
]


@pytest.mark.parametrize(("model", "name"), ADDRESSES)
def test_an_address_is_of_http_or_https(model: type[Model], name: str) -> None:
    field = model._meta.get_field(name)
    assert isinstance(field, URLField)
    for address in ("https://shop.example/a.png", "http://shop.example/a?b=c"):
        assert field.clean(address, None) == address
    for address in (
        "ftp://shop.example/a.png",
        "ftps://shop.example/a",
        "javascript:alert(1)",
        "//a.example/b",
    ):
        with pytest.raises(ValidationError) as refusal:
            field.clean(address, None)
        assert [each.code for each in refusal.value.error_list] == ["invalid"]


def test_no_model_has_another_kind() -> None:
    found = [
        (model, field.name)
        for name in ("programs", "loyalty")
        for model in apps.get_app_config(name).get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, URLField)
    ]
    assert sorted(found, key=str) == sorted(ADDRESSES, key=str)
