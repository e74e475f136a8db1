"""Proofs that the trail is as it was written (domain.md 9.1)."""

from typing import Any, NoReturn

from django.db import models
from django.db.models import Q

from audit.models.events import TransactionId


class Seal(models.Model):
    """A range of audit events, in the order (epoch, transaction, id), and a hash over them that goes on from the last.

    A range begins behind the seal before it and ends with `last_transaction`, `last_id`. `leaves` has 32 bytes for each
    row: its id and 16 of its leaf's (audit/seals.py), so that the first row that differs can be named.
    """

    number = models.BigIntegerField(primary_key=True)
    epoch = models.SmallIntegerField()
    last_transaction = TransactionId()
    last_id = models.UUIDField()
    rows = models.PositiveIntegerField()
    leaves = models.BinaryField()
    previous = models.BinaryField(help_text="The hash of the seal before; zeros for the first.")
    hash = models.BinaryField(help_text="SHA-256 of the hash before and all that this seal says.")
    sealed_at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        indexes = [models.Index(fields=["epoch", "last_transaction", "last_id"], name="seal_end")]
        constraints = [
            models.CheckConstraint(condition=Q(number__gt=0, rows__gt=0, epoch__gt=0), name="seal_not_empty"),
        ]

    def __str__(self) -> str:
        return f"Seal {self.number}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("A seal is immutable.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("A seal is immutable.")
