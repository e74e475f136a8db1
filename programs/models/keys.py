"""Keys by which a tenant's servers call the API (domain.md 1)."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from audit.ids import new_id
from programs.models.tenancy import Environment


class ApiKey(models.Model):
    """`sk_sandbox_…` / `sk_live_…`: bound to one environment; only its SHA-256 is kept.

    A fast hash is right here: the secret carries 256 random bits, so it can't be guessed.
    """

    class Kind(models.TextChoices):
        SECRET = "secret", "Secret"
        PUBLISHABLE = "publishable", "Publishable"

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    environment = models.ForeignKey(Environment, on_delete=models.PROTECT, related_name="api_keys")
    kind = models.CharField(max_length=11, choices=Kind.choices, default=Kind.SECRET)
    name = models.CharField(max_length=200)
    prefix = models.CharField(max_length=24, help_text="The first characters, to tell keys apart.")
    key_hash = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=32))
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["secret", "publishable"]), name="api_key_kind_valid"
            ),
            models.CheckConstraint(condition=Q(key_hash__regex=r"^[0-9a-f]{64}$"), name="api_key_hash_valid"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"
