"""The append-only record of what happened (domain.md 9)."""

import secrets
from typing import Any, NoReturn

from django.db import models
from django.db.models import Func, Q

from audit.exact_json import ExactJSONField
from audit.ids import new_id


class TransactionId(models.Field[Any, Any]):
    """PostgreSQL's xid8: which transaction wrote the row (sealing waits until none older is open)."""

    def db_type(self, connection: Any) -> str:
        return "xid8"


def new_salt() -> bytes:
    return secrets.token_bytes(16)


class AuditEvent(models.Model):
    """One fact, one row: who did what to which object, and how it stood before and after.

    Written in the transaction of what it describes. No foreign keys: it outlives what it names.
    `before`, `after`, `ip` and `salt` may be redacted to NULL; nothing else ever changes.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization_id = models.UUIDField(null=True)
    project_id = models.UUIDField(null=True)
    environment_id = models.UUIDField(null=True)
    member_id = models.UUIDField(null=True)
    verb = models.CharField(max_length=64)
    object_type = models.CharField(max_length=64)
    object_id = models.CharField(max_length=200)
    before = ExactJSONField(null=True)
    after = ExactJSONField(null=True)
    event_id = models.CharField(max_length=200, null=True, help_text="The tenant's source event.")
    trace_id = models.CharField(max_length=128)
    actor_kind = models.CharField(max_length=16)
    actor_id = models.CharField(max_length=200)
    ip = models.GenericIPAddressField(null=True)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    transaction = TransactionId(
        db_default=Func(function="pg_current_xact_id", output_field=TransactionId()), editable=False
    )
    epoch = models.SmallIntegerField(
        db_default=1,
        editable=False,
        help_text="Rises when a database is restored from a dump, whose transactions are counted anew.",
    )
    salt = models.BinaryField(null=True, default=new_salt)
    digest = models.BinaryField(
        editable=False, help_text="SHA-256 of salt and content when it was written; outlives a redaction."
    )

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["environment_id", "-id"], name="audit_environment"),
            models.Index(fields=["member_id", "-id"], name="audit_member"),
            models.Index(fields=["project_id", "-id"], name="audit_project"),
            models.Index(fields=["epoch", "transaction"], name="audit_outbox"),
            models.Index(
                fields=["project_id", "-id"],
                condition=Q(environment_id__isnull=True),
                name="audit_of_project",
            ),
            models.Index(
                fields=["object_id", "-id"], condition=Q(member_id__isnull=True), name="audit_configured"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(actor_kind__in=["api_key", "member", "staff", "system"]),
                name="audit_actor_kind_valid",
            ),
            models.CheckConstraint(condition=Q(epoch__gt=0), name="audit_epoch_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_type} {self.object_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("An audit event is immutable.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("An audit event is immutable.")

    def content(self) -> dict[str, Any]:
        """What the digest covers: every column but the salt, the digest, and what the database fills in."""
        without = ("salt", "digest", "transaction", "epoch")
        names = [field.attname for field in self._meta.concrete_fields if field.attname not in without]
        return {name: getattr(self, name) for name in names}
