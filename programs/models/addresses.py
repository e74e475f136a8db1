"""Addresses on the web that members' apps load or open."""

from collections.abc import Sequence
from typing import Any

from django.core.validators import URLValidator
from django.db.models import URLField

SCHEMES = ("http", "https")


class AddressField(URLField[str, str]):
    """A URL of http or https; no other is of use to an app. In the database and in migrations it is a URLField."""

    default_validators = [URLValidator(schemes=SCHEMES)]

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.URLField", args, kwargs
