"""What several tables have in common."""

from typing import Any, NoReturn

from django.db import models


class Immutable(models.Model):
    """Saved once. The database refuses changes too; this gives the sooner, clearer error."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError(f"{type(self).__name__} is immutable.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is immutable.")


class Acted(models.Model):
    """Who made the row, and through which request."""

    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=200)
    trace_id = models.CharField(max_length=128)

    class Meta:
        abstract = True
