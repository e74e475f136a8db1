"""Answers given, so that a repeated request gets the same one (domain.md 3.7)."""

from django.db import models

from audit.ids import new_id


class IdempotencyRecord(models.Model):
    """Written in the transaction of the effect; kept for 30 days.

    `scope` is empty for keys of an environment and names the member for member tokens.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment_id = models.UUIDField()
    member_id = models.UUIDField(null=True)
    scope = models.CharField(max_length=64, default="")
    key = models.CharField(max_length=255)
    fingerprint = models.BinaryField(help_text="SHA-256 of method, path and body.")
    status = models.PositiveSmallIntegerField()
    answer = models.TextField(help_text="The body as it was sent, so that a repetition gets the same bytes.")
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="idempotency_created")]
        constraints = [
            models.UniqueConstraint(fields=["environment_id", "scope", "key"], name="idempotency_key_unique")
        ]

    def __str__(self) -> str:
        return self.key
